"""A square around `two-dot` with an argument that is data."""

import numpy as np

from diffcompare.problems.problem import Problem
from diffcompare.problems.two_dot import SIZES, SOURCE, counting_point


def squared_constant(x: np.ndarray, a: float) -> float:
    """(2 x.x - a)^2."""
    return (2.0 * np.dot(x, x) - a) ** 2


def squared_constant_gradient(x: np.ndarray, a: float) -> tuple[np.ndarray]:
    """8 (2 x.x - a) x: a is data."""
    return (8.0 * (2.0 * np.dot(x, x) - a) * x,)


PROBLEM = Problem(
    name="squared-constant",
    title="Square of a difference to a constant",
    formula="(2 x.x - a)^2, a = 2",
    function=squared_constant,
    point=lambda n=4: (*counting_point(n), 2.0),
    gradient=squared_constant_gradient,
    sizes=SIZES,
    tags=("scalable", "polynomial"),
    source=SOURCE,
)
