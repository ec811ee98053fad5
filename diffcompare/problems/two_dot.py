"""Twice a vector's product with itself: the first array gradient of many courses."""

import numpy as np

from diffcompare.problems.problem import Problem, require_size

SIZES = (4, 100, 10_000)
SOURCE = "Zhang, Lipton, Li and Smola, Dive into Deep Learning, section 2.5, https://d2l.ai"


def counting_point(n: int = 4) -> tuple[np.ndarray]:
    """The vector 0, 1, …, n - 1."""
    return (np.arange(require_size(n, "two-dot"), dtype=np.float64),)


def two_dot(x: np.ndarray) -> float:
    """2 x.x."""
    return 2.0 * np.dot(x, x)


def two_dot_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """4 x."""
    return (4.0 * x,)


PROBLEM = Problem(
    name="two-dot",
    title="Twice the product of a vector with itself",
    formula="2 x.x",
    function=two_dot,
    point=counting_point,
    gradient=two_dot_gradient,
    sizes=SIZES,
    tags=("scalable", "polynomial"),
    source=SOURCE,
)
