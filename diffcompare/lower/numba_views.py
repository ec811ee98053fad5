"""Shape operations that are index arithmetic at the reader: no loop of their own, no copy.

Where a view is read, its operand is read at another index. Zeros around an array (`place`) are a view too where the
array fills most of the whole: then the loops are split into an interior, where every read is a plain one, and edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..core.node import Node
from .numba_sizes import Sizes

CONSTANT, OPAQUE = -1, -2


class Index(NamedTuple):
    """One entry of an index.

    Attributes
    ----------
    text : str
        The Python expression.
    depth : int
        How many of the enclosing loops must be open for it to be known.
    loop : int
        It is ``start + step * i<loop>``; with `CONSTANT` it is `start`, and with `OPAQUE` nothing is known about it.
    step, start : int
        See `loop`.
    """

    text: str
    depth: int
    loop: int = OPAQUE
    step: int = 1
    start: int = 0


ZERO = Index("0", 0, CONSTANT)


@dataclass(frozen=True, slots=True)
class Route:
    """How a view reads its operand: with the same loops and places (`in_place`), or only repeating it (`broadcast`)."""

    in_place: bool
    broadcast: bool


@dataclass(frozen=True, slots=True)
class Base:
    """The array behind an operand of a call: `node` in the shape `shape`, then its last two axes swapped or not."""

    node: Node
    shape: tuple[int, ...]
    swapped: bool


def base_of(operand: Node) -> Base:
    """What a call takes for `operand`, so that transposes of matrices and added axes are not copied."""
    swapped, node = False, operand
    if node.op.name == "transpose":
        n = node.ndim
        if n >= 2 and dict(node.attributes)["axes"] == (*range(n - 2), n - 1, n - 2):
            swapped, node = True, node.args[0]
    shape = node.shape
    while node.op.name == "reshape" and is_view(node):
        node = node.args[0]
    return Base(node, shape, swapped)


def _long_axes(shape: tuple[int, ...]) -> list[int]:
    return [axis for axis, n in enumerate(shape) if n != 1]


def is_view(node: Node) -> bool:
    """True for transpose, broadcast_to, slice, padding, and a reshape that only adds or drops axes of length 1."""
    name = node.op.name
    if name == "reshape":
        return [n for n in node.shape if n != 1] == [n for n in node.args[0].shape if n != 1]
    return name in ("transpose", "broadcast_to", "slice") or is_padding(node)


def is_padding(node: Node) -> bool:
    """True for a `place` that fills at least half of every axis, without gaps."""
    if node.op.name != "place" or 0 in node.args[0].shape:
        return False
    lengths = zip(node.args[0].shape, node.shape, strict=True)
    return set(dict(node.attributes)["steps"]) == {1} and all(2 * m >= n for m, n in lengths) and max(node.shape) > 4


def route(node: Node) -> Route:
    """How the view `node` reads its operand."""
    name, operand = node.op.name, node.args[0]
    if name == "reshape":
        return Route(True, True)
    if name == "broadcast_to":
        return Route(len(_long_axes(node.shape)) == len(_long_axes(operand.shape)), True)
    attributes = dict(node.attributes)
    if name == "transpose":
        kept = [axis for axis in attributes["axes"] if operand.shape[axis] != 1]
        return Route(kept == sorted(kept), kept == sorted(kept))
    whole = node.shape == operand.shape and not any(attributes["starts"]) and set(attributes["steps"]) <= {1}
    return Route(whole, whole)


def broadcast_index(index: tuple[Index, ...], shape: tuple[int, ...]) -> tuple[Index, ...]:
    """Where an operand of `shape` is read when the result is at `index`, by NumPy's broadcasting."""
    lead = len(index) - len(shape)
    return tuple(ZERO if n == 1 else index[lead + axis] for axis, n in enumerate(shape))


def shifted(index: Index, start: int, step: int, sizes: Sizes) -> Index:
    """``start + step * index``."""
    if index.loop == OPAQUE:
        return Index(_affine(index.text, start, step, sizes), index.depth)
    if index.loop == CONSTANT:
        value = start + step * index.start
        return Index(sizes.text(value), 0, CONSTANT, 1, value)
    start, step = start + step * index.start, step * index.step
    return Index(_affine(f"i{index.loop}", start, step, sizes), index.depth, index.loop, step, start)


def _affine(text: str, start: int, step: int, sizes: Sizes) -> str:
    if step != 1:
        text = f"{sizes.text(step)} * {text}"
    if not start:
        return text if step == 1 else f"({text})"
    return f"({text} - {sizes.text(-start)})" if start < 0 else f"({sizes.text(start)} + {text})"


def operand_index(node: Node, index: tuple[Index, ...], sizes: Sizes) -> tuple[Index, ...]:
    """Where the view `node` reads its operand when it is itself read at `index`."""
    operand, attributes = node.args[0], dict(node.attributes)
    if node.op.name == "broadcast_to":
        return broadcast_index(index, operand.shape)
    if node.op.name == "transpose":
        axes = attributes["axes"]
        return tuple(index[axes.index(axis)] for axis in range(len(operand.shape)))
    if node.op.name == "slice":
        entries = zip(index, attributes["starts"], attributes["steps"], operand.shape, strict=True)
        return tuple(ZERO if n == 1 else shifted(i, start, step, sizes) for i, start, step, n in entries)
    long = iter([i for i, n in zip(index, node.shape, strict=True) if n != 1])
    return tuple(ZERO if n == 1 else next(long) for n in operand.shape)
