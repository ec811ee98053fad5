"""The pushforward of a graph, as a graph: tangents carried along by the rows' partials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.graph import Graph
from ..core.node import Node, building, variable
from ..core.rows import Row
from ..ops.comparison import isfinite, logical_and, logical_or, not_equal
from ..ops.shape import zeros
from .arithmetic import masked, plus, select, times, widen
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

    Notes
    -----
    A direction that leaves an argument alone must not be spoilt by an infinite slope there: in x + sqrt(y) at y = 0 the
    tangent along x is 1, not 1 + 0 inf. Where such directions exist (of an array, or of several inputs), a tangent of 0
    stays 0 in operations with an infinite slope at a finite value, which their rows name in `kinks`.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, section 3.1.
    """
    apart = len(wrt) > 1 or any(graph.inputs[i].shape for i in wrt)
    with building():
        seeds = [variable(f"{graph.inputs[i].name}_dot", graph.inputs[i].shape, graph.inputs[i].dtype) for i in wrt]
        tangents = {id(graph.inputs[i]): seed for i, seed in zip(wrt, seeds, strict=True)}
        live = active(graph, wrt)
        for node in graph.nodes:
            if id(node) in live and node.args:
                tangent = _tangent(node, tuple(tangents.get(id(a)) for a in node.args), apart)
                if tangent is not None:
                    tangents[id(node)] = tangent
        output = graph.output
        tangent = tangents.get(id(output))
        y_dot = zeros(output) if tangent is None else tangent
    return Graph((*graph.inputs, *seeds), (output, y_dot))


def _tangent(node: Node, x_dots: tuple[Node | None, ...], apart: bool) -> Node | None:
    row = node.op
    if all(x_dot is None for x_dot in x_dots):
        return None
    if row.kind == "elementwise":
        return _elementwise(node, x_dots, apart and _has_infinite_slope(node.op))
    if row.linear:
        return row(x_dots[0], **dict(node.attributes))
    if row.pushforward is None:
        return None
    return row.pushforward(node, x_dots, *node.args, **dict(node.attributes))


def _elementwise(node: Node, x_dots: tuple[Node | None, ...], zero_stays: bool) -> Node | None:
    if node.op.partials is None:
        return None
    total: Node | None = None
    for x_dot, partial in zip(x_dots, node.op.partials(node, *node.args), strict=True):
        if x_dot is None or partial is None:
            continue
        term = times(x_dot, partial)
        if zero_stays and isinstance(partial, Node):
            term = _zero_stays(term, x_dot, partial)
        term = term if term.dtype is node.dtype else term.astype(node.dtype)
        total = plus(total, widen(term, node.shape))
    return total


def _has_infinite_slope(row: Row) -> bool:
    return any(np.any(np.isinf(slopes)) for _, slopes in row.kinks)


def _zero_stays(term: Node, x_dot: Node, partial: Node) -> Node:
    """`term`, the product of the other two, but 0 where the tangent is 0 and the partial not finite.

    It stays linear in the tangent wherever the partial is finite, so that it can be differentiated again.
    """
    counts = logical_or(not_equal(x_dot, 0.0), isfinite(partial))
    mask = masked(term)
    return select(counts, term) if mask is None else select(logical_and(mask[0], counts), mask[1])
