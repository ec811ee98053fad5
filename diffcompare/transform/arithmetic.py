"""Sums and products of cotangents and tangents: exact shortcuts, and masks carried outward."""

from __future__ import annotations

import math

import numpy as np

from ..core.node import Node, constant, make
from ..ops.arithmetic import multiply
from ..ops.comparison import logical_and, logical_or, where_row
from ..ops.reductions import any_row
from ..ops.shape import broadcast_row, repeated_axes, reshape_row, sum_to

Mask = tuple[Node, Node]


def is_number(node: Node, number: float) -> bool:
    """Whether `node` is a constant all of whose entries are `number` (with its sign, for zero)."""
    name = node.op.name
    if name == "broadcast_to":
        node = node.args[0]
        name = node.op.name
    if name != "constant" or node.shape != ():
        return False
    return bool(node.value == number) and math.copysign(1.0, float(node.value)) == math.copysign(1.0, number)


def masked(node: Node) -> Mask | None:
    """The (condition, value) of a node of the form where(condition, value, 0), else None."""
    if node.op.name == "where" and is_number(node.args[2], 0.0):
        return node.args[0], node.args[1]
    return None


def select(condition: Node, value: Node) -> Node:
    """where(condition, value, 0)."""
    return where_row(condition, value, constant(0.0, value.dtype))


def times(cotangent: Node, partial: Node | float) -> Node:
    """The product; of masked factors, the masked product, so that what is not selected never counts.

    ``where(c, g, 0) * p`` is ``where(c, g * p, 0)``: where `c` is false the product is 0, be `p` nan or infinite.
    Multiplying by the number 1 is left out, and by -1 is a change of sign: both are exact.
    """
    if isinstance(partial, (int, float)):
        return _scaled(cotangent, float(partial))
    if cotangent.op.name != "where" and partial.op.name != "where":
        return _plain(cotangent, partial)
    g, p = masked(cotangent), masked(partial)
    if g is None and p is None:
        return _plain(cotangent, partial)
    value = _plain(g[1] if g else cotangent, p[1] if p else partial)
    if g and p:
        condition = g[0] if g[0] is p[0] else logical_and(g[0], p[0])
    else:
        condition = (g or p)[0]  # type: ignore[index]
    return select(condition, value)


_MAY_BE_NUMBERS = ("constant", "broadcast_to")


def _plain(a: Node, b: Node) -> Node:
    if a.op.name not in _MAY_BE_NUMBERS and b.op.name not in _MAY_BE_NUMBERS:
        return make(multiply, (a, b))
    shape = a.shape if a.shape == b.shape else np.broadcast_shapes(a.shape, b.shape)
    for one, other in ((a, b), (b, a)):
        if is_number(one, 1.0) and other.shape == shape and one.dtype is other.dtype:
            return other
    return multiply(a, b)


def _scaled(node: Node, number: float) -> Node:
    mask = masked(node)
    if number == 1.0:
        return node
    if mask is not None:
        return select(mask[0], _scaled(mask[1], number))
    return -node if number == -1.0 else node * number


def plus(a: Node | None, b: Node) -> Node:
    """The sum of two contributions; masked where both are."""
    if a is None:
        return b
    if a.op.name != "where" or b.op.name != "where":
        return a + b
    first, second = masked(a), masked(b)
    if first is None or second is None:
        return a + b
    if first[0] is second[0]:
        return select(first[0], first[1] + second[1])
    return select(logical_or(first[0], second[0]), a + b)


def widen(node: Node, shape: tuple[int, ...]) -> Node:
    """`node` broadcast to `shape`."""
    return node if node.shape == shape else broadcast_row(node, shape=shape)


def narrow(node: Node, shape: tuple[int, ...], keep_mask: bool) -> Node:
    """`node` summed over the axes along which `shape` was broadcast; a mask stays where any entry was selected."""
    if node.shape == shape:
        return node
    total = sum_to(node, shape)
    mask = masked(node) if keep_mask else None
    if mask is None:
        return total
    condition, axes = widen(mask[0], node.shape), repeated_axes(shape, node.shape)
    chosen = any_row(condition, axis=axes, keepdims=False) if axes else condition
    return select(chosen if chosen.shape == shape else reshape_row(chosen, shape=shape), total)
