"""Helmholtz free energy of a mixed fluid, the scaling example of Griewank and of Baydin et al."""

import math

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size

ROOT_2 = math.sqrt(2.0)


def helmholtz(x: np.ndarray, b: np.ndarray, a: np.ndarray) -> float:
    """Energy at amounts x and co-volumes b, shape (n,), with attractions a, shape (n, n); R T = 1."""
    filled = np.dot(b, x)
    entropy = np.sum(x * np.log(x / (1.0 - filled)))
    attraction = np.dot(x, np.matmul(a, x)) / (math.sqrt(8.0) * filled)
    return entropy - attraction * np.log((1.0 + (1.0 + ROOT_2) * filled) / (1.0 + (1.0 - ROOT_2) * filled))


def helmholtz_gradient(x: np.ndarray, b: np.ndarray, a: np.ndarray) -> tuple[np.ndarray]:
    """Derivative in x, with u = b.x and q = x.Ax; the logarithm's derivative in u is sqrt(8) / (1 + 2 u - u^2)."""
    u = b @ x
    q = x @ a @ x
    logarithm = np.log1p((1.0 + ROOT_2) * u) - np.log1p((1.0 - ROOT_2) * u)
    entropy_bar = np.log(x / (1.0 - u)) + 1.0 + np.sum(x) / (1.0 - u) * b
    quadratic_bar = (a @ x + a.T @ x) * (logarithm / (math.sqrt(8.0) * u))
    filled_bar = q / u * (1.0 / (1.0 + 2.0 * u - u**2) - logarithm / (math.sqrt(8.0) * u))
    return (entropy_bar - quadratic_bar - filled_bar * b,)


def mixture_of(n: Size = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arguments (x, b, a), each entry a tenth of a uniform number, from a generator seeded by n."""
    count = require_size(n, "helmholtz")
    uniform = np.random.Generator(np.random.PCG64(count)).random
    b, a, x = 0.1 * uniform(count), 0.1 * uniform((count, count)), 0.1 * uniform(count)
    return x, b, a


PROBLEM = Problem(
    name="helmholtz",
    title="Helmholtz free energy of a mixed fluid",
    formula="sum_i x_i ln(x_i / (1 - b.x)) - x.Ax / (sqrt(8) b.x) ln((1 + (1 + sqrt 2) b.x) / (1 + (1 - sqrt 2) b.x))",
    function=helmholtz,
    point=mixture_of,
    gradient=helmholtz_gradient,
    sizes=(1, 8, 15, 22, 29, 36, 43, 50),
    tags=("scalable", "physics"),
    source="Griewank 1989; Baydin, Pearlmutter, Radul and Siskind 2018, JMLR 18(153), section 5",
)
