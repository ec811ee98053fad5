"""Balls around the results of a graph, which hold whatever rounds each operation correctly, in any order of sums.

Balls are computed with a precision some hundred roundings above that of the data type. What that precision does not
model is added after each operation: underflow, the absolute error of functions near their zeros, and that of linear
systems. Where a number would overflow, and where the sign of a zero may matter, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb

from diffcompare.core.graph import Graph
from diffcompare.core.node import Node
from diffcompare.lower.ball_arrays import box, to_balls
from diffcompare.lower.ball_base import Undecided, precision
from diffcompare.lower.balls import ball_evaluator, finite

SLACK_BITS = 9  # 512 roundings an operation: vector mathematics is off by 4 ULP, a derived form by some dozens
UNDERFLOW = 2.0**20  # smallest normal numbers by which a result may be off: what underflows is multiplied later
UNDERFLOW_A_STEP = 2.0**10  # the same for one operation, which may have as many products in it
# Of size about 1 (DLMF 10.14.1), and exact to roundings of that near their zeros.
OSCILLATING = frozenset({"j0", "j1", "j2", "sinc", "sinc_slope"})
# n**2 eps times the condition is below 2048 eps for the matrices drawn (n <= 5, condition <= 5, growth <= 2; Higham,
# "Accuracy and Stability of Numerical Algorithms", 2nd ed., SIAM 2002, theorem 9.4), in units of the largest entry.
OF_MATRICES, MATRIX_SLACK = frozenset({"solve", "inv", "cholesky", "cofactor"}), 4.0


def narrowest(graph: Graph) -> np.finfo:
    """The coarsest floating-point type of a graph."""
    return max((np.finfo(n.dtype) for n in graph.nodes if n.dtype.kind == "f"), key=lambda info: info.eps)


def enclosures(graph: Graph, point: Sequence[Any]) -> list[np.ndarray] | None:
    """A ball for every element of every output; None where a comparison, or the sign of a zero, stays undecided."""
    info = narrowest(graph)
    with precision(info.nmant - SLACK_BITS):
        once_more = arb(
            1, 2.0 ** (SLACK_BITS - info.nmant)
        )  # a function near its extreme may give a ball without slack
        evaluate = ball_evaluator(graph, keep=True, widened=_widened(info))
        try:
            values = dict(zip(graph.nodes, evaluate(*map(to_balls, point)), strict=True))
        except Undecided:
            return None
        if any(map(_has_negative_zero, point)) and not all(map(finite, values.values())):
            return None  # 1 / 0 has the sign of its zero, which balls do not know
        found = [box(values[node]) for node in graph.outputs]
        return [ball if ball.dtype == bool else box(ball * once_more) for ball in found]


def _has_negative_zero(x: Any) -> bool:
    return bool(np.any((np.asarray(x) == 0) & np.signbit(x)))


def _widened(info: np.finfo) -> Callable[[Node, Any], Any]:
    around_zero, largest = arb(0, UNDERFLOW_A_STEP * float(info.tiny)), 0.5 * float(info.max)
    slack = 2.0 ** (SLACK_BITS - info.nmant)
    small = UNDERFLOW_A_STEP * float(info.tiny) / slack  # above it the slack of the precision is the larger one

    def one(ball: Any, more: float) -> Any:
        if not ball.is_finite() or (ball == 0 and not more):
            return ball
        size = abs(ball)
        if not size < largest:
            return arb.nan()
        ball = ball + around_zero if size < small else ball
        return ball + arb(0, more) if more else ball

    each = np.frompyfunc(one, 2, 1)

    def apply(node: Node, value: Any) -> Any:
        if node.dtype.kind != "f" or node.op.kind == "shape" or not node.size:
            return value
        more = slack if node.op.name in OSCILLATING else 0.0
        if node.op.name in OF_MATRICES:
            sizes = [float(abs(b).mid()) for b in value.ravel() if b.is_finite()]
            more = MATRIX_SLACK * slack * max(sizes, default=0.0)
        return each(value, more) if isinstance(value, np.ndarray) else one(value, more)

    return apply


def outside(graph: Graph, found: Sequence[np.ndarray], balls: Sequence[np.ndarray]) -> str:
    """Where the first number lies outside its ball, in words; empty if none does."""
    around_zero = arb(0, UNDERFLOW * float(narrowest(graph).tiny))
    for number, (values, around) in enumerate(zip(found, balls, strict=True)):
        if values.shape != around.shape:
            return f"output {number} has shape {values.shape}, not {around.shape}"
        for place in np.ndindex(values.shape):
            ball, value = around[place], values[place]
            if isinstance(ball, (bool, np.bool_)):
                if bool(ball) != bool(value):
                    return f"output {number} at {place} is {value}, not {ball}"
            elif finite(ball) and not (np.isfinite(value) and (ball + around_zero).contains(arb(float(value)))):
                return f"output {number} at {place} is {value!r}, outside {ball}"
    return ""
