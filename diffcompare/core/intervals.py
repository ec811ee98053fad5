"""Open intervals: where an operation is real and smooth."""

from __future__ import annotations

import math
from typing import NamedTuple


class Interval(NamedTuple):
    """The open interval (low, high); a point belongs to it when it lies strictly between.

    Examples
    --------
    >>> Interval(-1.0, 1.0).contains(0.5), Interval(-1.0, 1.0).contains(1.0)
    (True, False)
    """

    low: float = -math.inf
    high: float = math.inf

    def contains(self, x: float) -> bool:
        """Whether `x` lies strictly inside."""
        return self.low < x < self.high

    def __str__(self) -> str:
        return f"({self.low:g}, {self.high:g})"


REAL = Interval()
Interval.REAL = REAL  # type: ignore[attr-defined]
