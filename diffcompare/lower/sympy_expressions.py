"""A graph as SymPy: one expression, or one statement of a scalar tape, for each element of each array."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from ..core.graph import Graph
from ..core.node import Node
from ..errors import SizeLimitError, UnsupportedOpError
from .sympy_arrays import ARRAY_FUNCTIONS, STANDARD_ARRAYS
from .sympy_names import template
from .sympy_numeric import evaluate
from .sympy_tape import A, Scalar, Tape, number_value

PRECISION = 200  # bits of the Floats: a float64 is held exactly, and their sums and products round nothing that matters
DEEPEST = 60  # SymPy differentiates by recursion, and dies near 100 levels
_WITHOUT_NAME = {
    "sum": "sum_over",
    "prod": "prod_over",
    "matmul": "matmul",
}  # rows whose NumPy function would make long chains


def number(value: Any, precision: int = PRECISION) -> sp.Expr:
    """A float64 as the SymPy number of the same value: a small rational, or a Float that holds it exactly."""
    value = float(value)
    if math.isnan(value):
        return sp.nan
    if math.isinf(value):
        return sp.oo if value > 0 else -sp.oo
    scaled = value * 64.0
    if scaled.is_integer() and abs(value) <= 1e6:
        return sp.Rational(int(scaled), 64)
    return sp.Float(value, precision=precision)


@dataclass(slots=True)
class Sizes:
    """Tree size, derivative's tree size and depth of expressions, each part measured once.

    Attributes
    ----------
    limit : int
        Largest estimate of the operations of all derivatives together.
    """

    limit: int
    known: dict[Any, tuple[float, float, int]] = field(default_factory=dict)

    def of(self, expression: sp.Expr) -> tuple[float, float, int]:
        """(operations, operations of its gradient at most, depth) of the expression written out as a tree."""
        known, stack = self.known, [expression]
        while stack:
            e = stack[-1]
            if e in known:
                stack.pop()
                continue
            if not e.args:
                known[e] = (1.0, 1.0 if e.is_Symbol else 0.0, 1)
                continue
            waiting = [a for a in e.args if a not in known]
            if waiting:
                stack.extend(waiting)
                continue
            parts = [known[a] for a in e.args]
            size = 1.0 + sum(p[0] for p in parts)
            # The chain rule writes e's partial, of about e's size, once for each argument; a sum has none to write.
            own = 1.0 if e.is_Add else size
            known[e] = (size, sum(p[1] + own for p in parts if p[1]), 1 + max(p[2] for p in parts))
        return known[expression]

    def check(self, expressions: np.ndarray, where: Callable[[], str], together: bool = False) -> None:
        """Refuse what differentiation would not survive, or not finish.

        Raises
        ------
        SizeLimitError
            When an expression is too deep or its derivatives too large.
        """
        total = 0.0
        for e in expressions.flat:
            _, gradient, depth = self.of(e)
            total = max(total, gradient) if not together else total + gradient
            if depth > DEEPEST:
                _refuse(f"is nested {depth} levels deep; the limit is {DEEPEST}, for SymPy works by recursion", where)
        if total > self.limit:
            _refuse(f"would have about {total:.2g} operations in its derivatives; the limit is {self.limit}", where)


def _refuse(what: str, where: Callable[[], str]) -> None:
    raise SizeLimitError(
        f"The whole expression {what}.\n  at {where()}\n"
        "  Use Symbolic(form='dag'), which differentiates operation by operation, or the method 'reverse'."
    )


def check_elements(graph: Graph, limit: int) -> None:
    """Refuse arrays, and matrix products, whose elements alone exceed `limit`; looks at shapes only.

    Raises
    ------
    SizeLimitError
        Naming the largest.
    """
    largest = max(graph.nodes, key=_elements, default=None)
    if largest is not None and _elements(largest) > limit:
        raise SizeLimitError(
            "The symbolic method writes each element of an array out, but one operation has "
            f"{_elements(largest)} of them; the limit is {limit}.\n  at {graph.where_is(largest)}\n"
            "  Use the method 'reverse', which keeps arrays whole, or fewer elements."
        )


def _elements(node: Node) -> int:
    return node.size * (node.args[0].shape[-1] if node.op.name == "matmul" else 1)


def symbols(node: Node, position: int) -> np.ndarray:
    """An object array of real symbols, named after the argument's position and never after a user's name."""
    found = np.empty(node.shape, dtype=object)
    for k, index in enumerate(np.ndindex(node.shape)):
        found[index] = sp.Symbol(f"x{position}_{k}", real=True)
    return found


def expressions(
    graph: Graph,
    inputs: Sequence[np.ndarray],
    limit: int,
    standard: bool = False,
    precision: int = PRECISION,
) -> tuple[np.ndarray, ...]:
    """SymPy expressions of the outputs, one object array an output.

    Parameters
    ----------
    graph : Graph
        What to write out.
    inputs : sequence of ndarray of SymPy symbols
        One object array an input, of its shape.
    limit : int
        Largest estimate of operations in the derivatives, and largest array.
    standard : bool, default False
        Use SymPy's own functions, for people, rather than those that differentiate and evaluate well.
    precision : int
        Bits of the Floats.

    Raises
    ------
    SizeLimitError
        Before the expression explodes; nothing is differentiated yet.
    """
    check_elements(graph, limit)
    sizes = Sizes(limit)
    values: dict[int, np.ndarray] = {id(n): x for n, x in zip(graph.inputs, inputs, strict=True)}
    for node in graph.nodes:
        if id(node) in values:
            continue
        args = [values[id(a)] for a in node.args]
        if node.op.name == "constant":
            result = _map(lambda v: number(v, precision), np.asarray(node.value))
        elif node.op.kind == "elementwise" and node.op.sympy is not None:
            result = _elementwise(node, args, standard, precision)
        else:
            result = _map(sp.sympify, _structured(node, args, standard))
        sizes.check(result, partial(graph.where_is, node))
        values[id(node)] = result
    for output in graph.outputs:
        sizes.check(values[id(output)], partial(graph.where_is, output), together=True)
    return tuple(values[id(output)] for output in graph.outputs)


def _map(f: Callable, x: np.ndarray) -> np.ndarray:
    result = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        result[index] = f(x[index])
    return result


def _elementwise(node: Node, args: list[np.ndarray], standard: bool, precision: int) -> np.ndarray:
    fill = template(node.op.sympy, standard)
    result = np.empty(node.shape, dtype=object)
    for index, items in _broadcast(node, args):
        if all(x.is_Number for x in items):
            result[index] = number(_on_numbers(node, [number_value(x) for x in items]), precision)
        else:
            result[index] = sp.sympify(fill(*items))
    return result


def _broadcast(node: Node, args: list[np.ndarray]) -> Any:
    wide = [np.broadcast_to(a, node.shape) for a in args]
    for index in np.ndindex(node.shape):
        yield index, [a[index] for a in wide]


def _on_numbers(node: Node, items: list[float]) -> Any:
    # Constants fold as float64 does: 9**9**9 is inf at once, where SymPy would write out its digits.
    numbers = [np.asarray(x).astype(a.dtype)[()] for x, a in zip(items, node.args, strict=True)]
    with np.errstate(all="ignore"):
        return node.op.numpy(*numbers, **dict(node.attributes))


def _structured(node: Node, args: list[np.ndarray], standard: bool = False) -> np.ndarray:
    row = node.op
    name = row.sympy or _WITHOUT_NAME.get(row.name)
    if row.kind == "elementwise":
        raise UnsupportedOpError(
            f"The symbolic method cannot write op {row.name!r}: its row has no `sympy` column.\n"
            "  Use another method, such as 'reverse'."
        )
    if name is not None and name not in ARRAY_FUNCTIONS:
        raise UnsupportedOpError(
            f"The symbolic method has no function {name!r}, which the `sympy` column of {row.name!r} names.\n"
            "  This is a defect of diffcompare; please report it. Meanwhile use the method 'reverse'."
        )
    if name is None:  # indices stay integers
        args = [
            a.value if a.op.name == "constant" and a.dtype.kind in "ib" else x
            for a, x in zip(node.args, args, strict=True)
        ]
    table = STANDARD_ARRAYS if standard else ARRAY_FUNCTIONS
    function = table[name] if name is not None else row.numpy
    result = np.asarray(function(*args, **dict(node.attributes)), dtype=object)
    return result.reshape(node.shape)


def scalar_tape(graph: Graph, limit: int) -> tuple[Tape, list[list[Scalar]], list[np.ndarray]]:
    """The graph as a tape of scalar statements.

    Returns
    -------
    tape : Tape
    inputs : list of list of Scalar
        The statements of each input's elements, in row-major order.
    outputs : list of ndarray of Scalar
        One object array an output.

    Raises
    ------
    SizeLimitError
        When more than `limit` statements are needed.
    """
    check_elements(graph, limit)
    tape = Tape(limit, evaluate)
    inputs: list[list[Scalar]] = []
    values: dict[int, np.ndarray] = {}
    count = 0
    for node in graph.inputs:
        inputs.append([tape.input(count + k) for k in range(node.size)])
        count += node.size
        array = np.empty(node.size, dtype=object)
        array[:] = inputs[-1]
        values[id(node)] = array.reshape(node.shape)
    for node in graph.nodes:
        if id(node) in values:
            continue
        args = [values[id(a)] for a in node.args]
        if node.op.name == "constant":
            values[id(node)] = _map(tape.constant, np.asarray(node.value))
        elif node.op.kind == "elementwise" and node.op.sympy is not None:
            values[id(node)] = _tape_elementwise(tape, node, args)
        else:
            values[id(node)] = _map(tape.lift, _structured(node, args))
    return tape, inputs, [values[id(output)] for output in graph.outputs]


def _tape_elementwise(tape: Tape, node: Node, args: list[np.ndarray]) -> np.ndarray:
    rule = sp.sympify(template(node.op.sympy)(*A[: len(args)]))
    result = np.empty(node.shape, dtype=object)
    for index, items in _broadcast(node, args):
        if all(x.place in tape.constants for x in items):
            result[index] = tape.constant(_on_numbers(node, [tape.constants[x.place] for x in items]))
        else:
            result[index] = tape.instantiate(rule, [x.place for x in items])
    return result
