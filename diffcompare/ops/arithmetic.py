"""Sums, products, quotients and remainders."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.node import Node
from ..core.rows import elementwise, implements

_REAL, _PAIR = (Interval.REAL,), (Interval.REAL, Interval.REAL)
_RULES = "Griewank and Walther, Evaluating Derivatives, SIAM 2008, table 2.2"

add = elementwise(
    "add",
    numpy=np.add,
    scalar="{0} + {1}",
    sympy="{0} + {1}",
    ball="{0} + {1}",
    partials=lambda y, a, b: (1.0, 1.0),
    domain=_PAIR,
    complex=True,
    result="same",
    source=_RULES,
)
subtract = elementwise(
    "subtract",
    numpy=np.subtract,
    scalar="{0} - {1}",
    sympy="{0} - {1}",
    ball="{0} - {1}",
    partials=lambda y, a, b: (1.0, -1.0),
    domain=_PAIR,
    complex=True,
    result="same",
    source=_RULES,
)
multiply = elementwise(
    "multiply",
    numpy=np.multiply,
    scalar="{0} * {1}",
    sympy="{0} * {1}",
    ball="{0} * {1}",
    partials=lambda y, a, b: (b, a),
    domain=_PAIR,
    complex=True,
    result="same",
    source=_RULES,
)
divide = elementwise(
    "divide",
    numpy=np.divide,
    scalar="{0} / {1}",
    sympy="{0} / {1}",
    ball="{0} / {1}",
    partials=lambda y, a, b: (1.0 / b, -(y / b)),
    domain=(Interval.REAL, Interval(0.0, np.inf)),
    complex=True,
    source=_RULES,
)
negative = elementwise(
    "negative",
    numpy=np.negative,
    scalar="-{0}",
    sympy="-{0}",
    ball="-{0}",
    partials=lambda y, x: (-1.0,),
    domain=_REAL,
    complex=True,
    result="same",
    source=_RULES,
)
reciprocal = elementwise(
    "reciprocal",
    numpy=np.reciprocal,
    scalar="1.0 / {0}",
    sympy="1 / {0}",
    ball="1 / {0}",
    partials=lambda y, x: (-(y * y),),
    domain=(Interval(0.0, np.inf),),
    complex=True,
    result="same",
    source=_RULES,
)
floor_divide = elementwise(
    "floor_divide",
    numpy=np.floor_divide,
    scalar="{0} // {1}",
    sympy="floor_divide({0}, {1})",
    ball="floor_divide({0}, {1})",
    partials=None,
    domain=(Interval.REAL, Interval(0.0, np.inf)),
    kinks=(((6.0, 2.0), (0.0, 0.0)),),
    result="same",
    source="Python reference, 6.7: x == (x // y) * y + x % y; constant between jumps",
)
remainder = elementwise(
    "remainder",
    numpy=np.remainder,
    scalar="{0} % {1}",
    sympy="remainder({0}, {1})",
    ball="remainder({0}, {1})",
    partials=lambda y, a, b: (1.0, -floor_divide(a, b)),
    domain=(Interval.REAL, Interval(0.0, np.inf)),
    kinks=(((6.0, 2.0), (1.0, -3.0)),),
    result="same",
    source="Python reference, 6.7: x % y = x - y * (x // y), of the sign of y",
)


@implements(np.positive, np.conjugate)
def positive(x: Node) -> Node:
    """The value itself; graphs are real."""
    return x


@implements(np.divmod)
def divmod_(x: Any, y: Any) -> tuple[Any, Any]:
    """`x // y` and `x % y`."""
    return floor_divide(x, y), remainder(x, y)
