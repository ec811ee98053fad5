"""Reductions and movements of arrays of balls: object arrays whose elements are `arb` or `arb_series`.

NumPy takes an `arb_series` that stands alone for a sequence of its coefficients. Scalars are therefore kept as they are
and boxed into an array of no axes only where an array is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from flint import arb, arb_series

from . import ball_math as B

Axis = tuple[int, ...]


def box(x: Any) -> np.ndarray:
    """`x` as an array; a scalar becomes an array without axes."""
    if isinstance(x, np.ndarray):
        return x
    out = np.empty((), bool if isinstance(x, (bool, np.bool_)) else object)
    out[()] = x
    return out


def unbox(x: Any) -> Any:
    """The scalar in an array without axes; anything else as it is."""
    return x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x


def filled(items: Iterable[Any], shape: tuple[int, ...]) -> np.ndarray:
    """An object array of `shape` with `items` in row-major order."""
    out = np.empty(math.prod(shape), object)
    for i, item in enumerate(items):
        out[i] = item
    return out.reshape(shape)


def to_balls(x: Any) -> Any:
    """Numbers (float, int or bool, scalar or array) as exact balls; what holds balls already stays."""
    if isinstance(x, np.ndarray):
        return x if x.dtype == object else filled(map(_number, x.ravel().tolist()), x.shape)
    return x if isinstance(x, (arb, arb_series)) else _number(x)


def _number(x: Any) -> arb:
    return arb(float(x)) if isinstance(x, (float, np.floating)) else arb(int(x))


def lines(x: np.ndarray, axis: Axis) -> np.ndarray:
    """`x` as a matrix: one row a result of reducing `axis`, one column a reduced element."""
    kept = tuple(i for i in range(x.ndim) if i not in axis)
    moved = np.transpose(x, kept + axis)
    return moved.reshape(math.prod(x.shape[i] for i in kept), math.prod(x.shape[i] for i in axis))


def over_lines(combine: Callable[[list], Any]) -> Callable:
    """A reduction of arrays from the reduction of one list of balls."""

    def reduce(x: Any, axis: Axis, keepdims: bool) -> Any:
        x = box(x)
        shape = tuple(1 if i in axis else n for i, n in enumerate(x.shape) if keepdims or i not in axis)
        return unbox(filled((combine(list(line)) for line in lines(x, axis)), shape))

    return reduce


def _sum(values: list) -> Any:
    return sum(values[1:], values[0]) if values else B.ZERO


def _prod(values: list) -> Any:
    return math.prod(values[1:], start=values[0]) if values else B.ONE


def _logsumexp(values: list) -> Any:
    """log(sum(exp(x))); any finite shift gives the same function, the largest midpoint the smallest radius."""
    finite = [v for v in values if B.head(v) != -B.INFINITY]
    if not finite:
        return -B.INFINITY
    if any(B.head(v) == B.INFINITY for v in finite):
        return B.INFINITY
    top = max(finite, key=lambda v: B.head(v).mid())
    return top + B.log(_sum([(v - top).exp() for v in finite]))


def _norm(values: list) -> Any:
    """Euclidean norm; at the origin 0, with derivative 0."""
    if all(B.is_zero(v) for v in values):
        return B.ZERO
    return B.sqrt(_sum([v**2 for v in values]))


def sum_over(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Sum along axes; conditions count as 0 and 1."""
    x = box(x)
    if x.dtype == bool:
        return to_balls(np.sum(x, axis=axis, keepdims=keepdims))
    if x.size == 0:
        return over_lines(_sum)(x, axis, keepdims)
    return unbox(np.sum(x, axis=axis, keepdims=keepdims))


def _any(x: Any, axis: Axis, keepdims: bool) -> Any:
    return np.any(_truth(x), axis=axis, keepdims=keepdims)


def _all(x: Any, axis: Axis, keepdims: bool) -> Any:
    return np.all(_truth(x), axis=axis, keepdims=keepdims)


def _truth(x: Any) -> np.ndarray:
    x = box(x)
    return x if x.dtype == bool else filled(map(B.truth, x.ravel()), x.shape).astype(bool)


def running(combine: np.ufunc) -> Callable:
    """A running sum or product along one axis."""

    def accumulate(x: Any, axis: int) -> Any:
        return combine.accumulate(to_balls(box(x)), axis=axis)

    return accumulate


def linear_recurrence(a: Any, b: Any, axis: int) -> np.ndarray:
    """s_0 = b_0, s_k = a_k s_{k-1} + b_k along one axis."""
    a, b = np.moveaxis(to_balls(a), axis, 0), np.moveaxis(to_balls(b), axis, 0)
    s = b.copy()
    for k in range(1, len(s)):
        s[k] = b[k] + a[k] * s[k - 1]
    return np.moveaxis(s, 0, axis)


def _zeros(shape: tuple[int, ...], like: np.ndarray) -> np.ndarray:
    return np.zeros(shape, bool) if like.dtype == bool else np.full(shape, B.ZERO, object)


def place(x: Any, starts: Axis, steps: Axis, shape: Axis) -> Any:
    """Zeros of `shape` with `x` at every `steps`-th place from `starts` on: the transpose of a slice."""
    x = box(x)
    out = _zeros(shape, x)
    where = []
    for start, step, length in zip(starts, steps, x.shape, strict=True):
        stop = start + step * length
        where.append(slice(start, None if stop < 0 else stop, step) if length else slice(0, 0))
    out[tuple(where)] = x
    return unbox(out)


def gather(x: Any, indices: Any) -> Any:
    """Elements at row-major places."""
    return np.reshape(box(x), -1)[indices]


def scatter_add(y: Any, indices: Any, shape: Axis) -> Any:
    """Zeros of `shape` with every element of `y` added at its row-major place."""
    out = np.full(math.prod(shape), B.ZERO, object)
    for i, value in zip(np.ravel(indices).tolist(), np.ravel(to_balls(box(y))), strict=True):
        out[i] = out[i] + value
    return unbox(out.reshape(shape))


def concatenate(*xs: Any, axis: int) -> np.ndarray:
    """Arrays joined along an axis."""
    if any(x.dtype == object for x in xs):
        xs = tuple(map(to_balls, xs))
    return np.concatenate(xs, axis=axis)


def cast(x: Any, dtype: str) -> Any:
    """A change of data type: none between floating types, truth values for bool, whole numbers for int64."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return unbox(_truth(x))
    x = to_balls(x)
    if kind == "f":
        return x
    return unbox(filled(map(B.trunc, box(x).ravel()), box(x).shape))


def shape_op(function: Callable) -> Callable:
    """NumPy's own function, with scalars boxed on the way in and unboxed on the way out."""

    def move(x: Any, **attributes: Any) -> Any:
        return unbox(function(box(x), **attributes))

    return move


def maximum_over(values: list) -> Any:
    """The largest of several."""
    return B.extreme(values, 1)


def minimum_over(values: list) -> Any:
    """The smallest of several."""
    return B.extreme(values, -1)


FUNCTIONS: dict[str, Callable] = {
    "sum": sum_over,
    "prod": over_lines(_prod),
    "max_over": over_lines(maximum_over),
    "min_over": over_lines(minimum_over),
    "any_over": _any,
    "all_over": _all,
    "logsumexp": over_lines(_logsumexp),
    "norm": over_lines(_norm),
    "cumsum": running(np.add),
    "cumprod": running(np.multiply),
    "linear_recurrence": linear_recurrence,
    "place": place,
    "gather": gather,
    "scatter_add": scatter_add,
    "concatenate": concatenate,
    "cast": cast,
}
