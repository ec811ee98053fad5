"""Products of a matrix and a vector row by row: against certified balls, NumPy's nan and inf, and themselves."""

import math

import numba
import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.reference import reference_gradient
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import variable
from diffcompare.lower import numba_store
from diffcompare.lower.numba_emit import compile_graph
from diffcompare.lower.numba_nest import WIDE
from diffcompare.lower.numba_rewrite import rewritten
from diffcompare.lower.numba_writer import Writer
from diffcompare.transform.pullback import pullback

RNG = np.random.default_rng(23)
# Around the 16 columns from which the loops are ours, around whole registers, and around blocks of 256 rows.
SHAPES = [(16, 16), (17, 19), (16, 50), (50, 17), (255, 33), (257, 20), (515, 64)]


def products(dtype, m, k):
    """Both products with a matrix and both with its transpose."""
    X, w, r = (variable(n, s, dtype) for n, s in (("X", (m, k)), ("w", (k,)), ("r", (m,))))
    return Graph((X, w, r), (X @ w, r @ X, X.T @ r, w @ X.T))


def inputs(dtype, m, k):
    return [RNG.normal(size=size).astype(dtype) for size in ((m, k), k, m)]


def logistic(w, X, t):
    z = X @ w
    return np.mean(np.maximum(z, 0.0) - z * t + np.log1p(np.exp(-np.abs(z)))) + 0.5e-3 * (w @ w)


def called(graph, args, **options):
    first, rest = compile_graph(graph, **options).call(*args)
    return [first, *rest]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("m, k", SHAPES)
def test_products_are_within_the_bound_of_any_order(m, k, dtype):
    """A sum of n products in any order is within n eps / (1 - n eps) of the sum of magnitudes (Higham 2002, 3.1)."""
    args = inputs(dtype, m, k)
    exact = [a.astype(np.longdouble) for a in args]
    X, w, r = exact
    expected = [X @ w, r @ X, X.T @ r, w @ X.T]
    sizes = [abs(X) @ abs(w), abs(r) @ abs(X), abs(X.T) @ abs(r), abs(w) @ abs(X.T)]
    graph = products(dtype, m, k)
    assert Writer(rewritten(graph)).write().count("row_products(") == 2
    for found, value, size, n in zip(called(graph, args), expected, sizes, (k, m, m, k), strict=True):
        assert found.dtype == dtype
        eps = n * float(np.finfo(dtype).eps)
        assert np.all(abs(found - value) <= eps / (1 - eps) * size)


@pytest.mark.parametrize("m, k", [(17, 19), (257, 20)])
def test_one_pass_for_both_products_agrees_with_certified_balls(m, k):
    """A logistic loss and its gradient, whose products share a loop, are within rounding of their certified values."""
    w, X, t = RNG.normal(size=k), RNG.normal(size=(m, k)), RNG.uniform(size=m)
    f = dc.function(logistic)
    certified = reference_gradient(f, (w, X, t), wrt=0)
    value, gradient = dc.prepare(f, w, X, t, wrt=0).value_and_gradient(w, X, t)
    scale = np.max(abs(X)) * np.max(abs(w)) * k  # what a row's product can be
    assert abs(value - certified.value) <= 8 * k * np.finfo(float).eps * scale
    found = np.ravel(gradient)
    assert np.all(abs(found - np.ravel(certified.gradient)) <= 8 * (m + k) * np.finfo(float).eps * scale)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("row, column", [(0, 0), (3, 18), (16, 5), (15, 15)])
def test_nan_and_inf_travel_as_in_matmul(bad, row, column):
    """One bad entry reaches just the results it reaches in NumPy, also from columns that a register reads twice."""
    graph, args = products("float64", 17, 19), inputs("float64", 17, 19)
    args[0][row, column] = bad
    for found, expected in zip(called(graph, args), evaluator(graph)(*args), strict=True):
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
        np.testing.assert_array_equal(found[~np.isfinite(found)], expected[~np.isfinite(expected)])
    args[0][row, column] = 1.0
    args[1][column] = args[2][row] = bad
    args[0][:, 3] = args[0][2] = 0.0  # zero times inf is nan
    for found, expected in zip(called(graph, args), evaluator(graph)(*args), strict=True):
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))


@pytest.mark.parametrize("m, k", [(0, 20), (20, 0), (1, 20), (20, 1), (15, 40), (40, 15)])
def test_small_and_empty_products(m, k):
    """Without rows, without columns or with few of either the products are NumPy's."""
    graph, args = products("float64", m, k), inputs("float64", m, k)
    for found, expected in zip(called(graph, args), evaluator(graph)(*args), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e2 * np.finfo(float).eps)  # up to 40 terms near one


def test_strided_and_transposed_arguments():
    """Arguments that are not contiguous, and a matrix given by its transpose, have the gradient of their copies."""
    w, X, t = RNG.normal(size=60)[::2], RNG.normal(size=(30, 80)).T, RNG.uniform(size=240)[::3]
    prepared = dc.prepare(logistic, w, X, t, wrt=0)
    value, gradient = prepared.value_and_gradient(w, X, t)
    copied_value, copied = prepared.value_and_gradient(w.copy(), np.ascontiguousarray(X), t.copy())
    assert value == copied_value
    np.testing.assert_array_equal(np.ravel(gradient), np.ravel(copied))


def test_bits_do_not_depend_on_addresses():
    """The same numbers at other distances from a page have the same results, bit for bit."""
    graph, args = products("float64", 70, 37), inputs("float64", 70, 37)
    expected = called(graph, args)
    for shift in (1, 3, 7):
        moved = [np.empty(a.size + 8)[shift : shift + a.size].reshape(a.shape) for a in args]
        for to, a in zip(moved, args, strict=True):
            to[...] = a
        for found, value in zip(called(graph, moved), expected, strict=True):
            np.testing.assert_array_equal(found, value)


def test_bits_do_not_depend_on_threads_or_on_sharing_a_pass():
    """A loop that several threads may share makes each product by itself: the numbers are those of one pass."""
    m, k = WIDE + 300, 16
    w, X, t = RNG.normal(size=k), RNG.normal(size=(m, k)), RNG.uniform(size=m)
    names = [variable(n, a.shape) for n, a in (("w", w), ("X", X), ("t", t))]
    graph = pullback(Graph(tuple(names), (logistic(*names),)), (0,))
    threads = numba.get_num_threads()
    results = []
    for count, parallel in ((1, True), (threads, True), (1, False)):
        numba.set_num_threads(count)
        results.append(called(graph, (w, X, t), parallel=parallel))
    numba.set_num_threads(threads)
    shared = Writer(rewritten(graph))
    assert "block, min(block + 256" in shared.write()
    for value, gradient in results[1:]:
        assert value == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


def test_products_that_cannot_share_a_pass():
    """A residual that needs all products first, or its neighbour's, has the gradient that NumPy has."""
    for f in (
        lambda w, X: np.sum(np.exp(X @ w - np.max(X @ w))),
        lambda w, X: np.sum((X @ w)[1:] * (X @ w)[:-1]),
        lambda w, X: np.sum(np.tanh((X @ w)[::-1]) * (X @ w)),
        lambda w, X: np.sum(np.cumsum(X @ w) * (X @ w)),
        lambda w, X: np.sum((X @ w) ** 2) / np.sum(np.cos(X @ w)),
        lambda w, X: np.sum(((X.T @ (X @ w)) - w) ** 2),
    ):
        w, X = variable("w", (21,)), variable("X", (300, 21))
        graph = pullback(Graph((w, X), (f(w, X),)), (0,))
        args = RNG.normal(size=21) / 10, RNG.normal(size=(300, 21))
        found, expected = called(graph, args), evaluator(graph)(*args)
        scale = max(1.0, float(np.max(abs(expected[1]))), abs(float(expected[0])))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e4 * np.finfo(float).eps * scale)  # sums of 300 x 21 terms


def test_numbas_front_end_writes_the_same_loops(monkeypatch):
    """Text that only Numba's own compiler takes gets the same products, bit for bit."""
    graph, args = products("float64", 33, 21), inputs("float64", 33, 21)
    expected = called(graph, args)
    monkeypatch.setenv("DIFFCOMPARE_CACHE", "0")
    monkeypatch.setattr(numba_store, "compiled", lambda *given: None)
    monkeypatch.setattr(numba_store, "_KNOWN", {})
    for found, value in zip(called(graph, args), expected, strict=True):
        np.testing.assert_array_equal(found, value)
