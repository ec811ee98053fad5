"""A quotient in stages, every intermediate used for a value and a derivative."""

import math

from diffcompare.ops.exponential import sigmoid
from diffcompare.problems.problem import PUBLISHED, Problem, published_point


def staged_circuit(x: float, y: float) -> float:
    """(x + sigmoid(y)) / (sigmoid(x) + (x + y)^2)."""
    return (x + sigmoid(y)) / (sigmoid(x) + (x + y) ** 2)


def staged_circuit_gradient(x: float, y: float) -> tuple[float, float]:
    """Derivatives in x and y by the quotient rule."""
    share_x, share_y = 1.0 / (1.0 + math.exp(-x)), 1.0 / (1.0 + math.exp(-y))
    upper, lower = x + share_y, share_x + (x + y) ** 2
    lower_x = share_x * (1.0 - share_x) + 2.0 * (x + y)
    lower_y = 2.0 * (x + y)
    upper_y = share_y * (1.0 - share_y)
    return (lower - upper * lower_x) / lower**2, (upper_y * lower - upper * lower_y) / lower**2


PROBLEM = Problem(
    name="staged-circuit",
    title="Quotient with two sigmoids",
    formula="(x + sigmoid(y)) / (sigmoid(x) + (x + y)^2)",
    function=staged_circuit,
    point=published_point(3.0, -4.0),
    gradient=staged_circuit_gradient,
    wrt=(0, 1),
    sizes=(PUBLISHED,),
    tags=("circuit", "scalar"),
    source="Stanford CS231n, notes on backpropagation, https://cs231n.github.io/optimization-2/",
)
