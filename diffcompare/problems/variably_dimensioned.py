"""The variably dimensioned function: a sum that couples all variables, to the fourth power."""

import numpy as np

from diffcompare.problems.problem import Problem, require_size


def variably_dimensioned(x: np.ndarray) -> float:
    """Sum of (x_i - 1)^2, s^2 and s^4 with s = sum_j j (x_j - 1)."""
    weights = np.arange(1.0, x.shape[0] + 1.0)
    s = np.dot(weights, x - 1.0)
    return np.sum((x - 1.0) ** 2) + s**2 + s**4


def variably_dimensioned_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """2 (x_i - 1) + i (2 s + 4 s^3)."""
    weights = np.arange(1.0, x.shape[0] + 1.0)
    s = np.sum(weights * (x - 1.0))
    return (2.0 * (x - 1.0) + weights * (2.0 * s + 4.0 * s**3),)


def start(n: int = 8) -> tuple[np.ndarray]:
    """The start x_j = 1 - j / n of the collection."""
    count = require_size(n, "variably-dimensioned")
    return (1.0 - np.arange(1.0, count + 1.0) / count,)


PROBLEM = Problem(
    name="variably-dimensioned",
    title="Variably dimensioned function at its start",
    formula="sum_i (x_i - 1)^2 + s^2 + s^4, s = sum_j j (x_j - 1)",
    function=variably_dimensioned,
    point=start,
    gradient=variably_dimensioned_gradient,
    sizes=(8, 100, 1_000),
    tags=("scalable", "optimisation", "polynomial", "least-squares"),
    source="More, Garbow and Hillstrom 1981, problem 25, doi:10.1145/355934.355936",
)
