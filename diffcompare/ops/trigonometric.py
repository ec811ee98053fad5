"""Circular and hyperbolic functions, and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.node import Node
from ..core.rows import elementwise, implements
from .choice import masked, where_row
from .series import horner

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
    partials=lambda y, x: (1.0 / np.sqrt((1.0 - x) * (1.0 + x)),),  # 1 - x * x would cancel near the ends
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
    partials=lambda y, x: (-1.0 / np.sqrt((1.0 - x) * (1.0 + x)),),
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
    sympy="sqrt({0}**2 + {1}**2)",
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
    sympy="atan2({0}, {1})",
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


def _sech(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return 2.0 * e / (1.0 + e * e)


sech = elementwise(
    "sech",  # serves tanh, whose slope 1 - y * y has no digits left where y is near 1
    numpy=_sech,
    scalar="2.0 * math.exp(-abs({0})) / (1.0 + math.exp(-abs({0})) * math.exp(-abs({0})))",
    sympy="1 / cosh({0})",
    ball="1 / cosh({0})",
    partials=lambda y, x: (-(y * tanh(x)),),
    domain=_REAL,
    complex=lambda z: 1.0 / np.cosh(z),
    source="DLMF 4.34.5",
)


def _tanh_partials(y: Any, x: Any) -> tuple[Any]:
    s = sech(x)
    return (s * s,)


tanh = elementwise(
    "tanh",
    numpy=np.tanh,
    scalar="math.tanh({0})",
    sympy="tanh({0})",
    ball="tanh({0})",
    partials=_tanh_partials,
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
    partials=lambda y, x: (1.0 / (np.sqrt(x - 1.0) * np.sqrt(x + 1.0)),),
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

# d/dx sinc = pi u p(u**2) with u = pi x and p(t) = sum over k >= 1 of (-1)**k 2 k t**(k - 1) / (2 k + 1)!
_SINC_SLOPE = tuple((-1) ** k * 2.0 * k / math.factorial(2 * k + 1) for k in range(1, 13))


def _sinc_partials(y: Any, x: Any) -> tuple[Any]:
    u = math.pi * x
    t = u * u
    near = math.pi * (u * horner(t, _SINC_SLOPE))  # the quotient loses all digits near 0
    return (where_row(t < 1.0, near, (cos(u) - y) / x),)


sinc = elementwise(
    "sinc",
    numpy=np.sinc,
    scalar="1.0 if {0} == 0.0 else math.sin(3.141592653589793 * {0}) / (3.141592653589793 * {0})",
    sympy="normalized_sinc({0})",
    ball="sinc({0})",
    partials=_sinc_partials,
    domain=_REAL,
    complex=True,
    source="NumPy reference, numpy.sinc: sin(pi x) / (pi x); DLMF 4.19.1",
)


@implements(np.deg2rad, np.radians)
def deg2rad(x: Node) -> Node:
    """Degrees to radians."""
    return x * (math.pi / 180.0)


@implements(np.rad2deg, np.degrees)
def rad2deg(x: Node) -> Node:
    """Radians to degrees."""
    return x * (180.0 / math.pi)
