"""The trigonometric function: every residual holds the sum of all cosines."""

import numpy as np

from diffcompare.problems.problem import Problem, require_size


def trigonometric(x: np.ndarray) -> float:
    """Sum of squares of n - sum_j cos x_j + i (1 - cos x_i) - sin x_i."""
    n = x.shape[0]
    cosines = np.cos(x)
    residuals = n - np.sum(cosines) + np.arange(1.0, n + 1.0) * (1.0 - cosines) - np.sin(x)
    return np.sum(residuals**2)


def trigonometric_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """2 sin x_i sum_k r_k + 2 r_i (i sin x_i - cos x_i)."""
    index = np.arange(1.0, x.size + 1.0)
    # 1 - cos x = 2 sin^2(x / 2) keeps the digits that the difference loses for small x.
    gaps = 2.0 * np.sin(0.5 * x) ** 2
    residuals = np.sum(gaps) + index * gaps - np.sin(x)
    return (2.0 * np.sin(x) * np.sum(residuals) + 2.0 * residuals * (index * np.sin(x) - np.cos(x)),)


def start(n: int = 8) -> tuple[np.ndarray]:
    """The start x_j = 1 / n of the collection."""
    count = require_size(n, "trigonometric")
    return (np.full(count, 1.0 / count),)


PROBLEM = Problem(
    name="trigonometric",
    title="Trigonometric function at its start",
    formula="sum_i (n - sum_j cos x_j + i (1 - cos x_i) - sin x_i)^2",
    function=trigonometric,
    point=start,
    gradient=trigonometric_gradient,
    sizes=(8, 100, 1_000),
    tags=("scalable", "optimisation", "least-squares"),
    source="More, Garbow and Hillstrom 1981, problem 26, doi:10.1145/355934.355936",
)
