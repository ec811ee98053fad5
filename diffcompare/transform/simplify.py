"""Simplification that changes no value, not a bit of it."""

from __future__ import annotations

import numpy as np

from ..core.graph import Graph
from ..core.node import Node, building, constant, make
from .arithmetic import is_number

_FOLDED = 256  # elements: constants up to this size are computed now


def simplify(graph: Graph) -> Graph:
    """`graph` with exact rewrites only.

    Kept: ``0 * x`` (nan and inf, and the sign of zero), ``x + 0`` (it turns -0 into 0), every order of operations.
    Done: ``x * 1``, ``x / 1``, ``x - 0``, ``-(-x)``, ``where(c, x, x)``, a reshape of a reshape, a transpose of a
    transpose, and operations on constants alone, computed by the NumPy functions that would compute them later.
    """
    new: dict[int, Node] = {}  # only what became another node: most of a long graph stays as it is
    with building():
        for node in graph.nodes:
            args = node.args
            if not args:
                continue
            for a in args:
                if id(a) in new:
                    found = _rewrite(make(node.op, tuple([new.get(id(b), b) for b in args]), node.attributes))
                    break
            else:
                found = _rewrite(node)
            if found is not node:
                new[id(node)] = found
    return Graph(graph.inputs, tuple(new.get(id(o), o) for o in graph.outputs)) if new else graph


def _rewrite(node: Node) -> Node:
    name, args = node.op.name, node.args
    if name == "multiply":
        for one, other in (args, args[::-1]):
            if is_number(one, 1.0) and other.shape == node.shape and other.dtype is node.dtype:
                return other
    elif name in ("divide", "subtract"):
        neutral = 1.0 if name == "divide" else 0.0
        if is_number(args[1], neutral) and args[0].shape == node.shape and args[0].dtype is node.dtype:
            return args[0]
    elif name == "negative" and args[0].op.name == "negative":
        return args[0].args[0]
    elif name == "where" and args[1] is args[2] and args[1].shape == node.shape:
        return args[1]
    elif name in ("reshape", "transpose"):
        return _moved(node)
    for a in args:
        if a.op.name != "constant":
            return node
    if node.size <= _FOLDED and node.op.name != "broadcast_to":
        with np.errstate(all="ignore"):
            value = node.op.numpy(*(a.value for a in args), **dict(node.attributes))
        return constant(np.asarray(value), node.dtype)
    return node


def _moved(node: Node) -> Node:
    x = node.args[0]
    if node.op.name == "reshape":
        while x.op.name == "reshape":
            x = x.args[0]
        if x.shape == node.shape:
            return x
        return node if x is node.args[0] else make(node.op, (x,), node.attributes)
    axes = dict(node.attributes)["axes"]
    if x.op.name == "transpose":
        inner = dict(x.attributes)["axes"]
        axes, x = tuple(inner[i] for i in axes), x.args[0]
    if axes == tuple(range(len(axes))):
        return x
    return node if x is node.args[0] else make(node.op, (x,), (("axes", axes),))
