"""Speelpenning's product, whose gradient is n products of n - 1 factors."""

import numpy as np

from diffcompare.problems.problem import Problem, require_size


def speelpenning(x: np.ndarray) -> float:
    """x_1 x_2 … x_n."""
    return np.prod(x)


def speelpenning_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """Product of the factors to the left and of those to the right, so right where factors are zero."""
    left = np.concatenate(([1.0], np.cumprod(x[:-1])))
    right = np.concatenate((np.cumprod(x[:0:-1])[::-1], [1.0]))
    return (left * right,)


PROBLEM = Problem(
    name="speelpenning",
    title="Speelpenning's product at 1 / i",
    formula="x_1 x_2 ... x_n",
    function=speelpenning,
    point=lambda n=10: (1.0 / np.arange(1.0, require_size(n, "speelpenning") + 1.0),),
    gradient=speelpenning_gradient,
    sizes=(10, 30, 100),
    tags=("scalable", "polynomial"),
    source="Speelpenning 1980, Compiling fast partial derivatives, doi:10.2172/5254402",
)
