"""Shape operations that are index arithmetic at the reader: no loop of their own, no copy.

An index is a pair (text, depth): the Python expression, and how many of the enclosing loops must be open for it to be
known.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.node import Node

Index = tuple[str, int]
ZERO: Index = ("0", 0)


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
    """True for transpose, broadcast_to, slice, and for a reshape that only adds or drops axes of length 1."""
    name = node.op.name
    if name == "reshape":
        return [n for n in node.shape if n != 1] == [n for n in node.args[0].shape if n != 1]
    return name in ("transpose", "broadcast_to", "slice")


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


def shifted(index: Index, start: int, step: int) -> Index:
    """``start + step * index``."""
    text, depth = index
    if text == "0":
        return (str(start), 0)
    if step != 1:
        text = f"{step} * {text}"
    return (f"({start} + {text})" if start else f"({text})" if step != 1 else text, depth)


def operand_index(node: Node, index: tuple[Index, ...]) -> tuple[Index, ...]:
    """Where the view `node` reads its operand when it is itself read at `index`."""
    operand, attributes = node.args[0], dict(node.attributes)
    if node.op.name == "broadcast_to":
        return broadcast_index(index, operand.shape)
    if node.op.name == "transpose":
        axes = attributes["axes"]
        return tuple(index[axes.index(axis)] for axis in range(len(operand.shape)))
    if node.op.name == "slice":
        entries = zip(index, attributes["starts"], attributes["steps"], operand.shape, strict=True)
        return tuple(ZERO if n == 1 else shifted(i, start, step) for i, start, step, n in entries)
    long = iter([i for i, n in zip(index, node.shape, strict=True) if n != 1])
    return tuple(ZERO if n == 1 else next(long) for n in operand.shape)
