"""Rows that are not elementwise, in any namespace that follows NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tables import ROWS
from ..ops.shape import slices

Shape = tuple[int, ...]


def array_rows(xp: Any, logsumexp: Callable) -> dict[str, Callable]:
    """Functions of rows by name, out of the functions of `xp`; `logsumexp` is its SciPy twin."""

    def reduction(name: str) -> Callable:
        function = getattr(xp, name)
        return lambda x, axis, keepdims: function(x, axis=axis, keepdims=keepdims)

    def flat(x: Any) -> Any:
        return xp.reshape(x, (-1,))

    def place(x: Any, starts: Shape, steps: Shape, shape: Shape) -> Any:
        padded = xp.concatenate([flat(x), xp.zeros((1,), dtype=x.dtype)], axis=0)
        return padded[sources(tuple(x.shape), starts, steps, shape)]

    def swap(x: Any) -> Any:
        return xp.swapaxes(x, -1, -2)

    def cholesky(a: Any) -> Any:  # the row reads the lower triangle alone, so the matrix is made of it
        return xp.linalg.cholesky(xp.tril(a) + swap(xp.tril(a, -1)))

    def recurrence(a: Any, b: Any, axis: int) -> Any:
        before = (slice(None),) * axis
        s = [b[(*before, k)] for k in range(min(1, b.shape[axis]))]
        for k in range(1, b.shape[axis]):
            s.append(b[(*before, k)] + a[(*before, k)] * s[-1])
        return xp.stack(s, axis=axis) if s else b

    return {
        **{name: reduction(name) for name in ("sum", "prod", "max", "min", "any", "all")},
        "reshape": lambda x, shape: xp.reshape(x, shape),
        "transpose": lambda x, axes: xp.transpose(x, axes),
        "broadcast_to": lambda x, shape: xp.broadcast_to(x, shape),
        "slice": lambda x, starts, steps, lengths: x[slices(starts, steps, lengths)],
        "place": place,
        "gather": lambda x, indices: flat(x)[indices],
        "concatenate": lambda *xs, axis: xp.concatenate(xs, axis=axis),
        "logsumexp": lambda x, axis, keepdims: logsumexp(x, axis=axis, keepdims=keepdims),
        "norm": lambda x, axis, keepdims: xp.sqrt(xp.sum(xp.square(x), axis=axis, keepdims=keepdims)),
        "cumsum": lambda x, axis: xp.cumsum(x, axis=axis),
        "linear_recurrence": recurrence,
        "cumprod": lambda x, axis: recurrence(x, first_alone(xp, x, axis), axis),
        "matmul": xp.matmul,
        "inv": xp.linalg.inv,
        "solve": xp.linalg.solve,
        "det": xp.linalg.det,
        "logabsdet": lambda a: xp.linalg.slogdet(a)[1],
        "slogdet_sign": lambda a: xp.linalg.slogdet(a)[0],
        "cholesky": cholesky,
    }


def first_alone(xp: Any, x: Any, axis: int) -> Any:
    """`x` with zeros after the first entry along `axis`: the drive of the recurrence that a running product is."""
    keep = np.arange(x.shape[axis]) == 0
    return xp.where(keep.reshape([-1 if i == axis else 1 for i in range(x.ndim)]), x, 0.0 * x)


def sources(inner: Shape, starts: Shape, steps: Shape, shape: Shape) -> np.ndarray:
    """For each place of the row `place`: the flat index of what comes there, or -1 where a zero does."""
    count = np.arange(1, 1 + int(np.prod(inner)), dtype=np.int64).reshape(inner)
    placed = ROWS["place"].numpy(count, starts=starts, steps=steps, shape=shape)
    return placed - 1
