"""tanh and its slope from one exponential, in additions and multiplications that every processor vectorises.

With e = exp(-2|x|) and t = e - 1, tanh|x| = -t / (2 + t) and tanh'(x) = 4 e / (1 + e)**2. Each needs its own form of
the exponential, t near 0 and e far from it; both come from one polynomial, so code that uses both computes it once.
Argument reduction by ln 2 in two parts as in fdlibm's e_exp.c (Sun Microsystems, 1993); the polynomial is the Taylor
series, whose first term left out is below 2**-56 of the sum for |r| <= ln(2) / 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_DOUBLE, _WORD = ir.DoubleType(), ir.IntType(64)
_INVERSE_LN2 = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # fdlibm; k * high is exact
_ROUND = 1.5 * 2.0**52  # adding it rounds to a whole number, which then stands in the last bits
_SHIFT = 64  # keeps 2**(k + 64) a normal number for every k that occurs
_UNSHIFT = 2.0**-_SHIFT
_LOWEST = -750.0  # exp of it is zero


class _Formula:
    """Arithmetic on doubles in the code that `builder` builds; numbers may stand for constants."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def value(self, x: Any) -> Any:
        return _DOUBLE(x) if isinstance(x, float) else x

    def add(self, a: Any, b: Any) -> Any:
        return self.builder.fadd(self.value(a), self.value(b))

    def multiply(self, a: Any, b: Any) -> Any:
        return self.builder.fmul(self.value(a), self.value(b))

    def divide(self, a: Any, b: Any) -> Any:
        return self.builder.fdiv(a, b)

    def call(self, name: str, *arguments: Any) -> Any:
        kind = ir.FunctionType(_DOUBLE, [_DOUBLE] * len(arguments))
        function = self.builder.module.declare_intrinsic(f"llvm.{name}", [_DOUBLE], kind)
        return self.builder.call(function, [self.value(x) for x in arguments])

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """``a * b + c``, in one rounding where the processor does that fast."""
        return self.call("fmuladd", a, b, c)

    def power_of_two(self, rounded: Any) -> Any:
        """2**(k + 64) for the whole number k in the last bits of ``k + _ROUND``."""
        bits = self.builder.shl(self.builder.bitcast(rounded, _WORD), _WORD(52))
        return self.builder.bitcast(self.builder.add(bits, _WORD((1023 + _SHIFT) << 52)), _DOUBLE)

    def taylor(self, r: Any) -> Any:
        """exp(r) - 1 to the power 13, by pairs of terms (Estrin's scheme): fewer steps wait for each other."""
        c = [1.0 / math.factorial(n) for n in range(14)]
        s = self.multiply(r, r)
        low, middle, high = (
            self.fused(s, self.fused(c[n + 3], r, c[n + 2]), self.fused(c[n + 1], r, c[n])) for n in (2, 6, 10)
        )
        q = self.multiply(s, s)
        return self.fused(s, self.fused(self.fused(high, q, middle), q, low), r)

    def exponential(self, x: Any) -> tuple[Any, Any]:
        """2**(k + 64) and exp(r) - 1 with -2|x| = k ln 2 + r."""
        v = self.multiply(-2.0, self.call("fabs", x))
        lowest = _DOUBLE(_LOWEST)
        v = self.builder.select(self.builder.fcmp_ordered("<", v, lowest), lowest, v)
        rounded = self.fused(v, _INVERSE_LN2, _ROUND)
        k = self.add(rounded, -_ROUND)
        r = self.fused(k, -_LN2_LOW, self.fused(k, -_LN2_HIGH, v))
        return self.power_of_two(rounded), self.taylor(r)

    def tanh(self, x: Any) -> Any:
        power, p = self.exponential(x)
        scale = self.multiply(power, _UNSHIFT)
        t = self.fused(scale, p, self.add(scale, -1.0))
        return self.call("copysign", self.divide(t, self.add(2.0, t)), x)

    def sech_squared(self, x: Any) -> Any:
        power, p = self.exponential(x)
        numerator = self.multiply(4.0 * _UNSHIFT, self.fused(power, p, power))
        root = self.add(1.0, self.multiply(0.25, numerator))
        return self.divide(numerator, self.multiply(root, root))


def _function(name: str, formula: Callable) -> Any:
    def function(typing_context, x):
        if not isinstance(x, types.Number | types.Boolean):
            return None

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return formula(_Formula(builder), arguments[0])

        return types.float64(types.float64), codegen

    function.__name__ = function.__qualname__ = name
    return intrinsic(function)


tanh = _function("tanh", _Formula.tanh)
sech_squared = _function("sech_squared", _Formula.sech_squared)
