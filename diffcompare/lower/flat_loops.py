"""The loops in a flat tape: a recurrence that was unrolled is rolled up again.

Statements repeat with period p where the operation codes do, and where each operand's slot moves by the same distance
from one repetition to the next. What does not repeat stays straight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .flat_tape import FlatTape

MOST_PERIOD = 256  # statements of one repetition
LEAST_COUNT, LEAST_STATEMENTS = 8, 64  # shorter loops stay straight


@dataclass(frozen=True, slots=True)
class Segment:
    """Statements `start` to ``start + period * count``: `count` repetitions of `period` statements.

    Straight statements are one repetition.
    """

    start: int
    period: int
    count: int

    @property
    def stop(self) -> int:
        """The statement after the last."""
        return self.start + self.period * self.count


def segments(tape: FlatTape, most: int) -> list[Segment] | None:
    """`tape` as loops and straight parts, in order; None where more than `most` statements would have to be written.

    Parameters
    ----------
    tape : FlatTape
        What to divide.
    most : int
        Statements of straight parts and of one repetition of each loop, in all.
    """
    found, written, todo = list[Segment](), 0, [(0, len(tape.codes))]
    while todo:
        low, high = todo.pop()
        loop = _loop(tape, low, high) if high - low >= LEAST_STATEMENTS else None
        segment = loop or Segment(low, high - low, 1)
        found.append(segment)
        written += segment.period
        if written > most:
            return None
        if loop:
            todo += [part for part in ((low, loop.start), (loop.stop, high)) if part[0] < part[1]]
    return sorted(found, key=lambda segment: segment.start)


def _loop(tape: FlatTape, low: int, high: int) -> Segment | None:
    """A loop between two statements; those that reach over a half or a quarter of them are found."""
    for quarter in (2, 1, 3):
        anchor = low + (high - low) * quarter // 4
        period = _period(tape, anchor, high)
        if period is not None:
            segment = _extended(tape, low, high, anchor, period)
            if segment.count >= LEAST_COUNT and segment.period * segment.count >= LEAST_STATEMENTS:
                return segment
    return None


def _period(tape: FlatTape, anchor: int, high: int) -> int | None:
    """The smallest period with which the statements from `anchor` on repeat at least twice."""
    for period in range(1, min(MOST_PERIOD, (high - anchor) // 3) + 1):
        codes = tape.codes[anchor : anchor + 3 * period].reshape(3, period)
        if (codes[0] == codes[1]).all() and (codes[0] == codes[2]).all():
            slots = tape.operands[anchor : anchor + 3 * period].reshape(3, period, -1)
            if (slots[2] - slots[1] == slots[1] - slots[0]).all():
                return period
    return None


def _extended(tape: FlatTape, low: int, high: int, anchor: int, period: int) -> Segment:
    """The longest loop of this period around `anchor`."""
    codes, slots = tape.codes[low:high], tape.operands[low:high]
    same, step = codes[period:] == codes[:-period], slots[period:] - slots[:-period]
    steady = same[period:] & same[:-period] & (step[period:] == step[:-period]).all(axis=1)
    breaks = np.flatnonzero(~steady)
    place = int(np.searchsorted(breaks, anchor - low))
    first = int(breaks[place - 1]) + 1 if place else 0
    last = int(breaks[place]) if place < len(breaks) else len(steady)
    return Segment(low + first, period, (last - first + 2 * period) // period)
