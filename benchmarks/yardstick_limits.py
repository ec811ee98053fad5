"""The limit: value and gradient of each yardstick problem, derived and fused by hand for Numba.

This is what a patient programmer would write for one problem; a compiler of expressions is measured against it. It
shares no code with the library, its vector mathematics included: an LLVM call that carries a
``vector-function-abi-variant`` attribute becomes a call of glibc's vector function when its loop is vectorised.
"""

from __future__ import annotations

import math
import platform
from typing import Any

import llvmlite.binding as llvm
import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

Values = tuple[Any, ...]  # the value, then one gradient an input that is differentiated

try:
    llvm.load_library_permanently("libmvec.so.1")
    HAVE_LIBMVEC = platform.machine() == "x86_64"
except RuntimeError:
    HAVE_LIBMVEC = False


def vector_function(name: str) -> Any:
    """A scalar C function of one double that a vectorised loop calls four or eight at a time."""

    @intrinsic
    def function(typing_context: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            module, double = builder.module, ir.DoubleType()
            scalar = cgutils.get_or_insert_function(module, ir.FunctionType(double, [double]), name)
            call = builder.call(scalar, args)
            for a in ("nounwind", "readnone"):
                set.add(call.attributes, a)
            if not HAVE_LIBMVEC:
                return call
            variants, kept = [], []
            for isa, lanes in (("d", 4), ("e", 8)):
                vector = ir.VectorType(double, lanes)
                symbol = f"_ZGV{isa}N{lanes}v_{name}"
                kept.append(cgutils.get_or_insert_function(module, ir.FunctionType(vector, [vector]), symbol))
                variants.append(f"_ZGV_LLVM_N{lanes}v_{name}({symbol})")
            _keep_declared(module, kept)
            set.add(builder.function.attributes, '"prefer-vector-width"="512"')
            set.add(call.attributes, f'"vector-function-abi-variant"="{",".join(variants)}"')
            return call

        return types.float64(types.float64), codegen

    return function


def _keep_declared(module: Any, functions: list) -> None:
    """List declarations in llvm.compiler.used, so that LLVM does not drop them before vectorising."""
    name, pointer = "llvm.compiler.used", ir.IntType(8).as_pointer()
    old = module.globals.pop(name, None)
    module.scope._useset.discard(name)
    entries = list(old.initializer.constant) if old is not None else []
    known = {str(e) for e in entries}
    entries += [c for c in (f.bitcast(pointer) for f in functions) if str(c) not in known]
    used = ir.GlobalVariable(module, ir.ArrayType(pointer, len(entries)), name)
    used.initializer = ir.Constant(used.value_type, entries)
    used.linkage, used.section = "appending", "llvm.metadata"


exp, sin, cos, tanh, log, log1p = map(vector_function, ("exp", "sin", "cos", "tanh", "log", "log1p"))
jit = nb.njit(fastmath={"nsz", "contract", "reassoc"}, error_model="numpy", nogil=True)


@jit
def tiny(x: Any, y: Any) -> Values:
    sy = 1 / (1 + math.exp(-y))
    sx = 1 / (1 + math.exp(-x))
    num = x + sy
    s = x + y
    inv = 1 / (sx + s * s)
    dden = -inv * inv * num
    ds = 2 * s * dden
    return num * inv, ds + (1 - sx) * sx * dden + inv, ds + (1 - sy) * sy * inv


@jit
def rosenbrock(x: Any) -> Values:
    n, v = x.shape[0], 0.0
    left, right, g = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n - 1):
        a = x[i + 1] - x[i] * x[i]
        b = 1 - x[i]
        v += 100 * a * a + b * b
        left[i] = -400 * a * x[i] - 2 * b
        right[i] = 200 * a
    g[0], g[n - 1] = left[0], right[n - 2]
    for i in range(1, n - 1):
        g[i] = left[i] + right[i - 1]
    return v, g


@jit
def elementwise(x: Any) -> Values:
    n, v = x.shape[0], 0.0
    g = np.empty(n)
    for i in range(n):
        e, s, c, h = exp(-x[i] * x[i]), sin(x[i]), cos(x[i]), tanh(x[i])
        v += s * e + h
        g[i] = c * e - 2 * x[i] * s * e + 1 - h * h
    return v, g


@jit
def helmholtz(x: Any, A: Any, b: Any) -> Values:
    n, r2, r8 = x.shape[0], 2.0**0.5, 8.0**0.5
    bx, Ax = np.dot(b, x), np.dot(A, x)
    u, q = 1 - bx, np.dot(x, Ax) / (r8 * bx)
    p, m = 1 + (1 + r2) * bx, 1 + (1 - r2) * bx
    L = math.log(p / m)
    dbx = n / u + q / bx * L - q * ((1 + r2) / p - (1 - r2) / m)
    c, v = -2 * L / (r8 * bx), 0.0
    g = np.empty(n)
    for i in range(n):
        v += log(x[i] / u)
        g[i] = 1 / x[i] + c * Ax[i] + dbx * b[i]
    return v - q * L, g


@jit
def logistic_regression(w: Any, X: Any, t: Any) -> Values:
    z = np.dot(X, w)
    n, v = z.shape[0], 0.0
    r = np.empty(n)
    for i in range(n):
        e = exp(-abs(z[i]))
        v += max(z[i], 0.0) - z[i] * t[i] + log1p(e)
        s = 1 / (1 + e)
        r[i] = ((s if z[i] >= 0 else 1 - s) - t[i]) / n
    return v / n + 0.5e-3 * np.dot(w, w), np.dot(r, X) + 1e-3 * w


@jit
def mlp(W0: Any, b0: Any, W1: Any, b1: Any, X: Any, Y: Any) -> Values:
    h = np.dot(X, W0)
    B, H = h.shape
    for i in range(B):
        for j in range(H):
            h[i, j] = tanh(h[i, j] + b0[j])
    s = np.dot(h, W1)
    C, v = s.shape[1], 0.0
    for i in range(B):
        m = -np.inf
        for j in range(C):
            s[i, j] += b1[j]
            m = max(m, s[i, j])
        z = sy = y = 0.0
        for j in range(C):
            z += math.exp(s[i, j] - m)
            sy += Y[i, j] * (s[i, j] - m)
            y += Y[i, j]
        v += math.log(z) * y - sy
        for j in range(C):
            s[i, j] = (math.exp(s[i, j] - m) / z * y - Y[i, j]) / B
    db1, db0 = np.zeros(C), np.zeros(H)
    for i in range(B):
        for j in range(C):
            db1[j] += s[i, j]
    dW1, dh = np.dot(h.T, s), np.dot(s, W1.T)
    for i in range(B):
        for j in range(H):
            dh[i, j] *= 1 - h[i, j] * h[i, j]
            db0[j] += dh[i, j]
    return v / B, np.dot(X.T, dh), db0, dW1, db1


@jit
def logistic_map(x: Any) -> Values:
    d = 1.0
    for _ in range(2000):
        d *= 2.9 * (1 - 2 * x)
        x = 2.9 * x * (1 - x)
    return x, d
