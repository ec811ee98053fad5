"""Rows of linear algebra, on matrices in the last two axes (leading axes are batches)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtypes import promote
from ..core.node import Node, constant
from ..core.places import user_line
from ..core.rows import structured
from ..errors import ShapeError
from .comparison import where
from .shape import reshape_row, sum_row, sum_to, transpose_row, zeros

_GILES = "Giles 2008, An extended collection of matrix derivative results for algorithmic differentiation"


def swap(x: Node) -> Node:
    """The matrix transpose: the last two axes swapped."""
    n = x.ndim
    return transpose_row(x, axes=(*range(n - 2), n - 1, n - 2))


def _matmul_shape(args: tuple[Node, ...]) -> tuple:
    a, b = (x.shape for x in args)
    if a[-1] != b[-2]:
        raise ShapeError(
            f"matrix product of shapes {a} and {b}: the last axis of the first must equal the second's last but one."
            f"\n  at {user_line()}\n  Transpose one of them (x.T)."
        )
    try:
        batch = np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError as error:
        raise ShapeError(f"matrix product of shapes {a} and {b}: the batch axes do not broadcast.") from error
    return (*batch, a[-2], b[-1]), promote("same", tuple(x.dtype for x in args))


def _matmul_pullback(y_bar: Node, y: Node, a: Node, b: Node) -> tuple:
    return sum_to(matmul_row(y_bar, swap(b)), a.shape), sum_to(matmul_row(swap(a), y_bar), b.shape)


def _matmul_pushforward(y: Node, x_dots: tuple, a: Node, b: Node) -> Node:
    a_dot, b_dot = x_dots
    if a_dot is None:
        return matmul_row(a, b_dot)
    left = matmul_row(a_dot, b)
    return left if b_dot is None else left + matmul_row(a, b_dot)


matmul_row = structured(
    "matmul",
    kind="linear-algebra",
    numpy=np.matmul,
    shape=_matmul_shape,
    sympy=None,
    ball="matmul",
    pullback=_matmul_pullback,
    pushforward=_matmul_pushforward,
    complex=True,
    source=_GILES,
)


def _square(shape: tuple[int, ...], name: str) -> None:
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"{name} takes square matrices in the last two axes, not shape {shape}.\n  at {user_line()}")


def _inv_shape(args: tuple[Node, ...]) -> tuple:
    _square(args[0].shape, "inv")
    return args[0].shape, promote("float", (args[0].dtype,))


inv_row = structured(
    "inv",
    kind="linear-algebra",
    numpy=np.linalg.inv,
    shape=_inv_shape,
    sympy="inv",
    ball="inv",
    pullback=lambda y_bar, y, a: (-matmul_row(matmul_row(swap(y), y_bar), swap(y)),),
    pushforward=lambda y, x_dots, a: -matmul_row(matmul_row(y, x_dots[0]), y),
    complex=True,
    source=_GILES,
)


def _solve_shape(args: tuple[Node, ...]) -> tuple:
    a, b = args
    _square(a.shape, "solve")
    if b.ndim < 2 or b.shape[-2] != a.shape[-1]:
        raise ShapeError(
            f"solve takes a right-hand side of {a.shape[-1]} rows, not shape {b.shape}.\n  at {user_line()}"
        )
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return (*batch, *b.shape[-2:]), promote("float", (a.dtype, b.dtype))


def _solve_pullback(y_bar: Node, y: Node, a: Node, b: Node) -> tuple:
    b_bar = solve_row(swap(a), y_bar)
    return sum_to(-matmul_row(b_bar, swap(y)), a.shape), sum_to(b_bar, b.shape)


def _solve_pushforward(y: Node, x_dots: tuple, a: Node, b: Node) -> Node:
    a_dot, b_dot = x_dots
    right = b_dot if b_dot is not None else zeros(b)
    return solve_row(a, right if a_dot is None else right - matmul_row(a_dot, y))


solve_row = structured(
    "solve",
    kind="linear-algebra",
    numpy=np.linalg.solve,
    shape=_solve_shape,
    sympy="solve",
    ball="solve",
    pullback=_solve_pullback,
    pushforward=_solve_pushforward,
    complex=True,
    source=_GILES,
)


def _scalar_shape(args: tuple[Node, ...]) -> tuple:
    _square(args[0].shape, "a determinant")
    return args[0].shape[:-2], promote("float", (args[0].dtype,))


def _over_matrix(x: Node) -> Node:
    return reshape_row(x, shape=(*x.shape, 1, 1))


def _trace_of_product(a: Node, b: Node) -> Node:
    axes = (a.ndim - 2, a.ndim - 1)
    return sum_row(a * b, axis=axes, keepdims=False)


det_row = structured(
    "det",
    kind="linear-algebra",
    numpy=np.linalg.det,
    shape=_scalar_shape,
    sympy="det",
    ball="det",
    pullback=lambda y_bar, y, a: (_over_matrix(y_bar) * cofactor_row(a),),
    pushforward=lambda y, x_dots, a: _trace_of_product(cofactor_row(a), x_dots[0]),
    complex=True,
    source="Jacobi's formula, with cofactors so that singular matrices are right",
)


def cofactor(a: Any) -> Any:
    """The matrix of cofactors, by elimination with complete pivoting, so that singular matrices have theirs too.

    With P A Q = L U, U = [[V, u], [0, d]] and d the smallest pivot, adj(A) = det(P) det(Q) Q adj(U) inv(L) P and
    adj(U) = det(V) [[d inv(V), -inv(V) u], [0, 1]]: nothing is divided by d. A singular V means rank n - 2: all zero.
    """
    a = np.asarray(a)
    if a.dtype == object or a.shape[-1] == 0 or not np.all(np.isfinite(a)):
        return a * np.nan if a.dtype != object else np.vectorize(np.linalg.inv, signature="(n,n)->(n,n)")(a)
    out = np.empty_like(a)
    for place in np.ndindex(a.shape[:-2]):
        lu, rows, columns, scale = _eliminated(a[place])
        out[place][np.ix_(rows, columns)] = scale * _adjugate_factor(lu, scale != 0).T
    return out


def _eliminated(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, Any]:
    """L below and U on and above the diagonal, the orders of rows and columns, and +-det(V)."""
    lu, n, scale = a.copy(), len(a), a.dtype.type(1.0)
    rows, columns = np.arange(n), np.arange(n)
    for k in range(n - 1):
        p, q = (k + place for place in divmod(int(np.argmax(np.abs(lu[k:, k:]))), n - k))
        for order, place in ((rows, p), (columns, q)):
            if place != k:
                order[[k, place]] = order[[place, k]]
                scale = -scale
        lu[[k, p]] = lu[[p, k]]
        lu[:, [k, q]] = lu[:, [q, k]]
        scale *= lu[k, k]
        if scale == 0:
            break
        lu[k + 1 :, k] /= lu[k, k]
        lu[k + 1 :, k + 1 :] -= np.multiply.outer(lu[k + 1 :, k], lu[k, k + 1 :])
    return lu, rows, columns, scale


def _adjugate_factor(lu: np.ndarray, regular: bool) -> np.ndarray:
    """[[d inv(V), -inv(V) u], [0, 1]] inv(L)."""
    n = len(lu)
    m = np.zeros_like(lu)
    m[-1, -1] = 1.0
    for i in range(n - 2 if regular else -1, -1, -1):
        m[i, i], m[i, -1] = lu[-1, -1], -lu[i, -1]
        m[i] = (m[i] - lu[i, i + 1 : -1] @ m[i + 1 : -1]) / lu[i, i]
    for j in range(n - 2, -1, -1):
        m[:, j] -= m[:, j + 1 :] @ lu[j + 1 :, j]
    return m


def _cofactor_rule(y: Node, a: Node, direction: Node) -> Node:
    # C = det(a) inv(a)^T, so dC = inv(a)^T tr(C^T da) - inv(a)^T da^T C; the map from da to dC is symmetric.
    inverse = swap(inv_row(a))
    return inverse * _over_matrix(_trace_of_product(y, direction)) - matmul_row(matmul_row(inverse, swap(direction)), y)


cofactor_row = structured(
    "cofactor",
    kind="linear-algebra",
    numpy=cofactor,
    shape=_inv_shape,
    sympy="cofactor",
    ball="cofactor",
    pullback=lambda y_bar, y, a: (_cofactor_rule(y, a, y_bar),),
    pushforward=lambda y, x_dots, a: _cofactor_rule(y, a, x_dots[0]),
    source="Magnus and Neudecker 2019, Matrix Differential Calculus, chapter 8",
)


def _logabsdet(a: Any) -> Any:
    sign, log = np.linalg.slogdet(a)
    return log + np.log(sign) if np.iscomplexobj(a) else log  # the complex step wants the analytic branch


def _slogdet_sign(a: Any) -> Any:
    return np.linalg.slogdet(a)[0]


logabsdet_row = structured(
    "logabsdet",
    kind="linear-algebra",
    numpy=_logabsdet,
    shape=_scalar_shape,
    sympy="logabsdet",
    ball="logabsdet",
    pullback=lambda y_bar, y, a: (_over_matrix(y_bar) * swap(inv_row(a)),),
    pushforward=lambda y, x_dots, a: _trace_of_product(swap(inv_row(a)), x_dots[0]),
    complex=None,
    source=_GILES,
)
slogdet_sign_row = structured(
    "slogdet_sign",
    kind="linear-algebra",
    numpy=_slogdet_sign,
    shape=_scalar_shape,
    sympy="slogdet_sign",
    ball="slogdet_sign",
    source="piecewise constant: derivative 0",
)


def lower_half(x: Node) -> Node:
    """The lower triangle with its diagonal halved."""
    n = x.shape[-1]
    weights = np.tril(np.ones((n, n)), -1) + 0.5 * np.eye(n)
    return where(constant(weights > 0), x * constant(weights, x.dtype), 0.0)


def _lower_triangle(x: Node, diagonal: int, scale: float = 1.0) -> Node:
    mask = np.tril(np.ones(x.shape[-2:], bool), diagonal)
    return where(constant(mask), x if scale == 1.0 else x * scale, 0.0)


def _cholesky_pullback(y_bar: Node, y: Node, a: Node) -> tuple:
    inner = lower_half(matmul_row(swap(y), y_bar))
    half = solve_row(swap(y), swap(solve_row(swap(y), swap(inner))))
    both = half + swap(half)  # NumPy reads the lower triangle alone, so the upper one has derivative 0
    return (_lower_triangle(both, -1) + _lower_triangle(both, 0, 0.5) - _lower_triangle(both, -1, 0.5),)


def _cholesky_pushforward(y: Node, x_dots: tuple, a: Node) -> Node:
    symmetric = _lower_triangle(x_dots[0], 0) + swap(_lower_triangle(x_dots[0], -1))
    inner = solve_row(y, swap(solve_row(y, swap(symmetric))))
    return matmul_row(y, lower_half(inner))


cholesky_row = structured(
    "cholesky",
    kind="linear-algebra",
    numpy=np.linalg.cholesky,
    shape=_inv_shape,
    sympy="cholesky",
    ball="cholesky",
    pullback=_cholesky_pullback,
    pushforward=_cholesky_pushforward,
    source="Murray 2016, arXiv:1602.07527; only the lower triangle is read, as by NumPy",
)
