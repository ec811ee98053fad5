"""Numerical code for the statements of a scalar tape, over NumPy scalars; `numba_scalars` has the compiled twin.

NumPy's float64 scalars follow IEEE 754 (1/0 is inf, no exception), which Python floats do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

# Statements written in place; the same text serves both back ends.
INLINE: dict[str, str] = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}", "negative": "-{0}",
    "masked_multiply": "{0} * {1} if {0} != 0.0 else ZERO", "freeze": "{0}",
    "less": "ONE if {0} < {1} else ZERO", "less_equal": "ONE if {0} <= {1} else ZERO",
    "equal": "ONE if {0} == {1} else ZERO", "not_equal": "ONE if {0} != {1} else ZERO",
    "select": "{1} if {0} != 0.0 else {2}", "isnan": "ONE if {0} != {0} else ZERO",
    "logical_and": "ONE if {0} != 0.0 and {1} != 0.0 else ZERO",
    "logical_or": "ONE if {0} != 0.0 or {1} != 0.0 else ZERO",
    "logical_xor": "ONE if ({0} != 0.0) != ({1} != 0.0) else ZERO", "logical_not": "ZERO if {0} != 0.0 else ONE",
    "quotient0": "{0} / {1} if {1} != 0.0 else ZERO", "relu": "{0} if not {0} <= 0.0 else ZERO",
    "leaky_relu": "{0} if {0} > 0.0 else {0} * {1}",
}  # fmt: skip


# Plain Python over floats, compiled as it stands by Numba; `c` is the module whose functions it calls.
def _sign(x: float) -> float:
    return x if x != x else (1.0 if x > 0.0 else (-1.0 if x < 0.0 else 0.0))


def _maximum(x: float, y: float) -> float:
    return x if (x >= y or x != x) else y


def _minimum(x: float, y: float) -> float:
    return x if (x <= y or x != x) else y


def _fmax(x: float, y: float) -> float:
    return x if (x >= y or y != y) else y


def _fmin(x: float, y: float) -> float:
    return x if (x <= y or y != y) else y


def _heaviside(x: float, middle: float) -> float:
    return x if x != x else (middle if x == 0.0 else (1.0 if x > 0.0 else 0.0))


def _isfinite(x: float) -> float:
    return 1.0 if x - x == 0.0 else 0.0


def _isinf(x: float) -> float:
    return 1.0 if (x == math.inf or x == -math.inf) else 0.0


def _signbit(x: float) -> float:
    return 1.0 if math.copysign(1.0, x) < 0.0 else 0.0


def _power_log(x: float, y: float) -> float:
    if x == 0.0:
        return 0.0 if y > 0.0 else -math.inf
    if x < 0.0:
        return math.nan
    return x**y * math.log(x)


def _sech(x: float) -> float:
    if abs(x) > 700.0:  # where cosh overflows
        return 2.0 * math.exp(-abs(x)) if x == x else x
    return 1.0 / math.cosh(x)


def _sinc(x: float) -> float:
    t = math.pi * x
    return 1.0 if t == 0.0 else (math.nan if t - t != 0.0 else math.sin(t) / t)


def _sinc_derivative(order: float, t: float) -> float:
    # Integrals of u**n cos(tu + n pi/2) over (0, 1): the Taylor series near 0, else the recurrence of
    # (t s)^(n) = sin^(n): s_n = (sin(t + n pi/2) - n s_{n-1}) / t, stable for t > n.
    n = int(order)
    if t - t != 0.0:
        return math.nan
    if abs(t) > n + 2.0:
        s = math.sin(t) / t
        for k in range(1, n + 1):
            phase = k % 4
            sine = (
                math.sin(t)
                if phase == 0
                else (math.cos(t) if phase == 1 else (-math.sin(t) if phase == 2 else -math.cos(t)))
            )
            s = (sine - k * s) / t
        return s
    total = 0.0
    for k in range((n + 1) // 2, (n + 1) // 2 + 25 + n):
        power = 2 * k - n  # term (-1)**k t**power / ((2k+1) power!)
        term = -1.0 if k % 2 else 1.0
        for i in range(1, power + 1):
            term *= t / i
        total += term / (2 * k + 1)
    return total


def _trigamma_numpy(x: float) -> Any:
    from scipy.special import polygamma

    return np.float64(polygamma(1, x))


def _polygamma_numpy(n: float, x: float) -> Any:
    from scipy.special import polygamma

    return np.float64(polygamma(int(n), x))


PLAIN: dict[str, Callable[..., float]] = {
    "sign": _sign, "maximum": _maximum, "minimum": _minimum, "fmax": _fmax, "fmin": _fmin, "heaviside": _heaviside,
    "isfinite": _isfinite, "isinf": _isinf, "signbit": _signbit, "power_log": _power_log, "sinc": _sinc, "sech": _sech,
    "sinc_derivative": _sinc_derivative,
}  # fmt: skip

_NUMPY: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "sqrt": np.sqrt, "floor": np.floor, "ceiling": np.ceil, "rint": np.rint, "trunc": np.trunc,
    "floor_divide": np.floor_divide, "absolute": np.abs, "remainder": np.remainder, "fmod": np.fmod,
    "copysign": np.copysign, "hypot": np.hypot, "arctan2": np.arctan2, "power": np.power, "cbrt": np.cbrt,
    "expm1": np.expm1, "log1p": np.log1p, "exp2": np.exp2, "log2": np.log2, "log10": np.log10,
    "logaddexp": np.logaddexp, "logaddexp2": np.logaddexp2, "polygamma": _polygamma_numpy, "trigamma": _trigamma_numpy,
    "softplus": lambda x: np.logaddexp(x, 0.0), "logaddexp0": np.logaddexp,
}  # fmt: skip
_SCIPY = {
    "sigmoid": "expit", "log_sigmoid": "log_expit", "logit": "logit", "xlogy": "xlogy", "xlog1py": "xlog1py",
    "entr": "entr", "erf": "erf", "erfc": "erfc", "erfcx": "erfcx", "erfinv": "erfinv", "ndtr": "ndtr",
    "log_ndtr": "log_ndtr", "digamma": "digamma", "gamma": "gamma", "gammaln": "gammaln", "beta": "beta",
    "betaln": "betaln", "jv": "jv", "iv": "iv", "j0": "j0", "j1": "j1", "i0": "i0", "i1": "i1",
}  # fmt: skip


@cache
def numpy_functions() -> dict[str, Callable[..., Any]]:
    """Every statement's function on float64 scalars."""
    import scipy.special

    table: dict[str, Callable[..., Any]] = {name: _float64(function) for name, function in PLAIN.items()}
    table.update(_NUMPY)
    table.update({name: getattr(scipy.special, source) for name, source in _SCIPY.items()})
    return table


def _float64(function: Callable[..., float]) -> Callable[..., np.float64]:
    def call(*args: float) -> np.float64:
        return np.float64(function(*args))

    return call


def evaluate(name: str, *args: float) -> float:
    """The value of one statement's function on numbers, as NumPy gives it."""
    numbers = [np.float64(a) for a in args]
    with np.errstate(all="ignore"):
        if name in INLINE:
            names = {f"x{i}": x for i, x in enumerate(numbers)}
            return float(_inline(name, len(args))(*names.values()))
        return float(numpy_functions()[name](*numbers))


@cache
def _inline(name: str, arity: int) -> Callable[..., Any]:
    names = [f"x{i}" for i in range(arity)]
    text = f"lambda {', '.join(names)}: {INLINE[name].format(*names)}"
    return eval(text, {"ONE": np.float64(1.0), "ZERO": np.float64(0.0), "__builtins__": {}})  # noqa: S307 - INLINE's text
