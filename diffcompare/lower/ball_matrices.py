"""Linear algebra over object arrays of balls, exact in the sense of enclosures, for values and for power series.

A matrix of series is split into the matrices of its coefficients, so FLINT's matrix product does the work; inverses and
solutions follow from A X = B by comparing coefficients, so no rule of differentiation enters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, arb_mat, arb_series, ctx

from . import ball_math as B
from .ball_arrays import filled, to_balls, unbox


def _coefficients(m: np.ndarray) -> list[arb_mat]:
    """The matrices M_0, M_1 … of M_0 + M_1 t + …; one only where nothing depends on t."""
    rows, columns = m.shape
    entries = list(m.ravel())
    if not any(type(e) is arb_series for e in entries):
        return [arb_mat(rows, columns, entries)]
    heads = [B.head(e) for e in entries]
    parts = [arb_mat(rows, columns, heads)]
    for k in range(1, ctx.cap):
        parts.append(arb_mat(rows, columns, [e[k] if type(e) is arb_series else B.ZERO for e in entries]))
    return parts


def _assemble(parts: list[arb_mat]) -> np.ndarray:
    shape = (parts[0].nrows(), parts[0].ncols())
    if len(parts) == 1:
        return filled(parts[0].entries(), shape)
    return filled(map(arb_series, map(list, zip(*(p.entries() for p in parts), strict=True))), shape)


def _product(a: list[arb_mat], b: list[arb_mat]) -> list[arb_mat]:
    terms = ctx.cap if len(a) > 1 or len(b) > 1 else 1
    out = []
    for k in range(terms):
        pairs = [(i, k - i) for i in range(k + 1) if i < len(a) and k - i < len(b)]
        total = arb_mat(a[0].nrows(), b[0].ncols())
        for i, j in pairs:
            total = total + a[i] * b[j]
        out.append(total)
    return out


def _solution(a: list[arb_mat], b: list[arb_mat]) -> list[arb_mat]:
    """X with A X = B: X_k = A_0^-1 (B_k - A_1 X_{k-1} - A_2 X_{k-2} …)."""
    terms = ctx.cap if len(a) > 1 or len(b) > 1 else 1
    out: list[arb_mat] = []
    for k in range(terms):
        right = b[k] if k < len(b) else arb_mat(b[0].nrows(), b[0].ncols())
        for i in range(1, min(k, len(a) - 1) + 1):
            right = right - a[i] * out[k - i]
        try:
            out.append(a[0].solve(right))
        except ZeroDivisionError:
            raise B.Undecided("whether a matrix is singular: its enclosure holds singular matrices") from None
    return out


def batched(function: Callable[..., Any], core: int = 2) -> Callable[..., Any]:
    """`function` of matrices, applied to the last two axes of arrays whose leading axes broadcast."""

    def apply(*arrays: Any) -> Any:
        balls = [to_balls(a) for a in arrays]
        if all(a.ndim == 2 for a in balls):
            return function(*balls)
        batch = np.broadcast_shapes(*(a.shape[:-2] for a in balls))
        wide = [np.broadcast_to(a, batch + a.shape[-2:]) for a in balls]
        results = [function(*(a[i] for a in wide)) for i in np.ndindex(*batch)]
        if core == 0:
            return unbox(filled(results, batch))
        inner = (wide[0].shape[-2], wide[-1].shape[-1])  # of products and solutions, where the batch is empty too
        out = np.empty(batch + inner, object)
        for i, result in zip(np.ndindex(*batch), results, strict=True):
            out[i] = result
        return out

    return apply


def _matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _assemble(_product(_coefficients(a), _coefficients(b)))


def _solve(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _assemble(_solution(_coefficients(a), _coefficients(b)))


def _inv(a: np.ndarray) -> np.ndarray:
    n = len(a)
    identity = arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    return _assemble(_solution(_coefficients(a), [identity]))


def _pivot(m: np.ndarray, k: int) -> int | None:
    """The row at or below `k` whose entry in column `k` is largest and certainly not 0."""
    sizes = [(abs(B.head(m[i, k])), i) for i in range(k, len(m))]
    certain = [(size.lower(), i) for size, i in sizes if size > 0]
    return max(certain, key=lambda pair: pair[0])[1] if certain else None


def _det(a: np.ndarray) -> Any:
    """Determinant by elimination; what is left when no pivot is certain, without dividing."""
    m, n, value = a.copy(), len(a), B.ONE
    for k in range(n):
        row = _pivot(m, k)
        if row is None:
            return value * _det_without_division(m[k:, k:])
        if row != k:
            m[[k, row]] = m[[row, k]]
            value = -value
        value = value * m[k, k]
        for i in range(k + 1, n):
            factor = m[i, k] / m[k, k]
            for j in range(k + 1, n):
                m[i, j] = m[i, j] - factor * m[k, j]
    return value


def _det_without_division(a: np.ndarray) -> Any:
    """Determinant by additions and products alone, so that singular matrices have their derivative too.

    Bird 2011, A simple division-free algorithm for computing determinants, doi:10.1016/j.ipl.2011.08.006.
    """
    n = len(a)
    f = a
    for _ in range(n - 1):
        diagonal = [f[i, i] for i in range(n)]
        upper = filled([f[i, j] if j > i else B.ZERO for i in range(n) for j in range(n)], (n, n))
        total: Any = B.ZERO
        for i in range(n - 1, -1, -1):
            upper[i, i] = -total
            total = total + diagonal[i]
        f = _matmul(upper, a)
    return f[0, 0] if n % 2 else -f[0, 0]


def _cofactor(a: np.ndarray) -> np.ndarray:
    """Cofactors as the signed determinants of what remains without a row and a column."""
    n = len(a)
    entries = []
    for i in range(n):
        for j in range(n):
            minor = _det(np.delete(np.delete(a, i, 0), j, 1))
            entries.append(minor if (i + j) % 2 == 0 else -minor)
    return filled(entries, (n, n))


def _cholesky(a: np.ndarray) -> np.ndarray:
    """Lower triangular L with L L^T = A, row by row; like NumPy it reads the lower triangle of A alone."""
    n = len(a)
    factor = np.full((n, n), B.ZERO, object)
    for i in range(n):
        for j in range(i + 1):
            rest = a[i, j]
            for k in range(j):
                rest = rest - factor[i, k] * factor[j, k]
            factor[i, j] = B.sqrt(rest) if i == j else B.divide(rest, factor[j, j])
    return factor


def _trivial(value: Any) -> Any:
    return value if isinstance(value, arb_series) else arb(value)


FUNCTIONS: dict[str, Callable] = {
    "matmul": batched(_matmul),
    "inv": batched(_inv),
    "solve": batched(_solve),
    "det": batched(_det, core=0),
    "cofactor": batched(_cofactor),
    "logabsdet": batched(lambda a: B.log(B.absolute(_trivial(_det(a)))), core=0),
    "slogdet_sign": batched(lambda a: B.sign(_det(a)), core=0),
    "cholesky": batched(_cholesky),
}
