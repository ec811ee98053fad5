"""The four ways from a graph to numbers, each with one face: float64 arrays for the outputs, at the inputs' values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from diffcompare.core.graph import Graph
from diffcompare.lower import ball_math as B
from diffcompare.lower.ball_arrays import box, to_balls
from diffcompare.lower.balls import ball_evaluator, dependent, seeded
from diffcompare.lower.runner import runner
from diffcompare.lower.sympy_code import compile_outputs
from diffcompare.lower.sympy_expressions import scalar_tape

BITS = 256
EPS, TINY = 2.0**-52, 2.0**-1022


def by_runner(graph: Graph, args: Sequence[Any], executor: str) -> list[np.ndarray]:
    """By NumPy or by Numba."""
    first, others = runner(graph, executor).call(*args)
    return [np.asarray(y) for y in (first, *others)]


def by_numpy(graph: Graph, args: Sequence[Any]) -> list[np.ndarray]:
    """By the rows' NumPy columns."""
    return by_runner(graph, args, "numpy")


def by_numba(graph: Graph, args: Sequence[Any]) -> list[np.ndarray]:
    """By compiled loops of the rows' scalar columns."""
    return by_runner(graph, args, "numba")


def by_sympy(graph: Graph, args: Sequence[Any]) -> list[np.ndarray]:
    """By the rows' SymPy columns, on a tape of scalars."""
    tape, _, outputs = scalar_tape(graph, 1_000_000)
    flat = np.concatenate([np.zeros(0), *(np.ravel(np.asarray(a, float)) for a in args)])
    numbers = compile_outputs(tape, [y for o in outputs for y in o.flat], "numpy").call(flat)
    ends = np.cumsum([0, *(o.size for o in outputs)])
    return [numbers[a:b].reshape(o.shape) for a, b, o in zip(ends[:-1], ends[1:], outputs, strict=True)]


def middles(x: Any) -> np.ndarray:
    """Midpoints of balls as float64: an array of them, or one alone."""
    x = box(x)
    return np.array(
        [float(B.head(e).mid()) if not isinstance(e, (bool, np.bool_)) else float(e) for e in x.flat]
    ).reshape(x.shape)


def by_balls(graph: Graph, args: Sequence[Any]) -> list[np.ndarray]:
    """By the rows' ball columns, at 256 bits."""
    with B.precision(BITS):
        return [middles(y) for y in ball_evaluator(graph)(*map(to_balls, args))]


def slopes(graph: Graph, points: Sequence[Any]) -> list[list[Any]]:
    """First derivatives by power series in balls: for each element of each input a list over the output's elements.

    To be called within `precision`; `points` are balls. No rule of differentiation is used.
    """
    evaluate = ball_evaluator(graph)
    found = []
    for i, x in enumerate(points):
        if graph.inputs[i].dtype.kind != "f":
            continue
        for k in range(np.size(box(x))):
            moved = list(points)
            moved[i] = seeded(x, {k: 1})
            found.append([dependent(y) for y in box(evaluate(*moved)[0]).flat])
    return found


def jacobian_by_balls(graph: Graph, args: Sequence[Any]) -> np.ndarray:
    """The Jacobian by power series, of shape (elements of the output, elements of the float inputs)."""
    with B.precision(BITS):
        return _matrix(slopes(graph, [to_balls(a) for a in args]), graph)


def _matrix(columns: list[list[Any]], graph: Graph) -> np.ndarray:
    found = np.array([[float(e.mid()) for e in column] for column in columns], float)
    return found.reshape(len(columns), graph.output.size).T
