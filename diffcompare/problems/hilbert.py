"""A quadratic form with Hilbert's matrix at a point where nearly all of it cancels."""

import math

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size


def hilbert_form(x: np.ndarray, h: np.ndarray) -> float:
    """Half of x^T H x."""
    return 0.5 * np.sum(x * (h @ x))


def hilbert_gradient(x: np.ndarray, h: np.ndarray) -> tuple[np.ndarray]:
    """H x, of a symmetric H."""
    return (h @ x,)


def cancelling(n: Size = 4) -> tuple[np.ndarray, np.ndarray]:
    """The whole numbers x that an exact H maps to ones, and H_ij = 1 / (i + j - 1) rounded to float64.

    x_i = (-1)^(n - i) (n + i - 1)! / ((i - 1)!^2 (n - i)!), the inverse's row sums: Choi 1983, doi:10.2307/2975779.
    """
    count = require_size(n, "hilbert", most=20)  # beyond, x no longer consists of exact float64 numbers
    factorial = math.factorial
    x = [
        (-1) ** (count - 1 - i) * (factorial(count + i) // (factorial(i) ** 2 * factorial(count - 1 - i)))
        for i in range(count)
    ]
    index = np.arange(count)
    return np.array(x, dtype=np.float64), 1.0 / (index[:, np.newaxis] + index + 1.0)


PROBLEM = Problem(
    name="hilbert",
    title="Quadratic form of Hilbert's matrix where it cancels",
    formula="x^T H x / 2, H_ij = 1 / (i + j - 1), x = H^-1 (1, ..., 1)",
    function=hilbert_form,
    point=cancelling,
    gradient=hilbert_gradient,
    sizes=(4, 8, 12),
    tags=("scalable", "ill-conditioned", "polynomial"),
    source="Hilbert 1894, doi:10.1007/BF02418278; Higham 2002, doi:10.1137/1.9780898718027, section 28.1",
)
