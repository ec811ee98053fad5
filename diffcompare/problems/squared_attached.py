"""A square around `two-dot` less a sum, both of which depend on x."""

import numpy as np

from diffcompare.problems.problem import Problem
from diffcompare.problems.two_dot import SIZES, SOURCE, counting_point


def squared_attached(x: np.ndarray) -> float:
    """(2 x.x - sum x)^2."""
    return (2.0 * np.dot(x, x) - np.sum(x)) ** 2


def squared_attached_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """2 (2 x.x - sum x) (4 x - 1)."""
    return (2.0 * (2.0 * np.dot(x, x) - np.sum(x)) * (4.0 * x - 1.0),)


PROBLEM = Problem(
    name="squared-attached",
    title="Square of a difference to an attached sum",
    formula="(2 x.x - sum x)^2",
    function=squared_attached,
    point=counting_point,
    gradient=squared_attached_gradient,
    sizes=SIZES,
    tags=("scalable", "polynomial"),
    source=SOURCE,
)
