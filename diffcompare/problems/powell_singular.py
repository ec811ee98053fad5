"""Powell's singular function: the Hessian at the minimum has no inverse."""

import math

import numpy as np

from diffcompare.problems.problem import Problem, require_size


def powell_singular(x: np.ndarray) -> float:
    """Sum over blocks (a, b, c, d) of (a + 10 b)^2 + 5 (c - d)^2 + (b - 2 c)^4 + 10 (a - d)^4."""
    a, b, c, d = np.reshape(x, (-1, 4)).T
    residuals = (a + 10.0 * b, math.sqrt(5.0) * (c - d), (b - 2.0 * c) ** 2, math.sqrt(10.0) * (a - d) ** 2)
    return sum(np.sum(residual**2) for residual in residuals)


def powell_singular_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """Block by block."""
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    first, second = 2.0 * (a + 10.0 * b), 10.0 * (c - d)
    third, fourth = 4.0 * (b - 2.0 * c) ** 3, 40.0 * (a - d) ** 3
    columns = (first + fourth, 10.0 * first + third, second - 2.0 * third, -second - fourth)
    return (np.stack(columns, axis=1).ravel(),)


def start(n: int = 12) -> tuple[np.ndarray]:
    """The start (3, -1, 0, 1, …) of the collection."""
    return (np.tile([3.0, -1.0, 0.0, 1.0], require_size(n, "powell-singular", least=4, multiple_of=4) // 4),)


PROBLEM = Problem(
    name="powell-singular",
    title="Extended Powell singular function at its start",
    formula="sum over blocks of (a + 10 b)^2 + 5 (c - d)^2 + (b - 2 c)^4 + 10 (a - d)^4",
    function=powell_singular,
    point=start,
    gradient=powell_singular_gradient,
    sizes=(4, 12, 100, 1_000),
    tags=("scalable", "optimisation", "polynomial", "least-squares"),
    source="More, Garbow and Hillstrom 1981, problem 22, doi:10.1145/355934.355936",
)
