"""Every row's rules against derivatives that use none: power series in balls, and SymPy's own differentiation."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from flint import arb, arb_series

from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import ROWS, make, variable
from diffcompare.lower import ball_math as B
from diffcompare.lower import balls
from diffcompare.methods import Symbolic
from diffcompare.transform.pullback import pullback
from diffcompare.transform.pushforward import pushforward
from tests.agreement.derivative_rules import certified, certified_jacobian, faults, floats, moving, wrong
from tests.agreement.evaluators import BITS, EPS
from tests.agreement.examples import EXAMPLES, STRUCTURED
from tests.ops.points import ELEMENTWISE, domain_points

FORMS = ["expression", "dag"]
ALL = pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
CASES = [
    pytest.param(row, k, id=f"{row.name}-{k}") for row in STRUCTURED for k in range(len(EXAMPLES.get(row.name, ())))
]
faults_of_the_table = cache(faults)


@ALL
def test_pullback_and_pushforward_are_the_certified_derivative(row):
    """Both modes give the derivative by power series over the domain, and the stated one at kinks."""
    assert faults_of_the_table(row) == []


def scaled(factor):
    """A change of one column: its rule's results times `factor`."""

    def change(rule):
        def changed(*args, **attributes):
            found = rule(*args, **attributes)
            return (
                tuple(None if p is None else p * factor for p in found) if isinstance(found, tuple) else found * factor
            )

        return changed

    return change


@pytest.mark.parametrize(
    "name, column, change",
    [
        ("cos", "partials", lambda rule: lambda y, x: (np.sin(x),)),
        ("cos", "partials", scaled(1.001)),
        ("maximum", "partials", scaled(1.001)),
        ("sigmoid", "partials", scaled(0.999)),
        ("matmul", "pullback", scaled(1.001)),
        ("logsumexp", "pushforward", scaled(1.001)),
        ("place", "pullback", scaled(1.001)),
    ],
    ids=["sin for cos", "cos", "maximum", "sigmoid", "matmul", "logsumexp", "place"],
)
def test_a_wrong_rule_is_found_at_its_row_alone(name, column, change):
    """In a table with one rule that is another's, or off by 0.1 %, the sweep fails at that row and at no other."""
    broken = dataclasses.replace(ROWS[name], **{column: change(getattr(ROWS[name], column))})
    table = [broken if row.name == name else row for row in ROWS.values()]
    assert {row.name for row in table if (faults if row is broken else faults_of_the_table)(row)} == {name}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_sympys_derivative_is_the_certified_one(row, form):
    """The symbolic method differentiates a row right over its domain, in both of its forms."""
    points, wrt = domain_points(row), tuple(moving(row))
    graph = scalar_graph(row)
    jacobian = Symbolic(form).prepare(graph, wrt).jacobian
    found = np.array([jacobian(*map(float, p))[1] for p in points]).T
    for i, part in zip(wrt, found, strict=True):
        exact, bound = certified(row.name, i)
        off = wrong(part, exact, bound)
        k = int(np.argmax(off))
        assert not off.any(), (
            f"{row.name} {form} {i} at {points[k]}: {part[k]!r}, not {exact[k]!r} within {bound[k]:.3g}"
        )


def scalar_graph(row):
    """The row on scalars; a condition is made of a number."""
    inputs = tuple(variable(f"x{i}") for i in range(len(row.domain)))
    args = (inputs[0] != 0.0, *inputs[1:]) if row.name == "where" else inputs
    return Graph(inputs, (make(row, args),))


KINKS = [pytest.param(row, k, id=f"{row.name}-{k}") for row in ELEMENTWISE for k in range(len(row.kinks))]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("row, k", KINKS)
def test_sympys_derivative_at_a_kink_is_the_stated_one(row, k, form):
    """The symbolic method chooses at kinks what the row's `kinks` column says."""
    point, chosen = row.kinks[k]
    found = Symbolic(form).prepare(scalar_graph(row), tuple(moving(row))).jacobian(*map(float, np.atleast_1d(point)))[1]
    # 0, 1/2, 1, log 2 or an infinity, computed in a few operations
    np.testing.assert_allclose(np.array(found), np.atleast_1d(chosen), rtol=4 * EPS, err_msg=row.name)


@pytest.mark.parametrize("row, k", KINKS)
def test_a_power_series_at_a_kink_gives_the_stated_derivative_or_none(row, k):
    """Balls differentiate a kink to what the `kinks` column says, or say that they cannot: never to anything else."""
    point, chosen = (np.atleast_1d(part) for part in row.kinks[k])
    apply = balls.elementwise(row.name)
    for i, expected in zip(moving(row), chosen, strict=True):
        with B.precision(BITS):
            x = [arb(float(p)) for p in point]
            try:
                found = balls.dependent(apply(*(arb_series([a, 1]) if j == i else a for j, a in enumerate(x))))
            except B.Undecided:
                continue
            if found.is_finite() and not np.signbit(point).any():  # balls know no signed zero
                assert float(found.mid()) == pytest.approx(float(expected), rel=4 * EPS), f"{row.name} argument {i}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("row, k", CASES)
def test_sympys_jacobian_is_the_certified_one(row, k, form):
    """The symbolic method's Jacobians of shapes, reductions and small matrices are those by power series."""
    example = EXAMPLES[row.name][k]
    graph = example.graph(row)
    args, wrt = example.point if graph.inputs else (), floats(graph)
    exact, bound = certified_jacobian(row.name, k)
    found = Symbolic(form).prepare(graph, wrt).jacobian(*args)[1]
    matrix = np.concatenate(
        [
            np.zeros((graph.output.size, 0)),
            *(np.reshape(p, (graph.output.size, graph.inputs[i].size)) for i, p in zip(wrt, found, strict=True)),
        ],
        axis=1,
    )
    off = wrong(matrix, exact, bound)
    assert not off.any(), f"{row.name} {form}: {matrix[off]}, not {exact[off]} within {bound[off]}"


@pytest.mark.parametrize("row, k", CASES)
def test_cotangents_and_tangents_pair(row, k):
    """y_bar . (J x_dot) is (J^T y_bar) . x_dot for every row: its two rules are transposes of each other."""
    example = EXAMPLES[row.name][k]
    graph = example.graph(row)
    args, wrt, output = example.point if graph.inputs else (), floats(graph), graph.output
    if output.dtype.kind != "f":
        assert row.pullback is None or row.name in ("cast", "sum")  # of conditions: nothing to differentiate
        return
    rng = np.random.default_rng(k)
    x_dots = [rng.normal(size=graph.inputs[i].shape) for i in wrt]
    y_bar = rng.normal(size=output.shape)
    y_dot = evaluator(pushforward(graph, wrt))(*args, *x_dots)[1]
    x_bars = evaluator(pullback(graph, wrt, variable("y_bar", output.shape)))(*args, y_bar)[1:]
    pushed = float(np.sum(y_bar * y_dot))
    pulled = float(sum(np.sum(x_bar * x_dot) for x_bar, x_dot in zip(x_bars, x_dots, strict=True)))
    exact, bound = certified_jacobian(row.name, k)
    moved, seeds = np.concatenate([np.zeros(0), *(d.ravel() for d in x_dots)]), np.abs(np.ravel(y_bar))
    # each side is off by the bound of its Jacobian, and by a rounding for each term of its sums
    terms = exact.size + 1
    allowed = 2 * seeds @ (bound + terms * EPS * np.abs(exact)) @ np.abs(moved)
    assert abs(pushed - pulled) <= allowed
