"""What rows should compute: their SymPy column in SymPy's plain functions, evaluated by mpmath to 40 digits."""

from functools import cache

import mpmath
import sympy as sp

from diffcompare.lower import sympy_functions as own
from diffcompare.lower.sympy_names import template

EPS, TINY = 2.0**-52, 2.0**-1022
X = sp.symbols("x0:3", real=True)
_DIGITS = (60, 120, 420, 1200)
_DELTA = mpmath.mpf(10) ** -25


def _sinc_derivative(n, x):
    t = sp.Symbol("t", real=True)
    return sp.diff(sp.sin(t) / t, t, int(n)).subs(t, x)


def _normal(x):
    return sp.erfc(-x / sp.sqrt(2), evaluate=False) / 2  # evaluated, SymPy makes it 2 - erfc, which cancels


# Functions of our vocabulary that plain SymPy does not have, or has without the digits of their tails.
_OPAQUE = ("ndtr", "log_ndtr")
_DEFINITIONS = {
    own.ndtr: _normal,
    own.log_ndtr: lambda x: sp.log(_normal(x)),
    own.erfcx: lambda x: sp.exp(x**2) * sp.erfc(x),
    own.sinc_derivative: _sinc_derivative,
    own.iv: sp.besseli,
    own.jv: sp.besselj,
    own.copysign: lambda x, y: sp.Abs(x) * sp.sign(y),
    own.isnan: lambda x: sp.Integer(0),
    own.isinf: lambda x: sp.Integer(0),
    own.isfinite: lambda x: sp.Integer(1),
}
_MPMATH = {
    "Heaviside": lambda x, h=0.5: 0 if x < 0 else 1 if x > 0 else h,
    "DiracDelta": lambda x, k=0: mpmath.inf if x == 0 else 0,
    "rint": mpmath.nint,
    "trunc": lambda x: mpmath.sign(x) * mpmath.floor(abs(x)),
    "Mod": lambda x, y: x - y * mpmath.floor(x / y),
    "Max": max,
    "Min": min,
    "freeze": lambda x: x,
}


def expression(row):
    """The SymPy column of `row` on the symbols X, in plain SymPy functions."""
    found = template(row.sympy, standard=row.name not in _OPAQUE)(*X[: len(row.domain)])
    for head, definition in _DEFINITIONS.items():
        found = sp.sympify(found).replace(head, definition)
    return found


def _callable(formula, arity):
    return sp.lambdify(X[:arity], formula, modules=[_MPMATH, "mpmath"])


@cache
def value(row):
    """Callable on mpmath numbers: the value."""
    return _callable(expression(row), len(row.domain))


@cache
def derivative(row, i):
    """Callable on mpmath numbers: SymPy's derivative by argument i; a difference quotient where SymPy has none."""
    found = expression(row)
    if isinstance(found, sp.logic.boolalg.Boolean):
        return lambda *x: 0
    found = sp.diff(found, X[i])
    if not found.has(sp.Derivative, sp.Subs, own.NumericFunction):
        return _callable(found, len(row.domain))

    def quotient(*x):
        return _slope(value(row), x, i) / x[i]

    return quotient


def _slope(function, x, i):
    # x_i * d f / d x_i by a relative step far above the rounding of the working precision
    high, low = list(x), list(x)
    high[i], low[i] = x[i] * (1 + _DELTA), x[i] * (1 - _DELTA)
    return (function(*high) - function(*low)) / (2 * _DELTA)


def digits(function, point):
    """`function` at a float64 point right to 40 digits, and the decimal precision that took."""
    before = None
    for dps in _DIGITS:
        with mpmath.workdps(dps):
            now = mpmath.mpmathify(function(*map(_exact, point)))
            if not mpmath.isfinite(now) or (before and abs(now - before) <= mpmath.mpf(10) ** -40 * abs(now)):
                return now, dps
            before = now  # a zero may be what a cancellation left: only the last precision is believed
    assert abs(now) <= mpmath.mpf(10) ** (-_DIGITS[-1] // 2), f"no 40 digits at {point}"
    return mpmath.mpf(0), _DIGITS[-1]


def bound(function, point, dps, units, within=None):
    """How far a computation of about `units` roundings may be from `function`: each moves the result or an argument.

    units * EPS * (|f| + sum of |x_i d f / d x_i| + |within|), and the least normal number, below which digits are lost;
    `within` is an intermediate value by whose rounding the result moves.
    """
    with mpmath.workdps(dps + 60):  # the difference quotient loses about 50
        x = tuple(map(_exact, point))
        slopes = [abs(_slope(function, x, i)) for i, p in enumerate(point) if not isinstance(p, bool)]
        inner = abs(within(*x)) if within else 0
        return units * (EPS * (abs(function(*x)) + sum(slopes, inner)) + TINY)


@cache
def intermediate(row, i=None):
    """The `within` of `bound` for the value (None) or for partial `i`: None but for the rows of `_WITHIN`."""
    formula = _WITHIN.get((row.name, i))
    return _callable(formula, len(row.domain)) if formula is not None else None


def _exact(x):
    return bool(x) if isinstance(x, bool) else mpmath.mpf(float(x))


# Intermediate values whose rounding moves the result: of a + b in beta, of the logarithms whose sum betaln is, of the
# difference of digammas in its partials, of 2 x erfcx(x) - 2 / sqrt(pi), and of SciPy's power by logarithm in jv.
_A, _B = X[:2]
_LOGS = sum(sp.Abs(sp.loggamma(z)) for z in (_A, _B, _A + _B)) + sp.Abs((_A + _B) * sp.digamma(_A + _B))
_WITHIN: dict[tuple[str, int | None], sp.Expr] = {
    ("beta", None): sp.beta(_A, _B) * (_A + _B) * sp.digamma(_A + _B),
    ("betaln", None): _LOGS,
    **{("betaln", i): sp.Abs(sp.digamma(X[i])) + sp.Abs(sp.digamma(_A + _B)) + 1 for i in (0, 1)},
    **{
        ("beta", i): sp.beta(_A, _B) * (sp.Abs(sp.digamma(X[i])) + (1 + _LOGS) * (1 + sp.Abs(sp.digamma(_A + _B))))
        for i in (0, 1)
    },
    ("erfcx", 0): 2 / sp.sqrt(sp.pi),
    ("j2", None): sp.besselj(2, _A) * 2 * sp.log(sp.Abs(_A) / 2),
}
