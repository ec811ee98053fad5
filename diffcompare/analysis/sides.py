"""One-sided derivatives at a kink, along each differentiated entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from diffcompare.analysis.certify import nearest
from diffcompare.analysis.reference import Reference
from diffcompare.core.graph import Graph
from diffcompare.lower.ball_arrays import box, filled, to_balls
from diffcompare.lower.ball_base import Undecided, head, precision
from diffcompare.lower.balls import ball_evaluator, dependent, seeded

BITS = 1024
STEP_BITS = 300  # a step of 2**-300 of the entry: derivatives there differ by less than float64 shows
MOST_ENTRIES = 64  # two evaluations each


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Derivatives of a function by each entry, just below and just above a point.

    Attributes
    ----------
    left, right : ndarray
        One-sided derivatives, all differentiated entries in one row; nan where they are not known.
    jumps : ndarray of bool
        Whether the value is another on either side of the entry, so that there is no derivative.
    """

    left: np.ndarray
    right: np.ndarray
    jumps: np.ndarray

    @property
    def smooth(self) -> bool:
        """Whether both sides agree everywhere."""
        return bool(np.all(self.left == self.right) and not self.jumps.any())

    def allowed(self, parts: Sequence[Any], reference: Reference) -> Reference | None:
        """A reference whose entries are those between left and right that are nearest to the gradient `parts`.

        None where a side is not known, or the function jumps: no value is by convention then. At a kink a directional
        derivative lies between both sides, and so does each element of Clarke's subdifferential for functions that
        are sums and maxima of smooth ones [1]_.

        References
        ----------
        .. [1] Clarke, *Optimization and Nonsmooth Analysis*, Wiley 1983, section 2.3.
        """
        if self.jumps.any() or not (np.isfinite(self.left).all() and np.isfinite(self.right).all()):
            return None
        low, high = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        found = np.concatenate([np.asarray(part, float).ravel() for part in parts])
        known = np.concatenate([a.ravel() for a in reference.arrays])
        chosen = np.where(low == high, known, np.clip(found, low, high))
        balls = [b for part in reference.gradient_balls for b in part.ravel()]
        balls = [ball if low[k] == high[k] else to_balls(float(chosen[k])) for k, ball in enumerate(balls)]
        arrays, boxes, start = [], [], 0
        for a in reference.arrays:
            arrays.append(chosen[start : start + a.size].reshape(a.shape))
            boxes.append(filled(balls[start : start + a.size], a.shape))
            start += a.size
        return replace(reference, arrays=tuple(arrays), gradient_balls=tuple(boxes))


def one_sided(graph: Graph, args: Sequence[Any], wrt: Sequence[int]) -> Sides | None:
    """The derivatives just beside a point, in ball arithmetic; None above 64 entries.

    The function is evaluated as a power series at the point moved by 2**-300 along each entry, to either side.
    """
    places = [(i, k) for i in wrt for k in range(int(np.size(args[i])))]
    if len(places) > MOST_ENTRIES:
        return None
    evaluate = ball_evaluator(graph)
    with precision(BITS):
        points = [to_balls(a) for a in args]
        beside = [[_beside(evaluate, points, place, sign) for place in places] for sign in (-1, 1)]
        values = [[value for value, _ in side] for side in beside]
        jumps = [
            a is not None and b is not None and bool(abs(a - b) > (abs(a) + 1) * to_balls(2) ** (-STEP_BITS // 2))
            for a, b in zip(*values, strict=True)
        ]
        left, right = ([_limit(slope) for _, slope in side] for side in beside)
    return Sides(np.array(left, float), np.array(right, float), np.array(jumps, bool))


def _beside(evaluate: Callable[..., tuple], points: list[Any], place: tuple[int, int], sign: int) -> tuple[Any, Any]:
    """Value and slope along an entry, beside the point; None where a comparison is undecided."""
    i, k = place
    flat = list(box(points[i]).ravel())
    flat[k] = flat[k] + sign * max(to_balls(1), abs(flat[k])) * to_balls(2) ** -STEP_BITS
    moved = list(points)
    moved[i] = filled(flat, box(points[i]).shape) if isinstance(points[i], np.ndarray) else flat[0]
    moved[i] = seeded(moved[i], {k: 1})
    try:
        (y,) = evaluate(*moved)
    except Undecided:
        return None, None
    slope = dependent(y)
    return head(y), slope if slope.is_finite() else None


def _limit(slope: Any) -> float:
    """The slope where the step is zero: what is smaller than the step by far is rounding of it."""
    found = nearest(slope)
    return 0.0 if abs(found) < 2.0 ** (-STEP_BITS // 2) else found
