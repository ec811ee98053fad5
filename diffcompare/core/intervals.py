"""Open intervals: where an operation is real and smooth."""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple


class _Bounds(NamedTuple):
    low: float = -math.inf
    high: float = math.inf


class Interval(_Bounds):
    """The open interval (low, high); a point belongs to it when it lies strictly between.

    Examples
    --------
    >>> Interval(-1.0, 1.0).contains(0.5), Interval(-1.0, 1.0).contains(1.0)
    (True, False)
    """

    __slots__ = ()

    REAL: ClassVar[Interval]  # all real numbers

    def contains(self, x: float) -> bool:
        """Whether `x` lies strictly inside."""
        return self.low < x < self.high

    def __str__(self) -> str:
        return f"({self.low:g}, {self.high:g})"


Interval.REAL = REAL = Interval()
