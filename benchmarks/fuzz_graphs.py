"""Random graphs: a few inputs of odd shapes, a chain of operations over all that was made before, value and gradient.

Every operation is applied to numbers first and taken only if NumPy accepts it and its result is finite and of moderate
size; so nothing has to be known of domains. Some points hold zeros of either sign, some hold numbers whose products
underflow. Matrices of linear systems are close to a multiple of the unit matrix, so that they are well conditioned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

import diffcompare as dc
from diffcompare.core.graph import Graph
from diffcompare.core.node import Node, constant, variable
from diffcompare.core.tables import ROWS
from diffcompare.errors import ShapeError
from diffcompare.transform.pullback import pullback
from diffcompare.transform.simplify import simplify

SHAPES = (
    (), (), (1,), (3,), (3,), (7,), (17,), (0,), (1, 3), (3, 1), (2, 3), (3, 3), (0, 3), (3, 0), (1, 1), (2, 1, 3),
    (2, 3, 4), (4, 9), (33,), (2, 2), (5, 5), (2, 3, 3),
)  # fmt: skip
UNARY = (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sigmoid", "softplus", "entr", "negative", "reciprocal",
    "square", "sqrt", "cbrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh",
    "arccosh", "arctanh", "erf", "erfc", "erfcx", "relu", "absolute", "sign", "floor", "ceil", "trunc", "rint",
    "stop_gradient", "j0", "j1", "j2", "i0", "i1", "i2", "sinc", "logit", "ndtr", "log_ndtr",
)  # fmt: skip
BINARY = (
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "hypot", "arctan2", "copysign", "fmax",
    "fmin", "xlogy",
)  # fmt: skip
SIGNED_ZERO = ("arctan2", "copysign")  # tell 0 from -0
LARGEST_SIZE, LARGEST_VALUE = 400, 1e3
SMALLEST_VALUE = 1e-20  # but for 0, and where the point is drawn to underflow: bounds there are wide
POINTS, POINT_WEIGHTS = ("ordinary", "with zeros", "tiny"), (0.84, 0.08, 0.08)
TINY = {np.dtype(np.float64): (-320.0, -140.0), np.dtype(np.float32): (-44.0, -16.0)}  # decimal exponents
LARGEST_SYSTEM = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """A graph, the point where it is evaluated, and a second point of the same shapes."""

    graph: Graph
    point: tuple[Any, ...]
    other: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A node with its value at the point."""

    node: Any
    value: Any


Step = Callable[[Any], Any]


def random_graph(draw: Generator, most_steps: int = 14, scalars_share: float = 0.2) -> Sample:
    """A graph drawn from `draw`: value and gradient of a scalar, or arrays as they are.

    Parameters
    ----------
    draw : Generator
        Source of all choices.
    most_steps : int
        Largest number of operations tried on top of the inputs.
    scalars_share : float
        Share of graphs that hold numbers alone, as the interpreter runs them.
    """
    dtype = np.dtype(np.float32 if draw.random() < 0.15 else np.float64)
    scalars = draw.random() < scalars_share
    kind = str(draw.choice(POINTS, p=POINT_WEIGHTS))
    shapes = ((),) if scalars else SHAPES
    points = [_numbers(draw, shapes[draw.integers(len(shapes))], dtype, kind) for _ in range(draw.integers(1, 4))]
    inputs = [variable(f"x{i}", np.shape(p), dtype) for i, p in enumerate(points)]
    made = [Made(x, p) for x, p in zip(inputs, points, strict=True)]
    for _ in range(draw.integers(1, most_steps + 1)):
        step = _grown(draw, made, SCALAR_WEIGHTS if scalars else WEIGHTS, kind == "tiny")
        if step is not None:
            made.append(step)
    nodes = tuple(m.node for m in made[-3:])
    graph = Graph(tuple(inputs), nodes)
    if draw.random() < 0.75:
        graph = pullback(Graph(tuple(inputs), (_total(draw, nodes),)), tuple(range(len(inputs))))
    other = tuple(_numbers(draw, np.shape(p), dtype, kind) for p in points)
    return Sample(simplify(graph), tuple(points), other)


def _numbers(draw: Generator, shape: tuple[int, ...], dtype: np.dtype, kind: str) -> Any:
    x = draw.normal(size=shape)
    if kind == "with zeros":
        x = np.where(draw.random(shape) < 0.4, draw.choice([0.0, -0.0], size=shape), x)
    elif kind == "tiny":
        x = np.where(draw.random(shape) < 0.6, x * 10.0 ** draw.uniform(*TINY[dtype], size=shape), x)
    return x.astype(dtype) if shape else dtype.type(x).item()


def _total(draw: Generator, nodes: Sequence[Any]) -> Any:
    total: Any = 0.0
    for node in nodes:
        term = np.tanh(node) if draw.random() < 0.5 else node
        total = total + (np.sum(term) if term.shape else term)
    return total


def _grown(draw: Generator, made: Sequence[Made], weights: np.ndarray, tiny: bool) -> Made | None:
    """One more operation on what was made, or None where NumPy refuses it or its numbers leave the range."""
    family = FAMILIES[draw.choice(len(FAMILIES), p=weights)]
    a, b = (made[-1 - min(int(draw.exponential(1.5)), len(made) - 1)] for _ in range(2))
    step = family(draw, np.shape(a.value), np.shape(b.value))
    try:
        with np.errstate(all="ignore", under="ignore" if tiny else "raise"):
            value = step(a.value, b.value)
    except (ValueError, IndexError, TypeError, ArithmeticError):
        return None
    if np.asarray(value).dtype.kind != "f" or np.size(value) > LARGEST_SIZE or np.ndim(value) > 4:
        return None
    sizes = np.abs(value)
    if not np.all(np.isfinite(value)) or np.any(sizes > LARGEST_VALUE):
        return None
    if not tiny and np.any((sizes < SMALLEST_VALUE) & (sizes > 0)):
        return None
    try:
        return Made(step(a.node, b.node), value)
    except ShapeError:  # NumPy takes a number for an array of one element where this library asks for an axis
        return None


def _unary(draw: Generator, a: tuple, b: tuple) -> Callable:
    row = ROWS[UNARY[draw.integers(len(UNARY))]]
    scale, shift = (1.0, 0.0) if draw.random() < 0.5 else draw.uniform(-2, 2, 2).tolist()
    return lambda x, y: row(x if scale == 1.0 else scale * x + shift)


def _binary(draw: Generator, a: tuple, b: tuple) -> Callable:
    name = BINARY[draw.integers(len(BINARY))]
    row = ROWS[name] if name not in SIGNED_ZERO else _without_zeros(ROWS[name])
    number = float(draw.choice([0.5, -1.0, 2.0, 3.0, -0.3]))
    alone, turned = draw.random(2)
    if alone < 0.25:
        return (lambda x, y: row(x, number)) if turned < 0.5 else (lambda x, y: row(number, x))
    return lambda x, y: row(x, y)


def _without_zeros(row: Any) -> Callable:
    def apply(x: Any, y: Any) -> Any:
        if not isinstance(x, Node) and not isinstance(y, Node) and (np.any(x == 0) or np.any(y == 0)):
            raise ValueError("balls have no negative zero")
        return row(x, y)

    return apply


def _chosen(draw: Generator, a: tuple, b: tuple) -> Callable:
    level, side = float(draw.normal()), draw.random()
    if side < 0.5:
        return lambda x, y: np.where(x > level, y, np.sin(x))
    return lambda x, y: np.where(x < y, np.exp(-x * x), y)


def _reduced(draw: Generator, a: tuple, b: tuple) -> Callable:
    name = str(draw.choice(["sum", "sum", "mean", "max", "min", "prod", "logsumexp", "norm", "var"]))
    axes = tuple(i for i in range(len(a)) if draw.random() < 0.6) or None
    axis = axes[0] if axes is not None and len(axes) == 1 else axes
    keep = bool(draw.random() < 0.5)
    if name == "logsumexp":  # of numbers above one: what it gives is then no difference of large numbers
        return lambda x, y: dc.logsumexp(x * x + 1.0, axis=axis, keepdims=keep)
    if name == "norm":
        return lambda x, y: np.sqrt(np.sum(x * x, axis=axis, keepdims=keep))
    function = getattr(np, name)
    return lambda x, y: function(x, axis=axis, keepdims=keep)


def _running(draw: Generator, a: tuple, b: tuple) -> Callable:
    function = np.cumsum if draw.random() < 0.6 else np.cumprod
    axis = int(draw.integers(max(len(a), 1)))
    return lambda x, y: function(x, axis=axis)


def _slice(draw: Generator, n: int) -> Any:
    kind = draw.integers(6)
    if kind == 0 and n:
        return int(draw.integers(-n, n))
    start, stop = sorted(draw.integers(0, n + 1, 2).tolist())
    step = int(draw.integers(1, 4))
    return (slice(None), slice(None, None, -1), slice(start, stop), slice(start, None, step), None, slice(None, -1))[
        kind if kind else 1
    ]


def _sliced(draw: Generator, a: tuple, b: tuple) -> Callable:
    places = tuple(_slice(draw, n) for n in a)
    return lambda x, y: x[places]


def _differences(draw: Generator, a: tuple, b: tuple) -> Callable:
    """Neighbours along the first axis: overlapping slices."""
    k = int(draw.integers(1, 3))
    return lambda x, y: x[k:] * y[:-k] - x[:-k] ** 2 if a == b else x[k:] - 0.5 * x[:-k]


def _reshaped(draw: Generator, a: tuple, b: tuple) -> Callable:
    size = int(np.prod(a))
    divisors = [d for d in range(1, size + 1) if size % d == 0] or [1]
    first = int(draw.choice(divisors))
    order = draw.permutation(len(a)).tolist()
    shapes = (
        lambda x, y: np.reshape(x, (-1,)),
        lambda x, y: np.reshape(x, (first, size // first)),
        lambda x, y: np.transpose(x, order),
        lambda x, y: np.expand_dims(x, 0),
        lambda x, y: np.broadcast_to(x, (2, *a)),
        lambda x, y: np.reshape(np.transpose(x), (size // first, first)),
        lambda x, y: np.squeeze(x),
    )
    return shapes[draw.integers(len(shapes))]


def _joined(draw: Generator, a: tuple, b: tuple) -> Callable:
    axis = int(draw.integers(max(len(a), 1)))
    shift = int(draw.integers(-3, 4))
    width = draw.integers(0, 3, (len(a), 2)).tolist()
    ways = (
        lambda x, y: np.concatenate([x, y], axis=axis),
        lambda x, y: np.concatenate([np.sin(x), x, y[:1]], axis=0),
        lambda x, y: np.stack([x, y], axis=axis),
        lambda x, y: np.roll(x, shift, axis=axis),
        lambda x, y: np.pad(x, width),
        lambda x, y: np.flip(x, axis=axis),
        lambda x, y: np.repeat(x, 2, axis=axis),
    )
    return ways[draw.integers(len(ways))]


def _gathered(draw: Generator, a: tuple, b: tuple) -> Callable:
    if not a or not a[0]:
        return lambda x, y: np.tanh(x)
    places = draw.integers(0, a[0], size=int(draw.integers(0, 6)))
    return lambda x, y: x[places] if isinstance(x, Node) else np.asarray(x)[places]


def _products(draw: Generator, a: tuple, b: tuple) -> Callable:
    ways = (
        lambda x, y: np.dot(x, y),
        lambda x, y: np.matmul(x, y),
        lambda x, y: np.matmul(x, np.swapaxes(y, -1, -2)),
        lambda x, y: np.matmul(np.swapaxes(x, -1, -2), y),
        lambda x, y: np.outer(x, y),
        lambda x, y: np.matmul(x, np.swapaxes(x, -1, -2)),
    )
    return ways[draw.integers(len(ways))]


def _systems(draw: Generator, a: tuple, b: tuple) -> Callable:
    """Solutions, inverses, determinants and factors of 4 I + tanh(x) / 2, whose condition is below 5."""
    n = a[-1] if len(a) >= 2 and a[-1] == a[-2] else 0
    if not 0 < n <= LARGEST_SYSTEM:
        return lambda x, y: np.tanh(x)

    def matrix(x: Any) -> Any:
        return 4.0 * np.eye(n) + 0.5 * np.tanh(x)

    def symmetric(x: Any) -> Any:
        return 4.0 * np.eye(n) + 0.25 * (np.tanh(x) + np.swapaxes(np.tanh(x), -1, -2))

    ways = (
        lambda x, y: np.linalg.solve(matrix(x), y),
        lambda x, y: np.linalg.solve(matrix(x), np.cos(x)),
        lambda x, y: np.linalg.inv(matrix(x)),
        lambda x, y: np.linalg.det(matrix(x)),
        lambda x, y: np.linalg.slogdet(matrix(x))[1],
        lambda x, y: np.linalg.cholesky(symmetric(x)),
    )
    return ways[draw.integers(len(ways))]


def _fixed(draw: Generator, a: tuple, b: tuple) -> Callable:
    """An operation with an array that is a constant."""
    numbers = draw.normal(size=a)
    return lambda x, y: x * constant(numbers) if isinstance(x, Node) else np.asarray(x) * numbers


FAMILIES = (
    _unary, _binary, _chosen, _reduced, _running, _sliced, _differences, _reshaped, _joined, _gathered, _products,
    _fixed, _systems,
)  # fmt: skip
WEIGHTS = np.array([0.21, 0.23, 0.05, 0.12, 0.03, 0.06, 0.04, 0.07, 0.05, 0.02, 0.06, 0.03, 0.03])
SCALAR_WEIGHTS = np.array([0.45, 0.45, 0.1] + [0.0] * (len(FAMILIES) - 3))
