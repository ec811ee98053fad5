"""NumPy's reductions as users call them, built from the rows of `reductions`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.node import Node
from ..core.places import user_line
from ..core.rows import implements
from ..errors import ShapeError, UnsupportedOpError
from .comparison import where
from .exponential import exp
from .reductions import (
    all_row,
    any_row,
    cumprod_row,
    cumsum_row,
    logsumexp_row,
    max_row,
    min_row,
    norm_row,
    prod_row,
    recurrence_row,
    take_axis,
)
from .selection import absolute
from .shape import reshape_row, sum_row
from .source import cast

_UNSET = getattr(np, "_NoValue", None)


def axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """`axis` as a sorted tuple of non-negative axes.

    Raises
    ------
    ShapeError
        For an axis that does not exist or is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    asked = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    if len({i % ndim for i in asked if -ndim <= i < ndim}) != len(asked):
        raise ShapeError(f"axis={axis} does not name distinct axes of an array with {ndim} axes.\n  at {user_line()}")
    return tuple(sorted(int(i) % ndim for i in asked))


def refuse(name: str, **options: Any) -> None:
    """Raise for options that write into arrays or change the arithmetic, unless they are left at their defaults."""
    for option, value in options.items():
        if value is not None and value is not _UNSET and value is not True:
            raise UnsupportedOpError(
                f"np.{name}(..., {option}=...) cannot be traced.\n  at {user_line()}\n"
                f"  Leave {option}= out; select with np.where before reducing, convert with .astype."
            )


def _reduced_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    # NumPy's reductions take a scalar for an array with one axis, which they then do not keep.
    return axes(axis, ndim) if ndim else axes(axis, 1)[:0]


def _reduce(row: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    return row(x, axis=_reduced_axes(axis, x.ndim), keepdims=keepdims is True)


@implements(np.sum)
def sum(
    x: Node,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = None,
) -> Node:
    """Sum over axes."""
    refuse("sum", dtype=dtype, out=out, initial=initial, where=where)
    return _reduce(sum_row, x, axis, keepdims)


@implements(np.mean)
def mean(
    x: Node, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = None
) -> Node:
    """Arithmetic mean over axes: the sum over the count."""
    refuse("mean", dtype=dtype, out=out, where=where)
    count = math.prod(x.shape[i] for i in axes(axis, x.ndim))
    return _reduce(sum_row, x, axis, keepdims) / float(count)


@implements(np.average)
def average(x: Node, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Node:
    """Weighted mean; `weights` has the shape of `x`, or the length of a single axis."""
    refuse("average", returned=returned or None)
    if weights is None:
        return mean(x, axis, keepdims=keepdims)
    if np.ndim(weights) != np.ndim(x):
        if not isinstance(axis, int) or np.ndim(weights) != 1:
            raise ShapeError("np.average takes weights of the shape of x, or of one axis named by axis=.")
        weights = np.reshape(weights, [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
        weights = np.broadcast_to(weights, x.shape)
    return np.sum(x * weights, axis, keepdims=keepdims) / np.sum(weights, axis, keepdims=keepdims)


@implements(np.prod)
def prod(
    x: Node,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = None,
) -> Node:
    """Product over axes."""
    refuse("prod", dtype=dtype, out=out, initial=initial, where=where)
    return _reduce(prod_row, x, axis, keepdims)


def _extreme(name: str, row: Any) -> Any:
    def extreme(
        x: Node, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None
    ) -> Node:
        refuse(name, out=out, initial=initial, where=where)
        if math.prod(x.shape[i] for i in _reduced_axes(axis, x.ndim)) == 0:
            raise ShapeError(f"np.{name} of no elements has no value (shape {x.shape}).\n  at {user_line()}")
        return _reduce(row, x, axis, keepdims)

    extreme.__name__ = name
    return extreme


max = implements(np.max, np.amax)(_extreme("max", max_row))
min = implements(np.min, np.amin)(_extreme("min", min_row))


@implements(np.ptp)
def ptp(x: Node, axis: Any = None, out: Any = None, keepdims: Any = False) -> Node:
    """Maximum minus minimum."""
    refuse("ptp", out=out)
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


@implements(np.any)
def any(x: Node, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = None) -> Node:
    """Whether any element is true: a condition."""
    refuse("any", out=out, where=where)
    return _reduce(any_row, cast(x, "bool"), axis, keepdims)


@implements(np.all)
def all(x: Node, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = None) -> Node:
    """Whether all elements are true: a condition."""
    refuse("all", out=out, where=where)
    return _reduce(all_row, cast(x, "bool"), axis, keepdims)


def _deviations(x: Node, axis: Any, ddof: Any, given: Any) -> tuple[Node, float]:
    count = math.prod(x.shape[i] for i in axes(axis, x.ndim))
    center = mean(x, axis, keepdims=True) if given is None or given is _UNSET else given
    return x - center, float(count - ddof)


@implements(np.var)
def var(
    x: Node,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = None,
    mean: Any = None,
    correction: Any = None,
) -> Node:
    """Variance over axes: squared deviations over count - ddof."""
    refuse("var", dtype=dtype, out=out, where=where)
    ddof = ddof if correction is None or correction is _UNSET else correction
    deviations, count = _deviations(x, axis, ddof, mean)
    return _reduce(sum_row, deviations * deviations, axis, keepdims) / count


@implements(np.std)
def std(
    x: Node,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = None,
    mean: Any = None,
    correction: Any = None,
) -> Node:
    """Standard deviation; its derivative at constant data is 0, as the norm's at the origin."""
    refuse("std", dtype=dtype, out=out, where=where)
    ddof = ddof if correction is None or correction is _UNSET else correction
    deviations, count = _deviations(x, axis, ddof, mean)
    return _reduce(norm_row, deviations, axis, keepdims) / (count**0.5 if count > 0 else math.nan)


@implements(np.linalg.norm)
def norm(x: Node, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    """Vector norm of order 1, 2, inf, -inf, 0-free p; matrix norm `fro` (and 1, inf)."""
    over = axes(axis, x.ndim)
    if ord is None or (ord in ("fro", "f") and len(over) == 2) or (ord == 2 and len(over) == 1):
        return norm_row(x, axis=over, keepdims=keepdims)
    size = absolute(x)
    if len(over) == 2 and ord in (1, -1, math.inf, -math.inf):
        rows = ord in (1, -1)
        ordered = tuple(int(i) % x.ndim for i in axis) if axis is not None else over
        summed = sum(size, ordered[0] if rows else ordered[1], keepdims=True)
        extreme = (max if ord > 0 else min)(summed, over, keepdims=True)
        return extreme if keepdims else np.squeeze(extreme, over)
    if len(over) == 1 and isinstance(ord, (int, float)) and ord != 0:
        if math.isinf(ord):
            return (max if ord > 0 else min)(size, over, keepdims=keepdims)
        if ord == 1:
            return sum(size, over, keepdims=keepdims)
        return sum(size ** float(ord), over, keepdims=keepdims) ** (1.0 / ord)
    raise UnsupportedOpError(
        f"np.linalg.norm(ord={ord!r}) over {len(over)} axes has no row.\n  at {user_line()}\n"
        "  Vectors have ord 1, 2, inf, -inf and any p but 0; matrices 'fro', 1, -1, inf and -inf."
    )


def _single(x: Any, axis: Any) -> tuple[Any, int]:
    if axis is None or x.ndim == 0:  # to NumPy, too, a scalar is here an array of one element
        x, axis = reshape_row(x, shape=(x.size,)), 0 if axis is None else axis
    return x, axes(axis, x.ndim)[0]


@implements(np.cumsum)
def cumsum(x: Node, axis: Any = None, dtype: Any = None, out: Any = None) -> Node:
    """Running sum along an axis (over all elements when it is None)."""
    refuse("cumsum", dtype=dtype, out=out)
    x, axis = _single(x, axis)
    return cumsum_row(x, axis=axis)


@implements(np.cumprod)
def cumprod(x: Node, axis: Any = None, dtype: Any = None, out: Any = None) -> Node:
    """Running product along an axis (over all elements when it is None)."""
    refuse("cumprod", dtype=dtype, out=out)
    x, axis = _single(x, axis)
    return cumprod_row(x, axis=axis)


@implements(np.diff)
def diff(x: Node, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Node:
    """Differences of neighbours along an axis, `n` times over."""
    refuse("diff", prepend=prepend, append=append)
    axis = axes(axis, x.ndim)[0]
    for _ in range(n):
        length = x.shape[axis]
        count = length - 1 if length else 0
        x = take_axis(x, axis, 1, count) - take_axis(x, axis, 0, count)
    return x


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Integral by the trapezoidal rule along an axis."""
    axis = axis % np.ndim(y)
    n = np.shape(y)[axis]
    if x is not None:
        dx = np.diff(x) if np.ndim(x) == 1 else np.diff(x, axis=axis)
        if np.ndim(x) == 1:
            dx = np.reshape(dx, [-1 if i == axis else 1 for i in range(np.ndim(y))])
    index = [slice(None)] * np.ndim(y)
    upper, lower = list(index), list(index)
    upper[axis], lower[axis] = slice(1, n), slice(0, n - 1)
    return np.sum(dx * (y[tuple(upper)] + y[tuple(lower)]) / 2.0, axis)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over axes, without overflow.

    Parameters
    ----------
    x : array or Node
        Its scores.
    axis : int, tuple of int or None
        Axes to reduce; None is all.
    keepdims : bool, default False
        Keep the reduced axes with length 1.

    Examples
    --------
    >>> float(logsumexp(np.array([1000.0, 1000.0])))
    1000.6931471805599
    """
    x = x if type(x) is Node else np.asarray(x)
    return logsumexp_row(x, axis=axes(axis, x.ndim), keepdims=keepdims)


def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) over its sum along `axis`, without overflow.

    Examples
    --------
    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    return exp(log_softmax(x, axis))


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """Logarithm of the softmax along `axis`: x - logsumexp(x)."""
    return x - logsumexp(x, axis, keepdims=True)


def linear_recurrence(a: Any, b: Any, axis: int = -1) -> Any:
    """s with s[0] = b[0] and s[k] = a[k] s[k-1] + b[k] along `axis`; running sums and products are its special cases.

    Examples
    --------
    >>> linear_recurrence(np.array([0.0, 2.0, 2.0]), np.ones(3))
    array([1., 3., 7.])
    """
    if np.shape(a) != np.shape(b):
        raise ShapeError(f"linear_recurrence takes two arrays of one shape, not {np.shape(a)} and {np.shape(b)}.")
    return recurrence_row(a, b, axis=axis % np.ndim(b))


@implements(np.nansum)
def nansum(x: Node, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Node:
    """Sum over axes with nan counted as 0."""
    refuse("nansum", dtype=dtype, out=out)
    return sum(where(x == x, x, 0.0), axis, keepdims=keepdims)
