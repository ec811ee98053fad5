"""Compiled functions on whole arrays: linear algebra and running sums, as NumPy has them for singular matrices too.

Matrices come as (batch, n, n) arrays. The factorisation is Gaussian elimination with partial pivoting, row by row, so
that nan and inf travel as in LAPACK (Numba's own `np.linalg` refuses them) and an exactly singular matrix is met as a
zero pivot. Reference: Golub and Van Loan, *Matrix Computations*, 4th ed., algorithms 3.4.1 and 4.2.1.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

_NUMBA: dict[str, Any] = {
    "float64": types.float64, "float32": types.float32, "int64": types.int64, "bool": types.boolean,
}  # fmt: skip


def numba_type(dtype: np.dtype, ndim: int, readonly: bool = True) -> Any:
    """The type of a number, or of a C-contiguous array."""
    element = _NUMBA[dtype.name]
    return types.Array(element, ndim, "C", readonly=readonly) if ndim else element


@intrinsic
def at(typing_context, index):
    """`index` as a number without sign, which is not counted from the end of an array."""
    if index != types.int64:
        return None

    def codegen(context, builder, signature, args):
        return args[0]

    return types.uint64(index), codegen


@intrinsic
def stay_apart(typing_context):
    """Keep the function that calls this out of its callers: LLVM then compiles it once."""

    def codegen(context, builder, signature, args):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.none(), codegen


_jit = numba.njit(error_model="numpy", nogil=True)


@_jit
def eliminate(a):
    """L and U of one matrix in place of it, the rows' order, and the sign of that order."""
    n = a.shape[0]
    lu, order, sign = a.copy(), np.arange(n), 1.0
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(lu[i, k]) > abs(lu[pivot, k]):
                pivot = i
        if pivot != k:
            sign = -sign
            order[k], order[pivot] = order[pivot], order[k]
            for j in range(n):
                lu[k, j], lu[pivot, j] = lu[pivot, j], lu[k, j]
        if lu[k, k] == 0:
            continue
        for i in range(k + 1, n):
            factor = lu[i, k] / lu[k, k]
            lu[i, k] = factor
            for j in range(k + 1, n):
                lu[i, j] -= factor * lu[k, j]
    return lu, order, sign


@_jit
def det(a, out):
    """Determinants into `out`."""
    for p in range(a.shape[0]):
        lu, _, sign = eliminate(a[p])
        value = out.dtype.type(sign)
        for k in range(a.shape[1]):
            value *= lu[k, k]
        out[p] = value


@_jit
def slogdet_sign(a, out):
    """Signs of the determinants, 0 for singular matrices."""
    for p in range(a.shape[0]):
        lu, _, sign = eliminate(a[p])
        for k in range(a.shape[1]):
            if lu[k, k] == 0:
                sign = 0.0
            elif lu[k, k] < 0:
                sign = -sign
        out[p] = sign


@_jit
def logabsdet(a, out):
    """Logarithms of the determinants' magnitudes, -inf for singular matrices."""
    for p in range(a.shape[0]):
        lu, _, _ = eliminate(a[p])
        value = out.dtype.type(0)
        singular = False
        for k in range(a.shape[1]):
            singular = singular or lu[k, k] == 0
            value += np.log(abs(lu[k, k]))
        out[p] = -np.inf if singular else value


@_jit
def _substitute(lu, order, b, x):
    """Solve L U x = b[order], all columns at once."""
    n, m = x.shape
    for i in range(n):
        if lu[i, i] == 0:
            raise np.linalg.LinAlgError("Singular matrix")
    for i in range(n):
        for j in range(m):
            x[i, j] = b[order[i], j]
        for k in range(i):
            factor = lu[i, k]
            for j in range(m):
                x[i, j] -= factor * x[k, j]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            factor = lu[i, k]
            for j in range(m):
                x[i, j] -= factor * x[k, j]
        for j in range(m):
            x[i, j] /= lu[i, i]


@_jit
def solve(a, b, place_a, place_b, out):
    """Solutions of a[place_a[p]] x = b[place_b[p]] into out[p]; raises LinAlgError for a singular matrix."""
    for p in range(out.shape[0]):
        lu, order, _ = eliminate(a[place_a[p]])
        _substitute(lu, order, b[place_b[p]], out[p])


@_jit
def inv(a, out):
    """Inverses into `out`; raises LinAlgError for a singular matrix."""
    one = np.eye(a.shape[1]).astype(out.dtype)
    for p in range(a.shape[0]):
        lu, order, _ = eliminate(a[p])
        _substitute(lu, order, one, out[p])


@_jit
def cholesky(a, out):
    """Lower Cholesky factors of the lower triangles; raises LinAlgError where one is not positive definite."""
    n = a.shape[1]
    for p in range(a.shape[0]):
        for j in range(n):
            square = a[p, j, j]
            for k in range(j):
                square -= out[p, j, k] * out[p, j, k]
            if not square > 0:
                raise np.linalg.LinAlgError("Matrix is not positive definite")
            root = np.sqrt(square)
            out[p, j, j] = root
            for i in range(j + 1, n):
                rest = a[p, i, j]
                for k in range(j):
                    rest -= out[p, i, k] * out[p, j, k]
                out[p, i, j] = rest / root
                out[p, j, i] = 0


@_jit
def _eliminate_completely(a):
    """L and U of one matrix with the largest entry left as each pivot, both orders, and the sign of the two."""
    n = a.shape[0]
    lu, rows, columns, sign = a.copy(), np.arange(n), np.arange(n), 1.0
    for k in range(n):
        p, q = k, k
        for i in range(k, n):
            for j in range(k, n):
                if abs(lu[i, j]) > abs(lu[p, q]):
                    p, q = i, j
        if p != k:
            sign = -sign
            rows[k], rows[p] = rows[p], rows[k]
            for j in range(n):
                lu[k, j], lu[p, j] = lu[p, j], lu[k, j]
        if q != k:
            sign = -sign
            columns[k], columns[q] = columns[q], columns[k]
            for i in range(n):
                lu[i, k], lu[i, q] = lu[i, q], lu[i, k]
        if lu[k, k] == 0:
            break
        for i in range(k + 1, n):
            lu[i, k] /= lu[k, k]
            for j in range(k + 1, n):
                lu[i, j] -= lu[i, k] * lu[k, j]
    return lu, rows, columns, sign


@_jit
def cofactor(a, out):
    """Matrices of cofactors, of singular matrices too; nan where an entry is not finite.

    With P A Q = L U, U = [[V, u], [0, d]] and d the smallest pivot, adj(A) = det(P) det(Q) Q adj(U) inv(L) P and
    adj(U) = det(V) [[d inv(V), -inv(V) u], [0, 1]]: nothing is divided by d. A singular V means rank n - 2: all zero.
    """
    n = a.shape[1]
    for value in a.reshape(-1):
        if not np.isfinite(value):
            out[...] = np.nan
            return
    for p in range(a.shape[0]):
        lu, rows, columns, sign = _eliminate_completely(a[p])
        scale = out.dtype.type(sign)
        for k in range(n - 1):
            scale *= lu[k, k]
        m = np.zeros((n, n), out.dtype)
        m[n - 1, n - 1] = 1
        for i in range(n - 2, -1, -1):
            if scale == 0:
                break
            m[i, i] = lu[n - 1, n - 1]
            m[i, n - 1] = -lu[i, n - 1]
            for k in range(i + 1, n - 1):
                for j in range(n):
                    m[i, j] -= lu[i, k] * m[k, j]
            for j in range(n):
                m[i, j] /= lu[i, i]
        for j in range(n - 2, -1, -1):
            for k in range(j + 1, n):
                for i in range(n):
                    m[i, j] -= m[i, k] * lu[k, j]
        for i in range(n):
            for j in range(n):
                out[p, rows[j], columns[i]] = scale * m[i, j]


def _products(swap_a: bool, swap_b: bool):
    @_jit
    def matmul(a, b, place_a, place_b, out):
        for p in range(out.shape[0]):
            left, right = a[place_a[p]], b[place_b[p]]
            np.dot(left.T if swap_a else left, right.T if swap_b else right, out[p])

    return matmul


matmul = {(i, j): _products(i, j) for i in (False, True) for j in (False, True)}


@_jit
def matmul_integers(a, b, place_a, place_b, out):
    """Matrix products of integers or booleans, which BLAS does not have."""
    for p in range(out.shape[0]):
        left, right = a[place_a[p]], b[place_b[p]]
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                total = out.dtype.type(0)
                for k in range(left.shape[1]):
                    total += left[i, k] * right[k, j]
                out[p, i, j] = total


@_jit
def cumsum(x, out):
    """Running sums along the middle axis."""
    for o in range(x.shape[0]):
        for k in range(x.shape[1]):
            for i in range(x.shape[2]):
                out[o, k, i] = x[o, k, i] if k == 0 else out[o, k - 1, i] + x[o, k, i]


@_jit
def cumprod(x, out):
    """Running products along the middle axis."""
    for o in range(x.shape[0]):
        for k in range(x.shape[1]):
            for i in range(x.shape[2]):
                out[o, k, i] = x[o, k, i] if k == 0 else out[o, k - 1, i] * x[o, k, i]


@_jit
def linear_recurrence(a, b, out):
    """s_k = a_k s_{k-1} + b_k along the middle axis, from s_0 = b_0."""
    for o in range(b.shape[0]):
        for k in range(b.shape[1]):
            for i in range(b.shape[2]):
                out[o, k, i] = b[o, k, i] if k == 0 else b[o, k, i] + a[o, k, i] * out[o, k - 1, i]


@_jit
def add_exactly(total, lost, term):
    """`total + term`, and `lost` increased by that addition's rounding error (Knuth's TwoSum)."""
    new = total + term
    taken = new - total
    return new, lost + ((total - (new - taken)) + (term - taken))


@_jit
def with_lost(total, lost):
    """`total + lost`, or `total` where infinities made `lost` nan."""
    return total + lost if lost - lost == 0 else total
