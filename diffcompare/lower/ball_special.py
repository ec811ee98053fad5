"""Special functions as rigorous enclosures, over balls and over power series.

Derivatives on series come from FLINT's own series (erf, gamma, log-gamma and with it digamma and trigamma) or from the
hypergeometric function 0F1 (Bessel functions), not from the identities that the rows' partials use.
Identities: NIST Digital Library of Mathematical Functions, chapters 5, 7 and 10 (dlmf.nist.gov).
"""

from __future__ import annotations

import math

from flint import arb, arb_series, ctx

from .ball_base import INFINITY, NAN, ONE, ZERO, Ball, ball, compose, divide, head, is_zero, whole_number
from .ball_elementary import log, log1p, tanh
from .ball_kinks import absolute


def _is_pole(x: arb) -> bool:
    """Whether x is certainly zero or a negative integer."""
    return x.is_integer() and x <= 0


def sigmoid(x: Ball) -> Ball:
    """1 / (1 + exp(-x)), by the side that does not overflow; both are the same function."""
    if head(x) < 0:
        e = x.exp()
        return e / (1 + e)
    return 1 / (1 + (-x).exp())


expit = sigmoid


def logit(x: Ball) -> Ball:
    """log(x / (1 - x)) on (0, 1)."""
    return log(x) - log1p(-x)


def logaddexp(a: Ball, b: Ball) -> Ball:
    """log(exp(a) + exp(b)) without overflow; either order of the two is the same function."""
    a, b = ball(a), ball(b)
    x, y = head(a), head(b)
    if not x.is_finite() or not y.is_finite():
        if x == y:
            return (a + b) / 2
        if x == -INFINITY:
            return b
        if y == -INFINITY:
            return a
        return INFINITY if x == INFINITY or y == INFINITY else x + y
    large, small = (a, b) if float(x.mid()) >= float(y.mid()) else (b, a)
    return large + log1p((small - large).exp())


def logaddexp2(a: Ball, b: Ball) -> Ball:
    """log2(2**a + 2**b)."""
    scale = arb(2).log()
    return logaddexp(scale * a, scale * b) / scale


def softplus(x: Ball) -> Ball:
    """log(1 + exp(x))."""
    return logaddexp(x, ZERO)


def log_sigmoid(x: Ball) -> Ball:
    """log(sigmoid(x)) = -softplus(-x)."""
    return -softplus(-x)


def silu(x: Ball) -> Ball:
    """x sigmoid(x)."""
    return x * sigmoid(x)


def gelu(x: Ball) -> Ball:
    """x times the normal distribution function at x: the exact form."""
    return x * ndtr(x)


def gelu_tanh(x: Ball) -> Ball:
    """The tanh approximation of `gelu`: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))), Hendrycks and Gimpel 2016."""
    return x / 2 * (1 + tanh((2 / arb.pi()).sqrt() * (x + arb(0.044715) * x**3)))


def xlogy(x: Ball, y: Ball) -> Ball:
    """x log(y), and 0 at x = 0 whatever y is."""
    x, y = ball(x), ball(y)
    if is_zero(x) and not head(y) > 0:
        if head(y).is_nan() or type(x) is arb:
            return head(y) if head(y).is_nan() else ZERO
        return arb_series([ZERO, log(head(y)) * x[1]] + [arb.nan()] * (x.prec - 2), x.prec)
    return x * log(y)


def xlog1py(x: Ball, y: Ball) -> Ball:
    """x log(1 + y), and 0 at x = 0."""
    x, y = ball(x), ball(y)
    if is_zero(x) and not head(y) > -1:
        return xlogy(x, 1 + y)
    return x * log1p(y)


def entr(x: Ball) -> Ball:
    """-x log(x), 0 at an exact 0, -inf below."""
    return -INFINITY if head(x) < 0 else -xlogy(x, x)


def erf(x: Ball) -> Ball:
    """Error function."""
    return x.erf()


def erfc(x: Ball) -> Ball:
    """1 - erf(x), with its digits for large x."""
    return x.erfc()


def erfinv(x: Ball) -> Ball:
    """Inverse error function on (-1, 1), infinite at its ends; its derivative is sqrt(pi)/2 exp(erfinv²)."""
    if type(x) is arb_series:
        return compose(x, erfinv, lambda s: arb.pi().sqrt() / 2 * (erfinv(s) ** 2).exp())
    if x == 1 or x == -1:
        return x * INFINITY
    return NAN if abs(x) > 1 else x.erfinv()


def ndtr(x: Ball) -> Ball:
    """Distribution function of the standard normal: erfc(-x / sqrt 2) / 2."""
    return (-x / arb(2).sqrt()).erfc() / 2


def log_ndtr(x: Ball) -> Ball:
    """log(ndtr(x)), with its digits in both tails."""
    if head(x) > 1:
        return log1p(-ndtr(-x))
    return ndtr(x).log()


def ndtri(x: Ball) -> Ball:
    """Inverse of `ndtr`: sqrt(2) erfinv(2 x - 1)."""
    return arb(2).sqrt() * erfinv(2 * x - 1)


def gamma(x: Ball) -> Ball:
    """Gamma function; nan at its poles."""
    return NAN if _is_pole(head(x)) else x.gamma()


def rgamma(x: Ball) -> Ball:
    """1 / gamma(x), entire."""
    return x.rgamma()


def gammaln(x: Ball) -> Ball:
    """log |gamma(x)|; inf at the poles."""
    value = head(x)
    if value > 0:
        return x.lgamma()
    if _is_pole(value):
        return INFINITY if type(x) is arb else arb_series([INFINITY] + [arb.nan()] * (x.prec - 1), x.prec)
    return log(absolute(x.gamma()))


lgamma = gammaln


def _log_gamma_derivative(x: Ball, order: int) -> Ball:
    """The `order`-th derivative of log gamma at x > 0, read off FLINT's series of log gamma."""
    terms = x.prec if type(x) is arb_series else 1
    before = ctx.cap
    ctx.cap = terms + order
    try:
        series = arb_series([head(x), ONE], terms + order).lgamma()
        for _ in range(order):
            series = series.derivative()
        if type(x) is arb:
            return series[0]
        slopes = x.coeffs()[1:]
        if all(c == 0 for c in slopes):  # FLINT's binding refuses to compose with the series 0
            return arb_series([series[0]], x.prec)
        return series(arb_series([ZERO, *slopes], x.prec))  # x - x[0], a difference that is 0 only in truth
    finally:
        ctx.cap = before


def digamma(x: Ball) -> Ball:
    """Logarithmic derivative of gamma; below 0 by reflection, DLMF 5.5.4. nan at the poles."""
    value = head(x)
    if _is_pole(value):
        return NAN
    if value > 0:
        return _log_gamma_derivative(x, 1) if type(x) is arb_series else x.digamma()
    if type(x) is arb:
        return x.digamma()
    return digamma(1 - x) - arb.pi() * x.cot_pi()


def polygamma(order: Ball, x: Ball) -> Ball:
    """Derivative of the given order of digamma: (-1)**(n+1) n! zeta(n+1, x), DLMF 5.15 and 25.11.12."""
    n = whole_number(order)
    if n == 0:
        return digamma(x)
    if head(x) > 0:
        return _log_gamma_derivative(x, n + 1)
    if n == 1:
        return trigamma(x)
    return arb((-1) ** (n + 1) * math.factorial(n)) * arb(n + 1).zeta(x) if type(x) is arb else arb_series([arb.nan()])


def trigamma(x: Ball) -> Ball:
    """Derivative of digamma; below 0 by reflection: pi² / sin²(pi x) - trigamma(1 - x). inf at the poles."""
    value = head(x)
    if value > 0:
        return _log_gamma_derivative(x, 2)
    if _is_pole(value):
        return INFINITY
    sine = (x * arb.pi()).sin()
    return divide(arb.pi() ** 2, sine * sine) - trigamma(1 - x)


def beta(a: Ball, b: Ball) -> Ball:
    """gamma(a) gamma(b) / gamma(a + b)."""
    a, b = ball(a), ball(b)
    return gamma(a) * gamma(b) * (a + b).rgamma()


def betaln(a: Ball, b: Ball) -> Ball:
    """log |beta(a, b)|."""
    a, b = ball(a), ball(b)
    if head(a) > 0 and head(b) > 0:
        return a.lgamma() + b.lgamma() - (a + b).lgamma()
    return log(absolute(beta(a, b)))


def hypergeometric_0f1(b: int, z: Ball) -> Ball:
    """0F1(; b; z); its derivative is 0F1(; b + 1; z) / b, DLMF 16.3.1."""
    if type(z) is arb:
        return z.hypgeom_0f1(b)
    return compose(z, lambda c: c.hypgeom_0f1(b), lambda s: hypergeometric_0f1(b + 1, s) / b)


def i0(x: Ball) -> Ball:
    """Modified Bessel function of order 0: 0F1(; 1; x²/4), DLMF 10.39.9."""
    return hypergeometric_0f1(1, x**2 / 4)


def i1(x: Ball) -> Ball:
    """Modified Bessel function of order 1."""
    return x / 2 * hypergeometric_0f1(2, x**2 / 4)


def j0(x: Ball) -> Ball:
    """Bessel function of order 0: 0F1(; 1; -x²/4), DLMF 10.16.9."""
    return hypergeometric_0f1(1, -(x**2) / 4)


def j1(x: Ball) -> Ball:
    """Bessel function of order 1."""
    return x / 2 * hypergeometric_0f1(2, -(x**2) / 4)
