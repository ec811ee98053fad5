"""The pullback of a graph, as a graph: reverse accumulation by the rows' partials."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.graph import Graph
from ..core.node import Node, building, constant
from ..errors import InternalError, ShapeError
from ..ops.shape import zeros
from .arithmetic import masked, narrow, plus, select, times, widen
from .preaccumulation import Paths

# Rows whose pullback only moves elements, so that it can move a mask as well.
_MOVERS = frozenset({"reshape", "transpose", "slice", "place", "concatenate", "sum", "scatter_add"})


def active(graph: Graph, wrt: Sequence[int]) -> set[int]:
    """The ids of nodes whose value depends smoothly on the inputs at `wrt`."""
    found = {id(graph.inputs[i]) for i in wrt}
    for node in graph.nodes:
        for argument in node.args:
            if id(argument) in found:
                if node.dtype.kind == "f" and node.op.name != "stop_gradient":
                    found.add(id(node))
                break
    return found


def pullback(graph: Graph, wrt: Sequence[int], cotangent: Node | None = None) -> Graph:
    """Value and pulled-back cotangents of `graph`.

    Parameters
    ----------
    graph : Graph
        With one output.
    wrt : sequence of int
        Positions among the graph's inputs.
    cotangent : Node, optional
        An input of the output's shape; it becomes the last input of the result. Without it the output must be a scalar
        and the cotangent is 1, so that the result is value and gradient.

    Returns
    -------
    Graph
        Outputs: the value, then one cotangent for each position, of the shape of that input.

    Raises
    ------
    ShapeError
        If no cotangent is given and the output is not a scalar.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, section 3.2.
    """
    output = graph.output
    if cotangent is None and output.shape != ():
        raise ShapeError(
            f"A gradient needs a scalar output, but the output has shape {output.shape}.\n"
            "  Reduce it (np.sum), or ask for diffcompare.jacobian, vjp, or derivative (elementwise)."
        )
    with building():
        seed = cotangent if cotangent is not None else constant(1.0, output.dtype)
        inputs = graph.inputs if cotangent is None else (*graph.inputs, cotangent)
        found = _accumulate(graph, active(graph, wrt), seed)
        cotangents = [found.get(id(graph.inputs[i])) for i in wrt]
        filled = [
            zeros(graph.inputs[i]) if g is None else widen(g, graph.inputs[i].shape)
            for i, g in zip(wrt, cotangents, strict=True)
        ]
    return Graph(inputs, (output, *filled))


def _accumulate(graph: Graph, live: set[int], seed: Node) -> dict[int, Node]:
    cotangents: dict[int, Node] = {}
    if id(graph.output) in live:
        cotangents[id(graph.output)] = seed
    paths = Paths(graph.nodes, live)
    for node in reversed(graph.nodes):
        if id(node) not in cotangents or not node.args:
            continue
        y_bar = cotangents.pop(id(node))
        found = paths.between(node)
        if found is not None:
            statements, start = found
            slope = _derivative(statements, start, live)
            if slope is not None:
                cotangents[id(start)] = plus(cotangents.get(id(start)), times(y_bar, slope))
            continue
        for argument, part in zip(node.args, contributions(node, y_bar, live), strict=True):
            if part is not None:
                cotangents[id(argument)] = plus(cotangents.get(id(argument)), part)
    return cotangents


def _derivative(statements: Sequence[Node], start: Node, live: set[int]) -> Node | None:
    """The derivative of the first of these statements by `start`, a number; None where none flows."""
    parts = {id(statements[0]): constant(1.0, statements[0].dtype)}
    for node in statements:
        y_bar = parts.pop(id(node), None)
        if y_bar is None:
            continue
        for argument, part in zip(node.args, contributions(node, y_bar, live), strict=True):
            if part is not None:
                parts[id(argument)] = plus(parts.get(id(argument)), part)
    return parts.get(id(start))


def contributions(node: Node, y_bar: Node, live: set[int]) -> list[Node | None]:
    """What one operation adds to the cotangent of each argument; None where nothing flows."""
    row = node.op
    if row.kind == "elementwise":
        if row.partials is None:
            return [None] * len(node.args)
        parts = row.partials(node, *node.args)
        return [
            _through(y_bar, p, node, a) if p is not None and id(a) in live else None
            for p, a in zip(parts, node.args, strict=True)
        ]
    if row.pullback is None:
        return [None] * len(node.args)
    attributes, mask = dict(node.attributes), masked(y_bar)
    y_bar = widen(y_bar, node.shape)
    if mask is None or row.name not in _MOVERS:
        parts = row.pullback(y_bar, node, *node.args, **attributes)
    else:
        moved = row.pullback(widen(mask[1], node.shape), node, *node.args, **attributes)
        masks = row.pullback(widen(mask[0], node.shape), node, *node.args, **attributes)
        parts = [None if v is None else select(c, v) for c, v in zip(masks, moved, strict=True)]
    for part, argument in zip(parts, node.args, strict=True):
        if part is not None and part.shape != argument.shape:
            raise InternalError(
                f"The pullback of {row.name!r} gives {part.shape} for an argument of shape {argument.shape}."
            )
    return [p if id(a) in live else None for p, a in zip(parts, node.args, strict=True)]


def _through(y_bar: Node, partial: Node | float, node: Node, argument: Node) -> Node:
    product = times(y_bar, partial)
    if product.dtype is not argument.dtype:
        product = product.astype(argument.dtype)
    if product.shape == argument.shape:
        return product
    return narrow(widen(product, node.shape), argument.shape, keep_mask=bool(argument.args))
