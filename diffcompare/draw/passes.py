"""The two passes over a circuit: values forward, cotangents backward, with what each wire contributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..core.node import Node, building, constant, make, variable
from ..errors import ShapeError
from ..transform.arithmetic import plus
from ..transform.pullback import active, contributions, pullback
from .cells import Cell, Circuit

LONGEST = 1000  # nodes: no local partial of a longer fold is computed, as that is a backward pass of its own
Wire = tuple[int, int]  # the cell that is entered, and the place among its arguments


@dataclass(frozen=True, slots=True)
class Passes:
    """Numbers of a circuit at one point.

    Attributes
    ----------
    values : list
        One a cell.
    cotangents : list
        One a cell; None where nothing flows back, or where no gradient was asked for.
    contributions : dict
        What each wire adds to the cotangent of the cell that it leaves.
    partials : dict
        Local partial of each wire, where it is one number or of the shape of the argument.
    """

    values: list[Any]
    cotangents: list[Any]
    contributions: dict[Wire, Any]
    partials: dict[Wire, Any]


def passes(circuit: Circuit, args: Sequence[Any], gradients: bool, cotangent: Any = None) -> Passes:
    """Both passes at `args`.

    Parameters
    ----------
    circuit : Circuit
    args : sequence of float or array
        One an input of the circuit's graph.
    gradients : bool
        Whether to go backward; needs one output, of shape () unless `cotangent` is given.
    cotangent : array_like, optional
        Where the backward pass starts, of the output's shape; 1 by default.

    Raises
    ------
    ShapeError
        If `cotangent` has not the output's shape.
    """
    wanted = [cell.node for cell in circuit.cells]
    bars: dict[int, Node] = {}
    parts: dict[tuple[int, int], Node] = {}
    if gradients:
        with building():
            bars, parts = _backward(circuit.graph, cotangent)
    wires = {
        (place, k): [parts[key] for key in _readings(cell, k) if key in parts]
        for place, cell in enumerate(circuit.cells)
        for k in range(len(cell.args))
    }
    back = [bars[id(cell.node)] for cell in circuit.cells if id(cell.node) in bars]
    flat = [part for found in wires.values() for part in found]
    results = iter(evaluator(Graph(circuit.graph.inputs, (*wanted, *back, *flat)))(*args))
    values = [next(results) for _ in wanted]
    cotangents = [
        np.broadcast_to(next(results), cell.node.shape)[()] if id(cell.node) in bars else None for cell in circuit.cells
    ]
    found = {wire: [next(results) for _ in nodes] for wire, nodes in wires.items()}
    sums = {wire: sum(numbers[1:], start=numbers[0]) for wire, numbers in found.items() if numbers}
    if gradients:
        cotangents = [_zero(c, g) for c, g in zip(circuit.cells, cotangents, strict=True)]
    return Passes(values, cotangents, sums, _partials(circuit, values) if gradients else {})


def _zero(cell: Cell, found: Any) -> Any:
    idle = found is None and cell.kind == "input" and cell.node.dtype.kind == "f"
    return np.zeros(cell.node.shape)[()] if idle else found


def _backward(graph: Graph, cotangent: Any) -> tuple[dict[int, Node], dict[tuple[int, int], Node]]:
    """The cotangent of every node, and what each argument of each node receives, as expressions."""
    output = graph.output
    if cotangent is not None and np.shape(cotangent) != output.shape:
        raise ShapeError(f"cotangent= has shape {np.shape(cotangent)}, but the output has shape {output.shape}.")
    live = active(graph, [i for i, node in enumerate(graph.inputs) if node.dtype.kind == "f"])
    seed = constant(1.0 if cotangent is None else cotangent, output.dtype)
    bars = {id(output): seed} if id(output) in live else {}
    parts: dict[tuple[int, int], Node] = {}
    for node in reversed(graph.nodes):
        if id(node) in bars and node.args:
            for k, part in enumerate(contributions(node, bars[id(node)], live)):
                if part is not None:
                    argument = node.args[k]
                    parts[id(node), k] = part
                    bars[id(argument)] = plus(bars.get(id(argument)), part)
    return bars, parts


def _readings(cell: Cell, k: int) -> list[tuple[int, int]]:
    """Where, among the nodes inside `cell`, the argument `k` is read."""
    leaf = cell.leaves[k]
    found = [(id(n), i) for n in cell.inner for i, a in enumerate(n.args) if a is leaf]
    same = [i for i, a in enumerate(cell.leaves) if a is leaf]
    return found if len(same) == 1 else found[same.index(k) : same.index(k) + 1]


def alone(cell: Cell, names: Sequence[str]) -> Graph:
    """What `cell` computes, of inputs of its own with these names."""
    inputs = tuple(variable(n, a.shape, a.dtype) for n, a in zip(names, cell.leaves, strict=True))
    with building():
        if len(cell.inner) == 1:
            free = iter(inputs)
            left = list(cell.leaves)
            args = []
            for a in cell.node.args:
                entering = bool(left) and a is left[0]
                args.append(next(free) if entering else a)
                left = left[1:] if entering else left
            return Graph(inputs, (make(cell.node.op, tuple(args), cell.node.attributes),))
        new = {id(a): i for a, i in zip(cell.leaves, inputs, strict=True)}
        for node in cell.inner:
            new[id(node)] = make(node.op, tuple(new.get(id(a), a) for a in node.args), node.attributes)
    return Graph(inputs, (new[id(cell.node)],))


def _partials(circuit: Circuit, values: list[Any]) -> dict[Wire, Any]:
    found: dict[Wire, Any] = {}
    for place, cell in enumerate(circuit.cells):
        if len(cell.inner) > LONGEST:
            continue
        flows = [k for k, a in enumerate(cell.leaves) if a.dtype.kind == "f" and a.op.name != "constant"]
        pointwise = all(n.op.kind == "elementwise" for n in cell.inner)
        flows = [k for k in flows if cell.node.shape == () or (pointwise and cell.leaves[k].shape == cell.node.shape)]
        if not flows or cell.node.dtype.kind != "f":
            continue
        graph = alone(cell, [f"x{k}" for k in range(len(cell.leaves))])
        pulled = pullback(graph, flows, constant(np.ones(cell.node.shape), cell.node.dtype))
        run = evaluator(Graph(graph.inputs, pulled.outputs[1:]))
        found.update(zip([(place, k) for k in flows], run(*[values[a] for a in cell.args]), strict=True))
    return found
