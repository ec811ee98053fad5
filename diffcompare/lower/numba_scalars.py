"""Compiled code for the statements of a scalar tape: the Numba twin of `sympy_numeric`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numba

from ..errors import UnsupportedOpError
from .numba_special import functions
from .sympy_numeric import PLAIN


def compile_parts(
    source: str, names: Sequence[str], constants: dict[str, Any], aliases: dict[str, str]
) -> list[Callable]:
    """The functions `names` of `source`, compiled; each takes the vectors x, w (workspace) and out.

    Parameters
    ----------
    source : str
        Their definitions.
    names : sequence of str
        Which of them to compile.
    constants : dict of str to float
        Numbers that the source names.
    aliases : dict of str to str
        For each function that the source calls, the statement that it stands for.
    """
    space: dict[str, Any] = {name: float(value) for name, value in constants.items()}
    space.update(ONE=1.0, ZERO=0.0)
    space.update({alias: numba_function(name) for alias, name in aliases.items()})
    exec(compile(source, "<symbolic>", "exec"), space)  # noqa: S102 - our own names and numbers only
    vector = numba.float64[::1]
    jit = numba.njit(numba.void(vector, vector, vector), error_model="numpy")
    return [jit(space[name]) for name in names]


def _softplus(log1p: Callable, exp: Callable) -> Callable:
    def softplus(x: float) -> float:
        return x + log1p(exp(-x)) if x > 0.0 else log1p(exp(x))

    return softplus


_NUMBA_NAMES = {
    "asin": "asin", "acos": "acos", "atan": "atan", "asinh": "asinh", "acosh": "acosh", "atanh": "atanh",
    "ceiling": "ceil", "sigmoid": "expit", "log_sigmoid": "log_expit", "arctan2": "atan2", "power": "pow",
}  # fmt: skip


@cache
def numba_function(name: str) -> Any:
    """The compiled twin of a statement's function.

    Raises
    ------
    UnsupportedOpError
        Where there is none.
    """
    jit = numba.njit(error_model="numpy")
    if name in PLAIN:
        return jit(PLAIN[name])
    known = functions()
    if name == "softplus":
        return jit(_softplus(known["f_log1p"], known["f_exp"]))
    if name in _NUMBA_SOURCES:
        return jit(_NUMBA_SOURCES[name](dict(known)))
    found = known.get(f"f_{_NUMBA_NAMES.get(name, name)}")
    if found is None:
        raise UnsupportedOpError(
            f"The symbolic method needs {name!r}, which has no compiled code.\n  Use Symbolic(backend='numpy')."
        )
    return found


def _logaddexp_source(known: dict[str, Any]) -> Callable:
    log1p, exp = known["f_log1p"], known["f_exp"]

    def logaddexp(x: float, y: float) -> float:
        if x == y:
            return x + 0.6931471805599453
        return x + log1p(exp(y - x)) if x > y else (y + log1p(exp(x - y)) if y > x else x + y)

    return logaddexp


def _logaddexp2_source(known: dict[str, Any]) -> Callable:
    log1p, exp2 = known["f_log1p"], known["f_exp2"]

    def logaddexp2(x: float, y: float) -> float:
        if x == y:
            return x + 1.0
        scale = 1.4426950408889634  # log2(e)
        return x + scale * log1p(exp2(y - x)) if x > y else (y + scale * log1p(exp2(x - y)) if y > x else x + y)

    return logaddexp2


def _floor_divide_source(known: dict[str, Any]) -> Callable:
    remainder = _remainder_source(known)
    rint = known["f_rint"]
    remainder = numba.njit(error_model="numpy")(remainder)

    def floor_divide(x: float, y: float) -> float:
        return x / y if y == 0.0 else rint((x - remainder(x, y)) / y)

    return floor_divide


def _remainder_source(known: dict[str, Any]) -> Callable:
    fmod = known["f_fmod"]

    def remainder(x: float, y: float) -> float:
        r = fmod(x, y)
        if r == 0.0:
            return math.copysign(0.0, y)
        return r + y if (r < 0.0) != (y < 0.0) else r

    return remainder


def _absolute_source(known: dict[str, Any]) -> Callable:
    return lambda x: math.fabs(x)


_NUMBA_SOURCES: dict[str, Callable[[dict[str, Any]], Callable]] = {
    "logaddexp": _logaddexp_source, "logaddexp0": _logaddexp_source, "logaddexp2": _logaddexp2_source,
    "floor_divide": _floor_divide_source, "remainder": _remainder_source, "absolute": _absolute_source,
}  # fmt: skip
