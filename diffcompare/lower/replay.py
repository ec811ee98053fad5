"""A graph in the functions of another library: each row as that library's own function of the same meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.node import Node
from ..core.rows import Row
from ..core.tables import ROWS
from ..errors import UnsupportedOpError

SOURCES = ("input", "constant")


@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """The functions of a library, and which of them mean what a row means.

    Attributes
    ----------
    title : str
        The library's name.
    constant : callable
        ``constant(value, dtype)`` gives a number or array of the library.
    cast : callable
        ``cast(x, dtype)`` converts one.
    modules : tuple
        Where an elementwise row is looked up under its own name, or under that of its NumPy or SciPy function.
    rows : mapping
        Functions ``f(*args, **attributes)`` of rows that are not found so.
    without : frozenset of str
        Rows whose name leads to a function of another meaning, or to one without a derivative.
    """

    title: str
    constant: Callable[[Any, np.dtype], Any]
    cast: Callable[[Any, np.dtype], Any]
    modules: tuple[Any, ...]
    rows: Mapping[str, Callable]
    without: frozenset[str] = frozenset()

    def twin(self, row: Row) -> Callable | None:
        """The library's function for `row`, or None."""
        if row.name in self.rows or row.name in self.without or row.kind != "elementwise":
            return self.rows.get(row.name)
        names = (row.name, getattr(row.numpy, "name", row.name), getattr(row.numpy, "__name__", row.name))
        found = (getattr(module, name, None) for module in self.modules for name in names)
        return next((function for function in found if function is not None), None)

    def lacking(self) -> tuple[str, ...]:
        """Names of the rows that have no function here."""
        return tuple(name for name, row in ROWS.items() if name not in SOURCES and self.twin(row) is None)


def replay(graph: Graph, names: Namespace) -> Callable[..., tuple]:
    """A callable of the library's arrays, one an input, that gives the outputs as its arrays.

    Values are the rows' own; what the derivative is at a kink is the library's choice.

    Raises
    ------
    UnsupportedOpError
        When the library lacks an operation; nothing has run yet.
    """
    place = {id(node): i for i, node in enumerate(graph.nodes)}
    inputs = [place[id(node)] for node in graph.inputs]
    outputs = [place[id(node)] for node in graph.outputs]
    start = [names.constant(n.value, n.dtype) if n.op.name == "constant" else None for n in graph.nodes]
    steps = [
        (place[id(node)], _call(graph, node, names), [place[id(a)] for a in node.args])
        for node in graph.nodes
        if node.args
    ]

    def run(*args: Any) -> tuple:
        values = list(start)
        for i, argument in zip(inputs, args, strict=True):
            values[i] = argument
        for here, function, places in steps:
            values[here] = function(*[values[i] for i in places])
        return tuple([values[i] for i in outputs])

    return run


def _call(graph: Graph, node: Node, names: Namespace) -> Callable:
    function = names.twin(node.op)
    if function is None:
        raise lacks(names.title, graph, node)
    if node.attributes:
        function = partial(function, **dict(node.attributes))
    return _converted(node, function, names)


def lacks(title: str, graph: Graph, node: Node) -> UnsupportedOpError:
    """The error that names an operation which the library of this title does not have."""
    return UnsupportedOpError(
        f"{title} cannot run op {node.op.name!r}: it has no such function, or none with a derivative.\n"
        f"  at {graph.where_is(node)}, shape {node.shape}, {node.dtype}\n"
        "  Use method='reverse', or write this operation with others."
    )


def _converted(node: Node, function: Callable, names: Namespace) -> Callable:
    """`function` with its numbers converted to the row's result type first: libraries differ in how types mix."""
    if node.op.kind != "elementwise" or node.dtype.kind != "f":
        return function
    skip = node.op.name == "where"  # its condition stays one
    other = [i for i, a in enumerate(node.args) if a.dtype is not node.dtype and not (skip and i == 0)]
    if not other:
        return function

    def call(*args: Any) -> Any:
        return function(*(names.cast(a, node.dtype) if i in other else a for i, a in enumerate(args)))

    return call
