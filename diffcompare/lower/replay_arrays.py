"""Rows that are not elementwise, in any namespace that follows NumPy's names."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np

from ..core.tables import ROWS
from ..ops.shape import slices

Shape = tuple[int, ...]


def array_rows(xp: Any, logsumexp: Callable, shape_of: Callable = np.shape) -> dict[str, Callable]:
    """Functions of rows by name, out of the functions of `xp`; `logsumexp` is its SciPy twin."""

    def reduction(name: str) -> Callable:
        function = getattr(xp, name)
        return lambda x, axis, keepdims: function(x, axis=axis, keepdims=keepdims)

    def flat(x: Any) -> Any:
        return xp.reshape(x, (-1,))

    def place(x: Any, starts: Shape, steps: Shape, shape: Shape) -> Any:
        padded = xp.concatenate([flat(x), xp.zeros((1,), dtype=x.dtype)], axis=0)
        return padded[sources(tuple(shape_of(x)), starts, steps, shape)]

    def swap(x: Any) -> Any:
        return xp.swapaxes(x, -1, -2)

    def cholesky(a: Any) -> Any:  # the row reads the lower triangle alone, so the matrix is made of it
        return xp.linalg.cholesky(xp.tril(a) + swap(xp.tril(a, -1)))

    def along(x: Any, axis: int) -> list[Any]:
        return [x[(slice(None),) * axis + (k,)] for k in range(shape_of(x)[axis])]

    def cumprod(x: Any, axis: int) -> Any:
        products = list(accumulate(along(x, axis), operator.mul))
        return xp.stack(products, axis=axis) if products else x

    def recurrence(a: Any, b: Any, axis: int) -> Any:
        drives = along(b, axis)
        s = drives[:1]
        for factor, drive in zip(along(a, axis)[1:], drives[1:], strict=True):
            s.append(drive + factor * s[-1])
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
        "cumprod": cumprod,
        "matmul": xp.matmul,
        "inv": xp.linalg.inv,
        "solve": xp.linalg.solve,
        "det": xp.linalg.det,
        "logabsdet": lambda a: xp.linalg.slogdet(a)[1],
        "slogdet_sign": lambda a: xp.linalg.slogdet(a)[0],
        "cholesky": cholesky,
    }


def sources(inner: Shape, starts: Shape, steps: Shape, shape: Shape) -> np.ndarray:
    """For each place of the row `place`: the flat index of what comes there, or -1 where a zero does."""
    count = np.arange(1, 1 + int(np.prod(inner)), dtype=np.int64).reshape(inner)
    placed = ROWS["place"].numpy(count, starts=starts, steps=steps, shape=shape)
    return placed - 1
