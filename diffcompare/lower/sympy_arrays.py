"""Functions over object arrays of SymPy expressions or tape scalars, for the rows that are not elementwise.

Everything is composed of arithmetic and of the functions of one or two arguments of `sympy_functions`, in balanced
trees
where order is free, so that expressions stay shallow and one differentiation rule an operation suffices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp

from ..errors import SizeLimitError
from . import sympy_functions as own
from .sympy_tape import Scalar

LARGEST_MATRIX = 7  # side of a matrix whose determinant is expanded by minors: 7 * 2**7 products


def apply(name: str, *args: Any) -> Any:
    """The function `name` of `sympy_functions` (or SymPy's exp, log, sqrt) on expressions or tape scalars."""
    for a in args:
        if type(a) is Scalar:
            return a.tape.call(name, *args)
    if name in own.FUNCTIONS:
        return own.FUNCTIONS[name](*args)
    return getattr(sp, name)(*args)


def tree(combine: Callable[[Any, Any], Any], items: Sequence[Any]) -> Any:
    """Combine `items` pairwise in a balanced tree."""
    level = list(items)
    while len(level) > 1:
        pairs = [combine(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _axes(x: np.ndarray, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return tuple(int(a) % x.ndim for a in np.atleast_1d(axis))


def _reduce(x: Any, axis: Any, keepdims: bool, fold: Callable[[list], Any]) -> np.ndarray:
    x = np.asarray(x, dtype=object)
    axes = _axes(x, axis)
    kept = [a for a in range(x.ndim) if a not in axes]
    moved = np.transpose(x, (*kept, *axes))
    rows = moved.reshape(math.prod(moved.shape[: len(kept)]), math.prod(moved.shape[len(kept) :]))
    result = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        result[i] = fold(list(row))
    shape = [1 if a in axes else n for a, n in enumerate(x.shape)] if keepdims else [x.shape[a] for a in kept]
    return result.reshape(shape)


def _along(x: Any, axis: int | None, scan: Callable[[list], list]) -> np.ndarray:
    x = np.asarray(x, dtype=object)
    if axis is None:
        x, axis = x.reshape(-1), 0
    moved = np.moveaxis(x, axis, -1)
    result = np.empty(moved.shape, dtype=object)
    for index in np.ndindex(moved.shape[:-1]):
        for k, item in enumerate(scan(list(moved[index]))):
            result[(*index, k)] = item
    return np.moveaxis(result, -1, axis)


def _extreme(name: str) -> Callable[[list], Any]:
    def fold(items: list) -> Any:
        if len(items) == 1:
            return items[0]
        # Ties share the derivative equally: the mean of the elements that equal the (frozen) extreme.
        top = apply("freeze", tree(lambda a, b: apply(name, a, b), items))
        hits = [apply("equal", item, top) for item in items]
        count = apply("freeze", tree(lambda a, b: a + b, hits))
        return tree(
            lambda a, b: a + b, [apply("select", hit, x / count, 0) for hit, x in zip(hits, items, strict=True)]
        )

    return fold


def _logsumexp(items: list) -> Any:
    return sp.S.NegativeInfinity if not items else tree(lambda a, b: apply("logaddexp0", a, b), items)


def _norm(items: list) -> Any:
    return (
        sp.Integer(0)
        if not items
        else tree(lambda a, b: apply("hypot", a, b), [apply("absolute", items[0]), *items[1:]])
    )


def max_over(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Largest element; ties share the derivative equally."""
    return _reduce(x, axis, keepdims, _extreme("maximum"))


def min_over(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Smallest element; ties share the derivative equally."""
    return _reduce(x, axis, keepdims, _extreme("minimum"))


def any_over(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Whether any element is true: 1 or 0."""
    return _reduce(x, axis, keepdims, lambda items: tree(lambda a, b: apply("logical_or", a, b), [*items, 0]))


def all_over(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Whether all elements are true: 1 or 0."""
    return _reduce(x, axis, keepdims, lambda items: tree(lambda a, b: apply("logical_and", a, b), [*items, 1]))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Logarithm of the sum of exponentials, by pairs."""
    return _reduce(x, axis, keepdims, _logsumexp)


def norm(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Euclidean norm; its derivative at 0 is 0."""
    return _reduce(x, axis, keepdims, _norm)


def cumsum(x: Any, axis: Any = None) -> np.ndarray:
    """Running sums."""
    return _along(x, axis, lambda items: _running(lambda a, b: a + b, items))


def cumprod(x: Any, axis: Any = None) -> np.ndarray:
    """Running products."""
    return _along(x, axis, lambda items: _running(lambda a, b: a * b, items))


def _running(combine: Callable, items: list) -> list:
    done: list = []
    for item in items:
        done.append(combine(done[-1], item) if done else item)
    return done


def matmul(a: Any, b: Any) -> np.ndarray:
    """Matrix product, each entry one sum; batch axes broadcast."""
    a, b = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = np.broadcast_to(a, (*batch, *a.shape[-2:])), np.broadcast_to(b, (*batch, *b.shape[-2:]))
    result = np.empty((*batch, a.shape[-2], b.shape[-1]), dtype=object)
    for *index, i, j in np.ndindex(result.shape):
        row, column = a[(*index, i)], b[(*index, slice(None), j)]
        result[(*index, i, j)] = _total([x * y for x, y in zip(row, column, strict=True)])
    return result


# Linear algebra of small matrices, by minors: no pivot, so no branch on values.


def _check_side(n: int) -> None:
    if n > LARGEST_MATRIX:
        raise SizeLimitError(
            f"A {n} x {n} matrix is too large for symbolic minors; the limit is {LARGEST_MATRIX}.\n"
            "  Use the method 'reverse' or 'forward', which call LAPACK."
        )


def _minor_determinant(a: np.ndarray) -> Any:
    n = a.shape[-1]
    if n == 0:
        return sp.Integer(1)
    below: dict[tuple[int, ...], Any] = {(j,): a[n - 1, j] for j in range(n)}
    for i in range(n - 2, -1, -1):
        above: dict[tuple[int, ...], Any] = {}
        for columns in _subsets(n, n - i):
            terms = [
                (a[i, j] if k % 2 == 0 else -a[i, j]) * below[columns[:k] + columns[k + 1 :]]
                for k, j in enumerate(columns)
            ]
            above[columns] = tree(lambda x, y: x + y, terms)
        below = above
    return below[tuple(range(n))]


def _subsets(n: int, size: int) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for _ in range(size):
        found = [(*s, j) for s in found for j in range(s[-1] + 1 if s else 0, n)]
    return found


def _matrices(a: Any, work: Callable[[np.ndarray], Any], shape: Callable[[int], tuple[int, ...]]) -> np.ndarray:
    a = np.asarray(a, dtype=object)
    n = a.shape[-1]
    _check_side(n)
    result = np.empty((*a.shape[:-2], *shape(n)), dtype=object)
    for index in np.ndindex(a.shape[:-2]):
        result[index] = work(a[index])
    return result


def _cofactors(a: np.ndarray) -> np.ndarray:
    result = np.empty(a.shape, dtype=object)
    for i, j in np.ndindex(a.shape):
        minor = _minor_determinant(np.delete(np.delete(a, i, 0), j, 1))
        result[i, j] = minor if (i + j) % 2 == 0 else -minor
    return result


def det(a: Any) -> np.ndarray:
    """Determinant, by minors."""
    return _matrices(a, _minor_determinant, lambda n: ())


def inv(a: Any) -> np.ndarray:
    """Inverse: the adjugate over the determinant."""
    return _matrices(a, lambda m: _cofactors(m).T / _minor_determinant(m), lambda n: (n, n))


def cofactor(a: Any) -> np.ndarray:
    """Matrix of cofactors."""
    return _matrices(a, _cofactors, lambda n: (n, n))


def solve(a: Any, b: Any) -> np.ndarray:
    """inv(a) @ b."""
    return np.matmul(inv(a), np.asarray(b, dtype=object))


def slogdet_sign(a: Any) -> np.ndarray:
    """Sign of the determinant."""
    return _matrices(a, lambda m: apply("sign", _minor_determinant(m)), lambda n: ())


def logabsdet(a: Any) -> np.ndarray:
    """Logarithm of the absolute determinant."""
    return _matrices(a, lambda m: apply("log", apply("absolute", _minor_determinant(m))), lambda n: ())


def _cholesky(a: np.ndarray) -> np.ndarray:
    n = len(a)
    lower = np.full((n, n), sp.Integer(0), dtype=object)
    for j in range(n):
        for i in range(j, n):
            rest = a[i, j]
            for k in range(j):
                rest = rest - lower[i, k] * lower[j, k]
            lower[i, j] = apply("sqrt", rest) if i == j else rest / lower[j, j]
    return lower


def cholesky(a: Any) -> np.ndarray:
    """Lower Cholesky factor; like LAPACK it reads the lower triangle only."""
    return _matrices(a, _cholesky, lambda n: (n, n))


def linear_recurrence(a: Any, b: Any, axis: int) -> np.ndarray:
    """s[0] = b[0], s[k] = b[k] + a[k] * s[k-1] along `axis`."""
    a, b = np.moveaxis(np.asarray(a, dtype=object), axis, 0), np.moveaxis(np.asarray(b, dtype=object), axis, 0)
    result = np.array(b, dtype=object)
    for k in range(1, len(result)):
        result[k] = b[k] + a[k] * result[k - 1]
    return np.moveaxis(result, 0, axis)


def _total(items: list) -> Any:
    if any(type(item) is Scalar for item in items):
        return tree(lambda a, b: a + b, items)
    return sp.Add(*items)


def sum_over(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Sum."""
    return _reduce(x, axis, keepdims, _total)


def prod_over(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Product, in a balanced tree."""
    return _reduce(x, axis, keepdims, lambda items: tree(lambda a, b: a * b, items) if items else sp.Integer(1))


def _each(function: Callable[[Any], Any], x: Any) -> np.ndarray:
    x = np.asarray(x, dtype=object)
    result = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        result[index] = function(x[index])
    return result


def cast(x: Any, dtype: str) -> np.ndarray:
    """Another data type: integers are cut off towards zero, truth values are 0 and 1, both of derivative zero."""
    kind = np.dtype(dtype).kind
    if kind == "f":
        return np.asarray(x, dtype=object)
    return _each(lambda e: apply("not_equal", e, 0) if kind == "b" else apply("trunc", e), x)


ARRAY_FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    f.__name__: f
    for f in (
        max_over,
        min_over,
        any_over,
        all_over,
        logsumexp,
        norm,
        cumsum,
        cumprod,
        linear_recurrence,
        matmul,
        sum_over,
        prod_over,
        det,
        cofactor,
        inv,
        solve,
        slogdet_sign,
        logabsdet,
        cholesky,
        cast,
    )
}


def _standard_reduction(fold: Callable[..., Any]) -> Callable[..., np.ndarray]:
    def reduction(x: Any, axis: Any = None, keepdims: bool = False) -> np.ndarray:
        return _reduce(x, axis, keepdims, lambda items: fold(*items))

    return reduction


def _standard_cast(x: Any, dtype: str) -> np.ndarray:
    kind = np.dtype(dtype).kind

    def change(e: Any) -> Any:
        if isinstance(e, sp.logic.boolalg.Boolean) and not e.is_Symbol:
            return e if kind == "b" else sp.Piecewise((1, e), (0, True))
        return e if kind == "f" else sp.Ne(e, 0) if kind == "b" else sp.sign(e) * sp.floor(sp.Abs(e))

    return _each(change, x)


# The forms that people read.
STANDARD_ARRAYS: dict[str, Callable[..., np.ndarray]] = {
    **ARRAY_FUNCTIONS,
    "cast": _standard_cast,
    "max_over": _standard_reduction(sp.Max),
    "min_over": _standard_reduction(sp.Min),
    "logsumexp": _standard_reduction(lambda *x: sp.log(sp.Add(*map(sp.exp, x)))),
    "norm": _standard_reduction(lambda *x: sp.sqrt(sp.Add(*(a**2 for a in x)))),
}
