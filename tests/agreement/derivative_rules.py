"""The rules of a row, by both modes, against derivatives by power series in balls, which use no rule.

`faults(row)` takes any row, a changed copy too: what it says of one is how a wrong rule is found.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from flint import arb, arb_series

from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import ROWS, make, variable
from diffcompare.lower import ball_math as B
from diffcompare.lower import balls
from diffcompare.lower.ball_arrays import box, filled, to_balls, unbox
from diffcompare.transform.pullback import pullback
from diffcompare.transform.pushforward import pushforward
from tests.agreement.evaluators import BITS, EPS, TINY, slopes
from tests.agreement.examples import EXAMPLES, Example, backward_error, sizes
from tests.ops.mathematics import intermediate
from tests.ops.points import columns, domain_points

UNITS = 16  # roundings of the longest rule among the rows, and the few units of each function it calls
LARGEST = 1.7976931348623157e308
_STEP = 2.0**-80  # of the differences below, relative: far above the rounding of 256 bits, far below any curvature
_JUMP = 2.0**60  # a derivative that moves by more than this times its step has jumped: a tie that the step broke


def faults(row: Any) -> list[str]:
    """What is wrong with the derivatives of `row`, in words; empty when nothing is."""
    if row.kind != "elementwise":
        return [f for k, e in enumerate(EXAMPLES[row.name]) for f in _structured_faults(row, k, e)]
    return [*_elementwise_faults(row), *_kink_faults(row)]


def moving(row: Any) -> list[int]:
    """Positions of the arguments that vary: a condition and an order do not."""
    return [i for i in range(len(row.domain)) if not (row.name in ("where", "polygamma") and i == 0)]


def both_modes(row: Any, points: list[tuple]) -> dict[str, list[np.ndarray]]:
    """Derivatives of an elementwise `row` at `points`, by its pullback and its pushforward: an array an argument."""
    data = columns(points)
    inputs = tuple(variable(f"x{i}", a.shape, a.dtype) for i, a in enumerate(data))
    graph = Graph(inputs, (make(row, inputs),))
    wrt, ones = tuple(moving(row)), np.ones(len(points))
    if row.result == "bool":  # a condition has no cotangent, and its tangent is none
        zero = [np.zeros(len(points))] * len(wrt)
        return {"pushforward": zero if row.partials is None else [ones] * len(wrt)}
    swept = evaluator(pullback(graph, wrt, variable("y_bar", ones.shape)))(*data, ones)[1:]
    pushed = [evaluator(pushforward(graph, (i,)))(*data, ones)[1] for i in wrt]
    return {
        name: [np.broadcast_to(d, ones.shape) for d in found]
        for name, found in (("pullback", swept), ("pushforward", pushed))
    }


def _elementwise_faults(row: Any) -> list[str]:
    points, found = domain_points(row), []
    for mode, parts in both_modes(row, points).items():
        for i, part in zip(moving(row), parts, strict=True):
            exact, bound = certified(row.name, i)
            off = wrong(part, exact, bound)
            if off.any():
                k = int(np.argmax(off))
                found.append(
                    f"{row.name} {mode} {i} at {points[k]}: {part[k]!r}, not {exact[k]!r} within {bound[k]:.3g}"
                )
    return found


def wrong(found: np.ndarray, exact: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Where `found` is not `exact` within `bound`; overflow to infinity is right where it is due."""
    with np.errstate(all="ignore"):
        return ~(
            (np.abs(found - exact) <= bound)
            | (found == exact)
            | ~np.isfinite(exact)
            | (np.abs(exact) + bound > LARGEST)
        )


def _kink_faults(row: Any) -> list[str]:
    found = []
    for point, chosen in row.kinks:
        point = tuple(float(p) for p in np.atleast_1d(point))
        for mode, parts in both_modes(row, [point]).items():
            got = [float(p[0]) for p in parts]
            # a chosen derivative is 0, 1/2, 1, log 2 or an infinity, computed in a few operations
            if not np.allclose(got, np.atleast_1d(chosen), rtol=4 * EPS, atol=0.0, equal_nan=True):
                found.append(f"{row.name} {mode} at the kink {point}: {got}, not {chosen}")
    return found


@cache
def certified(name: str, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Derivative by argument `i` of the elementwise row of this name at the points of its domain, and its bound."""
    row = ROWS[name]
    if row.partials is None:
        count = len(domain_points(row))
        return np.zeros(count), np.zeros(count)
    pairs = [_certified(row, i, point, BITS) for point in domain_points(row)]
    return np.array([d for d, _ in pairs]), np.array([b for _, b in pairs])


def _certified(row: Any, i: int, point: tuple, bits: int) -> tuple[float, float]:
    with B.precision(bits):
        x = [p if isinstance(p, bool) else arb(p) for p in point]
        slope = _slope(row, i, x)
        if slope.rad() > abs(slope.mid()) * 2**-100 and not slope == 0 and bits < 16 * BITS:
            return _certified(row, i, point, 2 * bits)
        terms = abs(float(slope.mid()))
        for j in moving(row):
            moved = [a * (1 + arb(_STEP)) if k == j else a for k, a in enumerate(x)]
            terms += abs(float(((_slope(row, i, moved) - slope) / _STEP).mid()))
    within = intermediate(row, i)
    return float(slope.mid()), UNITS * (EPS * (terms + (abs(float(within(*point))) if within else 0.0)) + TINY)


def _slope(row: Any, i: int, x: list) -> Any:
    return balls.dependent(balls.elementwise(row.name)(*(arb_series([a, 1]) if j == i else a for j, a in enumerate(x))))


# Rows that are not elementwise: whole Jacobians of the examples.


@cache
def certified_jacobian(name: str, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Jacobian of example `k` of the row of this name, and a bound of its rounding: (outputs, inputs), floats only."""
    row, example = ROWS[name], EXAMPLES[name][k]
    graph = example.graph(row)
    args = example.point if graph.inputs else ()
    with B.precision(BITS):
        points = [to_balls(a) for a in args]
        here = slopes(graph, points)
        exact = _floats(here, graph)
        terms = np.abs(exact)
        for i, size in enumerate(sizes(row, example) if graph.inputs else ()):
            if graph.inputs[i].dtype.kind == "f":
                for n, s in enumerate(size.flat):
                    terms = terms + s * np.abs(_curvature(graph, points, here, i, n))
    if row.kind == "linear-algebra":  # the error of one entry follows the size of the whole
        terms = np.full(terms.shape, np.max(terms, initial=0.0))
    return exact, (backward_error(row, example) + UNITS) * EPS * terms + TINY


def _curvature(graph: Graph, points: list, here: list, i: int, n: int) -> np.ndarray:
    """How the Jacobian moves with element `n` of input `i`, a unit of it; 0 where it jumps."""
    if not B.head(box(points[i]).flat[n]).is_finite():
        return np.zeros((graph.output.size, len(here)))
    flat = list(box(points[i]).flat)
    flat[n] = flat[n] + arb(_STEP)
    moved = list(points)
    moved[i] = unbox(filled(flat, np.shape(box(points[i]))))
    there = slopes(graph, moved)
    rate = [[(b - a) / _STEP for a, b in zip(p, q, strict=True)] for p, q in zip(here, there, strict=True)]
    found = _floats(rate, graph)
    return np.where(np.abs(found) > _JUMP, 0.0, found)


def _floats(columns_: list[list], graph: Graph) -> np.ndarray:
    found = np.array([[float(e.mid()) for e in column] for column in columns_], float)
    return found.reshape(len(columns_), graph.output.size).T


def floats(graph: Graph) -> tuple[int, ...]:
    """Positions of the inputs that are differentiated."""
    return tuple(i for i, x in enumerate(graph.inputs) if x.dtype.kind == "f")


def jacobians(row: Any, example: Example) -> dict[str, np.ndarray]:
    """The Jacobian by the row's pullback, an output at a time, and by its pushforward, an input at a time."""
    graph = example.graph(row)
    args, wrt, output = example.point if graph.inputs else (), floats(graph), graph.output
    found = {}
    if output.dtype.kind == "f":
        sweep = evaluator(pullback(graph, wrt, variable("y_bar", output.shape)))
        rows = [_flat(sweep(*args, seed)[1:]) for seed in _seeds(output.shape)]
        found["pullback"] = np.array(rows).reshape(output.size, sum(graph.inputs[i].size for i in wrt))
    push = evaluator(pushforward(graph, wrt))
    tangents = []
    for i in wrt:
        for seed in _seeds(graph.inputs[i].shape):
            others = [seed if j == i else np.zeros(graph.inputs[j].shape) for j in wrt]
            tangents.append(np.ravel(np.broadcast_to(push(*args, *others)[1], output.shape)))
    found["pushforward"] = np.array(tangents, float).reshape(len(tangents), output.size).T
    return found


def _flat(parts: Any) -> np.ndarray:
    return np.concatenate([np.zeros(0), *(np.ravel(p) for p in parts)])


def _seeds(shape: tuple[int, ...]) -> list[np.ndarray]:
    return [unit.reshape(shape) for unit in np.eye(int(np.prod(shape)))]


def _structured_faults(row: Any, k: int, example: Example) -> list[str]:
    exact, bound = certified_jacobian(row.name, k)
    found = []
    for mode, jacobian in jacobians(row, example).items():
        off = wrong(jacobian, exact, bound)
        if off.any():
            place = tuple(int(n) for n in np.argwhere(off)[0])
            found.append(f"{row.name} {mode}, example {k}, entry {place}: {jacobian[place]!r}, not {exact[place]!r}")
    return found
