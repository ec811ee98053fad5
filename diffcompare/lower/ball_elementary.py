"""Elementary functions as rigorous enclosures, over balls and over power series.

On series, FLINT's own series functions serve where it has them; elsewhere the chain rule over a derivative written
here, by another identity than the rows' partials where there is one (tanh' = sech², not 1 - tanh²).
Identities: NIST Digital Library of Mathematical Functions, chapter 4 (dlmf.nist.gov).
"""

from __future__ import annotations

from flint import arb, arb_series

from .ball_base import INFINITY, NAN, ONE, ZERO, Ball, ball, compose, divide, head, is_zero, whole_number


def exp(x: Ball) -> Ball:
    """e to the power x."""
    return x.exp()


def exp2(x: Ball) -> Ball:
    """2 to the power x; exact at small integers."""
    return arb(2) ** x if type(x) is arb else compose(x, exp2, lambda s: arb(2).log() * exp2(s))


def expm1(x: Ball) -> Ball:
    """exp(x) - 1 with all its digits near 0."""
    return x.expm1() if type(x) is arb else compose(x, arb.expm1, exp)


def log(x: Ball) -> Ball:
    """Natural logarithm; -inf at an exact 0, nan below."""
    value = head(x)
    if value > 0:
        return x.log()
    if type(x) is arb_series:
        return compose(x, log, lambda s: divide(ONE, s))
    return -INFINITY if value == 0 else NAN if value < 0 else arb.nan()


def log2(x: Ball) -> Ball:
    """Logarithm to base 2; exact at powers of 2."""
    if type(x) is arb:
        return x.log_base(2) if x > 0 else log(x)
    return compose(x, log2, lambda s: divide(ONE, s * arb(2).log()))


def log10(x: Ball) -> Ball:
    """Logarithm to base 10; exact at powers of 10."""
    if type(x) is arb:
        return x.log_base(10) if x > 0 else log(x)
    return compose(x, log10, lambda s: divide(ONE, s * arb.const_log10()))


def log1p(x: Ball) -> Ball:
    """log(1 + x) with all its digits near 0."""
    if type(x) is arb_series:
        return compose(x, log1p, lambda s: divide(ONE, 1 + s))
    return x.log1p() if x > -1 else -INFINITY if x == -1 else NAN if x < -1 else arb.nan()


def sin(x: Ball) -> Ball:
    """Sine."""
    return x.sin()


def cos(x: Ball) -> Ball:
    """Cosine."""
    return x.cos()


def tan(x: Ball) -> Ball:
    """Tangent."""
    return x.tan()


def _arc(x: arb) -> bool:
    return x >= -1 and x <= 1


def arcsin(x: Ball) -> Ball:
    """Inverse sine on [-1, 1]."""
    if type(x) is arb_series:
        return compose(x, arcsin, lambda s: divide(ONE, sqrt((1 - s) * (1 + s))))
    return x.asin() if _arc(x) or not abs(x) > 1 else NAN


def arccos(x: Ball) -> Ball:
    """Inverse cosine on [-1, 1]."""
    if type(x) is arb_series:
        return compose(x, arccos, lambda s: divide(-ONE, sqrt((1 - s) * (1 + s))))
    return x.acos() if _arc(x) or not abs(x) > 1 else NAN


def arctan(x: Ball) -> Ball:
    """Inverse tangent."""
    return x.atan()


def arctan2(y: Ball, x: Ball) -> Ball:
    """Angle of the point (x, y) in (-pi, pi]; at the origin 0, with derivative nan."""
    y, x = ball(y), ball(x)
    value = arb.atan2(head(y), head(x))
    if type(y) is arb and type(x) is arb:
        return value
    y_dot = y.derivative() if type(y) is arb_series else ZERO
    x_dot = x.derivative() if type(x) is arb_series else ZERO
    turn = divide(x * y_dot - y * x_dot, x * x + y * y)
    return value + arb_series(turn).integral()


def sinh(x: Ball) -> Ball:
    """Hyperbolic sine."""
    return x.sinh() if type(x) is arb else compose(x, arb.sinh, cosh)


def cosh(x: Ball) -> Ball:
    """Hyperbolic cosine."""
    return x.cosh() if type(x) is arb else compose(x, arb.cosh, sinh)


def _sech_squared(x: Ball) -> Ball:
    """1 / cosh² without cancellation: DLMF 4.28.6 and 4.35."""
    return x.sech() ** 2 if type(x) is arb else (2 / (x.exp() + (-x).exp())) ** 2


def tanh(x: Ball) -> Ball:
    """Hyperbolic tangent."""
    return x.tanh() if type(x) is arb else compose(x, arb.tanh, _sech_squared)


def arcsinh(x: Ball) -> Ball:
    """Inverse hyperbolic sine."""
    return x.asinh() if type(x) is arb else compose(x, arb.asinh, lambda s: ONE / sqrt(1 + s * s))


def arccosh(x: Ball) -> Ball:
    """Inverse hyperbolic cosine on [1, inf)."""
    if type(x) is arb_series:
        return compose(x, arccosh, lambda s: divide(ONE, sqrt((s - 1) * (s + 1))))
    return NAN if x < 1 else x.acosh()


def arctanh(x: Ball) -> Ball:
    """Inverse hyperbolic tangent on (-1, 1), infinite at its ends."""
    if type(x) is arb_series:
        return compose(x, arctanh, lambda s: divide(ONE, (1 - s) * (1 + s)))
    if x == 1 or x == -1:
        return x * INFINITY
    return NAN if abs(x) > 1 else x.atanh()


def sqrt(x: Ball) -> Ball:
    """Square root; its derivative at an exact 0 is inf."""
    if type(x) is arb_series:
        return x.sqrt() if x[0] > 0 else compose(x, sqrt, lambda s: divide(ONE, 2 * sqrt(s)))
    return NAN if x < 0 else x.sqrt()


def _cbrt(x: arb) -> arb:
    if x > 0:
        return x.root(3)
    if x < 0:
        return -((-x).root(3))
    if x == 0 or x.is_nan():
        return x
    low, high = (-x.lower()).root(3), x.upper().root(3)  # monotone: the ends enclose
    return arb.union(-low, high)


def cbrt(x: Ball) -> Ball:
    """Real cube root, odd; its derivative at 0 is inf."""
    return _cbrt(x) if type(x) is arb else compose(x, _cbrt, lambda s: divide(ONE, 3 * cbrt(s) ** 2))


def square(x: Ball) -> Ball:
    """x²."""
    return x**2


def reciprocal(x: Ball) -> Ball:
    """1 / x."""
    return divide(ONE, x)


def negative(x: Ball) -> Ball:
    """-x."""
    return -x


def hypot(x: Ball, y: Ball) -> Ball:
    """sqrt(x² + y²); where both are exactly 0 the derivative is 0."""
    x, y = ball(x), ball(y)
    if is_zero(x) and is_zero(y):
        return ZERO
    return sqrt(x**2 + y**2)


def deg2rad(x: Ball) -> Ball:
    """Degrees in radians: x times the true pi / 180."""
    return x * (arb.pi() / 180)


def rad2deg(x: Ball) -> Ball:
    """Radians in degrees: x times the true 180 / pi."""
    return x * (180 / arb.pi())


def _sinc_slope(x: Ball) -> Ball:
    """Derivative of sin(pi x) / (pi x): (cos(pi x) - sinc(x)) / x, at most pi² |x| / 3 in size near 0."""
    value = head(x)
    if not value.contains(ZERO):
        return ((x * arb.pi()).cos() - sinc(x)) / x
    if type(x) is arb_series:
        return arb_series([_sinc_slope(value)] + [arb.nan()] * (x.prec - 1), x.prec)
    return arb(0, (arb.pi() ** 2 * abs(value) / 3).upper()) if value != 0 or not value.is_exact() else ZERO


def sinc(x: Ball) -> Ball:
    """sin(pi x) / (pi x), 1 at 0, as NumPy defines it."""
    return x.sinc_pi() if type(x) is arb else compose(x, arb.sinc_pi, _sinc_slope)


def _power_integer(x: Ball, n: int) -> Ball:
    if n == 0:
        return ONE
    return x**n if n > 0 else divide(ONE, x**-n)


def _power_at_zero(x: Ball, y: Ball) -> Ball:
    """x**y where x is exactly 0 and y is not a constant positive integer."""
    exponent = head(y)
    value = ZERO if exponent > 0 else ONE if exponent == 0 else INFINITY if exponent < 0 else arb.nan()
    if type(x) is arb and type(y) is arb:
        return value
    slope_x = ZERO
    if type(x) is arb_series and exponent != 0:
        slope_x = exponent * head(power(ZERO, exponent - 1)) * x[1]
    slope_y = ZERO
    if type(y) is arb_series and not exponent > 0 and y[1] != 0:
        slope_y = -INFINITY * y[1] if exponent == 0 else arb.nan()
    return arb_series([value, slope_x + slope_y] + [arb.nan()] * (max(_terms(x), _terms(y)) - 2))


def _terms(x: Ball) -> int:
    return x.prec if type(x) is arb_series else 0


def power(x: Ball, y: Ball) -> Ball:
    """x to the power y.

    x**0 is 1 with derivative 0; integer exponents take any base; at base 0 the derivative by the exponent is 0 for
    positive exponents; a negative base with another exponent is nan, and so is its derivative by the exponent.
    """
    x, y = ball(x), ball(y)
    exponent, base = head(y), head(x)
    whole = exponent.is_integer()
    if whole and type(y) is arb and (base < 0 or abs(exponent) < 4096):
        return _power_integer(x, whole_number(exponent))
    if base > 0:
        return x**y if type(y) is arb else (y * log(x)).exp()
    if base == 0:
        return _power_at_zero(x, y)
    if base < 0 and whole:
        value = base ** whole_number(exponent)
        return arb_series([value] + [arb.nan()] * (_terms(y) - 1))
    nan = NAN if base < 0 and exponent.is_exact() else arb.nan()
    if type(x) is arb and type(y) is arb:
        return nan
    return arb_series([nan] + [arb.nan()] * (max(_terms(x), _terms(y)) - 1))
