"""What a graph means: its rows' NumPy functions, applied one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UnsupportedOpError
from .graph import Graph


def evaluator(graph: Graph, complex: bool = False) -> Callable[..., tuple]:
    """A callable that takes one array an input and gives one array an output, statement by statement in NumPy.

    Parameters
    ----------
    graph : Graph
        What to compute.
    complex : bool, default False
        Use the rows' functions for complex arrays (for the complex step).

    Raises
    ------
    UnsupportedOpError
        When `complex` is asked for and a row has no complex function; the message names it.

    Notes
    -----
    Values follow NumPy: nan and inf, no exception and no warning. Arrays are freed after their last reader.
    """
    place = {id(node): i for i, node in enumerate(graph.nodes)}
    start: list[Any] = [node.value for node in graph.nodes]
    inputs = [place[id(node)] for node in graph.inputs]
    outputs = [place[id(node)] for node in graph.outputs]
    last: dict[int, int] = {}
    for node in graph.nodes:
        for argument in node.args:
            last[place[id(argument)]] = place[id(node)]
    steps = []
    for node in graph.nodes:
        if node.op.name in ("input", "constant"):
            continue
        here, arguments = place[id(node)], [place[id(a)] for a in node.args]
        dead = [i for i in set(arguments) if last[i] == here and i not in outputs and start[i] is None]
        steps.append((here, _function(node, complex), arguments, dict(node.attributes), dead))

    def evaluate(*args: Any) -> tuple:
        values = list(start)
        for i, argument in zip(inputs, args, strict=True):
            values[i] = argument
        with np.errstate(all="ignore"):
            for here, function, arguments, attributes, dead in steps:
                values[here] = function(*[values[i] for i in arguments], **attributes)
                for i in dead:
                    values[i] = None
        return tuple(values[i] for i in outputs)

    return evaluate


def _function(node: Any, complex: bool) -> Callable:
    row = node.op
    if not complex or row.complex is True or row.result == "bool":
        return _cast_result(node) if not complex and row.kind == "elementwise" else row.numpy
    if row.complex is None:
        raise UnsupportedOpError(f"op {row.name!r} has no complex form: it is not complex-analytic.")
    return row.complex


def _cast_result(node: Any) -> Callable:
    # Python-level helpers among the rows may widen float32; the graph's dtype is the promise.
    function, dtype = node.op.numpy, node.dtype
    if dtype.char != "f":
        return function

    def call(*args: Any) -> Any:
        return np.asarray(function(*args), dtype)[()]

    return call
