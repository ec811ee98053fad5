"""The pushforward of a graph, as a graph: tangents carried along by the rows' partials."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.graph import Graph
from ..core.node import Node, building, variable
from ..ops.shape import zeros
from .arithmetic import plus, times, widen
from .pullback import active


def pushforward(graph: Graph, wrt: Sequence[int]) -> Graph:
    """Value and tangent of `graph` along a direction.

    Parameters
    ----------
    graph : Graph
        With one output.
    wrt : sequence of int
        Positions among the graph's inputs that have a tangent.

    Returns
    -------
    Graph
        Its inputs are those of `graph`, then one tangent for each position; its outputs are value and tangent.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, section 3.1.
    """
    with building():
        seeds = [variable(f"{graph.inputs[i].name}_dot", graph.inputs[i].shape, graph.inputs[i].dtype) for i in wrt]
        tangents = {id(graph.inputs[i]): seed for i, seed in zip(wrt, seeds, strict=True)}
        live = active(graph, wrt)
        for node in graph.nodes:
            if id(node) in live and node.args:
                tangent = _tangent(node, tuple(tangents.get(id(a)) for a in node.args))
                if tangent is not None:
                    tangents[id(node)] = tangent
        output = graph.output
        tangent = tangents.get(id(output))
        y_dot = zeros(output) if tangent is None else tangent
    return Graph((*graph.inputs, *seeds), (output, y_dot))


def _tangent(node: Node, x_dots: tuple[Node | None, ...]) -> Node | None:
    row = node.op
    if all(x_dot is None for x_dot in x_dots):
        return None
    if row.kind == "elementwise":
        return _elementwise(node, x_dots)
    if row.linear:
        return row(x_dots[0], **dict(node.attributes))
    if row.pushforward is None:
        return None
    return row.pushforward(node, x_dots, *node.args, **dict(node.attributes))


def _elementwise(node: Node, x_dots: tuple[Node | None, ...]) -> Node | None:
    if node.op.partials is None:
        return None
    total: Node | None = None
    for x_dot, partial in zip(x_dots, node.op.partials(node, *node.args), strict=True):
        if x_dot is None or partial is None:
            continue
        term = times(x_dot, partial)
        term = term if term.dtype is node.dtype else term.astype(node.dtype)
        total = plus(total, widen(term, node.shape))
    return total
