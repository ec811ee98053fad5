"""Where a function has kinks or jumps at a point, and what each operation chooses there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from diffcompare.analysis.certify import generator_of
from diffcompare.analysis.nonfinite import node_values
from diffcompare.analysis.sides import Sides, one_sided
from diffcompare.core.arguments import Static, normalise, positions
from diffcompare.core.graph import Graph
from diffcompare.core.node import Node
from diffcompare.core.trace import function
from diffcompare.errors import ShapeError
from diffcompare.lower.ball_arrays import to_balls
from diffcompare.lower.ball_base import Undecided, precision
from diffcompare.lower.balls import ball_evaluator, seeded

BITS = 512  # of the evaluation that finds comparisons no float64 shows to be close
COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")


@dataclass(frozen=True, slots=True)
class Kink:
    """One operation at, or near, a point where it has no derivative.

    Attributes
    ----------
    op : str
        Name of the operation.
    place : str
        Where it stands in the printed graph: ``v1 = absolute(v0)``.
    entry : tuple of int
        Which element of its result; empty for a scalar.
    argument : tuple of float
        What it is applied to; for the largest or smallest of an array, the two that compete.
    distance : float
        From the kink: ``x`` for `absolute`, ``a - b`` for `maximum` and comparisons; 0.0 at the kink.
    left, right : float or None
        Derivative of the operation by its first argument below and above the kink; for a comparison there is none.
    chosen : float or None
        The derivative that the operation's row gives at the kink; None for a comparison.
    convention : str
        The same in words.
    decided : bool
        False where even ball arithmetic cannot tell on which side of the kink the point lies.
    """

    op: str
    place: str
    entry: tuple[int, ...]
    argument: tuple[float, ...]
    distance: float
    left: float | None
    right: float | None
    chosen: float | None
    convention: str
    decided: bool = True

    def __str__(self) -> str:
        where = f", entry {list(self.entry)}" if self.entry else ""
        away = "" if self.distance == 0 else f", {abs(self.distance):.2g} away"
        sides = "" if self.left is None else f"; {self.left:g} below, {self.right:g} above"
        doubt = "" if self.decided else "; no precision tells the side"
        values = ", ".join(f"{a:.6g}" for a in self.argument)
        return f"{self.place}{where} at {values}{away}{sides}; {self.convention}{doubt}"


@dataclass(frozen=True, slots=True)
class _Rule:
    """How far an operation is from its kink, and its derivatives about it."""

    distance: Callable[..., Any]
    left: float | None
    right: float | None
    chosen: float | None
    convention: str


def _difference(a: Any, b: Any) -> Any:
    return np.subtract(a, b)


def _to_integer(x: Any) -> Any:
    return x - np.rint(x)


def _to_half(x: Any) -> Any:
    return x - (np.floor(x) + 0.5)


def _to_multiple(x: Any, y: Any) -> Any:
    return _to_integer(np.divide(x, y))


_SHARED = "a tie is shared equally"
_JUMP = "its derivative is 0 on either side of the jump, and 0 there"
_RULES: dict[str, _Rule] = {
    "absolute": _Rule(np.asarray, -1.0, 1.0, 0.0, "its derivative there is 0"),
    "relu": _Rule(np.asarray, 0.0, 1.0, 0.0, "its derivative there is 0"),
    "maximum": _Rule(_difference, 0.0, 1.0, 0.5, _SHARED),
    "minimum": _Rule(_difference, 1.0, 0.0, 0.5, _SHARED),
    "fmax": _Rule(_difference, 0.0, 1.0, 0.5, _SHARED),
    "fmin": _Rule(_difference, 1.0, 0.0, 0.5, _SHARED),
    "hypot": _Rule(np.hypot, -1.0, 1.0, 0.0, "its derivative there is 0"),
    "sign": _Rule(np.asarray, 0.0, 0.0, 0.0, _JUMP),
    "heaviside": _Rule(lambda x, _: np.asarray(x), 0.0, 0.0, 0.0, _JUMP),
    "copysign": _Rule(lambda _, b: np.asarray(b), None, None, None, "zero has the sign that its bit says"),
    "floor": _Rule(_to_integer, 0.0, 0.0, 0.0, _JUMP),
    "ceil": _Rule(_to_integer, 0.0, 0.0, 0.0, _JUMP),
    "trunc": _Rule(_to_integer, 0.0, 0.0, 0.0, _JUMP),
    "rint": _Rule(_to_half, 0.0, 0.0, 0.0, _JUMP),
    "floor_divide": _Rule(_to_multiple, 0.0, 0.0, 0.0, _JUMP),
    "remainder": _Rule(_to_multiple, 1.0, 1.0, 1.0, "its derivative is 1 on either side of the jump, and 1 there"),
    "equal": _Rule(_difference, None, None, None, "the condition holds there"),
    "greater_equal": _Rule(_difference, None, None, None, "the condition holds there"),
    "less_equal": _Rule(_difference, None, None, None, "the condition holds there"),
    "not_equal": _Rule(_difference, None, None, None, "the condition does not hold there"),
    "greater": _Rule(_difference, None, None, None, "the condition does not hold there"),
    "less": _Rule(_difference, None, None, None, "the condition does not hold there"),
}
# Derivative below and above by a competing element, the one chosen, and the convention.
_REDUCTIONS = {
    "max": (0.0, 1.0, 0.5, _SHARED),
    "min": (1.0, 0.0, 0.5, _SHARED),
    "norm": (-1.0, 1.0, 0.0, "its derivative there is 0"),
}


def kinks(f: Any, at: Any, *, wrt: int | Sequence[int] | None = None, within: float = 0.0) -> list[Kink]:
    """The operations of `f` that have no derivative at a point, or are near to having none.

    Parameters
    ----------
    f : callable, Function, text or SymPy expression
        Gives a scalar.
    at : tuple, float or ndarray
        The arguments; anything but a tuple is the only argument.
    wrt : int, sequence of int or None
        Which arguments are differentiated; kinks that do not depend on them are left out.
    within : float, default 0.0
        Tell of kinks up to this distance too; finite differences see those within their step.

    Returns
    -------
    list of Kink
        In the order of the graph. A comparison at whose border the function is smooth (``where(x == 0, 1, sin(x)/x)``)
        is none.

    Raises
    ------
    ShapeError
        If the value is not a scalar.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> [kink] = dc.kinks(lambda x: np.abs(x - 1.0), 1.0)
    >>> kink.op, kink.distance, kink.left, kink.right, kink.chosen
    ('absolute', 0.0, -1.0, 1.0, 0.0)
    """
    args = at if isinstance(at, tuple) else (at,)
    asked = positions(wrt, len(args))
    normal = normalise(args, asked)
    graph = function(f).graph(normal)
    if graph.output.shape != ():
        raise ShapeError(f"kinks needs a scalar value, but its shape is {graph.output.shape}.\n  Take one entry of it.")
    dynamic = [i for i, a in enumerate(normal) if not isinstance(a, Static)]
    plain = tuple(normal[i] for i in dynamic)
    return find(graph, plain, tuple(dynamic.index(i) for i in asked), within, undecided=True)[0]


def find(
    graph: Graph, args: Sequence[Any], wrt: Sequence[int], within: float = 0.0, undecided: bool = False
) -> tuple[list[Kink], Sides | None]:
    """The kinks of a graph at a point, and the one-sided derivatives where there is one at distance 0.

    Parameters
    ----------
    graph : Graph
        With a scalar output.
    args : sequence of float or ndarray
        One value an input.
    wrt : sequence of int
        Differentiated inputs.
    within : float
        Largest distance.
    undecided : bool
        Look, in ball arithmetic, for a comparison that cannot be decided.
    """
    moving = _moving(graph, wrt)
    if not any(node.op.name in _RULES or node.op.name in _REDUCTIONS for node in graph.nodes if id(node) in moving):
        return [], None
    values = node_values(graph, args)
    found = [kink for node in graph.nodes if id(node) in moving for kink in _at(graph, node, values, within)]
    if undecided:
        doubtful = _undecided(graph, args, wrt, values)
        found = [kink for kink in found if kink.place not in {k.place for k in doubtful}] + doubtful
    if not any(kink.distance == 0 for kink in found):
        return found, None
    sides = one_sided(graph, args, wrt)
    if sides is not None and sides.smooth:
        found = [kink for kink in found if kink.op not in COMPARISONS or kink.distance != 0]
    return found, sides


def _moving(graph: Graph, wrt: Sequence[int]) -> set[int]:
    """The ids of operations that depend on the differentiated inputs, booleans too."""
    found = {id(graph.inputs[i]) for i in wrt}
    for node in graph.nodes:
        if node.op.name != "stop_gradient" and any(id(a) in found for a in node.args):
            found.add(id(node))
    return found - {id(graph.inputs[i]) for i in wrt}


def _at(graph: Graph, node: Node, values: dict[int, Any], within: float) -> Iterator[Kink]:
    arguments = [np.asarray(values[id(a)]) for a in node.args]
    if node.op.name in _RULES:
        rule = _RULES[node.op.name]
        if any(a.dtype.kind == "b" for a in arguments):
            return
        with np.errstate(all="ignore"):
            distances = np.broadcast_to(np.asarray(rule.distance(*arguments), float), node.shape)
        spread = [np.broadcast_to(a, node.shape) for a in arguments]
        near = np.argwhere(np.abs(distances) <= within)
        place = graph.where_is(node) if len(near) else ""
        for index in near:
            entry = tuple(int(i) for i in index)
            given = tuple(float(a[entry]) for a in spread)
            yield Kink(
                node.op.name, place, entry, given, float(distances[entry]), rule.left, rule.right,
                rule.chosen, rule.convention,
            )  # fmt: skip
    elif node.op.name in _REDUCTIONS:
        yield from _reduced(graph.where_is(node), node, arguments[0], within)


def _reduced(place: str, node: Node, x: np.ndarray, within: float) -> Iterator[Kink]:
    axes = tuple(dict(node.attributes)["axis"])
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    lines = np.transpose(x, kept + axes).reshape(*(x.shape[i] for i in kept), -1)
    for index in np.ndindex(lines.shape[:-1]):
        line = np.sort(lines[index])
        if node.op.name == "norm":
            competing: tuple[float, ...] = (float(np.linalg.norm(line)),)
            distance = competing[0]
        elif line.size < 2:
            continue
        else:
            pair = line[-2:] if node.op.name == "max" else line[:2]
            competing = (float(pair[0]), float(pair[1]))
            distance = competing[1] - competing[0]
        if abs(distance) <= within:
            yield Kink(node.op.name, place, index, competing, distance, *_REDUCTIONS[node.op.name])


def _undecided(graph: Graph, args: Sequence[Any], wrt: Sequence[int], values: dict[int, Any]) -> list[Kink]:
    """The operation whose side no precision tells, at the element that is nearest its kink; empty if there is none."""
    directions = generator_of(0)
    with precision(BITS):
        points = [to_balls(a) for a in args]
        for i in wrt:
            slopes = directions.integers(1, 9, size=int(np.size(args[i]))).tolist()
            points[i] = seeded(points[i], dict(enumerate(slopes)))
        try:
            ball_evaluator(graph)(*points)
        except Undecided as undecided:
            node = undecided.node
        else:
            return []
    if not isinstance(node, Node) or id(node) not in values:
        return []
    nearest = sorted(_at(graph, node, values, np.inf), key=lambda kink: abs(kink.distance))
    return [replace(kink, decided=False) for kink in nearest[:1]]
