"""Statements on whole arrays: which compiled function runs them, and how its operands are named."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..core.node import Node
from . import numba_arrays, numba_ir_rows
from .numba_rows import row_product
from .numba_sizes import Sizes
from .numba_views import base_of

_MATRIX = frozenset({"inv", "det", "slogdet_sign", "logabsdet", "cholesky", "cofactor"})
_RUNNING = frozenset({"cumsum", "cumprod", "linear_recurrence"})
CALLS = frozenset({"matmul", "solve"}) | _MATRIX | _RUNNING


class Calls:
    """Writes call statements.

    Parameters
    ----------
    array : callable
        The name of the array that holds a node.
    constant : callable
        Takes an array of integers and gives a name for it.
    sizes : Sizes
        The names of whole numbers.
    """

    def __init__(self, array: Callable[[Node], str], constant: Callable[[np.ndarray], str], sizes: Sizes) -> None:
        self.array, self.constant, self.shape, self.size = array, constant, sizes.shape, sizes.text

    def write(self, node: Node) -> list[str]:
        """The statements that fill the array of `node`, which exists."""
        name = node.op.name
        if node.size == 0:
            return []
        if name == "matmul":
            return self._matmul(node)
        out = self.array(node)
        if name in _RUNNING:
            shape, axis = node.shape, dict(node.attributes)["axis"]
            folded = (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
            operands = [self._operand(a, folded, node.dtype) for a in node.args]
            return [f"{name}({', '.join(operands)}, {out}.reshape({self.shape(folded)}))"]
        if name == "solve":
            a, b = node.args
            n, m = node.shape[-2:]
            places = f"{self._places(a, node)}, {self._places(b, node)}"
            left = self._operand(a, (-1, n, n), node.dtype)
            right = self._operand(b, (-1, n, m), node.dtype)
            return [f"solve({left}, {right}, {places}, {out}.reshape({self.shape((_batch(node), n, m))}))"]
        n = node.args[0].shape[-1]
        matrices = self._operand(node.args[0], (math.prod(node.args[0].shape[:-2]), n, n), node.dtype)
        target = self.shape((_batch(node), n, n)) if node.ndim == node.args[0].ndim else "-1"
        return [f"{name}({matrices}, {out}.reshape({target}))"]

    def _operand(self, operand: Node, shape: tuple[int, ...], dtype: np.dtype) -> str:
        """`operand` as one contiguous array of `shape` and `dtype`."""
        base = base_of(operand)
        text = self.array(base.node)
        if base.swapped:
            rows, columns = base.shape[-2:]
            text = f"{text}.reshape({self.shape((math.prod(base.shape[:-2]), rows, columns))})"
            text = f"np.ascontiguousarray({text}.transpose((0, 2, 1)))"
        batch = math.prod(operand.shape[:-2]) if shape[0] == -1 else shape[0]
        text = f"{text}.reshape({self.shape((batch, *shape[1:]))})"
        name = "bool_" if dtype.kind == "b" else dtype.name
        return text if base.node.dtype == dtype else f"{text}.astype(np.{name})"

    def _places(self, operand: Node, node: Node) -> str:
        """A name for the batch of `operand` that each batch of `node` takes."""
        batch = operand.shape[:-2]
        places = np.arange(math.prod(batch)).reshape(batch)
        return self.constant(np.ascontiguousarray(np.broadcast_to(places, node.shape[:-2])).reshape(-1))

    def _matmul(self, node: Node) -> list[str]:
        a, b = node.args
        (m, k), n, out = a.shape[-2:], b.shape[-1], self.array(node)
        if k == 0:
            return [f"{out}[...] = 0"]
        if row_product(node) is not None:
            return [*self.start(node), self.rows(node, "0", "")]
        single = a.ndim == b.ndim == 2 and node.dtype.kind == "f"
        if single and (a.dtype, b.dtype) == (node.dtype, node.dtype):
            return [self._product(a, b, m, k, n, out)]
        places = f"{self._places(a, node)}, {self._places(b, node)}, {out}.reshape({self.shape((_batch(node), m, n))})"
        if node.dtype.kind != "f":
            return [f"matmul_integers({self._operand(a, (-1, m, k), node.dtype)}, "
                    f"{self._operand(b, (-1, k, n), node.dtype)}, {places})"]  # fmt: skip
        swaps = [base_of(x).swapped and x.dtype == node.dtype for x in (a, b)]
        texts = []
        for x, swapped, shape in ((a, swaps[0], (m, k)), (b, swaps[1], (k, n))):
            if swapped:
                batch = math.prod(x.shape[:-2])
                texts.append(f"{self.array(base_of(x).node)}.reshape({self.shape((batch, *shape[::-1]))})")
            else:
                texts.append(self._operand(x, (-1, *shape), node.dtype))
        return [f"matmul_{int(swaps[0])}{int(swaps[1])}({texts[0]}, {texts[1]}, {places})"]

    def start(self, node: Node) -> list[str]:
        """What comes before the first `rows` of a product that goes row by row."""
        found = row_product(node)
        return [f"{self.array(node)}[...] = 0"] if found is not None and found.adds else []

    def rows(self, node: Node, first: str, stop: str) -> str:
        """A part of such a product, from row `first` up to `stop`, or up to the last one where `stop` is empty."""
        found = row_product(node)
        assert found is not None
        stop = stop or self.size(base_of(found.matrix).shape[0])
        name, matrix = "add_rows" if found.adds else "row_products", self._stored(found.matrix)
        return f"{name}({matrix}, {self._vector(found.vector)}, {self.array(node)}.reshape(-1), {first}, {stop})"

    def _product(self, a: Node, b: Node, m: int, k: int, n: int, out: str) -> str:
        """One product of two matrices by BLAS; with a single row or column, of a vector."""
        if m == 1 and n == 1:
            return f"{out}[0, 0] = np.dot({self._vector(a)}, {self._vector(b)})"
        if n == 1:
            return f"np.dot({self._matrix(a)}, {self._vector(b)}, {out}.reshape(-1))"
        if m == 1:
            return f"np.dot({self._vector(a)}, {self._matrix(b)}, {out}.reshape(-1))"
        return f"np.dot({self._matrix(a)}, {self._matrix(b)}, {out})"

    def _vector(self, x: Node) -> str:
        base = base_of(x).node
        return self.array(base) if base.ndim == 1 else f"{self.array(base)}.reshape(-1)"

    def _matrix(self, x: Node) -> str:
        return f"{self._stored(x)}.T" if base_of(x).swapped else self._stored(x)

    def _stored(self, x: Node) -> str:
        """The matrix behind `x` as it is in memory, where `x` may be its transpose."""
        base = base_of(x)
        text = self.array(base.node)
        return text if base.node.shape == base.shape else f"{text}.reshape({self.shape(base.shape)})"


def _batch(node: Node) -> int:
    """How many matrices the operand of a call holds."""
    if node.op.name in ("det", "slogdet_sign", "logabsdet"):
        return math.prod(node.shape)
    return math.prod(node.shape[:-2])


def functions() -> dict[str, Callable]:
    """The names that call statements use."""
    table = {name: getattr(numba_arrays, name) for name in CALLS - {"matmul"}}
    table.update(row_products=numba_ir_rows.row_products, add_rows=numba_ir_rows.add_rows)
    table["matmul_integers"] = numba_arrays.matmul_integers
    for (i, j), function in numba_arrays.matmul.items():
        table[f"matmul_{int(i)}{int(j)}"] = function
    return table
