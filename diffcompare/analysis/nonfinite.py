"""Where a value that is nan or infinite came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from diffcompare.core.graph import Graph
from diffcompare.core.node import Node


def origin(graph: Graph, args: Sequence[Any]) -> str:
    """The node that first made the output nan or infinite, in words; empty if the output is finite.

    Parameters
    ----------
    graph : Graph
        With one output.
    args : sequence of float or ndarray
        One value an input.

    Returns
    -------
    str
        Such as ``v2 = log(v0) is nan, where v0 = -1.0``, numbered as in the printed graph. Found from the output
        through arguments that are not finite, so what `where` leaves unselected is not blamed for a finite result.
    """
    values = node_values(graph, args)
    node = graph.output
    if _finite(values[id(node)]):
        return ""
    while True:
        source = next((a for a in node.args if not _finite(values[id(a)])), None)
        if source is None:
            return _describe(graph, node, values)
        node = source


def node_values(graph: Graph, args: Sequence[Any]) -> dict[int, Any]:
    """The value of every node, by its id."""
    values: dict[int, Any] = dict(zip(map(id, graph.inputs), args, strict=True))
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op.name == "constant":
                values[id(node)] = node.value
            elif id(node) not in values:
                values[id(node)] = node.op.numpy(*(values[id(a)] for a in node.args), **dict(node.attributes))
    return values


def _finite(value: Any) -> bool:
    return bool(np.all(np.isfinite(value)))


def _describe(graph: Graph, node: Node, values: dict[int, Any]) -> str:
    value = values[id(node)]
    text = f"{graph.where_is(node)} is {'nan' if np.isnan(value).any() else 'infinite'}"
    if np.ndim(value):
        first = [int(i) for i in np.argwhere(~np.isfinite(value))[0]]
        return f"{text} at entry {first}"
    places = {id(n): i for i, n in enumerate(graph.nodes)}
    operands = [f"v{places[id(a)]} = {float(values[id(a)])!r}" for a in node.args if np.ndim(values[id(a)]) == 0]
    return f"{text}, where {', '.join(operands)}" if operands else text
