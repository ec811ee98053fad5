"""Rosenbrock's valley in pairs, the extended function of the test collection."""

import numpy as np

from diffcompare.problems.problem import Problem, require_size


def extended_rosenbrock(x: np.ndarray) -> float:
    """Sum over pairs (a, b) of 100 (b - a^2)^2 + (1 - a)^2."""
    a, b = x[0::2], x[1::2]
    return np.sum((10.0 * (b - a**2)) ** 2 + (1.0 - a) ** 2)


def extended_rosenbrock_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """Pair by pair."""
    a, b = x[0::2], x[1::2]
    climb = 200.0 * (b - a**2)
    return (np.stack((-2.0 * a * climb - 2.0 * (1.0 - a), climb), axis=1).ravel(),)


def start(n: int = 10) -> tuple[np.ndarray]:
    """The start (-1.2, 1, -1.2, 1, …) of the collection."""
    return (np.tile([-1.2, 1.0], require_size(n, "extended-rosenbrock", least=2, multiple_of=2) // 2),)


PROBLEM = Problem(
    name="extended-rosenbrock",
    title="Extended Rosenbrock function at its start",
    formula="sum_i 100 (x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2",
    function=extended_rosenbrock,
    point=start,
    gradient=extended_rosenbrock_gradient,
    sizes=(10, 100, 1_000),
    tags=("scalable", "optimisation", "polynomial", "least-squares"),
    source="More, Garbow and Hillstrom 1981, problem 21, doi:10.1145/355934.355936",
)
