"""The rows as SymEngine's functions; kinks are written with Piecewise, for its Abs, Max and sign have no derivative."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from .replay_scalars import Scalars

_LN2, _LN10 = math.log(2.0), math.log(10.0)


@cache
def names() -> Scalars:
    """SymEngine's functions; imports SymEngine."""
    import symengine as se

    def where(condition: Any, a: Any, b: Any) -> Any:
        return (a if condition else b) if isinstance(condition, bool) else se.Piecewise((a, condition), (b, True))

    def maximum(a: Any, b: Any) -> Any:
        return where(se.Ge(a, b), a, b)

    def minimum(a: Any, b: Any) -> Any:
        return where(se.Le(a, b), a, b)

    def absolute(x: Any) -> Any:
        return where(se.Ge(x, 0.0), x, -x)

    def log1p(x: Any) -> Any:
        return se.log(1.0 + x)

    return Scalars(
        title="SymEngine",
        symbol=se.Symbol,
        most=20_000,  # 44 s for the Rosenbrock function of 2,000 arguments, on one core of an AMD EPYC
        functions={
            **{name: getattr(se, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
            **{f"arc{name}": getattr(se, f"a{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
            "erf": se.erf,
            "erfc": se.erfc,
            "arctan2": se.atan2,
            "hypot": lambda a, b: se.sqrt(a * a + b * b),
            "power": lambda a, b: se.sympify(a) ** b,
            "reciprocal": lambda x: 1.0 / x,
            "exp2": lambda x: se.exp(_LN2 * x),
            "expm1": lambda x: se.exp(x) - 1.0,
            "log1p": log1p,
            "log2": lambda x: se.log(x) / _LN2,
            "log10": lambda x: se.log(x) / _LN10,
            "sigmoid": lambda x: 0.5 * (1.0 + se.tanh(0.5 * x)),
            "softplus": lambda x: maximum(x, 0.0) + log1p(se.exp(-absolute(x))),
            "logit": lambda x: se.log(x / (1.0 - x)),
            "logaddexp": lambda a, b: maximum(a, b) + log1p(se.exp(-absolute(a - b))),
            "xlogy": lambda a, b: a * se.log(b),
            "entr": lambda x: -x * se.log(x),
            "ndtr": lambda x: 0.5 * se.erfc(-x / math.sqrt(2.0)),
            "greater": se.Gt,
            "greater_equal": se.Ge,
            "less": se.Lt,
            "less_equal": se.Le,
            "equal": se.Eq,
            "not_equal": se.Ne,
            "logical_and": se.And,
            "logical_or": se.Or,
            "logical_not": se.Not,
            "where": where,
            "sign": lambda x: where(se.Gt(x, 0.0), 1.0, where(se.Lt(x, 0.0), -1.0, 0.0)),
            "absolute": absolute,
            "maximum": maximum,
            "minimum": minimum,
            "fmax": maximum,
            "fmin": minimum,
            "relu": lambda x: where(se.Gt(x, 0.0), x, 0.0),
        },
    )
