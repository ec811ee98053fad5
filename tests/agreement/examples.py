"""Arguments and attributes for rows that are not elementwise: ordinary ones, and edges (ties, zeros, no elements)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import diffcompare.ops  # noqa: F401 - fills the table
from diffcompare.core.graph import Graph
from diffcompare.core.node import ROWS, Node, constant, make, variable

RNG = np.random.default_rng(20261120)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One call of a row: float and bool arrays are its inputs, arrays of integers are constants of the graph."""

    args: tuple[Any, ...]
    attributes: dict[str, Any] = field(default_factory=dict)

    def graph(self, row: Any) -> Graph:
        """`row` on fresh inputs, so that a changed copy of a row never meets nodes of the original."""
        nodes = tuple(self._node(i, a) for i, a in enumerate(self.args))
        inputs = tuple(n for n in nodes if n.op.name == "input")
        if row.name == "input":
            return Graph(inputs, nodes)
        if row.name == "constant":
            return Graph((), (constant(self.args[0]),))
        return Graph(inputs, (make(row, nodes, tuple(sorted(self.attributes.items()))),))

    def _node(self, i: int, a: Any) -> Node:
        array = np.asarray(a)
        return constant(array) if array.dtype.kind == "i" else variable(f"x{i}", array.shape, array.dtype)

    @property
    def point(self) -> tuple[Any, ...]:
        """The values of the inputs, as every method hands them on: floats, and contiguous arrays."""
        arrays = (np.asarray(a) for a in self.args)
        return tuple(np.ascontiguousarray(a) if a.ndim else a.item() for a in arrays if a.dtype.kind != "i")


def _normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def _regular(*batch: int, n: int = 3) -> np.ndarray:
    """Matrices with a dominant diagonal of alternating sign: well conditioned, pivots certain."""
    return RNG.uniform(0.1, 0.9, (*batch, n, n)) + n * np.diag([1.0, -1.0, 1.0, 1.0][:n])


def _definite(*batch: int, n: int = 3) -> np.ndarray:
    """Positive definite when its lower triangle is mirrored; the upper one is another, for nobody may read it."""
    return RNG.uniform(0.1, 0.5, (*batch, n, n)) + n * np.eye(n)


A, V = _normal(2, 3), _normal(4)
TIES = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.5, -2.0, 0.5]])
TRUTHS = np.array([[True, False, True], [False, False, False]])
EMPTY = np.zeros((0, 3))
OVER = [{"axis": axis, "keepdims": keep} for axis, keep in (((1,), False), ((0,), True), ((0, 1), False))]
PLACES = np.array([[0, 5, 5], [3, 2, 0]])


def _over(*arrays: np.ndarray) -> list[Example]:
    return [Example((a,), attributes) for a in arrays for attributes in OVER]


def _along(*arrays: np.ndarray, count: int = 1) -> list[Example]:
    return [Example((a,) * count, {"axis": axis}) for a in arrays for axis in (0, 1)]


EXAMPLES: dict[str, list[Example]] = {
    "input": [Example((A,)), Example((0.75,)), Example((EMPTY,))],
    "constant": [Example((A,)), Example((0.75,)), Example((EMPTY,))],
    "cast": [
        Example((A,), {"dtype": "float64"}),
        Example((A,), {"dtype": "int64"}),
        Example((A,), {"dtype": "bool"}),
        Example((TRUTHS,), {"dtype": "float64"}),
    ],
    "reshape": [
        Example((A,), {"shape": (3, 2)}),
        Example((0.75,), {"shape": (1, 1)}),
        Example((EMPTY,), {"shape": (0,)}),
    ],
    "transpose": [Example((A,), {"axes": (1, 0)}), Example((_normal(2, 1, 3),), {"axes": (2, 0, 1)})],
    "broadcast_to": [
        Example((V[:3],), {"shape": (2, 3)}),
        Example((0.75,), {"shape": (2,)}),
        Example((A[:, :1],), {"shape": (3, 2, 2)}),
        Example((V[:1],), {"shape": (0,)}),
    ],
    "slice": [
        Example((A,), {"starts": (0, 1), "steps": (1, 1), "lengths": (2, 2)}),
        Example((V,), {"starts": (3,), "steps": (-2,), "lengths": (2,)}),
        Example((A,), {"starts": (0, 0), "steps": (1, 1), "lengths": (0, 3)}),
    ],
    "place": [
        Example((A,), {"starts": (0, 4), "steps": (1, -2), "shape": (3, 5)}),
        Example((EMPTY,), {"starts": (0, 0), "steps": (1, 1), "shape": (2, 3)}),
    ],
    "gather": [
        Example((A, PLACES)),
        Example((0.75, np.zeros((2,), np.int64))),
        Example((V, np.array(2))),
        Example((V, np.zeros((0,), np.int64))),
    ],
    "scatter_add": [
        Example((A, PLACES), {"shape": (2, 3)}),
        Example((np.array(1.5), np.array(2)), {"shape": (4,)}),
    ],
    "concatenate": [
        Example((A, A[:1], EMPTY), {"axis": 0}),
        Example((A, A[:, 1:]), {"axis": 1}),
    ],
    "sum": [*_over(A, EMPTY, TRUTHS), Example((_normal(2, 1, 3),), {"axis": (0, 2), "keepdims": True})],
    "max": _over(A, TIES),
    "min": _over(A, TIES),
    "any": _over(TRUTHS),
    "all": _over(TRUTHS),
    "prod": [*_over(A, ZEROS), Example((EMPTY,), {"axis": (0,), "keepdims": False})],
    "logsumexp": [
        *_over(A, TIES, np.array([[-np.inf, 1.0, 2.5]]) + np.zeros((2, 1))),
        Example((1e3 * TIES,), {"axis": (1,), "keepdims": False}),
        Example((EMPTY,), {"axis": (0,), "keepdims": False}),
    ],
    "norm": [
        *_over(A),
        Example((np.array([[3.0, 4.0], [0.0, 0.0]]),), {"axis": (1,), "keepdims": False}),
        Example((EMPTY,), {"axis": (0,), "keepdims": False}),
    ],
    "cumsum": _along(A, EMPTY),
    "cumprod": _along(A, ZEROS),
    "linear_recurrence": [
        *(Example((_normal(2, 3), A), {"axis": axis}) for axis in (0, 1)),
        Example((EMPTY, EMPTY), {"axis": 0}),
    ],
    "matmul": [
        Example((A, _normal(3, 2))),
        Example((_normal(2, 1, 2), _normal(2, 3))),
        Example((np.zeros((2, 0)), np.zeros((0, 1)))),
    ],
    "inv": [Example((_regular(),)), Example((_regular(2, n=2),)), Example((_regular(n=1),))],
    "solve": [Example((_regular(), _normal(3, 2))), Example((_regular(2, n=2), _normal(2, 1)))],
    "det": [
        Example((_regular(),)),
        Example((_regular(2, n=2),)),
        Example((np.array([[1.0, 2.0], [2.0, 4.0]]),)),
        Example((np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]]),)),
    ],
    "cofactor": [Example((_regular(),)), Example((_regular(2, n=2),))],
    "logabsdet": [Example((_regular(),)), Example((_regular(2, n=2),))],
    "slogdet_sign": [Example((_regular(),)), Example((_regular(2, n=2),))],
    "cholesky": [Example((_definite(),)), Example((_definite(2, n=2),)), Example((_definite(n=1),))],
}  # fmt: skip
STRUCTURED = [row for row in ROWS.values() if row.kind != "elementwise"]


def backward_error(row: Any, example: Example) -> float:
    """How many units of round-off the arguments of `row` move by, for its result to be the exact one of those.

    Sums and products round once an element (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM
    2002, sections 3.1 and 4.2). Elimination with partial pivoting is exact for a matrix whose largest entry has moved
    by 3 n times n 2**(n-1) units (theorem 9.5); so many are also counted for singular values.
    """
    if row.kind != "linear-algebra" or row.name == "matmul":
        return 1.0 + max((float(np.size(a)) for a in example.point), default=0.0)
    n = np.shape(example.point[0])[-1]
    return 3.0 * n * n * 2.0 ** (n - 1)


def sizes(row: Any, example: Example) -> list[np.ndarray]:
    """The size by which a unit of round-off is measured, for each element of each float input: see `backward_error`."""
    whole = row.kind == "linear-algebra" and row.name != "matmul"
    found = []
    for a in example.point:
        a = np.asarray(a)
        if a.dtype.kind == "f":
            size = np.where(np.isfinite(a), np.abs(a), 0.0)
            found.append(np.full(a.shape, np.max(size, initial=0.0)) if whole else size)
    return found
