"""A graph evaluated with a complex argument: complex where the derivative flows, real everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.node import Node
from ..errors import UnsupportedOpError


def complex_evaluator(graph: Graph, wrt: tuple[int, ...]) -> Callable[..., np.ndarray]:
    """A callable that takes the inputs, those at the positions `wrt` complex, and gives the output as a complex array.

    Raises
    ------
    UnsupportedOpError
        When an operation through which the derivative flows has no complex form; the message names it.
    """
    flows = _flow(graph, wrt)
    complex_values = flows | {id(graph.inputs[position]) for position in wrt}
    slot = {id(node): i for i, node in enumerate(graph.nodes)}
    start = [node.value for node in graph.nodes]
    inputs = [slot[id(node)] for node in graph.inputs]
    last = {slot[id(a)]: i for i, node in enumerate(graph.nodes) for a in node.args}
    result = slot[id(graph.output)]
    steps = []
    for i, node in enumerate(graph.nodes):
        if node.op.name not in ("input", "constant"):
            arguments = [slot[id(a)] for a in node.args]
            dead = [a for a in set(arguments) if last[a] == i and a != result]
            steps.append((i, _function(graph, node, flows, complex_values), arguments, dict(node.attributes), dead))

    def evaluate(*args: Any) -> np.ndarray:
        values = list(start)
        for i, argument in zip(inputs, args, strict=True):
            values[i] = argument
        with np.errstate(all="ignore"):
            for i, function, arguments, attributes, dead in steps:
                values[i] = function(*[values[a] for a in arguments], **attributes)
                for a in dead:
                    values[a] = None
        return np.asarray(values[result], np.complex128)

    return evaluate


def _flow(graph: Graph, wrt: tuple[int, ...]) -> set[int]:
    """The ids of the nodes through which the derivative flows from the inputs `wrt` to the output.

    Truth values and integers stop it, and with it whatever only they are made from.
    """
    moved = {id(graph.inputs[position]) for position in wrt}
    for node in graph.nodes:
        if node.dtype.kind == "f" and any(id(a) in moved for a in node.args):
            moved.add(id(node))
    read = {id(graph.output)}
    for node in reversed(graph.nodes):
        if id(node) in read and node.dtype.kind == "f":
            read.update(id(a) for a in node.args)
    return moved & read


def _function(graph: Graph, node: Node, flows: set[int], complex_values: set[int]) -> Callable[..., Any]:
    row = node.op
    if id(node) not in flows:
        return _of_real_parts(row.numpy) if any(id(a) in complex_values for a in node.args) else row.numpy
    if row.complex is None:
        raise UnsupportedOpError(
            f"method 'complex-step' cannot run op {row.name!r}: its row has no complex form (most often "
            "because it is not analytic).\n"
            f"  at {graph.where_is(node)}, shape {node.shape}, {node.dtype}\n"
            "  Use method='reverse' or 'central-difference', or leave this argument out of wrt."
        )
    return row.numpy if row.complex is True else row.complex


def _of_real_parts(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **attributes: Any) -> Any:
        return function(*[a.real if np.iscomplexobj(a) else a for a in args], **attributes)

    return call
