"""Groups of operations: a sigmoid as one gate or as its parts, in both directions."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.node import Node, building, make
from ..errors import OptionError

# How a gate opens: its textbook formula in NumPy. Attributes of the row (axis, keepdims) are passed on.
EXPANSIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "softplus": lambda x: np.log(1.0 + np.exp(x)),
    "tanh": lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
    "sinh": lambda x: (np.exp(x) - np.exp(-x)) / 2.0,
    "cosh": lambda x: (np.exp(x) + np.exp(-x)) / 2.0,
    "relu": lambda x: np.maximum(x, 0.0),
    "expm1": lambda x: np.exp(x) - 1.0,
    "log1p": lambda x: np.log(1.0 + x),
    "logit": lambda x: np.log(x / (1.0 - x)),
    "hypot": lambda x, y: np.sqrt(x**2 + y**2),
    "logaddexp": lambda x, y: np.log(np.exp(x) + np.exp(y)),
    "logsumexp": lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
    "softmax": lambda x, axis: np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True),
    "log_softmax": lambda x, axis: x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True)),
    "norm": lambda x, axis, keepdims: np.sqrt(np.sum(x**2, axis=axis, keepdims=keepdims)),
    "mean": lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims) / _count(x, axis),
}
MODES = ("written", "closed", "open")


@dataclass(frozen=True, slots=True)
class Group:
    """Several nodes that are one gate.

    Attributes
    ----------
    name : str
        The gate: "sigmoid", "mean" …
    leaves : tuple of Node
        What flows in, in the order of the gate's arguments.
    inner : tuple of Node
        The nodes it is made of, but for the constants, the result last.
    attributes : dict
        Options of the gate, such as its axis.
    call : bool
        Whether the trace of a single call consists of these nodes, so that it is one gate unless it is opened.
    """

    name: str
    leaves: tuple[Node, ...]
    inner: tuple[Node, ...]
    attributes: dict[str, Any]
    call: bool = False


def opened(graph: Graph, names: Collection[str]) -> Graph:
    """`graph` with the gates that `names` lists replaced by their parts.

    Raises
    ------
    OptionError
        If a name has no parts to show.
    """
    unknown = sorted(set(names) - set(EXPANSIONS))
    if unknown:
        raise OptionError(f"open={unknown[0]!r}: only these gates have parts: {', '.join(sorted(EXPANSIONS))}.")
    if not names:
        return graph
    new: dict[int, Node] = {}
    with building():
        for node in graph.nodes:
            args = tuple(new.get(id(a), a) for a in node.args)
            group = next((g for g in _candidates(node) if g.name in names), None)
            if group is not None:
                leaves = [new.get(id(leaf), leaf) for leaf in group.leaves]
                new[id(node)] = EXPANSIONS[group.name](*leaves, **group.attributes)
            elif any(a is not b for a, b in zip(args, node.args, strict=True)):
                new[id(node)] = make(node.op, args, node.attributes)
    return Graph(graph.inputs, tuple(new.get(id(o), o) for o in graph.outputs))


def group_of(node: Node, readers: dict[int, list[Node]], mode: str, names: Collection[str]) -> Group | None:
    """The group whose result is `node`, if it is to be drawn as one gate and nothing outside reads its inner nodes."""
    for group in _candidates(node):
        wanted = group.call or mode == "closed"
        if len(group.inner) < 2 or group.name in names or not wanted:
            continue
        inside = {id(n) for n in group.inner}
        # Shared views of a matrix product's operands are hidden when matrix products are all that reads them.
        if all(
            id(reader) in inside or (group.name == "matmul" and n.op.name == "reshape" and reader.op.name == "matmul")
            for n in group.inner[:-1]
            for reader in readers.get(id(n), [])
        ):
            return group
    return None


def _candidates(node: Node) -> Iterator[Group]:
    if node.op.name in EXPANSIONS:
        yield Group(node.op.name, node.args, (node,), dict(node.attributes))
    for match in _PATTERNS.get(node.op.name, ()):
        group = match(node)
        if group is not None:
            yield group


def _is(node: Node, number: float) -> bool:
    return node.op.name == "constant" and node.shape == () and float(node.value) == number


def _count(x: Any, axis: tuple[int, ...]) -> float:
    return float(math.prod(x.shape[i] for i in axis))


def _one_plus_exp(node: Node) -> tuple[Node, Node] | None:
    """(the sum, the exponential) of 1 + exp(…), in either order."""
    if node.op.name == "add":
        for one, exponential in (node.args, node.args[::-1]):
            if _is(one, 1.0) and exponential.op.name == "exp":
                return node, exponential
    return None


def _sigmoid(node: Node) -> Group | None:
    if node.op.name == "divide" and not _is(node.args[0], 1.0):
        return None
    found = _one_plus_exp(node.args[-1])
    if found is None or found[1].args[0].op.name != "negative":
        return None
    negative = found[1].args[0]
    return Group("sigmoid", negative.args, (negative, found[1], found[0], node), {})


def _softplus(node: Node) -> Group | None:
    if node.op.name == "log1p":
        exponential = node.args[0]
        return Group("softplus", exponential.args, (exponential, node), {}) if exponential.op.name == "exp" else None
    found = _one_plus_exp(node.args[0])
    return None if found is None else Group("softplus", found[1].args, (found[1], found[0], node), {})


def _logsumexp(node: Node) -> Group | None:
    total = node.args[0]
    if total.op.name != "sum" or total.args[0].op.name != "exp":
        return None
    exponential = total.args[0]
    return Group("logsumexp", exponential.args, (exponential, total, node), dict(total.attributes))


def _log_softmax(node: Node) -> Group | None:
    x, total = node.args
    options = dict(total.attributes)
    if total.op.name != "logsumexp" or total.args[0] is not x or not options["keepdims"]:
        return None
    return Group("log_softmax", (x,), (total, node), {"axis": options["axis"]}, call=True)


def _stable_softmax(node: Node) -> Group | None:
    inside = _log_softmax(node.args[0]) if node.args[0].op.name == "subtract" else None
    return (
        None if inside is None else Group("softmax", inside.leaves, (*inside.inner, node), inside.attributes, call=True)
    )


def _softmax(node: Node) -> Group | None:
    exponential, total = node.args
    if exponential.op.name != "exp" or total.op.name != "sum" or total.args[0] is not exponential:
        return None
    options = dict(total.attributes)
    if not options["keepdims"] and len(options["axis"]) < exponential.ndim:
        return None
    return Group("softmax", exponential.args, (exponential, total, node), {"axis": options["axis"]})


def _mean(node: Node) -> Group | None:
    total, count = node.args
    if total.op.name != "sum" or not _is(count, _count(total.args[0], dict(total.attributes)["axis"])):
        return None
    return Group("mean", total.args, (total, node), dict(total.attributes), call=True)


def _root(node: Node) -> Group | None:
    total = node.args[0]
    if total.op.name == "sum" and total.args[0].op.name == "square":
        square = total.args[0]
        return Group("norm", square.args, (square, total, node), dict(total.attributes))
    if total.op.name == "add" and all(a.op.name == "square" for a in total.args) and total.args[0] is not total.args[1]:
        first, second = total.args
        return Group("hypot", (first.args[0], second.args[0]), (first, second, total, node), {})
    return None


def _matmul(node: Node) -> Group | None:
    """A product with a vector: the vector becomes a matrix of one column or row, and the result loses that axis."""
    product = node if node.op.name == "matmul" else node.args[0]
    if product.op.name != "matmul" or (product is not node and product.size != node.size):
        return None
    viewed = [a.op.name == "reshape" and 1 in a.shape and a.ndim == a.args[0].ndim + 1 for a in product.args]
    leaves = tuple(a.args[0] if view else a for a, view in zip(product.args, viewed, strict=True))
    inner = {id(a): a for a, view in zip(product.args, viewed, strict=True) if view}
    inner.update({id(n): n for n in (product, node)})
    return Group("matmul", leaves, tuple(inner.values()), {}, call=True)


def _index(node: Node) -> Group | None:
    part = node.args[0]
    if part.op.name != "slice" or part.size != node.size:
        return None
    return Group("index", part.args, (part, node), {**dict(part.attributes), "shape": node.shape}, call=True)


_PATTERNS: dict[str, tuple[Callable[[Node], Group | None], ...]] = {
    "divide": (_sigmoid, _softmax, _mean), "reciprocal": (_sigmoid,), "log": (_softplus, _logsumexp),
    "log1p": (_softplus,), "subtract": (_log_softmax,), "exp": (_stable_softmax,), "sqrt": (_root,),
    "matmul": (_matmul,), "reshape": (_matmul, _index),
}  # fmt: skip
