"""SymPy functions with the derivatives that a numerical reader needs.

SymPy leaves the derivative of `floor` unevaluated, gives `2*DiracDelta` for `sign` and `1 - tanh(x)**2` for `tanh`,
which has
no correct digit at x = 20. Each function here is opaque to SymPy's simplifier and carries its partial derivatives,
written
from the mathematical definition (DLMF chapters 4 to 10), never from the `partials` of a row: the symbolic method has
to be
independent of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sympy import Add, Expr, Function, Integer, Rational, S, Symbol, exp, log, oo, pi, sqrt, sympify

Partials = Callable[..., tuple[Expr, ...]]


class NumericFunction(Function):
    """A function that SymPy never rewrites; `partials_of` holds its derivative with respect to each argument."""

    partials_of: Partials

    def fdiff(self, argindex: int = 1) -> Expr:
        """The partial derivative with respect to one argument, counted from 1, as SymPy asks for it."""
        return sympify(type(self).partials_of(*self.args)[argindex - 1])

    def _eval_derivative(self, s: Symbol) -> Expr:
        terms = []
        partials: Sequence[Expr] | None = None
        for position, argument in enumerate(self.args):
            derivative = argument.diff(s)
            if derivative is S.Zero:
                continue
            if partials is None:
                partials = type(self).partials_of(*self.args)
            terms.append(times(sympify(partials[position]), derivative))
        return Add(*terms)


def times(partial: Expr, factor: Expr) -> Expr:
    """`partial * factor`, inside a `select`, so that an unselected inf or nan is never multiplied by 0."""
    if isinstance(partial, select):
        condition, yes, no = partial.args
        return select(condition, times(yes, factor), times(no, factor))
    return partial * factor


FUNCTIONS: dict[str, type[NumericFunction]] = {}


def _define(name: str, arity: int, partials: Partials) -> type[NumericFunction]:
    body = {
        "nargs": arity,
        "partials_of": staticmethod(partials),
        "__module__": __name__,
        "__doc__": f"`{name}`, opaque.",
    }
    metaclass: Any = type(NumericFunction)
    FUNCTIONS[name] = cls = metaclass(name, (NumericFunction,), body)
    return cls


def _flat(name: str, arity: int) -> type[NumericFunction]:
    """Locally constant: derivative 0 wherever it has one, and 0 by choice at the jumps."""
    return _define(name, arity, lambda *x: (Integer(0),) * arity)


HALF = Rational(1, 2)

# Conditions are numbers 0 and 1; so are their logical combinations.
less, less_equal, equal, not_equal = (_flat(n, 2) for n in ("less", "less_equal", "equal", "not_equal"))
logical_and, logical_or, logical_xor = (_flat(n, 2) for n in ("logical_and", "logical_or", "logical_xor"))
logical_not, isnan, isfinite, isinf, signbit = (
    _flat(n, 1) for n in ("logical_not", "isnan", "isfinite", "isinf", "signbit")
)
select = _define("select", 3, lambda c, x, y: (0, select(c, 1, 0), select(c, 0, 1)))
freeze = _flat("freeze", 1)

# Steps, and functions made of pieces.
sign, floor, ceiling, rint, trunc = (_flat(n, 1) for n in ("sign", "floor", "ceiling", "rint", "trunc"))
floor_divide = _flat("floor_divide", 2)
heaviside = _define("heaviside", 2, lambda x, middle: (Integer(0), select(equal(x, 0), 1, 0)))
absolute = _define("absolute", 1, lambda x: (sign(x),))
remainder = _define("remainder", 2, lambda x, y: (Integer(1), -floor_divide(x, y)))
fmod = _define("fmod", 2, lambda x, y: (Integer(1), -trunc(x / y)))
copysign = _define("copysign", 2, lambda x, y: (sign(x) * copysign(1, y), Integer(0)))


def _share(low: Expr, high: Expr) -> Expr:
    """1 where low < high, 1/2 at a tie, else 0."""
    return select(less(low, high), 1, select(equal(low, high), HALF, 0))


def _share_ignoring_nan(low: Expr, high: Expr) -> Expr:
    """As `_share`; a nan on one side gives all to the other."""
    return select(isnan(high), 0, select(isnan(low), 1, _share(low, high)))


maximum = _define("maximum", 2, lambda x, y: (_share(y, x), _share(x, y)))
minimum = _define("minimum", 2, lambda x, y: (_share(x, y), _share(y, x)))
fmax = _define("fmax", 2, lambda x, y: (_share_ignoring_nan(y, x), _share_ignoring_nan(x, y)))


def _fmin_share(x: Expr, y: Expr) -> Expr:
    return select(isnan(x), 0, select(isnan(y), 1, _share(x, y)))


fmin = _define("fmin", 2, lambda x, y: (_fmin_share(x, y), _fmin_share(y, x)))
relu = _define("relu", 1, lambda x: (select(less(0, x), 1, 0),))
leaky_relu = _define("leaky_relu", 2, lambda x, a: (select(less(0, x), 1, a), select(less(0, x), 0, x)))

# Quotients with 0/0 = 0, for norms at their kink.
quotient0 = _define("quotient0", 2, lambda x, y: (quotient0(1, y), -quotient0(quotient0(x, y), y)))
hypot = _define("hypot", 2, lambda x, y: (quotient0(x, hypot(x, y)), quotient0(y, hypot(x, y))))
arctan2 = _define("arctan2", 2, lambda y, x: (x / (x**2 + y**2), -y / (x**2 + y**2)))

# Powers: `power` only where the exponent varies, or where a constant one is not a small rational.
power = _define("power", 2, lambda x, y: (select(equal(y, 0), 0, y * power(x, y - 1)), power_log(x, y)))
power_log = _define(  # x**y log(x), 0 where x = 0 < y
    "power_log",
    2,
    lambda x, y: (power(x, y - 1) + y * power_log(x, y - 1), power_log(x, y) * log(x)),
)
cbrt = _define("cbrt", 1, lambda x: (1 / (3 * cbrt(x) ** 2),))

# Exponentials and logarithms in the forms that keep their digits.
expm1 = _define("expm1", 1, lambda x: (exp(x),))
log1p = _define("log1p", 1, lambda x: (1 / (1 + x),))
exp2 = _define("exp2", 1, lambda x: (log(2) * exp2(x),))
log2 = _define("log2", 1, lambda x: (1 / (x * log(2)),))
log10 = _define("log10", 1, lambda x: (1 / (x * log(10)),))
tanh = _define("tanh", 1, lambda x: (sech(x) ** 2,))
sech = _define("sech", 1, lambda x: (-sech(x) * tanh(x),))
sigmoid = _define("sigmoid", 1, lambda x: (sigmoid(x) * sigmoid(-x),))
log_sigmoid = _define("log_sigmoid", 1, lambda x: (sigmoid(-x),))
softplus = _define("softplus", 1, lambda x: (sigmoid(x),))
logit = _define("logit", 1, lambda x: (1 / (x * (1 - x)),))


def _weight(x: Expr, y: Expr, scale: Expr) -> Expr:
    """exp(x) / (exp(x) + exp(y)), and 1/2 where both are infinite alike."""
    return select(equal(x, y), HALF, sigmoid((x - y) * scale))


logaddexp = _define("logaddexp", 2, lambda x, y: (_weight(x, y, Integer(1)), _weight(y, x, Integer(1))))
# A sum over many terms, two at a time: a term exp(-inf) has no part in the derivative, not even beside its like.
logaddexp0 = _define(
    "logaddexp0",
    2,
    lambda x, y: tuple(select(equal(a, -oo), 0, _weight(a, b, Integer(1))) for a, b in ((x, y), (y, x))),
)
logaddexp2 = _define("logaddexp2", 2, lambda x, y: (_weight(x, y, log(2)), _weight(y, x, log(2))))
xlogy = _define("xlogy", 2, lambda x, y: (log(y), select(equal(x, 0), 0, x / y)))
xlog1py = _define("xlog1py", 2, lambda x, y: (log1p(y), select(equal(x, 0), 0, x / (1 + y))))
entr = _define("entr", 1, lambda x: (-log(x) - 1,))
# sinc_derivative(n, x) is the n-th derivative of sin(t)/t at t = x.
sinc_derivative = _define("sinc_derivative", 2, lambda n, x: (0, sinc_derivative(n + 1, x)))
sinc = _define("sinc", 1, lambda x: (pi * sinc_derivative(1, pi * x),))  # NumPy's: sin(pi x)/(pi x)

# Error function and the normal distribution (DLMF 7.2, 7.10).
erf = _define("erf", 1, lambda x: (2 / sqrt(pi) * exp(-(x**2)),))
erfc = _define("erfc", 1, lambda x: (-2 / sqrt(pi) * exp(-(x**2)),))
erfcx = _define("erfcx", 1, lambda x: (2 * x * erfcx(x) - 2 / sqrt(pi),))
erfinv = _define("erfinv", 1, lambda x: (sqrt(pi) / 2 * exp(erfinv(x) ** 2),))
ndtr = _define("ndtr", 1, lambda x: (exp(-(x**2) / 2) / sqrt(2 * pi),))
log_ndtr = _define("log_ndtr", 1, lambda x: (sqrt(2 / pi) / erfcx(-x / sqrt(2)),))

# Gamma and its kin (DLMF 5.2, 5.12, 5.15).
polygamma = _define("polygamma", 2, lambda n, x: (0, polygamma(n + 1, x)))
digamma = _define("digamma", 1, lambda x: (trigamma(x),))
trigamma = _define("trigamma", 1, lambda x: (polygamma(2, x),))
gamma = _define("gamma", 1, lambda x: (gamma(x) * digamma(x),))
gammaln = _define("gammaln", 1, lambda x: (digamma(x),))
beta = _define(
    "beta",
    2,
    lambda x, y: (beta(x, y) * (digamma(x) - digamma(x + y)), beta(x, y) * (digamma(y) - digamma(x + y))),
)
betaln = _define("betaln", 2, lambda x, y: (digamma(x) - digamma(x + y), digamma(y) - digamma(x + y)))

# Bessel functions of integer order (DLMF 10.6.1, 10.29.1).
jv = _define("jv", 2, lambda n, x: (0, (jv(n - 1, x) - jv(n + 1, x)) / 2))
iv = _define("iv", 2, lambda n, x: (0, (iv(n - 1, x) + iv(n + 1, x)) / 2))
j0 = _define("j0", 1, lambda x: (-j1(x),))
j1 = _define("j1", 1, lambda x: ((j0(x) - jv(2, x)) / 2,))
i0 = _define("i0", 1, lambda x: (i1(x),))
i1 = _define("i1", 1, lambda x: ((i0(x) + iv(2, x)) / 2,))
