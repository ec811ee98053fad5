"""Powers and roots."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.node import Node
from ..core.rows import Lazy, elementwise, implements
from .arithmetic import reciprocal
from .comparison import logical_or, masked
from .exponential import log

_REAL = (Interval.REAL,)
_POSITIVE = Interval(0.0, np.inf)

square = elementwise(
    "square",
    numpy=np.square,
    scalar="{0} * {0}",
    sympy="{0}**2",
    ball="square({0})",
    partials=lambda y, x: (2.0 * x,),
    domain=_REAL,
    complex=True,
    result="same",
    source="DLMF 4.7(ii)",
)
sqrt = elementwise(
    "sqrt",
    numpy=np.sqrt,
    scalar="math.sqrt({0})",
    sympy="sqrt({0})",
    ball="sqrt({0})",
    partials=lambda y, x: (0.5 / y,),
    domain=(_POSITIVE,),
    kinks=((0.0, np.inf),),
    complex=True,
    source="DLMF 4.7(ii)",
)
cbrt = elementwise(
    "cbrt",
    numpy=np.cbrt,
    scalar="cbrt({0})",
    sympy="cbrt({0})",
    ball="cbrt({0})",
    partials=lambda y, x: (1.0 / (3.0 * (y * y)),),
    domain=_REAL,
    kinks=((0.0, np.inf),),
    aliases=(Lazy("scipy.special", "cbrt"),),
    source="DLMF 4.7(ii), the real root at negative arguments",
)


def _power_partials(y: Any, base: Any, exponent: Any) -> tuple[Any, Any]:
    return _by_base(base, exponent), _by_exponent(y, base, exponent)


def _fixed(x: Any) -> Any:
    return x.value if isinstance(x, Node) and x.op.name == "constant" else None


def _by_base(base: Any, exponent: Any) -> Any:
    # b * a**(b - 1), but 0 for b = 0, where the product would be 0 * inf at a = 0.
    if _fixed(base) is not None:
        return None
    value = _fixed(exponent)
    if value is None:
        return masked(exponent != 0.0, exponent * power_row(base, exponent - 1.0), base)
    if np.ndim(value) == 0:
        n = float(value)
        return None if n == 0.0 else 1.0 if n == 1.0 else n * power(base, n - 1.0)
    slope = exponent * power_row(base, exponent - 1.0)
    return slope if np.all(value) else masked(exponent != 0.0, slope, base)


def _by_exponent(y: Any, base: Any, exponent: Any) -> Any:
    # a**b * log(a); 0**b is constant for b > 0, and falls from 1 to 0 at b = 0.
    if _fixed(exponent) is not None:
        return None
    slope, value = y * log(base), _fixed(base)
    if value is not None and np.all(value):
        return slope
    return masked(logical_or(base != 0.0, exponent <= 0.0), slope, y)


power_row = elementwise(
    "power",
    numpy=np.power,
    scalar="math.pow({0}, {1})",
    sympy="power({0}, {1})",
    ball="power({0}, {1})",
    partials=_power_partials,
    domain=(_POSITIVE, Interval.REAL),
    kinks=(
        ((0.0, 2.0), (0.0, 0.0)),
        ((0.0, 1.0), (1.0, 0.0)),
        ((0.0, 0.5), (np.inf, 0.0)),
        ((0.0, 0.0), (0.0, -np.inf)),
    ),
    complex=True,
    result="same",
    source="DLMF 4.7(ii)",
)


@implements("power")
def power(base: Any, exponent: Any) -> Any:
    """`base ** exponent`; squares, roots and reciprocals become the rows of that name, as NumPy's `**` does."""
    if isinstance(exponent, Real) and isinstance(base, Node) and base.dtype.kind == "f":
        if exponent == 2:
            return square(base)
        if exponent == 1:
            return base
        if exponent == -1:
            return reciprocal(base)
        if exponent == 0.5:
            return sqrt(base)
    return power_row(base, exponent)


@implements(np.float_power)
def float_power(base: Any, exponent: Any) -> Any:
    """`base ** exponent` in floating point, whatever the arguments' types."""
    if isinstance(base, Node) and base.dtype.kind != "f":
        base = base * 1.0
    elif not isinstance(base, Node):
        base = np.asarray(base, np.float64)
    return power_row(base, exponent)
