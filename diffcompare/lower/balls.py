"""A graph evaluated in ball arithmetic: every node a rigorous enclosure, by the ball column of its row."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from flint import arb, arb_series

from ..core.graph import Graph
from ..core.node import Node
from ..core.tables import ROWS
from ..errors import UnsupportedOpError
from . import ball_arrays, ball_matrices
from . import ball_math as B
from .ball_arrays import box, shape_op, to_balls

_OPERATORS = {
    ast.Div: "divide", ast.FloorDiv: "floor_divide", ast.Mod: "remainder", ast.Pow: "power",
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal",
    ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip
_INDEXED = ("gather", "scatter_add")  # their last argument is a constant array of places, not of balls


class _Certain(ast.NodeTransformer):
    """Operators that balls alone would get wrong (`<` on overlapping balls, `/` by zero) as calls of `ball_math`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = _OPERATORS.get(type(node.op))
        return _call(name, node.left, node.right) if name else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        return _call(_OPERATORS[type(node.ops[0])], node.left, node.comparators[0])

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return _call("where", node.test, node.body, node.orelse)

    def __init__(self) -> None:
        self.numbers: dict[str, Any] = {}

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        name = f"number_{len(self.numbers)}"
        self.numbers[name] = B.ball(node.value)
        return ast.Name(name, ast.Load())


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


@cache
def element(template: str) -> Callable[..., Any]:
    """The function of one element that a row's ball template spells out."""
    count = 0
    while f"{{{count}}}" in template:
        count += 1
    names = [f"x{i}" for i in range(count)]
    tree = ast.parse(f"lambda {', '.join(names)}: {template.format(*names)}", mode="eval")
    certain = _Certain()
    tree = ast.fix_missing_locations(certain.visit(tree))
    # The text is a column of this library's own rows, never a user's.
    return eval(compile(tree, f"<ball {template}>", "eval"), {**B.NAMES, **certain.numbers})  # noqa: S307


def elementwise(name: str) -> Callable[..., Any]:
    """The row `name` on balls and arrays of balls, broadcasting as NumPy does."""
    return _elementwise(name, ROWS[name].ball)


@cache
def _elementwise(name: str, template: str | None) -> Callable[..., Any]:
    if template is None:
        raise UnsupportedOpError(
            f"op {name!r} has no ball arithmetic: the certified reference cannot follow it.\n"
            f"  Fill the `ball` column of its row."
        )
    single = element(template)
    if name == "stop_gradient":
        single = B.head
    boolean = ROWS[name].result == "bool"
    each = None

    def apply(*args: Any) -> Any:
        nonlocal each
        for a in args:
            if type(a) is np.ndarray:
                break
        else:
            return single(*args)
        if each is None:
            each = np.frompyfunc(single, len(args), 1)
        result = each(*map(box, args))
        return result.astype(bool) if boolean else result

    return apply


def _function(node: Node) -> Callable[..., Any]:
    row = node.op
    if row.kind == "elementwise":
        return elementwise(row.name)
    name = row.ball or row.name
    if name in _INDEXED:
        return _indexed(ball_arrays.FUNCTIONS[name], node)
    known = ball_arrays.FUNCTIONS.get(name) or ball_matrices.FUNCTIONS.get(name)
    if known is None and row.ball is not None:
        raise UnsupportedOpError(f"op {row.name!r}: its ball column names {row.ball!r}, which does not exist.")
    return known or shape_op(row.numpy)


def _indexed(function: Callable[..., Any], node: Node) -> Callable[..., Any]:
    places = node.args[1].value

    def apply(x: Any, _: Any, **attributes: Any) -> Any:
        return function(x, places, **attributes)

    return apply


def ball_evaluator(
    graph: Graph, keep: bool = False, widened: Callable[[Node, Any], Any] | None = None
) -> Callable[..., tuple]:
    """A callable that takes one ball, or object array of balls, an input and gives one an output.

    Parameters
    ----------
    graph : Graph
        What to compute.
    keep : bool, default False
        Give the values of all `graph.nodes` instead of those of the outputs.
    widened : callable, optional
        ``widened(node, value)`` stands in for each computed value: a model of an arithmetic adds its errors there.

    Notes
    -----
    To be called within `ball_base.precision`. An `Undecided` that a node raises carries the node in its `node`.
    """
    nodes = graph.nodes
    place = {id(node): i for i, node in enumerate(nodes)}
    start: list[Any] = [None if node.value is None else _constant(node) for node in nodes]
    outputs = range(len(nodes)) if keep else [place[id(node)] for node in graph.outputs]
    inputs = [place[id(node)] for node in graph.inputs]
    steps = [
        (i, node, _function(node), [place[id(a)] for a in node.args], dict(node.attributes))
        for i, node in enumerate(nodes)
        if node.op.name not in ("input", "constant")
    ]
    last = {argument: i for i, _, _, arguments, _ in steps for argument in arguments}
    kept = set(outputs)
    dead: dict[int, list[int]] = {}
    for argument, i in last.items():
        if argument not in kept and start[argument] is None:
            dead.setdefault(i, []).append(argument)

    def evaluate(*args: Any) -> tuple:
        values = list(start)
        for i, argument in zip(inputs, args, strict=True):
            values[i] = argument
        for i, node, function, arguments, attributes in steps:
            try:
                values[i] = function(*[values[a] for a in arguments], **attributes)
                if widened is not None:
                    values[i] = widened(node, values[i])
            except B.Undecided as undecided:
                if undecided.node is None:
                    undecided.node = node
                raise
            for a in dead.get(i, ()):
                values[a] = None
        return tuple(values[i] for i in outputs)

    return evaluate


def _constant(node: Node) -> Any:
    if node.dtype.kind == "b":
        return node.value if node.shape else bool(node.value)
    return to_balls(node.value)


def finite(x: Any) -> bool:
    """Whether every element of a ball, or of an array of balls, is finite."""
    if isinstance(x, np.ndarray):
        return x.dtype == bool or all(finite(e) for e in x.ravel())
    if isinstance(x, arb_series):
        return all(x[k].is_finite() for k in range(x.prec))
    return x.is_finite() if isinstance(x, arb) else True


def seeded(x: Any, direction: dict[int, int]) -> Any:
    """`x` with a power series in the places that move: x_k + direction[k] t at the row-major place k."""
    if not isinstance(x, np.ndarray):
        return arb_series([x, direction[0]]) if direction.get(0) else x
    flat = list(x.ravel())
    for k, slope in direction.items():
        if slope:
            flat[k] = arb_series([flat[k], slope])
    return ball_arrays.filled(flat, x.shape)


def dependent(y: Any) -> arb:
    """The first derivative that a value carries; exactly 0 where it does not depend on the direction."""
    return y[1] if isinstance(y, arb_series) else B.ZERO
