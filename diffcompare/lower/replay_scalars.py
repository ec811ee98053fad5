"""A graph written out in a library's symbols, one a number: for libraries that know scalars only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.node import Node
from ..core.rows import Row
from ..core.tables import ROWS
from ..errors import SizeLimitError
from .replay import SOURCES, lacks

# Rows whose NumPy function moves, adds or multiplies whatever objects an array holds.
BY_NUMPY = frozenset({
    "reshape", "transpose", "broadcast_to", "slice", "place", "gather", "scatter_add", "concatenate", "sum", "prod",
    "cumsum", "cumprod", "linear_recurrence", "matmul", "add", "subtract", "multiply", "divide", "negative", "square",
    "stop_gradient", "cast",
})  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Scalars:
    """The functions of a library on its scalar expressions.

    Attributes
    ----------
    title : str
        The library's name.
    symbol : callable
        ``symbol(name)`` gives a new variable.
    functions : mapping
        Row name to a function of scalar expressions.
    most : int
        Scalar operations that are written out at most; beyond, differentiation and compilation take minutes.
    """

    title: str
    symbol: Callable[[str], Any]
    functions: Mapping[str, Callable]
    most: int

    def can(self, row: Row) -> bool:
        """Whether the library has `row`."""
        return row.name in BY_NUMPY or row.name in self.functions or self._structured(row.name) is not None

    def lacking(self) -> tuple[str, ...]:
        """Names of the rows that have no function here."""
        return tuple(name for name, row in ROWS.items() if name not in SOURCES and not self.can(row))

    def apply(self, node: Node, args: list[np.ndarray]) -> Any:
        """The expressions of one node out of those of its arguments."""
        name, attributes = node.op.name, dict(node.attributes)
        if name in self.functions:
            return np.frompyfunc(self.functions[name], len(args), 1)(*args)
        function = node.op.numpy if name in BY_NUMPY else self._structured(name)
        assert function is not None  # `can` was asked
        return function(*args, **attributes)

    def _structured(self, name: str) -> Callable | None:
        f, pairs = self.functions, {"max": "maximum", "min": "minimum", "any": "logical_or", "all": "logical_and"}
        if name in pairs:
            return _over(f[pairs[name]]) if pairs[name] in f else None
        if name == "logsumexp":
            return _logsumexp(f["exp"], f["log"], _over(f["maximum"]))
        return _norm(f["sqrt"]) if name == "norm" else None


def written_out(graph: Graph, names: Scalars) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Symbols of every input, and expressions of every output, as object arrays in the nodes' shapes.

    Raises
    ------
    UnsupportedOpError
        When the library lacks an operation.
    SizeLimitError
        When there are more than `names.most` scalar operations; nothing was written out.
    """
    for node in graph.nodes:
        if node.args and (not names.can(node.op) or _truncates(node)):
            raise lacks(names.title, graph, node)
    count = sum(_work(node) for node in graph.nodes if node.args)
    if count > names.most:
        raise SizeLimitError(
            f"{names.title} writes every number out as an expression; here are {count:,} scalar operations, and the "
            f"limit is {names.most:,}.\n  Use method='reverse', or a smaller problem."
        )
    symbols = [
        _boxes([names.symbol(f"x{k}_{i}") for i in range(node.size)], node.shape) for k, node in enumerate(graph.inputs)
    ]
    values = {
        id(node): _condition(x, names) if node.dtype.kind == "b" else x
        for node, x in zip(graph.inputs, symbols, strict=True)
    }
    for node in graph.nodes:
        if node.op.name == "constant":
            values[id(node)] = _boxes(np.asarray(node.value).reshape(-1).tolist(), node.shape)
        elif node.args:
            args = [_typed(node, i, values[id(a)], names) for i, a in enumerate(node.args)]
            values[id(node)] = _boxed(names.apply(node, args))
    return symbols, [values[id(o)] for o in graph.outputs]


def _truncates(node: Node) -> bool:
    return node.op.name == "cast" and node.dtype.kind == "i" and node.args[0].dtype.kind == "f"


def _work(node: Node) -> int:
    inner = node.args[0].shape[-1] if node.op.name == "matmul" else 1
    return max(node.size * inner, max(a.size for a in node.args) if node.op.kind == "reduction" else 0)


def _typed(node: Node, i: int, value: np.ndarray, names: Scalars) -> np.ndarray:
    """Argument `i` of `node` as a condition where the row takes one, and as a number where it takes that."""
    name, is_condition = node.op.name, node.args[i].dtype.kind == "b"
    if name.startswith("logical_") or (name, i) == ("where", 0):
        return value if is_condition else _condition(value, names)
    if name == "cast" and node.dtype.kind != node.args[i].dtype.kind:
        return _condition(value, names) if node.dtype.kind == "b" else _number(value, names)
    either = node.op.kind == "shape" or name in ("any", "all", "stop_gradient", "where")
    return _number(value, names) if is_condition and not either else value


def _condition(x: np.ndarray, names: Scalars) -> np.ndarray:
    return _boxed(np.frompyfunc(lambda e: names.functions["not_equal"](e, 0.0), 1, 1)(x))


def _number(x: np.ndarray, names: Scalars) -> np.ndarray:
    return _boxed(np.frompyfunc(lambda e: names.functions["where"](e, 1.0, 0.0), 1, 1)(x))


def _boxes(values: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    flat = np.empty(len(values), object)
    for i, value in enumerate(values):  # one by one: an expression may look like an array to NumPy
        flat[i] = value
    return flat.reshape(shape)


def _boxed(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) and value.dtype == object else _boxes([value], ())


def _over(pair: Callable) -> Callable:
    """A reduction by a function of two scalars."""
    function = np.frompyfunc(pair, 2, 1)

    def reduce(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> Any:
        for i in reversed(axis):
            x = _boxed(function.reduce(x, axis=i, keepdims=keepdims))
        return x

    return reduce


def _norm(sqrt: Callable) -> Callable:
    return lambda x, axis, keepdims: np.frompyfunc(sqrt, 1, 1)(_boxed(np.sum(x * x, axis=axis, keepdims=keepdims)))


def _logsumexp(exp: Callable, log: Callable, top: Callable) -> Callable:
    """Shifted by the maximum, lest it overflow."""

    def logsumexp(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> Any:
        shift = top(x, axis, True)
        total = _boxed(np.sum(_boxed(np.frompyfunc(exp, 1, 1)(x - shift)), axis=axis, keepdims=True))
        found = _boxed(_boxed(np.frompyfunc(log, 1, 1)(total)) + shift)
        return found if keepdims else found.reshape([n for i, n in enumerate(x.shape) if i not in axis])

    return logsumexp
