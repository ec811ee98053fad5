"""Sizes, signs and extremes: functions with kinks, each with the derivative chosen there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.node import Node
from ..core.rows import elementwise, implements
from ..errors import ShapeError
from .comparison import isnan, logical_or, masked, typed, where_row

_REAL, _PAIR = (Interval.REAL,), (Interval.REAL, Interval.REAL)
_SHARED = "ties share equally: the element of least norm in the subdifferential (Clarke 1983, section 2.3)"

absolute = elementwise(
    "absolute",
    numpy=np.absolute,
    scalar="abs({0})",
    sympy="absolute({0})",
    ball="absolute({0})",
    partials=lambda y, x: (sign(x),),
    domain=_REAL,
    kinks=((0.0, 0.0),),
    result="same",
    source="0, of least norm in the subdifferential [-1, 1], at 0",
)
sign = elementwise(
    "sign",
    numpy=np.sign,
    scalar="1.0 if {0} > 0.0 else (-1.0 if {0} < 0.0 else {0} + 0.0)",
    sympy="sign({0})",
    ball="sign({0})",
    partials=None,
    domain=_REAL,
    kinks=((0.0, 0.0),),
    result="same",
    source="constant on either side of 0",
)


@implements(np.fabs)
def fabs(x: Node) -> Node:
    """The absolute value, as a float."""
    return absolute(x if x.dtype.kind == "f" else x * 1.0)


def _half_of_tie(a: Any, b: Any, y: Any) -> Any:
    return where_row(a == b, typed(0.5, y), typed(1.0, y))


def _extreme_partials(wins: Any):
    def partials(y: Any, a: Any, b: Any) -> tuple[Any, Any]:
        part = _half_of_tie(a, b, y)
        return masked(wins(a, b), part, y), masked(wins(b, a), part, y)

    return partials


maximum = elementwise(
    "maximum",
    numpy=np.maximum,
    scalar="{0} if {0} >= {1} or {0} != {0} else {1}",
    sympy="maximum({0}, {1})",
    ball="maximum({0}, {1})",
    partials=_extreme_partials(lambda a, b: a >= b),
    domain=_PAIR,
    kinks=(((1.0, 1.0), (0.5, 0.5)),),
    result="same",
    source=_SHARED,
)
minimum = elementwise(
    "minimum",
    numpy=np.minimum,
    scalar="{0} if {0} <= {1} or {0} != {0} else {1}",
    sympy="minimum({0}, {1})",
    ball="minimum({0}, {1})",
    partials=_extreme_partials(lambda a, b: a <= b),
    domain=_PAIR,
    kinks=(((1.0, 1.0), (0.5, 0.5)),),
    result="same",
    source=_SHARED,
)
fmax = elementwise(
    "fmax",
    numpy=np.fmax,
    scalar="{0} if {0} >= {1} or {1} != {1} else {1}",
    sympy="fmax({0}, {1})",
    ball="fmax({0}, {1})",
    partials=_extreme_partials(lambda a, b: logical_or(a >= b, isnan(b))),
    domain=_PAIR,
    kinks=(((1.0, 1.0), (0.5, 0.5)), ((1.0, np.nan), (1.0, 0.0))),
    result="same",
    source=_SHARED,
)
fmin = elementwise(
    "fmin",
    numpy=np.fmin,
    scalar="{0} if {0} <= {1} or {1} != {1} else {1}",
    sympy="fmin({0}, {1})",
    ball="fmin({0}, {1})",
    partials=_extreme_partials(lambda a, b: logical_or(a <= b, isnan(b))),
    domain=_PAIR,
    kinks=(((1.0, 1.0), (0.5, 0.5)), ((1.0, np.nan), (1.0, 0.0))),
    result="same",
    source=_SHARED,
)


@implements(np.clip)
def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """`x` held between bounds; at a bound the derivative is shared equally between `x` and the bound.

    Parameters
    ----------
    x, a_min, a_max : Node, array or float
        The value and its bounds; a bound of None is absent. `min` and `max` are their other names.

    Raises
    ------
    ShapeError
        When a bound is given under both names.
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise ShapeError("np.clip takes each bound once: as a_min or min, as a_max or max.")
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    held = x if low is None else maximum(x, low)
    return held if high is None else minimum(held, high)


copysign = elementwise(
    "copysign",
    numpy=np.copysign,
    scalar="math.copysign({0}, {1})",
    sympy="copysign({0}, {1})",
    ball="copysign({0}, {1})",
    partials=lambda y, a, b: (sign(a) * copysign(1.0, b), None),
    domain=(Interval.REAL, Interval(0.0, np.inf)),
    kinks=(((0.0, 1.0), (0.0, 0.0)), ((2.0, 0.0), (1.0, 0.0)), ((2.0, -0.0), (-1.0, 0.0))),
    source="abs(a) with the sign of b, minus zero included",
)
heaviside = elementwise(
    "heaviside",
    numpy=np.heaviside,
    scalar="0.0 if {0} < 0.0 else (1.0 if {0} > 0.0 else ({1} if {0} == 0.0 else {0}))",
    sympy="heaviside({0}, {1})",
    ball="heaviside({0}, {1})",
    partials=lambda y, x, at_zero: (None, masked(x == 0.0, 1.0, y)),
    domain=_PAIR,
    kinks=(((0.0, 0.25), (0.0, 1.0)),),
    source="NumPy reference, numpy.heaviside; constant on either side of 0",
)
