"""Exponentials and logarithms, and the sums of exponentials taken without overflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.rows import Lazy, elementwise
from .comparison import isinf, logical_and, masked, typed, where_row

_REAL, _PAIR = (Interval.REAL,), (Interval.REAL, Interval.REAL)
_POSITIVE = (Interval(0.0, np.inf),)
_LOGARITHMS, _EXPONENTIALS = "DLMF 4.7(i)", "DLMF 4.7(ii)"
LN2 = math.log(2.0)


def ln(number: float, like: Any) -> Any:
    """log(number) as an operation, so that a ball evaluator of a derivative has the number itself, not its rounding."""
    return log(typed(number, like))


exp = elementwise(
    "exp",
    numpy=np.exp,
    scalar="math.exp({0})",
    sympy="exp({0})",
    ball="exp({0})",
    partials=lambda y, x: (y,),
    domain=_REAL,
    complex=True,
    source=_EXPONENTIALS,
)
exp2 = elementwise(
    "exp2",
    numpy=np.exp2,
    scalar="exp2({0})",
    sympy="exp2({0})",
    ball="exp2({0})",
    partials=lambda y, x: (ln(2.0, y) * y,),
    domain=_REAL,
    complex=True,
    aliases=(Lazy("scipy.special", "exp2"),),
    source=_EXPONENTIALS,
)
expm1 = elementwise(
    "expm1",
    numpy=np.expm1,
    scalar="math.expm1({0})",
    sympy="expm1({0})",
    ball="expm1({0})",
    partials=lambda y, x: (exp(x),),  # y + 1 has no digits left where y is near -1
    domain=_REAL,
    complex=True,
    aliases=(Lazy("scipy.special", "expm1"),),
    source=_EXPONENTIALS,
)
log = elementwise(
    "log",
    numpy=np.log,
    scalar="math.log({0})",
    sympy="log({0})",
    ball="log({0})",
    partials=lambda y, x: (1.0 / x,),
    domain=_POSITIVE,
    complex=True,
    source=_LOGARITHMS,
)
log2 = elementwise(
    "log2",
    numpy=np.log2,
    scalar="math.log2({0})",
    sympy="log2({0})",
    ball="log2({0})",
    partials=lambda y, x: (1.0 / (ln(2.0, y) * x),),
    domain=_POSITIVE,
    complex=True,
    source=_LOGARITHMS,
)
log10 = elementwise(
    "log10",
    numpy=np.log10,
    scalar="math.log10({0})",
    sympy="log10({0})",
    ball="log10({0})",
    partials=lambda y, x: (1.0 / (ln(10.0, y) * x),),
    domain=_POSITIVE,
    complex=True,
    source=_LOGARITHMS,
)
log1p = elementwise(
    "log1p",
    numpy=np.log1p,
    scalar="math.log1p({0})",
    sympy="log1p({0})",
    ball="log1p({0})",
    partials=lambda y, x: (1.0 / (1.0 + x),),
    domain=(Interval(-1.0, np.inf),),
    complex=True,
    aliases=(Lazy("scipy.special", "log1p"),),
    source="DLMF 4.7.1",
)


def _sigmoid_complex(z: Any) -> Any:
    e = np.exp(np.where(np.real(z) > 0, -z, z))
    return np.where(np.real(z) > 0, 1.0, e) / (1.0 + e)


sigmoid = elementwise(
    "sigmoid",
    numpy=Lazy("scipy.special", "expit"),
    # exp(-abs(x)) is what softplus and the mirrored sigmoid of the slope use too, so a loop computes it once
    scalar="(math.exp(-abs({0})) if {0} < 0.0 else 1.0) / (1.0 + math.exp(-abs({0})))",
    sympy="sigmoid({0})",
    ball="sigmoid({0})",
    partials=lambda y, x: (y * sigmoid(-x),),  # y * (1 - y) has no digits left where y is near 1
    domain=_REAL,
    complex=_sigmoid_complex,
    source="Verhulst 1838; 1 - sigmoid(x) = sigmoid(-x)",
)


def _softplus_complex(z: Any) -> Any:
    return np.where(np.real(z) > 0, z, 0.0) + np.log1p(np.exp(np.where(np.real(z) > 0, -z, z)))


softplus = elementwise(
    "softplus",
    numpy=lambda x: np.logaddexp(0.0, x),
    scalar="(0.0 if {0} <= 0.0 else {0}) + math.log1p(math.exp(-abs({0})))",
    sympy="softplus({0})",
    ball="softplus({0})",
    partials=lambda y, x: (sigmoid(x),),
    domain=_REAL,
    complex=_softplus_complex,
    source="Dugas et al., Advances in Neural Information Processing Systems 13, 2001, equation 4",
)
logit = elementwise(
    "logit",
    numpy=Lazy("scipy.special", "logit"),
    # log1p keeps the digits near the zero at 1/2, where 2 x - 1 is exact
    scalar=("math.log1p((2.0 * {0} - 1.0) / (1.0 - {0})) if 0.3 < {0} and {0} < 0.65 else math.log({0} / (1.0 - {0}))"),
    sympy="logit({0})",
    ball="logit({0})",
    partials=lambda y, x: (1.0 / (x * (1.0 - x)),),
    domain=(Interval(0.0, 1.0),),
    complex=lambda z: np.log(z / (1.0 - z)),
    source="inverse of sigmoid",
)


def _shares(y: Any, a: Any, b: Any, scale: Any = None) -> tuple[Any, Any]:
    # exp(a - y) and exp(b - y); two equal infinities share equally, where a - b would be nan
    difference = a - b if scale is None else scale * (a - b)
    alike, half = logical_and(a == b, isinf(a)), typed(0.5, y)
    return where_row(alike, half, sigmoid(difference)), where_row(alike, half, sigmoid(-difference))


def _logaddexp_complex(a: Any, b: Any) -> Any:
    first = np.real(a) >= np.real(b)
    high, low = np.where(first, a, b), np.where(first, b, a)
    return high + np.log1p(np.exp(low - high))


logaddexp = elementwise(
    "logaddexp",
    numpy=np.logaddexp,
    scalar=(
        "{0} + 0.6931471805599453 if {0} == {1} else "
        "({0} if {0} > {1} else {1}) + math.log1p(math.exp(-abs({0} - {1})))"
    ),
    sympy="logaddexp({0}, {1})",
    ball="logaddexp({0}, {1})",
    partials=_shares,
    domain=_PAIR,
    kinks=(((-np.inf, -np.inf), (0.5, 0.5)),),
    complex=_logaddexp_complex,
    source="d/da log(exp(a) + exp(b)) = sigmoid(a - b)",
)
logaddexp2 = elementwise(
    "logaddexp2",
    numpy=np.logaddexp2,
    scalar=(
        "{0} + 1.0 if {0} == {1} else "
        "({0} if {0} > {1} else {1}) + 1.4426950408889634 * math.log1p(exp2(-abs({0} - {1})))"
    ),
    sympy="logaddexp2({0}, {1})",
    ball="logaddexp2({0}, {1})",
    partials=lambda y, a, b: _shares(y, a, b, ln(2.0, y)),
    domain=_PAIR,
    kinks=(((-np.inf, -np.inf), (0.5, 0.5)),),
    complex=lambda a, b: _logaddexp_complex(a * LN2, b * LN2) / LN2,
    source="d/da log2(2**a + 2**b) = sigmoid((a - b) log 2)",
)


xlogy = elementwise(
    "xlogy",
    numpy=Lazy("scipy.special", "xlogy"),
    scalar="0.0 if {0} == 0.0 and {1} == {1} else {0} * math.log({1})",
    sympy="xlogy({0}, {1})",
    ball="xlogy({0}, {1})",
    partials=lambda y, a, b: (log(b), masked(a != 0.0, a / b, y)),
    domain=(Interval.REAL, Interval(0.0, np.inf)),
    kinks=(((0.0, 0.0), (-np.inf, 0.0)), ((0.0, 2.0), (LN2, 0.0))),
    complex=Lazy("scipy.special", "xlogy"),
    source="SciPy reference, scipy.special.xlogy",
)
entr = elementwise(
    "entr",
    numpy=Lazy("scipy.special", "entr"),
    scalar="-{0} * math.log({0}) if {0} > 0.0 else (0.0 if {0} == 0.0 else ({0} if {0} != {0} else -math.inf))",
    sympy="entr({0})",
    ball="entr({0})",
    partials=lambda y, x: (-log(x) - 1.0,),
    domain=_POSITIVE,
    kinks=((0.0, np.inf),),
    complex=lambda z: -z * np.log(z),
    source="Boyd and Vandenberghe, Convex Optimization, 2004, section 3.1.5",
)
