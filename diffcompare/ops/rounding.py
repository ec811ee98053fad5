"""Rounding: piecewise constant, so the derivative is zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.node import Node
from ..core.rows import Row, elementwise, implements
from .comparison import isinf, where


def _rounding(name: str, function: np.ufunc, jump: float, result: str) -> Row:
    return elementwise(
        name,
        numpy=function,
        scalar=f"{name}({{0}})",
        sympy=f"{name}({{0}})",
        ball=f"{name}({{0}})",
        partials=None,
        domain=(Interval.REAL,),
        kinks=((jump, 0.0),),
        result=result,
        source="IEEE 754-2019, 5.9; constant between jumps",
    )


floor = _rounding("floor", np.floor, 2.0, "same")
ceil = _rounding("ceil", np.ceil, 2.0, "same")
trunc = _rounding("trunc", np.trunc, 2.0, "same")
rint = _rounding("rint", np.rint, 2.5, "float")


@implements(np.fix)
def fix(x: Node) -> Node:
    """Rounded towards zero."""
    return trunc(x)


@implements(np.round, np.around)
def round_(x: Any, decimals: int = 0) -> Any:
    """Rounded half to even at `decimals` digits after the point."""
    if decimals == 0:
        return rint(x)
    if decimals > 0:
        return rint(x * 10.0**decimals) / 10.0**decimals
    return rint(x / 10.0**-decimals) * 10.0**-decimals


@implements(np.modf)
def modf(x: Any) -> tuple[Any, Any]:
    """Fractional and integral part, both of the sign of `x`."""
    whole = trunc(x)
    return where(isinf(x), 0.0, x - whole), whole
