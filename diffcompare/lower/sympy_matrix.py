"""Graphs of matrix products, traces and norms as SymPy's matrix expressions, and SymPy's derivatives of them.

A vector is a column. A number that is read off a matrix (a trace, a product of row and column, a norm) becomes a symbol
of its own, so that SymPy differentiates what is done to the number by its ordinary rules and the matrix by its matrix
rules. None of diffcompare's own derivative rules takes part.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.diagonal import DiagonalMatrix
from sympy.tensor.array.expressions.array_expressions import _ArrayExpr
from sympy.utilities.exceptions import SymPyDeprecationWarning

from ..core.graph import Graph
from ..core.node import Node
from ..errors import ShapeError, UnsupportedOpError
from .sympy_expressions import number
from .sympy_names import template

ONES = r"\mathbf{1}"
# What SymPy leaves where it has no formula of two indices.
_NO_FORMULA = (sp.Derivative, _ArrayExpr, sp.KroneckerProduct)


@dataclass(frozen=True, slots=True)
class Taken:
    """A number that is read off a matrix: the trace of `matrix`, or (`norm`) the norm of `matrix`."""

    matrix: Any
    norm: bool

    def gradient(self, symbol: Any, by: Any) -> Any:
        """SymPy's derivative of the number that `symbol` stands for by a matrix symbol, or None."""
        found = _derivative(sp.Trace(self.matrix.T * self.matrix if self.norm else self.matrix), by)
        return found / (2 * symbol) if found is not None and self.norm else found

    def written(self, write: Callable[[Any], str], bars: tuple[str, str], trace: str, alone: bool) -> str:
        """The number as text, in brackets unless it stands `alone`."""
        inside = write(self.matrix)
        if self.norm:
            return f"{bars[0]}{inside}{bars[1]}"
        if self.matrix.shape != (1, 1):
            return f"{trace}({inside})"
        return inside if alone else f"({inside})"


@dataclass(slots=True)
class MatrixExpressions:
    """The output of a graph as a SymPy expression of matrix symbols.

    Attributes
    ----------
    inputs : tuple
        One SymPy symbol an input: a matrix symbol (a column for a vector), a real symbol for a number.
    output : sympy.Expr or sympy.MatrixExpr
        Numbers that are read off matrices are symbols of `taken`.
    taken : dict of Symbol to Taken
    constants : dict of MatrixSymbol to ndarray
        Arrays that the function holds.
    """

    graph: Graph
    inputs: tuple[Any, ...] = ()
    output: Any = None
    taken: dict[Any, Taken] = field(default_factory=dict)
    constants: dict[Any, np.ndarray] = field(default_factory=dict)
    _values: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [node.name for node in self.graph.inputs]
        if len(set(names)) < len(names):
            raise ShapeError(f"Two arguments have one name among {', '.join(names)}; a formula cannot tell them apart.")
        for node in self.graph.inputs:
            self._values[id(node)] = _symbol(node)
        self.inputs = tuple(self._values[id(node)] for node in self.graph.inputs)
        for node in self.graph.nodes:
            if id(node) not in self._values:
                self._values[id(node)] = self._expression(node)
        self.output = self._of(self.graph.output)

    def gradient(self, position: int) -> Any:
        """The gradient by an input: of the input's shape, or one column an output where there are several.

        Raises
        ------
        UnsupportedOpError
            Where SymPy has no formula, as for the derivative of a vector by a matrix, which has three indices.
        """
        by = self.inputs[position]
        with_number = self.graph.output.shape == ()
        found = self._by_number(by) if with_number else self._by_vector(by)
        if found is None:
            raise UnsupportedOpError(
                f"SymPy has no matrix formula for the derivative of {self.text(self.output)} by {by}.\n"
                "  The derivative of a number by a vector or matrix, and that of a vector by a vector, may have one;\n"
                "  leave the others out by wrt=, or use dc.jacobian for their numbers."
            )
        return found

    def _by_number(self, by: Any) -> Any:
        total = sp.ZeroMatrix(*by.shape)
        for symbol, taken in self.taken.items():
            if symbol in self.output.free_symbols and taken.matrix.has(by):
                gradient = taken.gradient(symbol, by)
                if gradient is None:
                    return None
                total += sp.diff(self.output, symbol) * gradient
        return total.doit()

    def _by_vector(self, by: Any) -> Any:
        if by.shape[1] != 1 or self.output.shape[1] != 1 or self.graph.output.ndim != 1:
            return None
        if not self.output.has(by):
            return sp.ZeroMatrix(by.shape[0], self.output.shape[0])
        return _derivative(self.output, by)

    def text(self, expression: Any) -> str:
        """An expression in SymPy's Python form."""
        names = {s: sp.Symbol(t.written(str, ("|", "|"), "tr", expression == s)) for s, t in self.taken.items()}
        return str(expression.xreplace(names))

    def latex(self, expression: Any) -> str:
        """An expression in LaTeX."""
        shown: dict[Any, str] = {s: ONES for s in self.constants if s.name.startswith("ones")}

        def write(part: Any) -> str:
            return sp.latex(part, symbol_names=shown)

        bars, trace = (r"\left\lVert ", r"\right\rVert"), r"\operatorname{tr}"
        names = {s: t.written(write, bars, trace, expression == s) for s, t in self.taken.items()}
        return sp.latex(expression, symbol_names={**shown, **names}, parenthesize_super=False)

    def numbers(self, expression: Any) -> Callable[..., np.ndarray]:
        """A function that maps the values of the inputs to the numbers of `expression`."""
        held = list(self.constants)
        given = [*self.inputs, *held]
        read = {symbol: (taken, self._compiled(taken.matrix, given)) for symbol, taken in self.taken.items()}
        call = self._compiled(expression, [*given, *read])

        def numbers(*args: Any) -> np.ndarray:
            columns = [np.reshape(a, s.shape) if s.is_Matrix else a for a, s in zip(args, self.inputs, strict=True)]
            columns += [self.constants[s] for s in held]
            off = [(np.linalg.norm if taken.norm else np.trace)(matrix(*columns)) for taken, matrix in read.values()]
            return np.asarray(call(*columns, *off), np.float64)

        return numbers

    @staticmethod
    def _compiled(expression: Any, symbols: list[Any]) -> Callable[..., Any]:
        # Names that Python's grammar takes; lambdify's own dummies would turn matrices into numbers.
        safe = {
            s: sp.MatrixSymbol(f"m{i}", *s.shape) if s.is_Matrix else sp.Symbol(f"m{i}") for i, s in enumerate(symbols)
        }
        return sp.lambdify(list(safe.values()), expression.xreplace(safe), modules=["scipy", "numpy"])

    def _of(self, node: Node) -> Any:
        return self._values[id(node)]

    def _expression(self, node: Node) -> Any:
        if node.op.name == "constant":
            return self._constant(node.value)
        scalar = node.op.kind == "elementwise" and all(a.shape == () for a in node.args)
        if scalar and node.op.sympy is not None and node.op.name != "stop_gradient":
            return template(node.op.sympy, True)(*map(self._of, node.args))
        rule = _RULES.get(node.op.name)
        found = None if rule is None else rule(self, node)
        if found is None:
            raise UnsupportedOpError(
                f"There is no matrix formula for op {node.op.name!r} here.\n"
                f"  at {self.graph.where_is(node)}, shape {node.shape}\n"
                "  Matrix formulas are made of products, transposes, traces, norms and sums of matrices; dc.gradient\n"
                "  gives the numbers, and to_sympy the formula of each entry."
            )
        return found

    def _constant(self, value: Any) -> Any:
        array = np.asarray(value, np.float64)
        if array.ndim == 0:
            return number(array, 53)
        return self._hold(f"C{len(self.constants) + 1}", array.reshape(len(array), -1))

    def _hold(self, name: str, array: np.ndarray) -> Any:
        while name in {s.name for s in self.inputs}:
            name += "_"
        symbol = sp.MatrixSymbol(name, *array.shape)
        self.constants[symbol] = array
        return symbol

    def ones(self, length: int) -> Any:
        """The column of ones."""
        return self._hold("ones", np.ones((length, 1)))

    def is_read_off(self, number: Any) -> bool:
        """Whether a number depends on a matrix: then SymPy has no rule for its product or sum with one."""
        return bool(number.free_symbols & self.taken.keys())

    def trace(self, matrix: Any) -> Any:
        """The trace of a matrix: that of a product A.T A is a norm squared."""
        factors = matrix.args if matrix.is_MatMul and all(factor.is_Matrix for factor in matrix.args) else ()
        if factors and len(factors) % 2 == 0:
            half = sp.MatMul(*factors[len(factors) // 2 :]).doit()
            if sp.MatMul(*factors[: len(factors) // 2]).doit() == half.T:
                return self.take(half, norm=True) ** 2
        return self.take(matrix)

    def take(self, matrix: Any, norm: bool = False) -> Any:
        """The symbol of a number that is read off a matrix."""
        found = next((s for s, t in self.taken.items() if t == Taken(matrix, norm)), None)
        if found is None:
            assumed = {"positive": True} if norm else {"real": True}
            found = sp.Dummy(f"t{len(self.taken)}", **assumed)
            self.taken[found] = Taken(matrix, norm)
        return found


def _derivative(expression: Any, by: Any) -> Any:
    """SymPy's derivative of a trace or a column by a matrix symbol; None where it has no formula of two indices."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SymPyDeprecationWarning)  # SymPy's own code, on its way to the error below
            found = expression.diff(by).doit()
    except AttributeError:  # SymPy 1.14 multiplies its array expressions as if they were numbers
        return None
    columns = by.shape[1] if isinstance(expression, sp.Trace) else expression.shape[0]
    two_indices = found.shape == (by.shape[0], columns) and not any(found.has(kind) for kind in _NO_FORMULA)
    return found if two_indices else None


def _symbol(node: Node) -> Any:
    if node.ndim == 0:
        return sp.Symbol(node.name, real=True)
    if node.ndim > 2:
        raise UnsupportedOpError(
            f"A matrix formula takes numbers, vectors and matrices, but {node.name!r} has shape {node.shape}."
        )
    return sp.MatrixSymbol(node.name, node.shape[0], node.shape[1] if node.ndim == 2 else 1)


def _matmul(about: MatrixExpressions, node: Node) -> Any:
    a, b = map(about._of, node.args)
    return None if node.ndim > 2 else a * b


def _transpose(about: MatrixExpressions, node: Node) -> Any:
    (a,) = node.args
    return about._of(a).T if a.ndim == 2 and tuple(dict(node.attributes)["axes"]) == (1, 0) else None


def _reshape(about: MatrixExpressions, node: Node) -> Any:
    """Between a vector, its column and its row, and from one entry to a number."""
    (a,), x = node.args, about._of(node.args[0])
    if node.shape == () and a.shape == (1, 1):
        return about.trace(x)
    if node.shape == () or a.shape == () or x.is_Matrix is False:
        return None
    n = node.size
    if a.shape in ((n,), (n, 1)) and node.shape in ((n,), (n, 1)):
        return x
    if (a.shape == (n,) and node.shape == (1, n)) or (a.shape == (1, n) and node.shape in ((n,), (n, 1))):
        return x.T
    return x.T if a.shape == (n, 1) and node.shape == (1, n) else None


def _wide(about: MatrixExpressions, operand: Node, node: Node) -> Any:
    """An operand of a sum, broadcast to the shape of the sum."""
    x = about._of(operand)
    if operand.shape == node.shape:
        return x
    if node.ndim > 2:
        return None
    if operand.shape == ():
        if about.is_read_off(x):
            return None
        filled = about.ones(node.shape[0])
        return x * (filled if node.ndim == 1 else filled * about.ones(node.shape[1]).T)
    if node.ndim == 2 and operand.shape in ((node.shape[1],), (1, node.shape[1])):
        return about.ones(node.shape[0]) * (x.T if operand.ndim == 1 else x)
    return x * about.ones(node.shape[1]).T if operand.shape == (node.shape[0], 1) else None


def _linear(combine: Callable[[Any, Any], Any]) -> Callable[[MatrixExpressions, Node], Any]:
    def rule(about: MatrixExpressions, node: Node) -> Any:
        a, b = (_wide(about, operand, node) for operand in node.args)
        return None if a is None or b is None else combine(a, b)

    return rule


def _scale(about: MatrixExpressions, node: Node) -> Any:
    """A number times an array, two arrays entry by entry, or a column times a row, as by np.outer."""
    a, b = node.args
    x, y = map(about._of, node.args)
    if a.shape == () or b.shape == ():
        factor, matrix = (x, y) if a.shape == () else (y, x)
        return None if about.is_read_off(factor) else factor * matrix
    if a.shape == (a.size, 1) and b.shape in ((b.size,), (1, b.size)):
        return x * (y.T if b.ndim == 1 else y)
    return sp.HadamardProduct(x, y) if a.shape == b.shape and node.ndim <= 2 else None


def _divide(about: MatrixExpressions, node: Node) -> Any:
    x, y = map(about._of, node.args)
    return None if node.args[1].shape != () or about.is_read_off(y) else x / y


def _square(about: MatrixExpressions, node: Node) -> Any:
    x = about._of(node.args[0])
    return sp.HadamardProduct(x, x) if node.ndim <= 2 else None


def _power(about: MatrixExpressions, node: Node) -> Any:
    return _square(about, node) if about._of(node.args[1]) == 2 else None


def _sum(about: MatrixExpressions, node: Node) -> Any:
    (a,), axis = node.args, dict(node.attributes)["axis"]
    if dict(node.attributes)["keepdims"] or a.ndim > 2:
        return None
    x = about._of(a)
    if len(axis) < a.ndim:
        return x.T * about.ones(a.shape[0]) if axis == (0,) else x * about.ones(a.shape[1])
    if a.op.name == "gather" and isinstance(x, DiagonalMatrix):
        return about.trace(x.arg)
    if isinstance(x, sp.HadamardProduct) and len(x.args) == 2:
        first, second = x.args
        return about.trace(first.T * second)
    rows = about.ones(a.shape[0]).T * x
    return about.trace(rows if a.ndim == 1 else rows * about.ones(a.shape[1]))


def _diagonal(about: MatrixExpressions, node: Node) -> Any:
    """The diagonal of a matrix, as np.trace reads it; `_sum` makes it a trace, and nothing else takes it."""
    matrix, index = node.args
    size = matrix.shape[0]
    places = index.value if index.op.name == "constant" else None
    if matrix.shape != (size, size) or places is None or not np.array_equal(places, np.arange(size) * (size + 1)):
        return None
    readers = [n for n in about.graph.nodes if any(a is node for a in n.args)]
    summed = bool(readers) and all(n.op.name == "sum" for n in readers)
    return DiagonalMatrix(about._of(matrix)) if summed else None


def _norm(about: MatrixExpressions, node: Node) -> Any:
    whole = len(dict(node.attributes)["axis"]) == node.args[0].ndim and node.shape == ()
    return about.take(about._of(node.args[0]), norm=True) if whole else None


_RULES: dict[str, Callable[[MatrixExpressions, Node], Any]] = {
    "matmul": _matmul, "transpose": _transpose, "reshape": _reshape, "add": _linear(operator.add),
    "subtract": _linear(operator.sub), "negative": lambda about, node: -about._of(node.args[0]), "multiply": _scale,
    "divide": _divide, "square": _square, "power": _power, "sum": _sum, "gather": _diagonal, "norm": _norm,
    "inv": lambda about, node: about._of(node.args[0]).inv() if node.ndim == 2 else None,
}  # fmt: skip
