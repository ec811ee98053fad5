"""Rosenbrock's valley, chained: neighbouring terms share a variable."""

import numpy as np

from diffcompare.problems.problem import Problem, require_size


def rosenbrock(x: np.ndarray) -> float:
    """Sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """Each variable as the right end of one term and the left end of the next."""
    climb = 200.0 * (x[1:] - x[:-1] ** 2)
    x_bar = np.zeros_like(x)
    x_bar[1:] = climb
    x_bar[:-1] += -2.0 * x[:-1] * climb - 2.0 * (1.0 - x[:-1])
    return (x_bar,)


PROBLEM = Problem(
    name="rosenbrock",
    title="Chained Rosenbrock function at 1.2",
    formula="sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
    function=rosenbrock,
    point=lambda n=2: (np.full(require_size(n, "rosenbrock", least=2), 1.2),),
    gradient=rosenbrock_gradient,
    sizes=(2, 10, 100, 1_000),
    tags=("scalable", "optimisation", "polynomial"),
    source="Rosenbrock 1960, doi:10.1093/comjnl/3.3.175",
)
