"""Every elementwise row: its NumPy value, its scalar code and its partials against mathematics at 40 digits."""

import dataclasses

import mpmath
import numba
import numpy as np
import pytest

from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import Node, constant, variable
from diffcompare.lower import numba_special
from tests.ops.mathematics import EPS, bound, derivative, digits, intermediate, value
from tests.ops.points import ELEMENTWISE, columns, domain_points, edge_points

UNITS = 16  # roundings of the longest formula among the rows, each at most EPS / 2, and SciPy's own few units
by_row = pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)


def compare(row, what, function, points, found, within=None):
    """Assert that `found` is `function` at `points` within its bound; overflow to infinity is right where it is due."""
    for point, got in zip(points, np.broadcast_to(found, len(points)), strict=True):
        exact, dps = digits(function, point)
        limit = bound(function, point, dps, UNITS, within)
        if not mpmath.isfinite(exact) or abs(exact) + limit > mpmath.mpf(1.7976931348623157e308):
            continue
        error = abs(mpmath.mpf(float(got)) - exact)
        assert error <= limit, f"{row.name} {what} at {point}: {float(got)!r}, exactly {mpmath.nstr(exact, 20)}"


def numpy_values(row, points):
    with np.errstate(all="ignore"):
        return np.broadcast_to(row.numpy(*columns(points)), len(points))


def partial_values(row, points):
    """The row's partials at `points`, built on nodes and evaluated by the NumPy executor."""
    arguments = columns(points)
    inputs = tuple(variable(f"x{i}", a.shape, a.dtype) for i, a in enumerate(arguments))
    partials = row.partials(row(*inputs), *inputs) if row.partials else (None,) * len(inputs)
    nodes = tuple(p if isinstance(p, Node) else constant(0.0 if p is None else p) for p in partials)
    return evaluator(Graph(inputs, nodes))(*arguments)


def check_partials(row):
    """Assert that every partial of `row` is SymPy's derivative over the domain."""
    points = domain_points(row)
    for i, found in enumerate(partial_values(row, points)):
        if isinstance(points[0][i], bool) or (row.name == "polygamma" and i == 0):
            continue
        compare(row, f"partial {i}", derivative(row, i), points, found, intermediate(row, i))


def scalar_code(row):
    """The row's scalar template as a compiled function over arrays."""
    names = [f"x{i}" for i in range(len(row.domain))]
    elements = [f"{n}[i]" for n in names]
    text = numba_special.translate(row.scalar).format(*names)
    body = f"def run({', '.join(f'a{n}' for n in names)}, out):\n  for i in range(out.size):\n"
    body += "".join(f"    {n} = a{e}\n" for n, e in zip(names, elements, strict=True)) + f"    out[i] = {text}\n"
    space = dict(numba_special.functions())
    exec(body, space)  # noqa: S102 - text of the row table
    return numba.njit(error_model="numpy")(space["run"])


@by_row
def test_numpy_column_is_the_function_of_the_sympy_column(row):
    """The NumPy column computes what the SymPy column says, within the rounding of its arguments and formula."""
    points = domain_points(row)
    compare(row, "value", value(row), points, numpy_values(row, points), intermediate(row))


@by_row
def test_partials_are_sympys_derivatives(row):
    """Each partial is SymPy's derivative over the row's domain."""
    check_partials(row)


@by_row
def test_scalar_code_is_the_function_of_the_sympy_column(row):
    """Compiled scalar code computes what the SymPy column says, and is NumPy's at edges, kinks, nan and infinity."""
    run = scalar_code(row)
    kind = np.bool_ if row.result == "bool" else np.float64
    points, edges = domain_points(row), edge_points(row)
    found: np.ndarray = np.empty(len(points), kind)
    at_edges: np.ndarray = np.empty(len(edges), kind)
    run(*columns(points), found)
    compare(row, "scalar code", value(row), points, found, intermediate(row))
    run(*columns(edges), at_edges)
    expected = numpy_values(row, edges)
    # two evaluations, each within the bound of UNITS roundings of a function without cancellation
    np.testing.assert_allclose(at_edges, expected, rtol=2 * UNITS * EPS, atol=2 * UNITS * EPS, err_msg=row.name)


@by_row
def test_derivatives_at_kinks_are_the_chosen_ones(row):
    """At each kink the partials have the value that the row's `kinks` column states."""
    for point, chosen in row.kinks:
        point = tuple(np.atleast_1d(point))
        found = [p[0] if np.ndim(p) else p for p in partial_values(row, [point])]
        # a chosen derivative is 0, 1/2, 1, log 2 or an infinity, computed in a few operations
        np.testing.assert_allclose(found, np.atleast_1d(chosen), rtol=4 * EPS, err_msg=f"{row.name} at {point}")


@by_row
def test_results_keep_the_type_of_their_arguments(row):
    """float32 arguments give float32 values and partials, but for conditions, which are boolean."""
    dtypes = [np.bool_ if row.name == "where" and i == 0 else np.float32 for i in range(len(row.domain))]
    inputs = [variable(f"x{i}", (2,), d) for i, d in enumerate(dtypes)]
    y = row(*inputs)
    assert y.dtype == (np.bool_ if row.result == "bool" else np.float32)
    for partial in row.partials(y, *inputs) if row.partials else ():
        assert not isinstance(partial, Node) or partial.dtype == np.float32


@pytest.mark.parametrize("wrong", [lambda y, x: (np.sin(x),), lambda y, x: (-1.001 * np.sin(x),)], ids=["sin", "0.1 %"])
def test_a_wrong_partial_fails_at_its_row(wrong):
    """The sweep notices a partial of cos that is another function, or wrong by a thousandth, and names the row."""
    cos = next(row for row in ELEMENTWISE if row.name == "cos")
    with pytest.raises(AssertionError, match="cos partial 0"):
        check_partials(dataclasses.replace(cos, partials=wrong))
