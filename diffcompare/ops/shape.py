"""Rows that move elements and change none: reshape, transpose, broadcast, slice and its transpose, gather, join."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtypes import promote
from ..core.node import Node, constant
from ..core.rows import structured
from ..errors import ShapeError

Shape = tuple[int, ...]
_SOURCE = "Griewank and Walther 2008, section 3.2: linear maps, whose pullback is the transpose"


def slices(starts: Shape, steps: Shape, lengths: Shape) -> tuple[slice, ...]:
    """Python slices that take `lengths` elements from `starts` on, `steps` apart."""
    found = []
    for start, step, length in zip(starts, steps, lengths, strict=True):
        stop = start + step * length
        found.append(slice(start, None if stop < 0 else stop, step) if length else slice(0, 0, 1))
    return tuple(found)


def _reshape_shape(args: tuple[Node, ...], shape: Shape) -> tuple:
    return shape, args[0].dtype


def _transpose_shape(args: tuple[Node, ...], axes: Shape) -> tuple:
    return tuple(args[0].shape[i] for i in axes), args[0].dtype


def _slice_numpy(x: Any, starts: Shape, steps: Shape, lengths: Shape) -> Any:
    return x[slices(starts, steps, lengths)]


def _slice_shape(args: tuple[Node, ...], starts: Shape, steps: Shape, lengths: Shape) -> tuple:
    return lengths, args[0].dtype


def _place_numpy(x: Any, starts: Shape, steps: Shape, shape: Shape) -> Any:
    out = np.zeros(shape, np.asarray(x).dtype)
    out[slices(starts, steps, np.shape(x))] = x
    return out


def _place_shape(args: tuple[Node, ...], starts: Shape, steps: Shape, shape: Shape) -> tuple:
    return shape, args[0].dtype


def _gather_numpy(x: Any, indices: Any) -> Any:
    return np.reshape(x, -1)[np.asarray(indices, np.int64)]


def _gather_shape(args: tuple[Node, ...]) -> tuple:
    return args[1].shape, args[0].dtype


def _scatter_numpy(y: Any, indices: Any, shape: Shape) -> Any:
    y = np.asarray(y)
    out = np.zeros(math.prod(shape), y.dtype)
    np.add.at(out, np.reshape(np.asarray(indices, np.int64), -1), np.reshape(y, -1))
    return np.reshape(out, shape)


def _scatter_shape(args: tuple[Node, ...], shape: Shape) -> tuple:
    return shape, args[0].dtype


def _concatenate_shape(args: tuple[Node, ...], axis: int) -> tuple:
    first = args[0].shape
    for a in args[1:]:
        if len(a.shape) != len(first) or any(
            m != n for i, (m, n) in enumerate(zip(a.shape, first, strict=True)) if i != axis
        ):
            raise ShapeError(
                f"concatenate takes arrays that agree on every axis but {axis}; shapes: {[a.shape for a in args]}."
            )
    joined = sum(a.shape[axis] for a in args)
    return (*first[:axis], joined, *first[axis + 1 :]), promote("same", tuple(a.dtype for a in args))


def _concatenate_pullback(y_bar: Node, y: Node, *xs: Node, axis: int) -> tuple:
    parts, start = [], 0
    for x in xs:
        starts = tuple(start if i == axis else 0 for i in range(len(x.shape)))
        parts.append(slice_row(y_bar, starts=starts, steps=(1,) * len(x.shape), lengths=x.shape))
        start += x.shape[axis]
    return tuple(parts)


def _concatenate_pushforward(y: Node, x_dots: tuple, *xs: Node, axis: int) -> Node:
    return concatenate_row(*(zeros(x) if d is None else d for x, d in zip(xs, x_dots, strict=True)), axis=axis)


def _scatter_to(y_bar: Node, indices: Node, shape: Shape) -> Node:
    # A scatter fills an array: a scalar is the array of one element.
    return (
        scatter_row(y_bar, indices, shape=shape)
        if shape
        else reshape_row(scatter_row(y_bar, indices, shape=(1,)), shape=())
    )


def zeros(like: Node) -> Node:
    """A zero of the shape and dtype of `like`, without its memory."""
    return broadcast_row(constant(0.0, like.dtype), shape=like.shape) if like.shape else constant(0.0, like.dtype)


reshape_row = structured(
    "reshape",
    kind="shape",
    numpy=lambda x, shape: np.reshape(x, shape),
    shape=_reshape_shape,
    pullback=lambda y_bar, y, x, shape: (reshape_row(y_bar, shape=x.shape),),
    linear=True,
    complex=True,
    source=_SOURCE,
)
transpose_row = structured(
    "transpose",
    kind="shape",
    numpy=lambda x, axes: np.transpose(x, axes),
    shape=_transpose_shape,
    pullback=lambda y_bar, y, x, axes: (transpose_row(y_bar, axes=tuple(int(i) for i in np.argsort(axes))),),
    linear=True,
    complex=True,
    source=_SOURCE,
)
broadcast_row = structured(
    "broadcast_to",
    kind="shape",
    numpy=lambda x, shape: np.broadcast_to(x, shape),
    shape=_reshape_shape,
    pullback=lambda y_bar, y, x, shape: (sum_to(y_bar, x.shape),),
    linear=True,
    complex=True,
    source=_SOURCE,
)
slice_row = structured(
    "slice",
    kind="shape",
    numpy=_slice_numpy,
    shape=_slice_shape,
    pullback=lambda y_bar, y, x, starts, steps, lengths: (place_row(y_bar, starts=starts, steps=steps, shape=x.shape),),
    linear=True,
    complex=True,
    source=_SOURCE,
)
place_row = structured(
    "place",
    kind="shape",
    numpy=_place_numpy,
    shape=_place_shape,
    pullback=lambda y_bar, y, x, starts, steps, shape: (slice_row(y_bar, starts=starts, steps=steps, lengths=x.shape),),
    linear=True,
    complex=True,
    source=_SOURCE,
)
gather_row = structured(
    "gather",
    kind="shape",
    numpy=_gather_numpy,
    shape=_gather_shape,
    pullback=lambda y_bar, y, x, indices: (_scatter_to(y_bar, indices, x.shape), None),
    pushforward=lambda y, x_dots, x, indices: gather_row(x_dots[0], indices),
    complex=True,
    source=_SOURCE,
)
scatter_row = structured(
    "scatter_add",
    kind="shape",
    numpy=_scatter_numpy,
    shape=_scatter_shape,
    pullback=lambda y_bar, y, x, indices, shape: (gather_row(y_bar, indices), None),
    pushforward=lambda y, x_dots, x, indices, shape: scatter_row(x_dots[0], indices, shape=shape),
    complex=True,
    source=_SOURCE,
)
concatenate_row = structured(
    "concatenate",
    kind="shape",
    numpy=lambda *xs, axis: np.concatenate(xs, axis=axis),
    shape=_concatenate_shape,
    pullback=_concatenate_pullback,
    pushforward=_concatenate_pushforward,
    complex=True,
    source=_SOURCE,
)


def repeated_axes(shape: Shape, wide: Shape) -> Shape:
    """The axes of `wide` along which `shape` repeats when it is broadcast to it."""
    lead = len(wide) - len(shape)
    return tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and wide[i + lead] != 1)


def sum_to(x: Node, shape: Shape) -> Node:
    """`x` summed over the axes along which `shape` was broadcast to the shape of `x`."""
    if x.shape == shape:
        return x
    axes = repeated_axes(shape, x.shape)
    summed = sum_row(x, axis=axes, keepdims=False) if axes else x
    return summed if summed.shape == shape else reshape_row(summed, shape=shape)


def reduced_shape(shape: Shape, axis: Shape, keepdims: bool) -> Shape:
    """The shape after reducing the axes `axis`."""
    if keepdims:
        return tuple(1 if i in axis else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axis)


def expand_reduced(y: Node, shape: Shape, axis: Shape) -> Node:
    """A reduced `y` with its reduced axes back as length 1, so that it broadcasts against `shape`."""
    kept = reduced_shape(shape, axis, True)
    return y if y.shape == kept else reshape_row(y, shape=kept)


def _sum_shape(args: tuple[Node, ...], axis: Shape, keepdims: bool) -> tuple:
    dtype = args[0].dtype
    return reduced_shape(args[0].shape, axis, keepdims), np.dtype("int64") if dtype.kind == "b" else dtype


def _sum_pullback(y_bar: Node, y: Node, x: Node, axis: Shape, keepdims: bool) -> tuple:
    expanded = y_bar if y_bar.shape == () else expand_reduced(y_bar, x.shape, axis)
    return (expanded if expanded.shape == x.shape else broadcast_row(expanded, shape=x.shape),)


sum_row = structured(
    "sum",
    kind="reduction",
    numpy=lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    shape=_sum_shape,
    pullback=_sum_pullback,
    linear=True,
    complex=True,
    source="the transpose of a broadcast",
)
