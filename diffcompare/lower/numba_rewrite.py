"""Graph to graph, for compiled code: statements that are better written as a few others, which then join loops."""

from __future__ import annotations

import math

from ..core.graph import Graph
from ..core.node import Node, building, constant, make
from ..core.tables import ROWS
from .numba_views import is_padding


# Reductions that are a few others: written so, their parts join the loops around them.
def _logsumexp(x: Node, axis: tuple[int, ...], keepdims: bool) -> Node:
    top = make(ROWS["max"], (x,), (("axis", axis), ("keepdims", True)))
    finite = ROWS["less"](ROWS["absolute"](top), math.inf)
    top = ROWS["where"](finite, top, constant(0.0, x.dtype))
    total = make(ROWS["sum"], (ROWS["exp"](x - top),), (("axis", axis), ("keepdims", True)))
    return ROWS["log"](total) + top


def _norm(x: Node, axis: tuple[int, ...], keepdims: bool) -> Node:
    return ROWS["sqrt"](make(ROWS["sum"], (ROWS["multiply"](x, x),), (("axis", axis), ("keepdims", keepdims))))


def _product(a: Node, b: Node) -> Node:
    """A matrix product that sums over one entry is an outer product, and one with one entry is a sum."""
    if a.shape[-1] == 1:
        return ROWS["multiply"](a, b)
    terms = ROWS["multiply"](a, ROWS["transpose"](b, axes=(1, 0)))
    return make(ROWS["sum"], (terms,), (("axis", (1,)), ("keepdims", True)))


def _scattered_to_number(y: Node, places: Node) -> Node:
    """A scatter fills an array: a number is the array of one element."""
    return ROWS["reshape"](ROWS["scatter_add"](y, places, shape=(1,)), shape=())


_MOST_PARTS = 64


def _joined(args: tuple[Node, ...]) -> Node | None:
    """A sum of arrays within zeros, if side by side they fill the whole: these arrays in a row, and no zeros.

    It is the gradient of an array that was cut into parts. Each part plus zero is what the sum has there, down to the
    sign of a zero. Parts of half of the whole or more stay: readers find them by index (`numba_views.is_padding`).
    """
    parts, todo = list[Node](), list(args)
    while todo:
        node = todo.pop()
        if node.op.name == "add" and node.shape == args[0].shape:
            todo += node.args
        elif node.op.name == "place" and not is_padding(node) and set(dict(node.attributes)["steps"]) == {1}:
            parts.append(node)
        else:
            return None
        if len(parts) + len(todo) > _MOST_PARTS:
            return None
    shape = args[0].shape
    axes = {axis for part in parts for axis, n in enumerate(part.args[0].shape) if n != shape[axis]}
    if len(axes) != 1 or len({part.dtype for part in parts}) != 1:
        return None
    (axis,), end = axes, 0
    ordered = sorted(parts, key=lambda part: dict(part.attributes)["starts"][axis])
    for part in ordered:
        if dict(part.attributes)["starts"][axis] != end:
            return None
        end += part.args[0].shape[axis]
    if end != shape[axis]:
        return None
    zero = constant(0.0, parts[0].dtype)
    return make(ROWS["concatenate"], tuple(part.args[0] + zero for part in ordered), (("axis", axis),))


REDUCTIONS = {"logsumexp": _logsumexp, "norm": _norm}


def _is_loop(node: Node) -> bool:
    """Whether a matrix product is a loop rather than a call of BLAS."""
    a, b = node.args
    return node.dtype.kind == "f" and (a.shape[-1] == 1 or (a.ndim == b.ndim == 2 and node.shape == (1, 1)))


def rewritten(graph: Graph) -> Graph:
    """`graph` without the statements that loops do better."""
    new: dict[Node, Node] = {}
    with building():
        for node in graph.nodes:
            args = tuple(new[a] for a in node.args)
            if node.op.name in REDUCTIONS:
                x = args[0] if args[0].dtype is node.dtype else make(ROWS["cast"], args, (("dtype", node.dtype.name),))
                found = REDUCTIONS[node.op.name](x, **dict(node.attributes))
                same = found.shape == node.shape
                new[node] = found if same else make(ROWS["reshape"], (found,), (("shape", node.shape),))
            elif node.op.name == "matmul" and _is_loop(node):
                new[node] = _product(*args)
            elif node.op.name == "scatter_add" and node.shape == ():
                new[node] = _scattered_to_number(*args)
            elif node.op.name == "add" and node.dtype.kind == "f" and (whole := _joined(args)) is not None:
                new[node] = whole
            else:
                same = all(a is b for a, b in zip(args, node.args, strict=True))
                new[node] = node if same else make(node.op, args, node.attributes)
    return Graph(graph.inputs, tuple(new[node] for node in graph.outputs))
