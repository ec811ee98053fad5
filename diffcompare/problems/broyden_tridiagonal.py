"""Broyden's tridiagonal function: a three-point stencil, squared."""

import numpy as np

from diffcompare.problems.problem import Problem, require_size


def broyden_tridiagonal(x: np.ndarray) -> float:
    """Sum of squares of (3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1 with zeros beyond the ends."""
    padded = np.pad(x, 1)
    return np.sum(((3.0 - 2.0 * x) * x - padded[:-2] - 2.0 * padded[2:] + 1.0) ** 2)


def broyden_tridiagonal_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """2 r_i (3 - 4 x_i) less 2 r_{i+1} from the right neighbour and 4 r_{i-1} from the left."""
    residuals = (3.0 - 2.0 * x) * x + 1.0
    residuals[1:] -= x[:-1]
    residuals[:-1] -= 2.0 * x[1:]
    x_bar = 2.0 * residuals * (3.0 - 4.0 * x)
    x_bar[:-1] -= 2.0 * residuals[1:]
    x_bar[1:] -= 4.0 * residuals[:-1]
    return (x_bar,)


PROBLEM = Problem(
    name="broyden-tridiagonal",
    title="Broyden tridiagonal function at its start",
    formula="sum_i ((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1)^2",
    function=broyden_tridiagonal,
    point=lambda n=10: (np.full(require_size(n, "broyden-tridiagonal"), -1.0),),
    gradient=broyden_tridiagonal_gradient,
    sizes=(10, 100, 1_000),
    tags=("scalable", "optimisation", "polynomial", "least-squares", "stencil"),
    source="More, Garbow and Hillstrom 1981, problem 30, doi:10.1145/355934.355936",
)
