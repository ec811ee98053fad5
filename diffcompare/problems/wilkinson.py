"""Wilkinson's polynomial written out in powers, between its last two roots: the textbook's cancellation."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size


def wilkinson(x: float, coefficients: np.ndarray) -> float:
    """Horner's scheme, coefficients from the highest power down, shape (n + 1,)."""
    value = coefficients[0]
    for k in range(1, coefficients.shape[0]):
        value = value * x + coefficients[k]
    return value


def wilkinson_gradient(x: float, coefficients: np.ndarray) -> tuple[float]:
    """Horner's scheme for value and slope together."""
    value, slope = coefficients[0], 0.0
    for coefficient in coefficients[1:]:
        value, slope = value * x + coefficient, slope * x + value
    return (float(slope),)


def between_roots(n: Size = 5) -> tuple[float, np.ndarray]:
    """n - 1/2, and the coefficients of (x - 1) (x - 2) ... (x - n), rounded to float64."""
    count = require_size(n, "wilkinson", most=20)
    exact = [1]
    for root in range(1, count + 1):
        exact = [a - root * b for a, b in zip([*exact, 0], [0, *exact], strict=True)]
    return count - 0.5, np.array([float(entry) for entry in exact])


PROBLEM = Problem(
    name="wilkinson",
    title="Wilkinson's polynomial in powers, between its last roots",
    formula="sum_k c_k x^(n - k) of (x - 1) (x - 2) ... (x - n), at n - 1/2",
    function=wilkinson,
    point=between_roots,
    gradient=wilkinson_gradient,
    sizes=(5, 10, 15, 20),
    tags=("scalable", "scalar", "polynomial", "ill-conditioned"),
    source="Wilkinson 1959, doi:10.1007/BF01386381",
)
