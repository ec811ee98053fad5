"""tanh and its slope from one exponential, in additions and multiplications that every processor vectorises.

With e = exp(-2|x|) and t = e - 1, tanh|x| = -t / (2 + t) and tanh'(x) = 4 e / (1 + e)**2. Each needs its own form of
the exponential, t near 0 and e far from it; both come from one polynomial, so code that uses both computes it once.
Argument reduction by ln 2 in two parts as in fdlibm's e_exp.c (Sun Microsystems, 1993); the polynomial is the Taylor
series, whose first term left out is below 2**-56 of the sum for |r| <= ln(2) / 2.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_jit = numba.njit(error_model="numpy", nogil=True, forceinline=True)
_INVERSE_LN2 = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # fdlibm; k * high is exact
_ROUND = 1.5 * 2.0**52  # adding it rounds to a whole number, which then stands in the last bits
_SHIFT = 64  # keeps 2**(k + 64) a normal number for every k that occurs
_UNSHIFT = 2.0**-_SHIFT
_LOWEST = -750.0  # exp of it is zero
_C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11, _C12, _C13 = (1.0 / math.factorial(n) for n in range(2, 14))


@intrinsic
def _power_of_two(typing_context, rounded):
    """2**(k + 64) for the whole number k in the last bits of ``k + _ROUND``."""
    if rounded != types.float64:
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        bits = builder.shl(builder.bitcast(arguments[0], word), word(52))
        return builder.bitcast(builder.add(bits, word((1023 + _SHIFT) << 52)), ir.DoubleType())

    return types.float64(types.float64), codegen


@intrinsic
def _fused(typing_context, a, b, c):
    """``a * b + c``, in one rounding where the processor does that fast."""
    if not a == b == c == types.float64:
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        double = ir.DoubleType()
        kind = ir.FunctionType(double, [double] * 3)
        function = builder.module.declare_intrinsic("llvm.fmuladd", [double], kind)
        return builder.call(function, arguments)

    return types.float64(types.float64, types.float64, types.float64), codegen


@_jit
def _exponential(x):
    """2**(k + 64) and exp(r) - 1 with -2|x| = k ln 2 + r."""
    v = np.float64(-2.0 * abs(x))
    v = _LOWEST if v < _LOWEST else v
    rounded = _fused(v, _INVERSE_LN2, _ROUND)
    k = rounded - _ROUND
    r = _fused(k, -_LN2_LOW, _fused(k, -_LN2_HIGH, v))
    # Pairs of terms first (Estrin's scheme): fewer steps wait for each other.
    s = r * r
    low = _fused(s, _fused(_C5, r, _C4), _fused(_C3, r, _C2))
    middle = _fused(s, _fused(_C9, r, _C8), _fused(_C7, r, _C6))
    high = _fused(s, _fused(_C13, r, _C12), _fused(_C11, r, _C10))
    q = s * s
    tail = _fused(_fused(high, q, middle), q, low)
    return _power_of_two(rounded), _fused(s, tail, r)


@_jit
def tanh(x):
    """Hyperbolic tangent."""
    power, p = _exponential(x)
    scale = power * _UNSHIFT
    t = _fused(scale, p, scale - 1.0)
    return math.copysign(-t / (2.0 + t), np.float64(x))


@_jit
def sech_squared(x):
    """The slope of tanh."""
    power, p = _exponential(x)
    numerator = (4.0 * _UNSHIFT) * _fused(power, p, power)
    e = 0.25 * numerator
    return numerator / ((1.0 + e) * (1.0 + e))
