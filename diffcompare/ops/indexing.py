"""NumPy's indexing: basic indices become slices and reshapes, arrays of integers or booleans become gathers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.node import Node, constant
from ..core.places import user_line
from ..core.rows import implements
from ..errors import IndexOutOfRangeError, TraceError
from .shape import gather_row, reshape_row, slice_row


@implements("getitem")
def getitem(x: Node, index: Any) -> Node:
    """`x[index]` for integers, slices, `...`, `None`, constant integer arrays and constant boolean masks.

    Raises
    ------
    TraceError
        When the index is itself traced.
    IndexOutOfRangeError
        When it does not fit the shape.
    """
    parts = index if isinstance(index, tuple) else (index,)
    for part in parts:
        if type(part) is Node:
            kind = "a boolean mask" if part.dtype.kind == "b" else "an index"
            raise TraceError(
                f"A traced value was used as {kind}: the trace cannot know what it takes.\n  at {user_line()}\n"
                "  Select with np.where(mask, x, 0.0), or index with plain integers or with a constant array that the "
                "function closes over."
            )
    basic = all(
        part is None or part is Ellipsis or isinstance(part, (slice, int, np.integer)) and not isinstance(part, bool)
        for part in parts
    )
    try:
        return _basic(x, parts) if basic else take_flat(x, _flat_places(x.shape)[index])
    except IndexError as error:
        message = f"index {index!r} does not fit the shape {x.shape}: {error}.\n  at {user_line()}"
        raise IndexOutOfRangeError(message) from error


def _flat_places(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(math.prod(shape), dtype=np.int64).reshape(shape)


def take_flat(x: Node, places: Any) -> Node:
    """The elements of `x` at row-major `places` (an integer array), in the shape of `places`."""
    return gather_row(x, constant(np.asarray(places, dtype=np.int64)))


def _basic(x: Node, parts: tuple) -> Node:
    axes = sum(part is not None and part is not Ellipsis for part in parts)
    if axes > x.ndim or sum(part is Ellipsis for part in parts) > 1:
        raise IndexError(f"{axes} indices for {x.ndim} axes")
    fill = (slice(None),) * (x.ndim - axes)
    if any(part is Ellipsis for part in parts):
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        parts = parts[:at] + fill + parts[at + 1 :]
    else:
        parts = parts + fill
    starts, steps, lengths, shape, axis = [], [], [], [], 0
    for part in parts:
        if part is None:
            shape.append(1)
            continue
        n = x.shape[axis]
        if isinstance(part, slice):
            start, stop, step = part.indices(n)
            length = len(range(start, stop, step))
            shape.append(length)
        else:
            start, step, length = int(part), 1, 1
            if not -n <= start < n:
                raise IndexError(f"index {start} is out of bounds for axis {axis} of length {n}")
            start %= n
        starts.append(start if length else 0)
        steps.append(step if length else 1)
        lengths.append(length)
        axis += 1
    taken = x
    if tuple(lengths) != x.shape or any(starts) or any(step != 1 for step in steps):
        taken = slice_row(x, starts=tuple(starts), steps=tuple(steps), lengths=tuple(lengths))
    return taken if taken.shape == tuple(shape) else reshape_row(taken, shape=tuple(shape))
