"""The names that a row's `sympy` column may use, and how its template becomes a SymPy expression.

Two vocabularies share one set of names. `NUMERIC` serves differentiation: functions that SymPy would simplify away or
differentiate badly are the opaque ones of `sympy_functions`. `STANDARD` serves people (`Function.to_sympy`): plain
SymPy.
In a template `**` means `power`, and `<` and its kin the conditions below, in whichever vocabulary is in use.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

import sympy as sp

from . import sympy_functions as own
from .sympy_arrays import ARRAY_FUNCTIONS

_LARGEST_EXPONENT = 1000  # above it an integer exponent becomes a Float: SymPy expands Integer powers digit by digit


def numeric_power(x: Any, y: Any) -> sp.Expr:
    """`x**y`: SymPy's power for small rational exponents, else the opaque `power`, whose derivative exists at x = 0."""
    x, y = sp.sympify(x), sp.sympify(y)
    if not isinstance(y, sp.Rational) or x.is_Number:
        return own.power(x, y)
    if y is sp.S.Zero:
        return sp.S.One
    grown = max((abs(e.exp) for e in (x, *x.args) if isinstance(e, sp.Pow) and e.exp.is_Rational), default=1)
    digits = max((abs(a.p) * a.q for a in (x, *x.args) if isinstance(a, sp.Rational)), default=1).bit_length()
    if abs(y) * grown * digits > _LARGEST_EXPONENT or (x.is_Pow and not y.is_Integer):
        return own.power(x, y)
    return x**y


NUMERIC: dict[str, Any] = {
    **own.FUNCTIONS,
    **{name: getattr(sp, name) for name in "exp log sin cos tan sinh cosh sqrt pi E Rational Integer".split()},
    **{name: getattr(sp, name) for name in "asin acos atan asinh acosh atanh".split()},
    "arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan,
    "arcsinh": sp.asinh, "arccosh": sp.acosh, "arctanh": sp.atanh, "atan2": own.arctan2,
    "sqrt": lambda x: numeric_power(x, own.HALF), "power": numeric_power, "pow": numeric_power, "oo": sp.oo,
    "nan": sp.nan,
    "greater": lambda x, y: own.less(y, x), "greater_equal": lambda x, y: own.less_equal(y, x), "where": own.select,
    "abs": own.absolute, "Abs": own.absolute, "ceil": own.ceiling, "floordiv": own.floor_divide,
    "mod": own.remainder, "Mod": own.remainder, "Max": own.maximum, "Min": own.minimum, "max": own.maximum,
    "min": own.minimum, "Heaviside": own.heaviside, "expit": own.sigmoid, "loggamma": own.gammaln,
    "lgamma": own.gammaln,
    "psi": own.digamma, "square": lambda x: numeric_power(x, 2), "reciprocal": lambda x: 1 / x,
    "negative": lambda x: -x, "positive": lambda x: x, "silu": lambda x: x * own.sigmoid(x),
    "gelu": lambda x: x * own.ndtr(x), "clip": lambda x, low, high: own.minimum(own.maximum(x, low), high),
    "deg2rad": lambda x: x * sp.pi / 180, "rad2deg": lambda x: x * 180 / sp.pi, "identity": lambda x: x,
    "normalized_sinc": own.sinc, "stop_gradient": own.freeze, "besselj": own.jv, "besseli": own.iv,
    "true": sp.S.One, "false": sp.S.Zero,
    "And": own.logical_and, "Or": own.logical_or, "Not": own.logical_not, "Xor": own.logical_xor,
    "Eq": own.equal, "Ne": own.not_equal, "Lt": own.less, "Le": own.less_equal,
    "Gt": lambda x, y: own.less(y, x), "Ge": lambda x, y: own.less_equal(y, x), "Piecewise": lambda *p: _pieces(p),
    **ARRAY_FUNCTIONS,
}  # fmt: skip


def _pieces(pairs: tuple) -> sp.Expr:
    value = sp.nan
    for branch, condition in reversed(pairs):
        value = branch if condition in (True, sp.true, 1) else own.select(condition, branch, value)
    return value


def _truth(x: Any) -> Any:
    x = sp.sympify(x)
    return x if isinstance(x, (sp.logic.boolalg.Boolean, bool)) and not isinstance(x, sp.Symbol) else sp.Ne(x, 0)


def _where(condition: Any, x: Any, y: Any) -> sp.Expr:
    return sp.Piecewise((x, _truth(condition)), (y, True))


def _softplus(x: sp.Expr) -> sp.Expr:
    return sp.log(1 + sp.exp(x))


def _normal(x: sp.Expr) -> sp.Expr:
    return (1 + sp.erf(x / sp.sqrt(2))) / 2


_PLAIN: dict[str, Any] = {
    "less": sp.Lt, "less_equal": sp.Le, "equal": sp.Eq, "not_equal": sp.Ne, "greater": sp.Gt, "greater_equal": sp.Ge,
    "Lt": sp.Lt, "Le": sp.Le, "Eq": sp.Eq, "Ne": sp.Ne, "Gt": sp.Gt, "Ge": sp.Ge,
    "logical_and": lambda x, y: sp.And(_truth(x), _truth(y)), "logical_or": lambda x, y: sp.Or(_truth(x), _truth(y)),
    "logical_xor": lambda x, y: sp.Xor(_truth(x), _truth(y)), "logical_not": lambda x: sp.Not(_truth(x)),
    "select": _where, "where": _where, "Piecewise": sp.Piecewise, "freeze": lambda x: x, "stop_gradient": lambda x: x,
    "sign": sp.sign, "floor": sp.floor, "ceiling": sp.ceiling, "ceil": sp.ceiling, "heaviside": sp.Heaviside,
    "Heaviside": sp.Heaviside, "floor_divide": lambda x, y: sp.floor(x / y), "floordiv": lambda x, y: sp.floor(x / y),
    "trunc": lambda x: sp.sign(x) * sp.floor(sp.Abs(x)), "absolute": sp.Abs, "abs": sp.Abs, "Abs": sp.Abs,
    "remainder": sp.Mod, "mod": sp.Mod, "Mod": sp.Mod, "maximum": sp.Max, "minimum": sp.Min, "Max": sp.Max,
    "Min": sp.Min,
    "max": sp.Max, "min": sp.Min, "fmax": sp.Max, "fmin": sp.Min, "relu": lambda x: sp.Max(x, 0),
    "leaky_relu": lambda x, a: sp.Piecewise((x, x > 0), (a * x, True)), "quotient0": lambda x, y: x / y,
    "hypot": lambda x, y: sp.sqrt(x**2 + y**2), "arctan2": sp.atan2, "atan2": sp.atan2, "power": lambda x, y: x**y,
    "pow": lambda x, y: x**y, "sqrt": sp.sqrt, "square": lambda x: x**2,
    "cbrt": lambda x: sp.sign(x) * sp.cbrt(sp.Abs(x)),
    "expm1": lambda x: sp.exp(x) - 1, "log1p": lambda x: sp.log(1 + x), "exp2": lambda x: sp.Integer(2) ** x,
    "log2": lambda x: sp.log(x) / sp.log(2), "log10": lambda x: sp.log(x) / sp.log(10), "tanh": sp.tanh,
    "sech": sp.sech,
    "sigmoid": lambda x: 1 / (1 + sp.exp(-x)), "expit": lambda x: 1 / (1 + sp.exp(-x)),
    "log_sigmoid": lambda x: -_softplus(-x), "softplus": _softplus, "logit": lambda x: sp.log(x / (1 - x)),
    "logaddexp": lambda x, y: sp.log(sp.exp(x) + sp.exp(y)),
    "logaddexp2": lambda x, y: sp.log(sp.Integer(2) ** x + sp.Integer(2) ** y) / sp.log(2),
    "xlogy": lambda x, y: x * sp.log(y), "xlog1py": lambda x, y: x * sp.log(1 + y), "entr": lambda x: -x * sp.log(x),
    "sinc": lambda x: sp.sinc(sp.pi * x), "normalized_sinc": lambda x: sp.sinc(sp.pi * x),
    "silu": lambda x: x / (1 + sp.exp(-x)), "gelu": lambda x: x * _normal(x),
    "erf": sp.erf, "erfc": sp.erfc, "erfinv": sp.erfinv, "ndtr": _normal, "log_ndtr": lambda x: sp.log(_normal(x)),
    "gamma": sp.gamma, "gammaln": sp.loggamma, "loggamma": sp.loggamma, "lgamma": sp.loggamma, "digamma": sp.digamma,
    "psi": sp.digamma, "trigamma": lambda x: sp.polygamma(1, x), "polygamma": sp.polygamma, "beta": sp.beta,
    "betaln": lambda x, y: sp.loggamma(x) + sp.loggamma(y) - sp.loggamma(x + y), "jv": sp.besselj, "iv": sp.besseli,
    "besselj": sp.besselj, "besseli": sp.besseli, "j0": lambda x: sp.besselj(0, x), "j1": lambda x: sp.besselj(1, x),
    "i0": lambda x: sp.besseli(0, x), "i1": lambda x: sp.besseli(1, x),
    "clip": lambda x, low, high: sp.Min(sp.Max(x, low), high),
}  # fmt: skip
STANDARD: dict[str, Any] = {**NUMERIC, **_PLAIN}

_OPERATORS = {
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal",
    ast.NotEq: "not_equal",
}  # fmt: skip


class _Calls(ast.NodeTransformer):
    """Operators whose SymPy meaning is not ours become calls of the vocabulary."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        names = {ast.Pow: "power", ast.Mod: "remainder", ast.FloorDiv: "floor_divide"}
        name = names.get(type(node.op))
        return _call(name, node.left, node.right) if name else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        return _call(_OPERATORS[type(node.ops[0])], node.left, node.comparators[0])

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return _call("where", node.test, node.body, node.orelse)


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


@cache
def template(text: str, standard: bool = False) -> Callable[..., Any]:
    """The function that fills the `{0}`, `{1}` … of a row's `sympy` template with SymPy expressions.

    Parameters
    ----------
    text : str
        The template. It comes from the table of rows, which is part of the program; it is never a user's text.
    standard : bool, default False
        Use SymPy's own functions instead of the opaque ones.
    """
    names = [f"a{i}" for i in range(9)]
    tree = ast.fix_missing_locations(_Calls().visit(ast.parse(text.format(*names), mode="eval")))
    space = {**(STANDARD if standard else NUMERIC), "__builtins__": {}}
    arguments = ast.arguments([], [ast.arg(n) for n in names], None, [], [], None, [ast.Constant(None)] * len(names))
    function = ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, tree.body)))
    return eval(compile(function, f"<sympy template {text}>", "eval"), space)  # noqa: S307 - text of the row table
