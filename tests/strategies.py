"""Random graphs over the table of rows, at points inside every domain and away from every jump and kink."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

import diffcompare.ops  # noqa: F401 - fills the table
from diffcompare.core.graph import Graph
from diffcompare.core.node import ROWS, Node, constant, make, variable

SHAPES = [(), (), (1,), (2,), (3,), (2, 2), (1, 3), (2, 1, 2), (0,), (0, 3), (2, 0)]
MOST_ENTRIES = 8  # of all inputs together: up to here the reference needs no rule of differentiation
LARGEST_ARRAY = 16
LARGEST_VALUE = 1e3
SMOOTH = 1e3  # largest curvature at which a point counts as away from kinks
ELEMENTWISE = sorted(name for name, row in ROWS.items() if row.kind == "elementwise" and row.scalar is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A graph with one scalar output, and a point."""

    graph: Graph
    point: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"{self.graph}\n  at {self.point}"


@dataclass(slots=True)
class Pool:
    """The nodes so far, each with its value in float64."""

    draw: Callable
    dtype: np.dtype
    nodes: list[Node] = field(default_factory=list)
    values: dict[int, tuple[Node, Any]] = field(default_factory=dict)  # the node too: a dead one's id is used again

    def enter(self, node: Node, value: Any) -> Node:
        """Keep an input."""
        self.nodes.append(node)
        self.values[id(node)] = node, value
        return node

    def of(self, node: Any) -> Any:
        """The value of a node; of one made on the way, by its arguments."""
        if id(node) not in self.values:
            if node.op.name == "constant":
                value = node.value
            else:
                value = node.op.numpy(*(self.of(a) for a in node.args), **dict(node.attributes))
            self.values[id(node)] = node, value
            if node.op.name != "constant" and node.size <= LARGEST_ARRAY:
                self.nodes.append(node)
        return self.values[id(node)][1]

    def some(self, fits: Callable[[Node], bool] = lambda node: True, among: int = 4) -> Node | None:
        """A node of floats out of the newest that fit, so that graphs grow deep; None when there is none."""
        found = [n for n in self.nodes if n.dtype.kind == "f" and fits(n)]
        return self.draw(st.sampled_from(found[: -among - 1 : -1])) if found else None

    def add(self, row: Any, args: tuple[Any, ...], **attributes: Any) -> None:
        """Keep `row` of `args` when its value is of ordinary size and smooth there; else forget it.

        A condition is kept as the choice it makes.
        """
        with np.errstate(all="ignore"):
            values = [self.of(a) for a in args]
            node = make(row, args, tuple(sorted(attributes.items())))
            value = np.asarray(row.numpy(*values, **attributes))
            fine = np.all(np.isfinite(value)) and np.all(np.abs(value.astype(float)) <= LARGEST_VALUE)
            if fine and node.size <= LARGEST_ARRAY and self._smooth(row, args, values, value, attributes):
                self.values[id(node)] = node, value[()]
                self.nodes.append(node)
                if node.dtype.kind == "b":
                    self.of(np.where(node, args[0] if args[0].dtype.kind == "f" else 2.0, 0.75).astype(self.dtype))

    def _smooth(self, row: Any, args: tuple[Node, ...], values: list, value: Any, attributes: dict) -> bool:
        """Whether differences are those of a smooth function: a jump, kink or vertical slope nearby shows in them."""
        step = float(np.finfo(self.dtype).eps) ** (1 / 3)
        for i, node in enumerate(args):
            if node.dtype.kind != "f" or not node.size or (row.name == "polygamma" and i == 0):
                continue
            eye = np.eye(node.size).reshape(-1, *node.shape)
            for unit in [np.ones(node.shape)] if row.kind == "elementwise" else eye:
                near = []
                for h in (step, -step, step / 8.0, -step / 8.0):
                    moved = [v + h * unit if j == i else v for j, v in enumerate(values)]
                    near.append(np.asarray(row.numpy(*moved, **attributes), float))
                slope, closer = (near[0] - near[1]) / (2.0 * step), (near[2] - near[3]) * 4.0 / step
                bend = near[0] + near[1] - 2.0 * value.astype(float)
                steady = np.abs(slope - closer) <= 0.1 * (1.0 + np.abs(slope))  # not so of an odd root at 0
                if not np.all((np.abs(bend) <= SMOOTH * step * step) & steady):
                    return False
        return True


def into(x: Node, interval: Any) -> Node:
    """`x` brought inside an open interval by a smooth map, at most 8 from its lower end.

    Far out, SciPy's beta loses digits to the logarithms that it adds up, which no condition of the graph counts.
    """
    low, high = interval
    if math.isfinite(low) and math.isfinite(high):
        return (low + high) / 2.0 + 0.4 * (high - low) * np.sin(x)
    return low + 0.25 + x * x / (1.0 + 0.125 * x * x) if math.isfinite(low) else x


def _broadcast(a: Node, b: Node) -> bool:
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return True


def _elementwise(pool: Pool) -> None:
    row = ROWS[pool.draw(st.sampled_from(ELEMENTWISE))]
    first = pool.some()
    assert first is not None
    args: list[Node] = []
    for i, interval in enumerate(row.domain):
        x = first if not args else pool.some(lambda n: all(_broadcast(n, a) for a in args), among=99)
        assert x is not None
        if row.name == "where" and i == 0:
            args.append(x > 0.1)
        elif row.name == "polygamma" and i == 0:
            args.append(constant(float(pool.draw(st.integers(2, 3))), pool.dtype))
        else:
            args.append(into(x, interval))
    if all(_broadcast(a, b) for a in args for b in args):
        pool.add(row, tuple(args))


def _axes(pool: Pool, x: Node) -> tuple[int, ...]:
    return tuple(sorted(pool.draw(st.sets(st.integers(0, x.ndim - 1), min_size=1)))) if x.ndim else ()


def _reduction(name: str) -> Callable[[Pool], None]:
    def build(pool: Pool) -> None:
        x = pool.some(lambda n: n.size > 0 or name in ("sum", "prod", "norm", "any", "all"))
        if x is not None:
            x = x > 0.1 if name in ("any", "all") else x
            pool.add(ROWS[name], (x,), axis=_axes(pool, x), keepdims=pool.draw(st.booleans()))

    return build


def _running(name: str, count: int = 1) -> Callable[[Pool], None]:
    def build(pool: Pool) -> None:
        x = pool.some(lambda n: n.ndim > 0)
        if x is not None:
            args = (np.cos(x), x)[-count:]
            pool.add(ROWS[name], args, axis=pool.draw(st.integers(0, x.ndim - 1)))

    return build


def _matrix(pool: Pool) -> Any:
    """A square matrix, well conditioned; no entry of it, of its inverse or its cofactors is small beside the others.

    LAPACK errs by the size of the whole matrix, the certified condition counts entry by entry.
    """
    x = pool.some(lambda n: n.ndim >= 2 and n.shape[-1] == n.shape[-2] and n.size > 0)
    return None if x is None else 0.3 * np.sin(x) + constant(4.0 * np.eye(x.shape[-1]) + 1.0, pool.dtype)


def _linear_algebra(name: str) -> Callable[[Pool], None]:
    def build(pool: Pool) -> None:
        a = _matrix(pool)
        if a is not None:
            pool.add(ROWS[name], (a, np.cos(a)) if name == "solve" else (a,))

    return build


def _matmul(pool: Pool) -> None:
    a = pool.some(lambda n: n.ndim >= 2)
    if a is not None:
        b = pool.some(lambda n: n.ndim == 2 and n.shape[0] == a.shape[-1], among=99)
        pool.add(ROWS["matmul"], (a, np.swapaxes(a, -1, -2) if b is None else b))


def _reshape(pool: Pool) -> None:
    x = pool.some()
    assert x is not None
    pool.add(
        ROWS["reshape"],
        (x,),
        shape=pool.draw(st.sampled_from([(x.size,), (1, *x.shape), (*x.shape, 1), x.shape[::-1]])),
    )


def _transpose(pool: Pool) -> None:
    x = pool.some()
    assert x is not None
    pool.add(ROWS["transpose"], (x,), axes=tuple(pool.draw(st.permutations(range(x.ndim)))))


def _broadcast_to(pool: Pool) -> None:
    x = pool.some()
    assert x is not None
    wide = tuple(pool.draw(st.sampled_from([0, 2, 3])) if n == 1 else n for n in x.shape)
    pool.add(ROWS["broadcast_to"], (x,), shape=(*pool.draw(st.sampled_from([(), (1,), (2,)])), *wide))


def _slice(pool: Pool) -> None:
    x = pool.some(lambda n: n.ndim > 0)
    if x is None:
        return
    starts, steps, lengths = [], [], []
    for n in x.shape:
        chosen = range(n)[
            pool.draw(st.sampled_from([slice(None), slice(1, None), slice(None, None, -1), slice(None, None, 2)]))
        ]
        starts.append(chosen.start if len(chosen) else 0)
        steps.append(chosen.step if len(chosen) else 1)
        lengths.append(len(chosen))
    pool.add(ROWS["slice"], (x,), starts=tuple(starts), steps=tuple(steps), lengths=tuple(lengths))


def _place(pool: Pool) -> None:
    x = pool.some(lambda n: n.ndim > 0)
    if x is not None:
        before, step = pool.draw(st.integers(0, 1)), pool.draw(st.integers(1, 2))
        shape = tuple(before + step * n for n in x.shape)
        pool.add(ROWS["place"], (x,), starts=(before,) * x.ndim, steps=(step,) * x.ndim, shape=shape)


def _indices(pool: Pool, most: int, shape: tuple[int, ...]) -> Node:
    count = math.prod(shape)
    places = pool.draw(st.lists(st.integers(0, most - 1), min_size=count, max_size=count))
    return constant(np.array(places, np.int64).reshape(shape))


def _gather(pool: Pool) -> None:
    x = pool.some(lambda n: n.size > 0)
    if x is not None:
        pool.add(ROWS["gather"], (x, _indices(pool, x.size, pool.draw(st.sampled_from([(), (3,), (2, 2), (0,)])))))


def _scatter_add(pool: Pool) -> None:
    x = pool.some()
    assert x is not None
    pool.add(ROWS["scatter_add"], (x, _indices(pool, 4, x.shape)), shape=(2, 2))


def _concatenate(pool: Pool) -> None:
    x = pool.some(lambda n: n.ndim > 0)
    if x is not None:
        axis = pool.draw(st.integers(0, x.ndim - 1))
        pool.add(ROWS["concatenate"], (x, np.cos(x), x), axis=axis)


def _cast(pool: Pool) -> None:
    x = pool.some()
    assert x is not None
    pool.add(ROWS["cast"], (x > 0.1,), dtype=pool.dtype.name)


_REDUCTIONS = ("sum", "prod", "max", "min", "any", "all", "logsumexp", "norm")
_OF_MATRICES = ("inv", "solve", "det", "cofactor", "logabsdet", "slogdet_sign", "cholesky")
STRUCTURED: dict[str, Callable[[Pool], None]] = {
    **{name: _reduction(name) for name in _REDUCTIONS},
    **{name: _linear_algebra(name) for name in _OF_MATRICES},
    **{name: _running(name) for name in ("cumsum", "cumprod")},
    "linear_recurrence": _running("linear_recurrence", 2), "matmul": _matmul, "reshape": _reshape,
    "transpose": _transpose, "broadcast_to": _broadcast_to, "slice": _slice, "place": _place, "gather": _gather,
    "scatter_add": _scatter_add, "concatenate": _concatenate, "cast": _cast,
}  # fmt: skip


@st.composite
def cases(draw: Callable, dtype: str = "float64", most: int = 10) -> Case:
    """A random function of one to three arrays, with up to `most` operations between them and its scalar value."""
    pool = Pool(draw, np.dtype(dtype))
    inputs: list[Node] = []
    point: list[Any] = []
    numbers = st.floats(-2.0, 2.0, width=32).map(lambda v: v if abs(v) > 1e-3 else 0.5)
    for i in range(draw(st.integers(1, 3))):
        left = MOST_ENTRIES - sum(x.size for x in inputs)
        shape = draw(st.sampled_from([s for s in SHAPES if math.prod(s) <= left]))
        size = math.prod(shape)
        value = np.array(draw(st.lists(numbers, min_size=size, max_size=size)), dtype).reshape(shape)
        inputs.append(pool.enter(variable(f"x{i}", shape, pool.dtype), value.astype(float)[()]))
        point.append(value if shape else float(value))
    builders = [_elementwise] * len(STRUCTURED) + [STRUCTURED[name] for name in sorted(STRUCTURED)]
    for _ in range(draw(st.integers(2, most))):
        draw(st.sampled_from(builders))(pool)
    read = {id(a) for n in pool.nodes for a in n.args}
    ends = [n for n in pool.nodes if n.dtype.kind == "f" and id(n) not in read]
    total: Any = sum((np.sum(n * 0.5) for n in ends[:-1]), np.sum(ends[-1] * ends[-1]))
    return Case(Graph(tuple(inputs), (total.astype(pool.dtype),)), tuple(point))
