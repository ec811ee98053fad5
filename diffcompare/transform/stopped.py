"""Detached values taken out of a graph, for methods that see only values."""

from __future__ import annotations

from ..core.graph import Graph
from ..core.node import Node, building, make, variable


def split_stopped(graph: Graph) -> tuple[Graph | None, Graph]:
    """Separate what `stop_gradient` holds constant from what varies.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    frozen : Graph or None
        From the same inputs to the detached values; None where nothing is detached.
    main : Graph
        Its inputs are those of `graph`, then one for each detached value. With those held at their values at a point,
        every derivative of `main` with respect to the first inputs is the derivative of `graph`.

    Notes
    -----
    Only the outermost detached values matter: one inside another is part of that one's value.
    """
    stops = [node for node in graph.nodes if node.op.name == "stop_gradient"]
    if not stops:
        return None, graph
    with building():
        new: dict[int, Node] = {}
        for node in graph.nodes:
            if node.op.name == "stop_gradient":
                new[id(node)] = variable(f"stopped{len(new)}", node.shape, node.dtype)
            elif any(id(a) in new for a in node.args):
                new[id(node)] = make(node.op, tuple(new.get(id(a), a) for a in node.args), node.attributes)
    main = Graph((*graph.inputs, *(new[id(s)] for s in stops)), tuple(new.get(id(o), o) for o in graph.outputs))
    return Graph(graph.inputs, tuple(s.args[0] for s in stops)), main
