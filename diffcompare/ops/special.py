"""Error functions, gamma functions and Bessel functions; SciPy computes them and is loaded on first use.

Bessel functions have no complex column: SciPy's, on complex arguments, lose the tiny imaginary part of a complex step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.rows import Lazy, Row, elementwise
from .comparison import typed, where_row
from .exponential import exp
from .powers import sqrt
from .series import horner
from .trigonometric import pi

_REAL, _POSITIVE = (Interval.REAL,), (Interval(0.0, np.inf),)


def _special(name: str) -> Lazy:
    return Lazy("scipy.special", name)


# Irrational factors are operations, so that a ball evaluator of a derivative has the numbers, not their roundings.
def _two_over_root_pi(like: Any) -> Any:
    return 2.0 / sqrt(pi(like))


def _root_half(like: Any) -> Any:
    return sqrt(typed(0.5, like))


erf = elementwise(
    "erf",
    numpy=_special("erf"),
    scalar="math.erf({0})",
    sympy="erf({0})",
    ball="erf({0})",
    partials=lambda y, x: (_two_over_root_pi(y) * exp(-(x * x)),),
    domain=_REAL,
    complex=True,
    source="DLMF 7.2.1",
)
erfc = elementwise(
    "erfc",
    numpy=_special("erfc"),
    scalar="math.erfc({0})",
    sympy="erfc({0})",
    ball="erfc({0})",
    partials=lambda y, x: (-_two_over_root_pi(y) * exp(-(x * x)),),
    domain=_REAL,
    complex=True,
    source="DLMF 7.2.2",
)

# (-1)**k (2 k + 1)!!: beyond x = 10 the first term left out is below 2**-69 of the sum.
_ERFCX_SLOPE = tuple(float((-1) ** k * math.prod(range(1, 2 * k + 2, 2))) for k in range(20))


def _erfcx_slope(y: Any, x: Any) -> Any:
    # 2 x y - 2 / sqrt(pi), whose terms are alike at large x: there the derivative of the asymptotic series DLMF 7.12.1,
    # so that every higher derivative keeps its digits too.
    w = 0.5 / (x * x)
    series = -_two_over_root_pi(y) * (w * horner(w, _ERFCX_SLOPE))
    return where_row(x > 10.0, series, 2.0 * (x * y) - _two_over_root_pi(y))


erfcx = elementwise(
    "erfcx",  # exp(x**2) erfc(x), which serves log_ndtr
    numpy=_special("erfcx"),
    scalar="erfcx({0})",
    sympy="erfcx({0})",
    ball="exp({0} * {0}) * erfc({0})",
    partials=lambda y, x: (_erfcx_slope(y, x),),
    domain=_REAL,
    complex=True,
    source="DLMF 7.10, 7.12.1",
)
erfinv = elementwise(
    "erfinv",
    numpy=_special("erfinv"),
    scalar="erfinv({0})",
    sympy="erfinv({0})",
    ball="erfinv({0})",
    partials=lambda y, x: (exp(y * y) / _two_over_root_pi(y),),
    domain=(Interval(-1.0, 1.0),),
    source="DLMF 7.17(i), derivative of an inverse",
)
ndtr = elementwise(
    "ndtr",
    numpy=_special("ndtr"),
    scalar="0.5 * math.erfc(-0.7071067811865476 * {0})",
    sympy="ndtr({0})",
    ball="ndtr({0})",
    partials=lambda y, x: (_root_half(y) * (0.5 * _two_over_root_pi(y)) * exp(-0.5 * (x * x)),),
    domain=_REAL,
    complex=True,
    source="DLMF 7.18(iii); normal density",
)
log_ndtr = elementwise(
    "log_ndtr",
    numpy=_special("log_ndtr"),
    scalar="log_ndtr({0})",
    sympy="log_ndtr({0})",
    ball="log_ndtr({0})",
    # density / ndtr, as a quotient that neither overflows nor vanishes in the left tail
    partials=lambda y, x: (_root_half(y) * _two_over_root_pi(y) / erfcx(-(_root_half(y) * x)),),
    domain=_REAL,
    complex=True,
    source="DLMF 7.18(iii); inverse Mills ratio",
)


def _gammaln_complex(z: Any) -> Any:
    # log |gamma| continued from the real axis: for x < 0 by reflection, with the sign that keeps the logarithm real.
    from scipy.special import loggamma

    z = np.asarray(z, np.complex128)
    left = z.real < 0
    reflected = np.sin(np.pi * z)
    reflected = reflected * np.where(reflected.real < 0, -1.0, 1.0)
    with np.errstate(all="ignore"):
        return np.where(left, np.log(np.pi) - np.log(reflected) - loggamma(np.where(left, 1.0 - z, 1.0)), loggamma(z))


gamma = elementwise(
    "gamma",
    numpy=_special("gamma"),
    scalar="math.gamma({0})",
    sympy="gamma({0})",
    ball="gamma({0})",
    partials=lambda y, x: (y * digamma(x),),
    domain=_POSITIVE,
    complex=True,
    source="DLMF 5.2.2",
)
gammaln = elementwise(
    "gammaln",
    numpy=_special("gammaln"),
    scalar="math.lgamma({0})",
    sympy="gammaln({0})",
    ball="gammaln({0})",
    partials=lambda y, x: (digamma(x),),
    domain=_POSITIVE,
    complex=_gammaln_complex,
    source="DLMF 5.2.2",
)
digamma = elementwise(
    "digamma",
    numpy=_special("psi"),
    scalar="digamma({0})",
    sympy="digamma({0})",
    ball="digamma({0})",
    partials=lambda y, x: (trigamma(x),),
    domain=_POSITIVE,
    complex=True,
    source="DLMF 5.15",
)


def _trigamma(x: Any) -> Any:
    from scipy.special import zeta

    return zeta(2.0, x)


trigamma = elementwise(
    "trigamma",
    numpy=_trigamma,
    scalar="trigamma({0})",
    sympy="trigamma({0})",
    ball="trigamma({0})",
    partials=lambda y, x: (polygamma_row(2.0, x),),
    domain=_POSITIVE,
    source="DLMF 5.15.1",
)
polygamma_row = elementwise(
    "polygamma",
    numpy=_special("polygamma"),
    scalar="polygamma({0}, {1})",
    sympy="polygamma({0}, {1})",
    ball="polygamma({0}, {1})",
    partials=lambda y, n, x: (None, polygamma_row(n + 1.0, x)),
    domain=(Interval(1.0, 4.0), Interval(0.0, np.inf)),
    cuda=None,
    source="DLMF 5.15",
)


def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of digamma at `x` > 0; `n` is a plain integer."""
    if n == 0:
        return digamma(x)
    return trigamma(x) if n == 1 else polygamma_row(float(n), x)


betaln = elementwise(
    "betaln",
    numpy=_special("betaln"),
    scalar="betaln({0}, {1})",
    cuda="math.lgamma({0}) + math.lgamma({1}) - math.lgamma({0} + {1})",
    sympy="betaln({0}, {1})",
    ball="betaln({0}, {1})",
    partials=lambda y, a, b: (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)),
    domain=_POSITIVE * 2,
    complex=lambda a, b: _gammaln_complex(a) + _gammaln_complex(b) - _gammaln_complex(a + b),
    source="DLMF 5.12.1",
)
beta = elementwise(
    "beta",
    numpy=_special("beta"),
    scalar="beta({0}, {1})",
    cuda=(
        "math.gamma({0}) * (math.gamma({1}) / math.gamma({0} + {1})) if {0} + {1} < 170.0 else "
        "math.exp(math.lgamma({0}) + math.lgamma({1}) - math.lgamma({0} + {1}))"
    ),
    sympy="beta({0}, {1})",
    ball="beta({0}, {1})",
    partials=lambda y, a, b: (y * (digamma(a) - digamma(a + b)), y * (digamma(b) - digamma(a + b))),
    domain=_POSITIVE * 2,
    complex=lambda a, b: np.exp(_gammaln_complex(a) + _gammaln_complex(b) - _gammaln_complex(a + b)),
    source="DLMF 5.12.1",
)


def _second(kind: str) -> Callable:
    def at(x: Any) -> Any:
        import scipy.special

        # Below 1e-8 the first term of DLMF 10.2.2 and 10.25.2 has all digits; SciPy's iv has nan at subnormal numbers.
        return np.where(np.abs(x) < 1e-8, 0.125 * np.square(x), getattr(scipy.special, kind)(2.0, x))[()]

    return at


_NEAR_ZERO = "0.125 * ({0} * {0}) if abs({0}) < 1e-8"  # as in `_second`


def _order2_partials(first: Any, sign: float) -> Callable:
    # d/dx of order 2 is order 1 - 2 y / x, but near 0 its Taylor polynomial (DLMF 10.2.2, 10.25.2) in t = (x / 2)**2,
    # so that every higher derivative is right at 0 too.
    taylor = tuple(sign**k * (k + 1) / (2.0 * math.factorial(k) * math.factorial(k + 2)) for k in range(12))

    def partials(y: Any, x: Any) -> tuple[Any]:
        t = 0.25 * (x * x)
        return (where_row(t < 0.25, x * horner(t, taylor), first(x) - 2.0 * (y / x)),)

    return partials


def _bessel_row(name: str, partials: Callable, source: str, aliases: tuple = ()) -> Row:
    kind, order = name[0] + "v", int(name[1])
    factor, z = ("", "{0} / 2 * ", "{0}**2 / 8 * ")[order], "-({0}**2) / 4" if kind == "jv" else "{0}**2 / 4"
    return elementwise(
        name,
        numpy=_special(name) if order < 2 else _second(kind),
        scalar=f"{name}({{0}})"
        if order < 2
        else f"0.125 * ({{0}} * {{0}}) if abs({{0}}) < 1e-8 else {kind}(2.0, {{0}})",
        sympy=f"{name}({{0}})" if order < 2 else f"{kind}(2, {{0}})",
        ball=f"{factor}hypergeometric_0f1({order + 1}, {z})",  # DLMF 10.16.9, 10.39.9
        partials=partials,
        domain=_REAL,
        aliases=aliases,
        source=source,
    )


i0 = _bessel_row("i0", lambda y, x: (i1(x),), "DLMF 10.29.3", (np.i0,))
i1 = _bessel_row("i1", lambda y, x: (0.5 * (i0(x) + i2(x)),), "DLMF 10.29.1")
i2 = _bessel_row("i2", _order2_partials(i1, 1.0), "DLMF 10.29.2")
j0 = _bessel_row("j0", lambda y, x: (-j1(x),), "DLMF 10.6.3")
j1 = _bessel_row("j1", lambda y, x: (0.5 * (j0(x) - j2(x)),), "DLMF 10.6.1")
j2 = _bessel_row("j2", _order2_partials(j1, -1.0), "DLMF 10.6.2")
