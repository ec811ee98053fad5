"""Products of arrays as NumPy names them, on the rows of `linear_algebra`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.node import Node
from ..core.places import user_line
from ..core.rows import implements
from ..errors import ParseError, ShapeError
from .linear_algebra import (
    cholesky_row,
    det_row,
    inv_row,
    logabsdet_row,
    matmul_row,
    slogdet_sign_row,
    solve_row,
    swap,
)
from .manipulation import diagonal, moveaxis, node, ravel, reshape, transpose


@implements(np.matmul)
def matmul(a: Any, b: Any) -> Node:
    """Matrix product; vectors are rows on the left and columns on the right."""
    a, b = node(a), node(b)
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError(f"a matrix product takes no scalars; write a * b.\n  at {user_line()}")
    if a.ndim == 1 and b.ndim == 1:
        return _dot_vectors(a, b)
    left = reshape(a, (1, a.size)) if a.ndim == 1 else a
    right = reshape(b, (b.size, 1)) if b.ndim == 1 else b
    product = matmul_row(left, right)
    if a.ndim == 1:
        return reshape(product, product.shape[:-2] + product.shape[-1:])
    return reshape(product, product.shape[:-1]) if b.ndim == 1 else product


def _dot_vectors(a: Node, b: Node) -> Node:
    if a.shape != b.shape:
        raise ShapeError(f"dot product of vectors of lengths {a.size} and {b.size}.\n  at {user_line()}")
    return reshape(matmul_row(reshape(a, (1, a.size)), reshape(b, (b.size, 1))), ())


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Node:
    """Dot product: over the last axis of `a` and the last but one (or only) axis of `b`."""
    a, b = node(a), node(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if a.ndim <= 2 and b.ndim <= 2:
        return matmul(a, b)
    return tensordot(a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)]))


@implements(np.vdot)
def vdot(a: Any, b: Any) -> Node:
    """Dot product of all elements."""
    return _dot_vectors(ravel(node(a)), ravel(node(b)))


@implements(np.linalg.vecdot)
def vecdot(a: Any, b: Any, axis: int = -1) -> Node:
    """Dot products along an axis."""
    return np.sum(node(a) * node(b), axis)


@implements(np.inner)
def inner(a: Any, b: Any) -> Node:
    """Sum of products over the last axes."""
    a, b = node(a), node(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, ([a.ndim - 1], [b.ndim - 1]))


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Node:
    """Every product of an element of `a` and one of `b`."""
    return reshape(ravel(node(a)), (-1, 1)) * ravel(node(b))


@implements(np.kron)
def kron(a: Any, b: Any) -> Node:
    """Kronecker product."""
    a, b = node(a), node(b)
    n = max(a.ndim, b.ndim)
    a, b = reshape(a, (1,) * (n - a.ndim) + a.shape), reshape(b, (1,) * (n - b.ndim) + b.shape)
    blocks = reshape(a, [m for k in a.shape for m in (k, 1)]) * reshape(b, [m for k in b.shape for m in (1, k)])
    return reshape(blocks, tuple(i * j for i, j in zip(a.shape, b.shape, strict=True)))


@implements(np.cross)
def cross(a: Any, b: Any, axis: int = -1, **options: Any) -> Node:
    """Cross product of vectors of three entries along `axis`."""
    a, b = moveaxis(node(a), axis, -1), moveaxis(node(b), axis, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ShapeError(
            f"np.cross takes vectors of 3 entries, not {a.shape[-1]} and {b.shape[-1]}.\n  at {user_line()}"
        )
    i, j = [1, 2, 0], [2, 0, 1]
    return moveaxis(a[..., i] * b[..., j] - a[..., j] * b[..., i], -1, axis)


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Node:
    """Sum of products over paired axes: a count (last of `a`, first of `b`) or two lists."""
    a, b = node(a), node(b)
    if isinstance(axes, int):
        over_a, over_b = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        over_a, over_b = (
            [i % x.ndim for i in ([w] if isinstance(w, int) else w)] for x, w in zip((a, b), axes, strict=True)
        )
    if [a.shape[i] for i in over_a] != [b.shape[i] for i in over_b]:
        raise ShapeError(f"tensordot over axes {axes}: shapes {a.shape} and {b.shape} do not pair.\n  at {user_line()}")
    free_a = [i for i in range(a.ndim) if i not in over_a]
    free_b = [i for i in range(b.ndim) if i not in over_b]
    n = math.prod(a.shape[i] for i in over_a)
    rows, columns = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    left = reshape(transpose(a, free_a + over_a), (math.prod(rows), n))
    right = reshape(transpose(b, over_b + free_b), (n, math.prod(columns)))
    return reshape(matmul_row(left, right), (*rows, *columns))


@implements(np.einsum)
def einsum(subscripts: str, *operands: Any, **options: Any) -> Node:
    """Einstein summation, pair by pair in NumPy's cheapest order; `...` is not supported.

    Raises
    ------
    ParseError
        For subscripts that do not describe the operands.
    """
    if not isinstance(subscripts, str) or "." in subscripts:
        raise ParseError(f"einsum takes subscripts as a text without '...'; got {subscripts!r}.\n  at {user_line()}")
    text = subscripts.replace(" ", "")
    inputs, _, result = text.partition("->")
    terms = inputs.split(",")
    if "->" not in text:
        result = "".join(sorted(c for c in set(inputs) - {","} if inputs.count(c) == 1))
    nodes = [node(x) for x in operands]
    if len(terms) != len(nodes) or any(len(t) != x.ndim for t, x in zip(terms, nodes, strict=False)):
        raise ParseError(f"einsum {subscripts!r} does not fit shapes {[x.shape for x in nodes]}.\n  at {user_line()}")
    pairs = [
        _single(t, x, set(result).union(*terms[:i], *terms[i + 1 :]))
        for i, (t, x) in enumerate(zip(terms, nodes, strict=True))
    ]
    while len(pairs) > 1:
        i, j = _cheapest(pairs, result)
        (t, x), (u, y) = pairs[i], pairs[j]
        rest = [p for k, p in enumerate(pairs) if k not in (i, j)]
        pairs = [*rest, _pair(t, x, u, y, set(result).union(*(p[0] for p in rest)))]
    term, x = _single(*pairs[0], set(result))
    return transpose(x, [term.index(c) for c in result])


def _single(term: str, x: Node, needed: set[str]) -> tuple[str, Node]:
    """Diagonals of repeated letters taken, letters that nothing needs summed."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            i = term.index(letter)
            j = term.index(letter, i + 1)
            x, term = diagonal(x, 0, i, j), term[:i] + term[i + 1 : j] + term[j + 1 :] + letter
    gone = tuple(i for i, c in enumerate(term) if c not in needed)
    return ("".join(c for c in term if c in needed), np.sum(x, gone)) if gone else (term, x)


def _cheapest(pairs: list[tuple[str, Node]], result: str) -> tuple[int, int]:
    sizes = {c: n for term, x in pairs for c, n in zip(term, x.shape, strict=True)}
    candidates = [(i, j) for i in range(len(pairs)) for j in range(i + 1, len(pairs))]
    return min(candidates, key=lambda ij: math.prod(sizes[c] for c in set(pairs[ij[0]][0] + pairs[ij[1]][0])))


def _pair(t: str, x: Node, u: str, y: Node, needed: set[str]) -> tuple[str, Node]:
    """Two operands contracted by one (batched) matrix product."""
    t, x = _single(t, x, needed | set(u))
    u, y = _single(u, y, needed | set(t))
    batch = [c for c in t if c in u and c in needed]
    over = [c for c in t if c in u and c not in needed]
    rows, columns = [c for c in t if c not in u], [c for c in u if c not in t]
    size = {**dict(zip(t, x.shape, strict=True)), **dict(zip(u, y.shape, strict=True))}
    letters = "".join(batch + rows + columns)
    if not over:
        left = _aligned(x, t, letters, size)
        return letters, left * _aligned(y, u, letters, size)
    stack = tuple(size[c] for c in batch)
    n, m, k = (math.prod(size[c] for c in group) for group in (rows, columns, over))
    left = reshape(transpose(x, [t.index(c) for c in batch + rows + over]), (*stack, n, k))
    right = reshape(transpose(y, [u.index(c) for c in batch + over + columns]), (*stack, k, m))
    return letters, reshape(matmul_row(left, right), tuple(size[c] for c in letters))


def _aligned(x: Node, term: str, letters: str, size: dict[str, int]) -> Node:
    ordered = transpose(x, [term.index(c) for c in letters if c in term])
    return reshape(ordered, tuple(size[c] if c in term else 1 for c in letters))


@implements(np.linalg.inv)
def inv(a: Node) -> Node:
    """Inverse matrices."""
    return inv_row(a)


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Node:
    """Solutions of a y = b."""
    a, b = node(a), node(b)
    if b.ndim == 1:
        return reshape(solve_row(a, reshape(b, (b.size, 1))), (*a.shape[:-2], b.size))
    return solve_row(a, b)


@implements(np.linalg.det)
def det(a: Node) -> Node:
    """Determinants."""
    return det_row(a)


@implements(np.linalg.slogdet)
def slogdet(a: Node) -> tuple[Node, Node]:
    """Sign and logarithm of the absolute value of determinants, as a pair (sign, logabsdet)."""
    return slogdet_sign_row(a), logabsdet_row(a)


@implements(np.linalg.cholesky)
def cholesky(a: Node, /, *, upper: bool = False) -> Node:
    """Lower Cholesky factors; the lower triangle of `a` is read, as by NumPy."""
    return swap(cholesky_row(swap(a))) if upper else cholesky_row(a)


@implements(np.linalg.matrix_power)
def matrix_power(a: Node, n: int) -> Node:
    """A matrix multiplied with itself `n` times."""
    if n < 0:
        a, n = inv_row(a), -n
    power = node(np.eye(a.shape[-1], dtype=a.dtype))
    while n:
        power = matmul_row(power, a) if n & 1 else power
        a, n = matmul_row(a, a) if n > 1 else a, n >> 1
    return power


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Node:
    """A chain of matrix products, from left to right."""
    product = node(arrays[0])
    for factor in arrays[1:]:
        product = dot(product, factor)
    return product


@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """A polynomial by Horner's rule, highest coefficient first."""
    y = np.zeros_like(x)
    for coefficient in p:
        y = y * x + coefficient
    return y
