"""SymPy expressions as functions, and graphs as SymPy expressions, both by loops over the tree."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp

from ..core.graph import Graph
from ..core.node import Node, constant, variable
from ..core.tables import DISPATCH, ROWS
from ..core.trace import Function, trace
from ..errors import TraceError, UnsupportedOpError
from .sympy_expressions import expressions
from .sympy_functions import NumericFunction
from .sympy_names import STANDARD
from .sympy_tape import number_value

LARGEST = 100_000  # operations in an expression's derivatives, as `Symbolic` estimates them

_ROWS: dict[str, str] = {  # SymPy's head -> row of the same arguments
    "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos",
    "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "atan2": "arctan2", "Abs": "absolute", "sign": "sign", "floor": "floor", "ceiling": "ceil",
    "Mod": "remainder", "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "gamma": "gamma", "loggamma": "gammaln",
    "beta": "beta", "StrictLessThan": "less", "LessThan": "less_equal", "StrictGreaterThan": "greater",
    "GreaterThan": "greater_equal", "Equality": "equal", "Unequality": "not_equal", "Not": "logical_not",
    "log1p": "log1p", "expm1": "expm1", "exp2": "exp2", "log2": "log2", "log10": "log10", "hypot": "hypot",
    "Cbrt": "cbrt", "Sqrt": "sqrt",
}  # fmt: skip
_FOLDED = {"Max": "maximum", "Min": "minimum", "And": "logical_and", "Or": "logical_or", "Xor": "logical_xor"}


def _call(name: str, *args: Any) -> Any:
    if any(type(a) is Node for a in args):
        return (DISPATCH["power"] if name == "power" else ROWS[name])(*args)
    with np.errstate(all="ignore"):
        return float(ROWS[name].numpy(*(np.float64(a) for a in args)))


def _fold(name: str, items: Sequence[Any]) -> Any:
    total = items[0]
    for item in items[1:]:
        total = _call(name, total, item)
    return total


def _of_order(kind: str, order: Any, x: Any) -> Any:
    names = {"polygamma": ("digamma", "trigamma"), "besselj": ("j0", "j1", "j2"), "besseli": ("i0", "i1", "i2")}[kind]
    if type(order) is float and order in range(len(names)) and names[int(order)] in ROWS:
        return _call(names[int(order)], x)
    if kind == "polygamma" and type(order) is float and order > 0:
        return _call("polygamma", order, x)
    orders = ", ".join("012"[: len(names)])
    raise UnsupportedOpError(f"SymPy's {kind} of order {order} has no operation here; orders are {orders}.")


_SPECIAL: dict[str, Callable[..., Any]] = {
    "polygamma": lambda n, x: _of_order("polygamma", n, x),
    "digamma": lambda x: _call("digamma", x),
    "trigamma": lambda x: _call("trigamma", x),
    "besselj": lambda n, x: _of_order("besselj", n, x),
    "besseli": lambda n, x: _of_order("besseli", n, x),
    "sinc": lambda x: _call("sinc", _call("divide", x, math.pi)),
    "Heaviside": lambda x, middle=0.5: _call("heaviside", x, middle),
    "sec": lambda x: _call("divide", 1.0, _call("cos", x)),
    "csc": lambda x: _call("divide", 1.0, _call("sin", x)),
    "cot": lambda x: _call("divide", 1.0, _call("tan", x)),
    "sech": lambda x: _call("divide", 1.0, _call("cosh", x)),
    "csch": lambda x: _call("divide", 1.0, _call("sinh", x)),
    "coth": lambda x: _call("divide", 1.0, _call("tanh", x)),
}


def expression_from_sympy(expr: Any, symbols: Sequence[Any]) -> tuple[Any, list[Node]]:
    """The node of a SymPy expression, and one scalar input a symbol.

    Parameters
    ----------
    expr : sympy.Expr, sympy.Matrix or nested list of them
        Real functions of the symbols.
    symbols : sequence of sympy.Symbol
        The arguments, in order.

    Raises
    ------
    UnsupportedOpError
        For a SymPy function without an operation here; the message names it.
    TraceError
        For a symbol that is not among `symbols`.
    """
    inputs = [variable(str(s)) for s in symbols]
    known: dict[Any, Any] = dict(zip(symbols, inputs, strict=True))
    if isinstance(expr, (sp.MatrixBase, list, tuple, np.ndarray, sp.NDimArray)):
        array = np.array(expr.tolist() if not isinstance(expr, (list, tuple)) else expr, dtype=object)
        flat = [_node_of(sp.sympify(e, strict=True), known) for e in array.flat]
        joined: Any = np.stack([e if type(e) is Node else constant(e) for e in flat])
        return np.reshape(joined, array.shape), inputs
    return _node_of(sp.sympify(expr, strict=True), known), inputs


def from_sympy(expr: Any, symbols: Sequence[Any]) -> Function:
    """The function that a SymPy expression means.

    Parameters
    ----------
    expr : sympy.Expr, sympy.Matrix or nested list of them
        Built from `symbols`; real.
    symbols : sequence of sympy.Symbol
        The arguments, in order. All are scalars, and arrays broadcast.

    Returns
    -------
    Function

    Raises
    ------
    UnsupportedOpError
        For a SymPy function that has no operation here; the message names it.
    TraceError
        For a symbol that is not among `symbols`.

    Examples
    --------
    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> from_sympy(sympy.sqrt(x) / y, [x, y])(9.0, 2.0)
    1.5
    """
    symbols = [symbols] if isinstance(symbols, sp.Symbol) else list(symbols)
    expression, inputs = expression_from_sympy(expr, symbols)
    return Function.from_expression(expression, inputs)


def _node_of(expr: Any, known: dict[Any, Any]) -> Any:
    stack = [expr]
    while stack:
        e = stack[-1]
        if e in known:
            stack.pop()
            continue
        parts = [] if e.is_Atom else _parts(e)
        waiting = [a for a in parts if a not in known]
        if waiting:
            stack.extend(reversed(waiting))
            continue
        stack.pop()
        known[e] = _atom(e) if e.is_Atom else _compound(e, known)
    return known[expr]


def _parts(e: Any) -> list[Any]:
    if isinstance(e, sp.Piecewise):
        return [x for pair in e.args for x in pair.args]
    if e.is_Mul:
        return [x.base if _divides(x) else x for x in e.args]
    if not (e.is_Add or e.is_Pow or type(e).__name__ in _FOLDED or type(e).__name__ in _SPECIAL):
        _row_name(e)  # before its arguments are looked at: a Derivative is refused as such
    return list(e.args)


def _divides(factor: Any) -> bool:
    return factor.is_Pow and factor.exp.is_Number and factor.exp.is_negative and factor.base is not sp.E


def _atom(e: Any) -> Any:
    if e in (sp.true, sp.false):
        return float(e is sp.true)
    if e.is_Symbol:
        raise TraceError(f"The expression needs the symbol {e}, which is not among the symbols given; add it to them.")
    if e in (sp.nan, sp.zoo):
        return math.nan
    if e.is_number and e.is_extended_real:
        return number_value(e)
    raise UnsupportedOpError(f"{e} is not a real number; only real expressions can be taken from SymPy.")


def _compound(e: Any, known: dict[Any, Any]) -> Any:
    if e.is_Add:
        return _sum(e, known)
    if e.is_Mul:
        return _product(e, known)
    if isinstance(e, sp.Piecewise):
        return _pieces(e, known)
    args = [known[a] for a in e.args]
    if e.is_Pow:
        return _power(e.base, args[0], e.exp, args[1])
    name = type(e).__name__
    if name in _FOLDED:
        return _fold(_FOLDED[name], args)
    if name in _SPECIAL:
        return _SPECIAL[name](*args)
    return _call(_row_name(e), *args)


def _row_name(e: Any) -> str:
    """The row that stands for SymPy's function; refuses the others by name."""
    name = type(e).__name__
    row = _ROWS.get(name, name if isinstance(e, NumericFunction) else "")
    if row not in ROWS:
        raise UnsupportedOpError(
            f"SymPy's {name!r} has no operation in diffcompare.\n  in {str(e)[:80]}\n"
            "  Rewrite it (`expr.rewrite`, `expr.doit()`) with functions that `diffcompare ops` lists."
        )
    return row


def _sum(e: Any, known: dict[Any, Any]) -> Any:
    total: Any = None
    for term in sorted(e.args, key=lambda a: a.is_Number):
        total = known[term] if total is None else _call("add", total, known[term])
    return total


def _product(e: Any, known: dict[Any, Any]) -> Any:
    above: list[Any] = []
    below: list[Any] = []
    for factor in e.args:
        if _divides(factor):
            below.append(_power(factor.base, known[factor.base], -factor.exp, number_value(-factor.exp)))
        elif factor.is_Rational and not factor.is_Integer:
            above.append(float(factor.p))
            below.append(float(factor.q))
        else:
            above.append(known[factor])
    above = [x for x in above if type(x) is Node or x != 1.0] or [1.0]
    if type(above[0]) is float and above[0] == -1.0 and len(above) > 1:
        above = [_call("negative", above[1]), *above[2:]]
    value = _fold("multiply", above)
    return _call("divide", value, _fold("multiply", below)) if below else value


def _power(base: Any, x: Any, exponent: Any, y: Any) -> Any:
    if base is sp.E:
        return _call("exp", y)
    if exponent == sp.Rational(1, 2):
        return _call("sqrt", x)
    if exponent == -1:
        return _call("divide", 1.0, x)
    return x if exponent == 1 else _call("power", x, y)


def _pieces(e: Any, known: dict[Any, Any]) -> Any:
    value: Any = math.nan
    for branch, condition in reversed(e.args):
        chosen = known[condition]
        if type(chosen) is Node:
            value = ROWS["where"](chosen, known[branch], value)
        elif chosen:
            value = known[branch]
    return value


def graph_to_sympy(graph: Graph) -> Any:
    """The output of a graph in SymPy's own functions, its symbols real and named as the inputs.

    Returns
    -------
    sympy.Expr or ndarray of sympy.Expr
        An object array of the output's shape, or the expression itself for a scalar. Elements of an array input `x` are
        the symbols `x_0`, `x_1`, … or `x_0_1`.

    Raises
    ------
    SizeLimitError
        When the expression written out would be too large or too deep for SymPy.
    """
    inputs = [_named(node) for node in graph.inputs]
    result = expressions(graph, inputs, LARGEST, standard=True, precision=53)[0]
    plain = np.empty(result.shape, dtype=object)
    for index in np.ndindex(result.shape):
        plain[index] = _standard(result[index])
    return plain[()]


def _named(node: Node) -> np.ndarray:
    found = np.empty(node.shape, dtype=object)
    for index in np.ndindex(node.shape):
        found[index] = sp.Symbol("_".join([node.name, *map(str, index)]), real=True)
    return found


def _standard(expr: Any) -> Any:
    """`expr` with each of our opaque functions replaced by SymPy's form of it."""
    if not expr.has(NumericFunction):
        return expr
    known: dict[Any, Any] = {}
    stack = [expr]
    while stack:
        e = stack[-1]
        waiting = [a for a in e.args if a not in known]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        args = [known[a] for a in e.args]
        if isinstance(e, NumericFunction):
            known[e] = STANDARD[type(e).__name__](*args)
        else:
            known[e] = e.func(*args) if args else e
    return known[expr]


def function_to_sympy(function: Function, *example: Any) -> Any:
    """The expression of a function for arguments of these shapes; scalars where no example is given.

    Examples
    --------
    >>> import diffcompare as dc
    >>> dc.parse("x**2 / y").to_sympy()
    x**2/y
    """
    given = getattr(function, "_given", None)
    if given is not None and not example:
        return graph_to_sympy(given)
    return graph_to_sympy(trace(function, *(example or (1.0,) * len(function.names))))
