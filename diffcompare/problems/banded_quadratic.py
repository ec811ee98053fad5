"""A quadratic form with five diagonals: the beam that bends under a load."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size


def banded_quadratic(x: np.ndarray, load: np.ndarray) -> float:
    """x^T A x / 2 - load . x, where A has 6 on its diagonal, -4 beside it and 1 beside these."""
    bands = 3.0 * np.sum(x**2) - 4.0 * np.sum(x[1:] * x[:-1]) + np.sum(x[2:] * x[:-2])
    return bands - np.sum(load * x)


def banded_quadratic_gradient(x: np.ndarray, load: np.ndarray) -> tuple[np.ndarray]:
    """A x - load, by the bands."""
    x_bar = 6.0 * x - load
    x_bar[1:] -= 4.0 * x[:-1]
    x_bar[:-1] -= 4.0 * x[1:]
    x_bar[2:] += x[:-2]
    x_bar[:-2] += x[2:]
    return (x_bar,)


def beam(n: Size = 10) -> tuple[np.ndarray, np.ndarray]:
    """The sine of half a wave at n points, and the load 1 / n at each."""
    count = require_size(n, "banded-quadratic", least=3)
    return np.sin(np.pi * np.arange(1, count + 1) / (count + 1)), np.full(count, 1.0 / count)


PROBLEM = Problem(
    name="banded-quadratic",
    title="Quadratic form with five diagonals",
    formula="x^T A x / 2 - b.x, A = pentadiagonal(1, -4, 6, -4, 1)",
    function=banded_quadratic,
    point=beam,
    gradient=banded_quadratic_gradient,
    sizes=(10, 100, 1_000, 10_000),
    tags=("scalable", "optimisation", "polynomial"),
    source="Golub and Van Loan 2013, Matrix Computations, 4th ed., section 4.8 (fourth differences)",
)
