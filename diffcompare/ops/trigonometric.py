"""Circular and hyperbolic functions, and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.rows import elementwise, implements
from .comparison import masked, typed, where_row
from .powers import sqrt
from .series import horner, horner_text

_REAL, _PAIR = (Interval.REAL,), (Interval.REAL, Interval.REAL)
_UNIT = (Interval(-1.0, 1.0),)

sin = elementwise(
    "sin",
    numpy=np.sin,
    scalar="math.sin({0})",
    sympy="sin({0})",
    ball="sin({0})",
    partials=lambda y, x: (cos(x),),
    domain=_REAL,
    complex=True,
    source="DLMF 4.20.1",
)
cos = elementwise(
    "cos",
    numpy=np.cos,
    scalar="math.cos({0})",
    sympy="cos({0})",
    ball="cos({0})",
    partials=lambda y, x: (-sin(x),),
    domain=_REAL,
    complex=True,
    source="DLMF 4.20.2",
)
tan = elementwise(
    "tan",
    numpy=np.tan,
    scalar="math.tan({0})",
    sympy="tan({0})",
    ball="tan({0})",
    partials=lambda y, x: (1.0 + y * y,),
    domain=(Interval(-math.pi / 2, math.pi / 2),),
    complex=True,
    source="DLMF 4.20.3",
)
arcsin = elementwise(
    "arcsin",
    numpy=np.arcsin,
    scalar="math.asin({0})",
    sympy="asin({0})",
    ball="arcsin({0})",
    partials=lambda y, x: (1.0 / sqrt((1.0 - x) * (1.0 + x)),),  # 1 - x * x would cancel near the ends
    domain=_UNIT,
    kinks=((-1.0, np.inf), (1.0, np.inf)),
    complex=True,
    source="DLMF 4.24.7",
)
arccos = elementwise(
    "arccos",
    numpy=np.arccos,
    scalar="math.acos({0})",
    sympy="acos({0})",
    ball="arccos({0})",
    partials=lambda y, x: (-1.0 / sqrt((1.0 - x) * (1.0 + x)),),
    domain=_UNIT,
    kinks=((-1.0, -np.inf), (1.0, -np.inf)),
    complex=True,
    source="DLMF 4.24.8",
)
arctan = elementwise(
    "arctan",
    numpy=np.arctan,
    scalar="math.atan({0})",
    sympy="atan({0})",
    ball="arctan({0})",
    partials=lambda y, x: (1.0 / (1.0 + x * x),),
    domain=_REAL,
    complex=True,
    source="DLMF 4.24.9",
)
hypot = elementwise(
    "hypot",
    numpy=np.hypot,
    scalar="math.hypot({0}, {1})",
    sympy="hypot({0}, {1})",
    ball="hypot({0}, {1})",
    partials=lambda y, a, b: (masked(y != 0.0, a / y, y), masked(y != 0.0, b / y, y)),
    domain=(Interval(0.0, np.inf), Interval.REAL),
    kinks=(((0.0, 0.0), (0.0, 0.0)),),
    source="the chain rule on sqrt(a**2 + b**2); zero, of least norm in the subdifferential, at the origin",
)


def _arctan2_partials(y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    radius = hypot(a, b)  # two divisions by it, as its square can overflow
    return b / radius / radius, -(a / radius / radius)


arctan2 = elementwise(
    "arctan2",
    numpy=np.arctan2,
    scalar="math.atan2({0}, {1})",
    sympy="arctan2({0}, {1})",
    ball="arctan2({0}, {1})",
    partials=_arctan2_partials,
    domain=(Interval(0.0, np.inf), Interval.REAL),
    kinks=(((0.0, 0.0), (np.nan, np.nan)),),  # not continuous there
    source="DLMF 4.24.9",
)
sinh = elementwise(
    "sinh",
    numpy=np.sinh,
    scalar="math.sinh({0})",
    sympy="sinh({0})",
    ball="sinh({0})",
    partials=lambda y, x: (cosh(x),),
    domain=_REAL,
    complex=True,
    source="DLMF 4.34.1",
)
cosh = elementwise(
    "cosh",
    numpy=np.cosh,
    scalar="math.cosh({0})",
    sympy="cosh({0})",
    ball="cosh({0})",
    partials=lambda y, x: (sinh(x),),
    domain=_REAL,
    complex=True,
    source="DLMF 4.34.2",
)


def _sech_squared(x: Any) -> Any:
    e = np.exp(-2.0 * np.abs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


def _sech_squared_complex(z: Any) -> Any:
    far = np.abs(np.real(z)) > 300.0  # where cosh overflows, and exp alone is left of it
    near = 1.0 / np.cosh(np.where(far, 0.0, z))
    return np.where(far, 4.0 * np.exp(2.0 * np.where(np.real(z) > 0, -z, z)), near * near)


_E = "math.exp(-2.0 * abs({0}))"
sech_squared = elementwise(
    "sech_squared",  # serves tanh, whose slope 1 - y * y has no digits left where y is near 1
    numpy=_sech_squared,
    scalar="sech_squared({0})",
    cuda=f"4.0 * {_E} / ((1.0 + {_E}) * (1.0 + {_E}))",
    sympy="sech({0})**2",
    ball="1 / cosh({0})**2",
    partials=lambda y, x: (-2.0 * (y * tanh(x)),),
    domain=_REAL,
    complex=_sech_squared_complex,
    source="DLMF 4.34.3",
)
tanh = elementwise(
    "tanh",
    numpy=np.tanh,
    scalar="math.tanh({0})",
    sympy="tanh({0})",
    ball="tanh({0})",
    partials=lambda y, x: (sech_squared(x),),
    domain=_REAL,
    complex=True,
    source="DLMF 4.34.3",
)
arcsinh = elementwise(
    "arcsinh",
    numpy=np.arcsinh,
    scalar="math.asinh({0})",
    sympy="asinh({0})",
    ball="arcsinh({0})",
    partials=lambda y, x: (1.0 / hypot(1.0, x),),  # x * x would overflow
    domain=_REAL,
    complex=True,
    source="DLMF 4.38.9",
)
arccosh = elementwise(
    "arccosh",
    numpy=np.arccosh,
    scalar="math.acosh({0})",
    sympy="acosh({0})",
    ball="arccosh({0})",
    partials=lambda y, x: (1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),),
    domain=(Interval(1.0, np.inf),),
    kinks=((1.0, np.inf),),
    complex=True,
    source="DLMF 4.38.10",
)
arctanh = elementwise(
    "arctanh",
    numpy=np.arctanh,
    scalar="math.atanh({0})",
    sympy="atanh({0})",
    ball="arctanh({0})",
    partials=lambda y, x: (1.0 / ((1.0 - x) * (1.0 + x)),),
    domain=_UNIT,
    complex=True,
    source="DLMF 4.38.11",
)


def pi(like: Any) -> Any:
    """The number pi as an operation, so that a ball evaluator of a derivative has pi itself, not its rounding."""
    return 4.0 * arctan(typed(1.0, like))


_SINC = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(12))


def _sinc_complex(z: Any) -> Any:
    # sin(u) / u has no digits in the imaginary part near 0, so there its Taylor polynomial serves.
    u = np.pi * z
    near = np.abs(u) < 1.0
    return np.where(near, horner(u * u, _SINC), np.sin(u) / np.where(near, 1.0, u))


sinc = elementwise(
    "sinc",
    numpy=np.sinc,
    scalar="1.0 if {0} == 0.0 else math.sin(3.141592653589793 * {0}) / (3.141592653589793 * {0})",
    sympy="sinc({0})",
    ball="sinc({0})",
    partials=lambda y, x: (sinc_slope(x),),
    domain=_REAL,
    complex=_sinc_complex,
    source="NumPy reference, numpy.sinc: sin(pi x) / (pi x); DLMF 4.19.1",
)

# Taylor coefficients in t = (pi x)**2 of the first two derivatives, divided by pi**2 x and pi**2: the quotients that
# define them lose all digits near 0.
_FIRST = tuple((-1) ** k * 2.0 * k / math.factorial(2 * k + 1) for k in range(1, 13))
_SECOND = tuple((-1) ** k * 2.0 * k * (2 * k - 1) / math.factorial(2 * k + 1) for k in range(1, 13))


def _sinc_slope(x: Any) -> Any:
    u = np.pi * x
    t = u * u
    quotient = (np.cos(u) - np.sinc(x)) / np.where(t == 0.0, 1.0, x)
    return np.where(np.abs(t) < 1.0, np.pi * u * horner(t, _FIRST), quotient)


def _sinc_slope_partials(y: Any, x: Any) -> tuple[Any]:
    u = pi(y) * x
    t, square_of_pi = u * u, pi(y) * pi(y)
    near = square_of_pi * horner(t, _SECOND)
    return (where_row(t < 1.0, near, -(square_of_pi * sinc(x) + 2.0 * (y / x))),)


_U, _T = "(3.141592653589793 * {0})", "(9.869604401089358 * {0} * {0})"
sinc_slope = elementwise(
    "sinc_slope",  # the derivative of sinc
    numpy=_sinc_slope,
    scalar=(
        f"9.869604401089358 * {{0}} * ({horner_text(_T, _FIRST)}) if abs({{0}}) < 0.3 else "
        f"(math.cos{_U} - math.sin{_U} / {_U}) / {{0}}"
    ),
    sympy="pi * sinc_derivative(1, pi * {0})",
    ball="-(pi()**2 * {0} / 3) * hypergeometric_0f1(2.5, -(pi() * {0})**2 / 4)",
    partials=_sinc_slope_partials,
    domain=_REAL,
    complex=True,
    source="DLMF 10.49.3 and 10.51.2: -pi times the spherical Bessel function of order 1",
)


@implements(np.deg2rad, np.radians)
def deg2rad(x: Any) -> Any:
    """Degrees to radians."""
    return x * (math.pi / 180.0)


@implements(np.rad2deg, np.degrees)
def rad2deg(x: Any) -> Any:
    """Radians to degrees."""
    return x * (180.0 / math.pi)
