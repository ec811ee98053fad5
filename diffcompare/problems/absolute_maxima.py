"""Absolute values and maxima, at their kinks and beside them."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_known

POINTS = {
    "off-ties": (0.75, -0.5, 1.25, -2.0, 1.5, 0.25),
    "ties": (0.75, 0.0, 1.5, -2.0, -2.0, 1.5),  # a zero, two equal neighbours, and two largest entries
}


def absolute_maxima(x: np.ndarray) -> float:
    """Sum of |x_i|, of the larger of each two neighbours, and the largest entry."""
    return np.sum(np.abs(x)) + np.sum(np.maximum(x[1:], x[:-1])) + np.max(x)


def absolute_maxima_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """Signs, with 0 at 0; of equal neighbours and equal largest entries each gets the same share."""
    right = np.heaviside(x[1:] - x[:-1], 0.5)
    x_bar = np.sign(x)
    x_bar[1:] += right
    x_bar[:-1] += 1.0 - right
    largest = x == x.max()
    return (x_bar + largest / largest.sum(),)


def tied_point(size: Size = "off-ties") -> tuple[np.ndarray]:
    """The point of this name."""
    require_known(size, tuple(POINTS), "point of absolute-maxima")
    return (np.array(POINTS[str(size)]),)


PROBLEM = Problem(
    name="absolute-maxima",
    title="Absolute values and maxima, at ties and off them",
    formula="sum_i |x_i| + sum_i max(x_i, x_{i+1}) + max_i x_i",
    function=absolute_maxima,
    point=tied_point,
    gradient=absolute_maxima_gradient,
    sizes=tuple(POINTS),
    tags=("kink", "optimisation"),
    source="Clarke 1990, Optimization and Nonsmooth Analysis, doi:10.1137/1.9781611971309; points chosen here",
)
