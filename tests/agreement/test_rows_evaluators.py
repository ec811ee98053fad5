"""Every row by every evaluator: NumPy, compiled code, SymPy and balls give one value, also at edges."""

from functools import cache

import numpy as np
import pytest
from flint import arb, arb_series

from diffcompare.core.graph import Graph
from diffcompare.core.node import ROWS, variable
from diffcompare.lower import ball_math as B
from diffcompare.lower import balls
from tests.agreement.evaluators import (
    BITS,
    EPS,
    TINY,
    by_balls,
    by_numba,
    by_numpy,
    by_sympy,
    jacobian_by_balls,
    middles,
)
from tests.agreement.examples import EXAMPLES, STRUCTURED, backward_error, sizes
from tests.ops.mathematics import intermediate
from tests.ops.points import ELEMENTWISE, columns, domain_points, edge_points

UNITS = 16  # roundings of the longest formula among the rows, and the few units of libm, SciPy and compiled code
by_name = pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
EXECUTORS = ["numpy", "numba", "sympy"]
LENGTH = 128  # of the arrays that carry the points of a row: one length for all, so that all share one loop


def arguments(row):
    """Points of the domain and its edges, one array an argument, repeated up to the common length."""
    points = domain_points(row) + edge_points(row)
    assert len(points) <= LENGTH
    return [np.resize(c.astype(float), LENGTH) for c in columns(points)]


@cache
def tables():
    """One graph with every elementwise row on the points of its own: (graph, argument)."""
    data = [arguments(row) for row in ELEMENTWISE]
    x = variable("x", (sum(map(len, data)), LENGTH))
    outputs, start = [], 0
    for row, own in zip(ELEMENTWISE, data, strict=True):
        args = [x[start + i] for i in range(len(own))]
        start += len(own)
        if row.name == "where":
            args[0] = args[0] != 0.0
        outputs.append(row(*args))
    return Graph((x,), tuple(outputs)), np.array([a for own in data for a in own])


@cache
def values(executor):
    """The values of every elementwise row by name, for all points in one run."""
    run = {"numpy": by_numpy, "numba": by_numba, "sympy": by_sympy}[executor]
    graph, x = tables()
    return dict(zip((row.name for row in ELEMENTWISE), run(graph, (x,)), strict=True))


@cache
def certified(row):
    """Value and bound at each point of the domain: UNITS roundings of the value, and of what arguments move it by."""
    found = [_certified(row, point) for point in domain_points(row)]
    return np.array([value for value, _ in found]), np.array([bound for _, bound in found])


def _certified(row, point, bits=BITS):
    apply = balls.elementwise(row.name)
    with B.precision(bits):
        x = [p if isinstance(p, bool) else arb(p) for p in point]
        y = apply(*x)
        if row.result == "bool":
            return middles(y)[()], 0.0
        if y.rad() > abs(y.mid()) * 2**-60 and bits < 8 * BITS:
            return _certified(row, point, 2 * bits)
        terms = abs(float(y.mid()))
        for i, p in enumerate(point):
            if not isinstance(p, bool) and not (row.name == "polygamma" and i == 0):
                moved = apply(*(arb_series([a, 1]) if j == i else a for j, a in enumerate(x)))
                terms += abs(p * float(balls.dependent(moved).mid()))
        within = intermediate(row)
        return float(y.mid()), UNITS * (EPS * (terms + (abs(float(within(*point))) if within else 0.0)) + TINY)


@pytest.mark.parametrize("executor", EXECUTORS)
@by_name
def test_an_elementwise_row_has_the_value_of_its_balls(row, executor):
    """Over its domain a row computes its certified value, but for rounding, however it is run."""
    exact, bound = certified(row)
    found = values(executor)[row.name][: len(exact)].astype(float)
    with np.errstate(all="ignore"):
        fine = (np.abs(found - exact) <= bound) | ~np.isfinite(exact) | (np.abs(exact) + bound > 1.7976931348623157e308)
    assert fine.all(), report(row, domain_points(row), fine, found, exact, bound)


@pytest.mark.parametrize("executor", EXECUTORS[1:])
@by_name
def test_an_elementwise_row_keeps_numpys_edges(row, executor):
    """At edges, kinks, signed zeros, infinities and nan a row has NumPy's value, nan for nan, however it is run."""
    inside, points = len(domain_points(row)), edge_points(row)
    found, expected = (values(e)[row.name][inside : inside + len(points)].astype(float) for e in (executor, "numpy"))
    with np.errstate(all="ignore"):
        # two evaluations, each within UNITS roundings of a value of order 1: no edge is near a cancellation
        fine = np.abs(found - expected) <= 2 * UNITS * EPS * (1.0 + np.abs(expected))
        fine |= (found == expected) | (np.isnan(found) & np.isnan(expected))
    assert fine.all(), report(row, points, fine, found, expected, 0.0 * expected)


def report(row, points, fine, found, expected, bound):
    """The first point that is off, in words."""
    k = int(np.argmin(fine))
    return f"{row.name} at {points[k]}: {found[k]!r}, not {expected[k]!r}; bound {bound[k]:.3g}"


CASES = [
    pytest.param(row, k, id=f"{row.name}-{k}") for row in STRUCTURED for k in range(len(EXAMPLES.get(row.name, ())))
]


def test_every_structured_row_has_an_example():
    """No row is left out of the sweeps: each that is not elementwise has examples, and there are none beside."""
    assert {row.name for row in STRUCTURED} == set(EXAMPLES)
    assert all(EXAMPLES.values())


@cache
def structured_graphs():
    """One graph an example."""
    return {(name, k): e.graph(ROWS[name]) for name, examples in EXAMPLES.items() for k, e in enumerate(examples)}


@cache
def compiled():
    """What compiled code gives for every example, in one compilation."""
    graphs = structured_graphs()
    inputs = tuple(x for g in graphs.values() for x in g.inputs)
    args = [a for name, k in graphs for a in (EXAMPLES[name][k].point if graphs[name, k].inputs else ())]
    outputs = tuple(g.output for g in graphs.values())
    return dict(zip(graphs, by_numba(Graph(inputs, outputs), args), strict=True))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("row, k", CASES)
def test_a_structured_row_has_the_value_of_its_balls(row, k, executor):
    """Shapes, reductions and linear algebra compute their certified values, but for rounding, however they are run."""
    example, graph = EXAMPLES[row.name][k], structured_graphs()[row.name, k]
    point = example.point if graph.inputs else ()
    (exact,) = by_balls(graph, point)
    if executor == "numba":
        found = compiled()[row.name, k]
    else:
        (found,) = (by_numpy if executor == "numpy" else by_sympy)(graph, point)
    assert found.shape == graph.output.shape == exact.shape
    moved = np.concatenate([np.zeros(0), *(s.ravel() for s in sizes(row, example))]) if graph.inputs else np.zeros(0)
    terms = np.abs(jacobian_by_balls(graph, point)) @ moved
    units = backward_error(row, example) + UNITS
    bound = units * EPS * (terms.reshape(exact.shape) + np.abs(exact))
    with np.errstate(invalid="ignore"):
        error = np.where(found == exact, 0.0, np.abs(found - exact))  # the same infinity counts as no error
    assert np.all((error <= bound + TINY) | (found == exact)), f"{row.name}: {found}, not {exact}; bound {bound}"
