"""What a graph means: its rows' NumPy functions, applied one after the other."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .graph import Graph
from .node import Node


def evaluator(graph: Graph) -> Callable[..., tuple]:
    """A callable that takes one array an input and gives one array an output, statement by statement in NumPy.

    Notes
    -----
    Values follow NumPy: nan and inf, no exception and no warning. Arrays are freed after their last reader.
    """
    place = {id(node): i for i, node in enumerate(graph.nodes)}
    start: list[Any] = [node.value for node in graph.nodes]
    inputs = [(place[id(node)], _number(node)) for node in graph.inputs]
    outputs = [place[id(node)] for node in graph.outputs]
    steps = _steps(graph, place)

    def evaluate(*args: Any) -> tuple:
        values = list(start)
        for (i, convert), argument in zip(inputs, args, strict=True):
            values[i] = convert(argument) if convert is not None else argument
        with np.errstate(all="ignore"):
            for here, function, count, a, b, places, dead in steps:
                if count == 2:
                    values[here] = function(values[a], values[b])
                elif count == 1:
                    values[here] = function(values[a])
                else:
                    values[here] = function(*[values[i] for i in places])
                for i in dead:
                    values[i] = None
        return tuple([values[i] for i in outputs])

    return evaluate


# Python's operators on NumPy values are the same ufuncs, found faster.
_OPERATORS: dict[Any, Callable] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.divide: operator.truediv,
    np.negative: operator.neg,
}  # fmt: skip


def _number(node: Node) -> Callable | None:
    # NumPy's own scalars divide by zero as arrays do, and do not pass through an array at every operation.
    return None if node.shape else node.dtype.type


def _steps(graph: Graph, place: dict[int, int]) -> list[tuple]:
    kept = {place[id(node)] for node in graph.outputs}
    last: dict[int, int] = {}
    for node in graph.nodes:
        for argument in node.args:
            last[place[id(argument)]] = place[id(node)]
    steps = []
    for node in graph.nodes:
        if not node.args:
            continue
        here, places = place[id(node)], [place[id(a)] for a in node.args]
        dead = tuple(
            place[id(a)]
            for a in dict.fromkeys(node.args, None)
            if a.shape and a.args and last[place[id(a)]] == here and place[id(a)] not in kept
        )
        function = _function(node)
        if node.attributes:
            function = partial(function, **dict(node.attributes))
        steps.append((here, function, len(places), places[0], places[min(1, len(places) - 1)], places, dead))
    return steps


def _function(node: Node) -> Callable:
    function = _cast_result(node) if node.op.kind == "elementwise" else node.op.numpy
    return _OPERATORS.get(function, function)


def _cast_result(node: Any) -> Callable:
    # Python-level helpers among the rows may widen float32; the graph's dtype is the promise.
    function, dtype = node.op.numpy, node.dtype
    if dtype.char != "f":
        return function

    def call(*args: Any) -> Any:
        return np.asarray(function(*args), dtype)[()]

    return call
