"""The Wengert list of value and gradient, to be read: forward sweep, then reverse sweep, with numbers at a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.bind import bind
from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..core.trace import Function
from ..transform.pullback import pullback
from ..transform.simplify import simplify
from .runner import runner


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of a tape.

    Attributes
    ----------
    name : str
        ``v3``; inputs and constants come first.
    text : str
        What it computes, in terms of earlier names.
    value : float or ndarray
        Its value at the point.
    sweep : {"forward", "reverse"}
        Whether the value needs it, or only the gradient.
    """

    name: str
    text: str
    value: Any
    sweep: str


@dataclass(frozen=True, slots=True)
class Tape:
    """The straight list of statements of value and gradient at a point; prints as a Wengert list."""

    statements: tuple[Statement, ...]
    value: str
    cotangents: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        lines, sweep = [], ""
        width = min(44, max(len(s.text) for s in self.statements) + 1)
        for s in self.statements:
            if s.sweep != sweep:
                sweep = s.sweep
                lines.append(f"{sweep} sweep")
            lines.append(f"  {s.name:>5} = {s.text:<{width}} {_brief(s.value)}")
        lines.append(f"value {self.value}; gradient " + ", ".join(f"d/d{x} = {v}" for x, v in self.cotangents))
        return "\n".join(lines)

    def __len__(self) -> int:
        return len(self.statements)


def _gradient_graph(f: Function, at: tuple) -> tuple[Graph, Graph, tuple]:
    bound = bind(f, at, None, {})
    graph = bound.graph()
    return graph, simplify(pullback(graph, bound.wrt)), bound.dynamic


def tape(f: Function, at: tuple) -> Tape:
    """The tape of `f` and its gradient at the point `at`.

    Raises
    ------
    ShapeError
        If the output of `f` is not a scalar.
    """
    graph, both, args = _gradient_graph(f, at)
    values = evaluator(Graph(both.inputs, both.nodes))(*args)
    forward = {id(node) for node in graph.nodes}
    ordered = sorted(
        enumerate(both.nodes), key=lambda item: (id(item[1]) not in forward and bool(item[1].args), item[1].serial)
    )
    names = {id(node): f"v{k}" for k, (_, node) in enumerate(ordered)}
    statements = tuple(
        Statement(names[id(node)], _text(node, names), values[i], _sweep(node, forward)) for i, node in ordered
    )
    gradients = tuple((x.name, names[id(g)]) for x, g in zip(both.inputs, both.outputs[1:], strict=True))
    return Tape(statements, names[id(both.outputs[0])], gradients)


def _sweep(node: Any, forward: set[int]) -> str:
    return "forward" if id(node) in forward or not node.args else "reverse"


def _text(node: Any, names: dict[int, str]) -> str:
    if node.op.name == "input":
        return f"input {node.name}"
    if node.op.name == "constant":
        return "constant"
    words = [names[id(a)] for a in node.args] + [f"{k}={v}" for k, v in node.attributes]
    return f"{node.op.name}({', '.join(words)})"


def _brief(value: Any) -> str:
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array.item():.16g}" if array.dtype.kind == "f" else str(array.item())
    return np.array2string(array, precision=6, threshold=6, edgeitems=2).replace("\n", "")


def source(f: Function, at: tuple) -> str:
    """The code emitted for value and gradient of `f` at arguments of these shapes."""
    both = _gradient_graph(f, at)[1]
    return runner(both, "numba").source
