"""NumPy's functions that rearrange arrays, built from the rows of `shape`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.dtypes import promote
from ..core.node import Node, constant
from ..core.places import user_line
from ..core.rows import implements
from ..errors import ShapeError, UnsupportedOpError
from .comparison import where
from .indexing import take_flat
from .reductions import flip_axis, take_axis
from .shape import broadcast_row, concatenate_row, place_row, reshape_row, transpose_row
from .statistics import axes


def node(x: Any) -> Node:
    """`x` as a node."""
    return x if type(x) is Node else constant(x)


def _one_axis(axis: int, ndim: int) -> int:
    return axes(axis, ndim)[0]


@implements(np.reshape)
def reshape(x: Node, shape: Any, order: str = "C", **options: Any) -> Node:
    """The elements in row-major order under another shape; one axis may be -1."""
    if order not in ("C", "A"):
        return transpose(reshape(transpose(x), tuple(reversed(_tuple(shape)))))
    asked = _tuple(shape)
    known = math.prod(n for n in asked if n != -1)
    if asked.count(-1) == 1 and known and x.size % known == 0:
        asked = tuple(x.size // known if n == -1 else n for n in asked)
    if math.prod(asked) != x.size or any(n < 0 for n in asked):
        raise ShapeError(f"{x.size} elements of shape {x.shape} do not reshape to {_tuple(shape)}.\n  at {user_line()}")
    return x if asked == x.shape else reshape_row(x, shape=asked)


def _tuple(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)


@implements(np.ravel)
def ravel(x: Node, order: str = "C") -> Node:
    """All elements in one axis."""
    return reshape(x if order in ("C", "A", "K") else np.transpose(x), (x.size,))


@implements(np.transpose, np.permute_dims)
def transpose(x: Node, *order: Any, axes: Any = None) -> Node:
    """Axes in another order; reversed by default."""
    given = order[0] if len(order) == 1 and not isinstance(order[0], int) else (order or None)
    given = given if given is not None else axes
    permutation = tuple(range(x.ndim))[::-1] if given is None else tuple(int(i) % max(x.ndim, 1) for i in given)
    if sorted(permutation) != list(range(x.ndim)):
        raise ShapeError(f"axes {given} are not a permutation of the {x.ndim} axes of the array.\n  at {user_line()}")
    return x if permutation == tuple(range(x.ndim)) else transpose_row(x, axes=permutation)


@implements(np.swapaxes)
def swapaxes(x: Node, axis1: int, axis2: int) -> Node:
    """Two axes exchanged."""
    order = list(range(x.ndim))
    a, b = _one_axis(axis1, x.ndim), _one_axis(axis2, x.ndim)
    order[a], order[b] = b, a
    return transpose(x, order)


@implements(np.matrix_transpose)
def matrix_transpose(x: Node) -> Node:
    """The last two axes exchanged."""
    return swapaxes(x, -1, -2)


@implements(np.moveaxis)
def moveaxis(x: Node, source: Any, destination: Any) -> Node:
    """Axes moved to new places, the others in their order."""
    return transpose(x, _moved(x.ndim, source, destination))


def _moved(ndim: int, source: Any, destination: Any) -> list[int]:
    source = [i % ndim for i in ([source] if isinstance(source, int) else source)]
    destination = [i % ndim for i in ([destination] if isinstance(destination, int) else destination)]
    order = [i for i in range(ndim) if i not in source]
    for to, of in sorted(zip(destination, source, strict=True)):
        order.insert(to, of)
    return order


@implements(np.rollaxis)
def rollaxis(x: Node, axis: int, start: int = 0) -> Node:
    """One axis rolled back to `start`."""
    axis = _one_axis(axis, x.ndim)
    return moveaxis(x, axis, start - 1 if start > axis else start)


@implements(np.squeeze)
def squeeze(x: Node, axis: Any = None) -> Node:
    """Axes of length 1 dropped."""
    drop = tuple(i for i, n in enumerate(x.shape) if n == 1) if axis is None else axes(axis, x.ndim)
    if any(x.shape[i] != 1 for i in drop):
        raise ShapeError(f"squeeze(axis={axis}) needs axes of length 1, the shape is {x.shape}.\n  at {user_line()}")
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in drop))


@implements(np.expand_dims)
def expand_dims(x: Node, axis: Any) -> Node:
    """Axes of length 1 inserted at the positions `axis` of the result."""
    count = 1 if isinstance(axis, int) else len(axis)
    at = axes(axis, x.ndim + count)
    rest = iter(x.shape)
    return reshape(x, tuple(1 if i in at else next(rest) for i in range(x.ndim + count)))


@implements(np.atleast_1d)
def atleast_1d(*xs: Any) -> Any:
    """At least one axis."""
    made = [reshape(x, (1,)) if np.ndim(x) == 0 else x for x in map(node, xs)]
    return made[0] if len(made) == 1 else tuple(made)


@implements(np.atleast_2d)
def atleast_2d(*xs: Any) -> Any:
    """At least two axes; a vector becomes a row."""
    made = [reshape(x, (1,) * (2 - x.ndim) + x.shape) if x.ndim < 2 else x for x in map(node, xs)]
    return made[0] if len(made) == 1 else tuple(made)


@implements(np.broadcast_to)
def broadcast_to(x: Node, shape: Any, subok: bool = False) -> Node:
    """`x` repeated along new axes and axes of length 1."""
    shape = _tuple(shape)
    try:
        fits = np.broadcast_shapes(x.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"shape {x.shape} does not broadcast to {shape}.\n  at {user_line()}")
    return x if x.shape == shape else broadcast_row(x, shape=shape)


@implements(np.broadcast_arrays)
def broadcast_arrays(*xs: Any, subok: bool = False) -> tuple[Node, ...]:
    """All arguments broadcast to their common shape."""
    shape = np.broadcast_shapes(*map(np.shape, xs))
    return tuple(broadcast_to(node(x), shape) for x in xs)


@implements(np.concatenate)
def concatenate(xs: Any, axis: int | None = 0, out: Any = None, **options: Any) -> Node:
    """Arrays joined along an existing axis."""
    if type(xs) is Node:
        xs = list(xs)
    parts = [node(x) for x in xs]
    if axis is None:
        parts, axis = [ravel(x) for x in parts], 0
    if any(x.ndim == 0 for x in parts):
        raise ShapeError(f"concatenate joins arrays with axes; stack scalars with np.stack.\n  at {user_line()}")
    parts = _same_dtype(parts)
    return parts[0] if len(parts) == 1 else concatenate_row(*parts, axis=_one_axis(axis, parts[0].ndim))


def _same_dtype(parts: list[Node]) -> list[Node]:
    dtype = promote("same", tuple(x.dtype for x in parts))
    return [x if x.dtype is dtype else x.astype(dtype) for x in parts]


@implements(np.stack)
def stack(xs: Sequence[Any], axis: int = 0, out: Any = None, **options: Any) -> Node:
    """Arrays of one shape joined along a new axis."""
    parts = [node(x) for x in xs]
    if len({x.shape for x in parts}) != 1:
        raise ShapeError(f"np.stack needs arrays of one shape, not {[x.shape for x in parts]}.\n  at {user_line()}")
    return concatenate([expand_dims(x, axis) for x in parts], axis)


@implements(np.vstack)
def vstack(xs: Sequence[Any], **options: Any) -> Node:
    """Rows joined."""
    return concatenate([atleast_2d(x) for x in xs], 0)


@implements(np.hstack)
def hstack(xs: Sequence[Any], **options: Any) -> Node:
    """Columns joined (vectors end to end)."""
    parts = [atleast_1d(x) for x in xs]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1)


@implements(np.column_stack)
def column_stack(xs: Sequence[Any]) -> Node:
    """Vectors as the columns of a matrix."""
    return concatenate([reshape(node(x), (-1, 1)) if np.ndim(x) < 2 else node(x) for x in xs], 1)


@implements(np.append)
def append(x: Any, values: Any, axis: int | None = None) -> Node:
    """`values` joined to the end of `x`."""
    return concatenate([x, values], axis)


@implements(np.split, np.array_split)
def split(x: Node, parts: Any, axis: int = 0) -> list[Node]:
    """Pieces along an axis: a number of them, or the places to cut at."""
    places = np.array_split(np.arange(x.shape[axis]), parts)
    if isinstance(parts, int) and x.shape[axis] % parts:
        raise ShapeError(f"an axis of {x.shape[axis]} does not split into {parts} equal parts.\n  at {user_line()}")
    axis = _one_axis(axis, x.ndim)
    return [take_axis(x, axis, int(p[0]) if len(p) else 0, len(p)) for p in places]


@implements(np.flip)
def flip(x: Node, axis: Any = None) -> Node:
    """Elements in reverse order along axes."""
    for i in axes(axis, x.ndim):
        x = flip_axis(x, i)
    return x


@implements(np.roll)
def roll(x: Node, shift: Any, axis: Any = None) -> Node:
    """Elements moved along axes; those that fall off the end return at the start."""
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    shifts, over = np.broadcast_arrays(shift, axis)
    for count, i in zip(shifts.ravel().tolist(), over.ravel().tolist(), strict=True):
        i, n = _one_axis(i, x.ndim), x.shape[i]
        count = count % n if n else 0
        if count:
            x = concatenate_row(take_axis(x, i, n - count, count), take_axis(x, i, 0, n - count), axis=i)
    return x


@implements(np.repeat)
def repeat(x: Node, repeats: Any, axis: int | None = None) -> Node:
    """Each element repeated."""
    if axis is None or x.ndim == 0:  # to NumPy, too, a scalar is here an array of one element
        x, axis = ravel(x), 0 if axis is None else axis
    return x[(slice(None),) * _one_axis(axis, x.ndim) + (np.repeat(np.arange(x.shape[axis]), repeats),)]


@implements(np.tile)
def tile(x: Node, reps: Any) -> Node:
    """The whole array repeated along each axis."""
    return take_flat(x, np.tile(np.arange(x.size).reshape(x.shape), reps))


@implements(np.take)
def take(x: Node, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Node:
    """Elements along an axis at constant integer places."""
    if type(indices) is Node:
        return x[indices]
    places: Any = np.arange(x.size).reshape(x.shape)
    places = places.take(indices, axis, mode=mode)
    return take_flat(x, places)


@implements(np.pad)
def pad(x: Node, pad_width: Any, mode: str = "constant", **options: Any) -> Node:
    """Borders added: of a constant, or copied from the array (modes edge, reflect, symmetric, wrap)."""
    if mode == "constant":
        value = options.pop("constant_values", 0.0)
        inside = np.pad(np.ones(x.shape, bool), pad_width)
        width = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
        placed = place_row(x, starts=tuple(before for before, _ in width), steps=(1,) * x.ndim, shape=inside.shape)
        border = np.pad(np.zeros(x.shape), pad_width, constant_values=value)
        return placed if not np.any(border) else where(constant(inside), placed, constant(border, x.dtype))
    if mode not in ("edge", "reflect", "symmetric", "wrap") or options:
        raise UnsupportedOpError(
            f"np.pad(mode={mode!r}, {options}) has no row.\n  at {user_line()}\n"
            "  Modes are constant, edge, reflect, symmetric and wrap."
        )
    places: Any = np.arange(x.size).reshape(x.shape)
    padded: Any = np.pad
    return take_flat(x, padded(places, pad_width, mode))


def _triangle(keep: Any) -> Any:
    def triangle(x: Node, k: int = 0) -> Node:
        return where(constant(np.broadcast_to(keep(np.ones(x.shape[-2:], bool), k), x.shape)), x, 0.0)

    return triangle


tril = implements(np.tril)(_triangle(np.tril))
triu = implements(np.triu)(_triangle(np.triu))


@implements(np.diagonal)
def diagonal(x: Node, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """The diagonal of two axes, as the last axis."""
    return take_flat(x, np.diagonal(np.arange(x.size).reshape(x.shape), offset, axis1, axis2))


@implements(np.diag)
def diag(x: Node, k: int = 0) -> Node:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal."""
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"np.diag takes a vector or a matrix, not shape {x.shape}.\n  at {user_line()}")
    mask = np.diag(np.ones(x.size, bool), k)
    places = np.diag(np.arange(x.size), k)
    return (
        where(constant(mask), take_flat(x, places), 0.0)
        if x.size
        else place_row(x, starts=(0,), steps=(1,), shape=(0,))
    )


@implements(np.trace)
def trace(x: Node, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """The sum of the diagonal."""
    return np.sum(diagonal(x, offset, axis1, axis2), -1)


@implements(np.meshgrid)
def meshgrid(*xs: Any, indexing: str = "xy", **options: Any) -> tuple[Node, ...]:
    """Coordinate matrices of coordinate vectors."""
    order = [1, 0, *range(2, len(xs))] if indexing == "xy" and len(xs) > 1 else list(range(len(xs)))
    made = [reshape(node(x), [-1 if order[i] == j else 1 for j in range(len(xs))]) for i, x in enumerate(xs)]
    return broadcast_arrays(*made)
