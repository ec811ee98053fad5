"""The rows as CasADi's functions of scalar expressions (SX)."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from .replay_scalars import Scalars

# Not erfinv, which is good to five digits.
_SAME_NAME = (
    "exp", "expm1", "log", "log10", "log1p", "sqrt", "power", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
    "arctan2", "hypot", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "erf", "sign", "fmax",
    "fmin", "copysign", "floor", "ceil",
)  # fmt: skip
_OTHER_NAME = {
    "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "equal": "eq", "not_equal": "ne",
    "logical_and": "logic_and", "logical_or": "logic_or", "logical_not": "logic_not", "absolute": "fabs",
    "maximum": "fmax", "minimum": "fmin",
}  # fmt: skip
_LN2 = math.log(2.0)


@cache
def names() -> Scalars:
    """CasADi's functions; imports CasADi."""
    import casadi as ca

    def where(condition: Any, a: Any, b: Any) -> Any:
        return (a if condition else b) if isinstance(condition, bool) else ca.if_else(condition, a, b)

    return Scalars(
        title="CasADi",
        symbol=ca.SX.sym,
        most=200_000,  # 7 s for the Rosenbrock function of 20,000 arguments, on one core of an AMD EPYC
        functions={
            **{name: getattr(ca, name) for name in _SAME_NAME},
            **{name: getattr(ca, other) for name, other in _OTHER_NAME.items()},
            "where": where,
            "relu": lambda x: ca.fmax(x, 0.0),
            "reciprocal": lambda x: 1.0 / x,
            "exp2": lambda x: ca.exp(_LN2 * x),
            "log2": lambda x: ca.log(x) / _LN2,
            "sigmoid": lambda x: 0.5 * (1.0 + ca.tanh(0.5 * x)),
            "softplus": lambda x: ca.fmax(x, 0.0) + ca.log1p(ca.exp(-ca.fabs(x))),
            "logit": lambda x: ca.log(x / (1.0 - x)),
            "logaddexp": lambda a, b: ca.fmax(a, b) + ca.log1p(ca.exp(-ca.fabs(a - b))),
            "xlogy": lambda a, b: where(ca.eq(a, 0.0), 0.0, a * ca.log(b)),
            "entr": lambda x: -x * ca.log(x),
            "remainder": lambda a, b: a - b * ca.floor(a / b),
            "floor_divide": lambda a, b: ca.floor(a / b),
            "erfc": lambda x: 1.0 - ca.erf(x),
            "ndtr": lambda x: 0.5 * (1.0 + ca.erf(x / math.sqrt(2.0))),
        },
    )
