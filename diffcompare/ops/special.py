"""Error functions, gamma functions and Bessel functions; SciPy computes them and is loaded on first use."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.rows import Lazy, elementwise
from .choice import where_row
from .exponential import exp
from .series import horner

_REAL, _POSITIVE = (Interval.REAL,), (Interval(0.0, np.inf),)
_TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)
_SQRT_HALF = math.sqrt(0.5)


def _special(name: str) -> Lazy:
    return Lazy("scipy.special", name)


erf = elementwise(
    "erf",
    numpy=_special("erf"),
    scalar="math.erf({0})",
    sympy="erf({0})",
    ball="erf({0})",
    partials=lambda y, x: (_TWO_OVER_SQRT_PI * exp(-(x * x)),),
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
    partials=lambda y, x: (-_TWO_OVER_SQRT_PI * exp(-(x * x)),),
    domain=_REAL,
    complex=True,
    source="DLMF 7.2.2",
)
erfcx = elementwise(
    "erfcx",  # exp(x**2) erfc(x), which serves log_ndtr
    numpy=_special("erfcx"),
    scalar="erfcx({0})",
    sympy="exp({0}**2) * erfc({0})",
    ball="erfcx({0})",
    partials=lambda y, x: (2.0 * (x * y) - _TWO_OVER_SQRT_PI,),
    domain=_REAL,
    complex=True,
    source="DLMF 7.10",
)
erfinv = elementwise(
    "erfinv",
    numpy=_special("erfinv"),
    scalar="erfinv({0})",
    sympy="erfinv({0})",
    ball="erfinv({0})",
    partials=lambda y, x: (exp(y * y) / _TWO_OVER_SQRT_PI,),
    domain=(Interval(-1.0, 1.0),),
    source="DLMF 7.17(i), derivative of an inverse",
)
ndtr = elementwise(
    "ndtr",
    numpy=_special("ndtr"),
    scalar=f"0.5 * math.erfc({-_SQRT_HALF!r} * {{0}})",
    sympy="erfc(-{0} / sqrt(2)) / 2",
    ball="ndtr({0})",
    partials=lambda y, x: ((0.5 * _SQRT_HALF * _TWO_OVER_SQRT_PI) * exp(-0.5 * (x * x)),),
    domain=_REAL,
    complex=True,
    source="DLMF 7.18(iii); normal density",
)
log_ndtr = elementwise(
    "log_ndtr",
    numpy=_special("log_ndtr"),
    scalar="log_ndtr({0})",
    sympy="log(erfc(-{0} / sqrt(2)) / 2)",
    ball="log_ndtr({0})",
    # density / ndtr, as a quotient that neither overflows nor vanishes in the left tail
    partials=lambda y, x: ((_SQRT_HALF * _TWO_OVER_SQRT_PI) / erfcx(-_SQRT_HALF * x),),
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
    scalar="math.lgamma({0}) + math.lgamma({1}) - math.lgamma({0} + {1})",
    sympy="gammaln({0}) + gammaln({1}) - gammaln({0} + {1})",
    ball="gammaln({0}) + gammaln({1}) - gammaln({0} + {1})",
    partials=lambda y, a, b: (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)),
    domain=_POSITIVE * 2,
    complex=lambda a, b: _gammaln_complex(a) + _gammaln_complex(b) - _gammaln_complex(a + b),
    source="DLMF 5.12.1",
)
beta = elementwise(
    "beta",
    numpy=_special("beta"),
    scalar=(
        "math.gamma({0}) * (math.gamma({1}) / math.gamma({0} + {1})) if {0} + {1} < 170.0 else "
        "math.exp(math.lgamma({0}) + math.lgamma({1}) - math.lgamma({0} + {1}))"
    ),
    sympy="gamma({0}) * gamma({1}) / gamma({0} + {1})",
    ball="exp(gammaln({0}) + gammaln({1}) - gammaln({0} + {1}))",
    partials=lambda y, a, b: (y * (digamma(a) - digamma(a + b)), y * (digamma(b) - digamma(a + b))),
    domain=_POSITIVE * 2,
    complex=lambda a, b: np.exp(_gammaln_complex(a) + _gammaln_complex(b) - _gammaln_complex(a + b)),
    source="DLMF 5.12.1",
)


def _bessel(kind: str, order: float):
    def at(z: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, kind)(order, z)

    return at


# Near 0 the quotients y / x give way to Taylor polynomials (DLMF 10.2.2, 10.25.2) in t = (x / 2)**2, so that every
# higher derivative is right at 0 too.
_I1_SLOPE = tuple((2 * k + 1) / (2.0 * math.factorial(k) * math.factorial(k + 1)) for k in range(12))
_J1_SLOPE = tuple((-1) ** k * c for k, c in enumerate(_I1_SLOPE))


def _i1_partials(y: Any, x: Any) -> tuple[Any]:
    t = 0.25 * (x * x)
    return (where_row(t < 0.25, horner(t, _I1_SLOPE), i0(x) - y / x),)


def _j1_partials(y: Any, x: Any) -> tuple[Any]:
    t = 0.25 * (x * x)
    return (where_row(t < 0.25, horner(t, _J1_SLOPE), j0(x) - y / x),)


i0 = elementwise(
    "i0",
    numpy=_special("i0"),
    scalar="i0({0})",
    sympy="besseli(0, {0})",
    ball="i0({0})",
    partials=lambda y, x: (i1(x),),
    domain=_REAL,
    complex=_bessel("iv", 0.0),
    aliases=(np.i0,),
    source="DLMF 10.29.3",
)
i1 = elementwise(
    "i1",
    numpy=_special("i1"),
    scalar="i1({0})",
    sympy="besseli(1, {0})",
    ball="i1({0})",
    partials=_i1_partials,
    domain=_REAL,
    complex=_bessel("iv", 1.0),
    source="DLMF 10.29.2",
)
j0 = elementwise(
    "j0",
    numpy=_special("j0"),
    scalar="j0({0})",
    sympy="besselj(0, {0})",
    ball="j0({0})",
    partials=lambda y, x: (-j1(x),),
    domain=_REAL,
    complex=_bessel("jv", 0.0),
    source="DLMF 10.6.3",
)
j1 = elementwise(
    "j1",
    numpy=_special("j1"),
    scalar="j1({0})",
    sympy="besselj(1, {0})",
    ball="j1({0})",
    partials=_j1_partials,
    domain=_REAL,
    complex=_bessel("jv", 1.0),
    source="DLMF 10.6.2",
)
