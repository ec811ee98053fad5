"""A square around `two-dot` less a sum that the derivative holds constant."""

import numpy as np

from diffcompare.ops.activations import stop_gradient
from diffcompare.problems.problem import Problem
from diffcompare.problems.two_dot import SIZES, SOURCE, counting_point


def squared_detached(x: np.ndarray) -> float:
    """(2 x.x - a)^2, a = sum x held constant."""
    return (2.0 * np.dot(x, x) - stop_gradient(np.sum(x))) ** 2


def squared_detached_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """8 (2 x.x - a) x: nothing flows through a."""
    return (8.0 * (2.0 * np.dot(x, x) - np.sum(x)) * x,)


PROBLEM = Problem(
    name="squared-detached",
    title="Square of a difference to a detached sum",
    formula="(2 x.x - a)^2, a = detach(sum x)",
    function=squared_detached,
    point=counting_point,
    gradient=squared_detached_gradient,
    sizes=SIZES,
    tags=("scalable", "stop-gradient"),
    source=SOURCE,
)
