"""Compiled graphs against the NumPy executor: every kind of statement, shape and data type."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diffcompare.ops  # noqa: F401 - fills the table
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import constant, variable
from diffcompare.core.tables import ROWS
from diffcompare.errors import UnsupportedOpError
from diffcompare.lower.numba_emit import MOST_STATEMENTS, compile_graph, worth_compiling
from diffcompare.transform.pullback import pullback

EPS = np.finfo(np.float64).eps
RNG = np.random.default_rng(7)


def compiled(inputs, outputs, *args):
    """The outputs of the compiled graph, flat."""
    value, others = compile_graph(Graph(tuple(inputs), tuple(outputs))).call(*args)
    return (value, *others)


def agree(inputs, outputs, *args, units=64):
    """Assert that compiled code and the NumPy executor give the same, nan for nan, within `units` roundings.

    The bound is of `units` roundings relative to each value, and absolute to the largest (sums whose terms cancel).
    """
    found = compiled(inputs, outputs, *args)
    expected = evaluator(Graph(tuple(inputs), tuple(outputs)))(*args)
    for node, a, b in zip(outputs, found, expected, strict=True):
        assert np.shape(a) == node.shape
        if node.shape:
            assert a.dtype == node.dtype
            assert a.flags.c_contiguous
            assert a.flags.writeable
        finite = np.abs(b[np.isfinite(b)]) if np.ndim(b) else np.abs(b)
        scale = float(np.max(finite, initial=0.0)) if np.all(np.isfinite(np.max(finite, initial=0.0))) else 0.0
        tolerance = units * float(np.finfo(node.dtype).eps if node.dtype.kind == "f" else 0.0)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def reduce(name, x, axis, keepdims=False):
    return ROWS[name](x, axis=axis, keepdims=keepdims)


AXES = [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2), ()]


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "logsumexp", "norm", "any", "all"])
def test_reductions_over_every_choice_of_axes(name):
    """A reduction over any axes, of an input and of a computed array, with and without kept axes, is NumPy's."""
    x = variable("x", (3, 4, 2))
    data = RNG.normal(size=(3, 4, 2))
    y = x * 2.0 > 0.3 if name in ("any", "all") else np.exp(x)
    outputs = [reduce(name, of, axis, keep) for of in (x, y) for axis in AXES for keep in (False, True)]
    agree([x], outputs, data)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_empty_arrays(shape):
    """Sums, products and maps over no elements are NumPy's: 0, 1, and arrays without elements."""
    x = variable("x", shape)
    last = (len(shape) - 1,)
    outputs = [reduce(n, x * 2.0, axis) for n in ("sum", "prod") for axis in (last, tuple(range(len(shape))))]
    agree([x], [*outputs, np.exp(x) + x, x.reshape(-1), x.T * 1.0, reduce("logsumexp", x, last)], np.zeros(shape))


def test_views_are_index_arithmetic():
    """Slices (also backwards), transposes, added and dropped axes, broadcasts and reshapes read the right elements."""
    x, y = variable("x", (4, 5)), variable("y", (5,))
    e = np.sin(x) + y
    outputs = [
        e.T, e[::-1, 1:4:2], e[2], e[:, None, 3:], (e.T)[1:] * y[1:, None], np.broadcast_to(e[:, :1], (4, 3)),
        np.broadcast_to(y, (2, 3, 5)), e.reshape(2, 10) + 1.0, (e.T).reshape(10, 2), e.reshape(-1)[3] * y,
        np.cos(x[1:]) - np.cos(x[:-1]), x + x.reshape(5, 4).T, x[1, 2], x, y[::-1],
    ]  # fmt: skip
    agree([x, y], outputs, RNG.normal(size=(4, 5)), RNG.normal(size=5))


def test_fills_and_gathers():
    """Place, scatter-add (also onto one element twice), gather and concatenate put and take the right elements."""
    x = variable("x", (3, 4))
    places = constant(np.array([[0, 5, 5], [11, 2, 0]]))
    taken = ROWS["gather"](np.exp(x), places)
    outputs = [
        taken * 2.0,
        ROWS["scatter_add"](taken + 1.0, places, shape=(3, 4)) * x,
        ROWS["place"](np.tan(x), starts=(5, 0), steps=(-2, 1), shape=(7, 4)) + 1.0,
        np.concatenate([x, np.exp(x), x[:1]], axis=0) * 2.0,
        np.concatenate([x[:, 1:], np.exp(x)], axis=1),
        np.stack([x[0, 0], x[1, 1] * 2.0]),
        ROWS["gather"](reduce("sum", x, (0, 1)), constant(np.zeros(4, int))),
        ROWS["scatter_add"](taken, constant(np.zeros((2, 3), int)), shape=()),
        ROWS["scatter_add"](reduce("sum", x, (0, 1)), constant(np.array(0)), shape=()) * 2.0,
    ]
    agree([x], outputs, RNG.normal(size=(3, 4)))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_running_reductions(axis):
    """Running sums and products, and the linear recurrence, run along the axis they name."""
    x, a = variable("x", (3, 4, 2)), variable("a", (3, 4, 2))
    outputs = [
        ROWS["cumsum"](x * 1.5, axis=axis),
        ROWS["cumprod"](x, axis=axis),
        ROWS["linear_recurrence"](a, np.exp(x), axis=axis),
        ROWS["cumsum"](x > 0.0, axis=axis),
    ]
    agree([x, a], outputs, RNG.normal(size=(3, 4, 2)), RNG.normal(size=(3, 4, 2)))


PRODUCTS = [
    ((3, 4), (4, 2)), ((1, 4), (4, 3)), ((3, 4), (4, 1)), ((1, 4), (4, 1)), ((2, 3, 4), (4, 2)), ((3, 4), (5, 4, 2)),
    ((2, 1, 3, 4), (5, 4, 2)), ((3, 0), (0, 2)), ((0, 3), (3, 2)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", PRODUCTS)
def test_matrix_products(shapes):
    """Matrix products: single, of vectors, in batches that broadcast, of transposes, and over no elements."""
    a, b = (variable(n, s) for n, s in zip("ab", shapes, strict=True))
    matmul, flip = ROWS["matmul"], lambda x: np.swapaxes(x, -1, -2)
    outputs = [matmul(a, b), matmul(flip(b), flip(a)) * 2.0, matmul(np.exp(a), b), matmul(a, flip(flip(b) * 2.0))]
    agree([a, b], outputs, *(RNG.normal(size=s) for s in shapes))


def test_matrix_products_of_mixed_types():
    """Products of integers are exact; float32 by float64 is float64."""
    a, b, c = variable("a", (2, 3), np.int64), variable("b", (3, 2), np.float32), variable("c", (3, 2))
    outputs = [ROWS["matmul"](a, a.T), ROWS["matmul"](b.T, c), ROWS["matmul"](b, b.T), ROWS["matmul"](a, c)]
    agree([a, b, c], outputs, np.arange(6).reshape(2, 3), RNG.normal(size=(3, 2)).astype("f4"), RNG.normal(size=(3, 2)))


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_linear_algebra(batch):
    """Inverse, determinants, solve, Cholesky factor and cofactors are LAPACK's within the condition of the matrix."""
    a, b = variable("a", (*batch, 4, 4)), variable("b", (*batch, 4, 2))
    root = RNG.normal(size=(*batch, 4, 4))
    data = root @ np.swapaxes(root, -1, -2) + 4.0 * np.eye(4)
    names = ("inv", "det", "cofactor", "logabsdet", "slogdet_sign", "cholesky")
    outputs = [*(ROWS[name](a) for name in names), ROWS["solve"](a, b), ROWS["solve"](np.swapaxes(a, -1, -2), b * 2.0)]
    condition = np.max(np.linalg.cond(data))
    agree([a, b], outputs, data, RNG.normal(size=(*batch, 4, 2)), units=64 * condition)


def test_singular_matrices_are_numpys():
    """A singular matrix has determinant 0; inv, solve and cholesky raise LinAlgError, as NumPy's do."""
    a = variable("a", (2, 2))
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    outputs = [ROWS["det"](a), ROWS["logabsdet"](a), ROWS["slogdet_sign"](a)]
    assert compiled([a], outputs, singular) == (0.0, -np.inf, 0.0)
    for name, matrix in (("inv", singular), ("cholesky", -np.eye(2)), ("cholesky", np.full((2, 2), np.nan))):
        with pytest.raises(np.linalg.LinAlgError):
            compiled([a], [ROWS[name](a)], matrix)
    with pytest.raises(np.linalg.LinAlgError):
        compiled([a], [ROWS["solve"](a, a)], singular)


def test_cofactors_of_singular_matrices():
    """Cofactors of a matrix of rank n - 1 are those worked out by hand; of rank n - 2 all are zero."""
    a = variable("a", (3, 3))
    call = compile_graph(Graph((a,), (ROWS["cofactor"](a),))).call
    found = call(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]))[0]
    by_hand = np.array([[-3.0, 6.0, -3.0], [6.0, -12.0, 6.0], [-3.0, 6.0, -3.0]])
    # elimination on entries up to 9 and products of two of them: a few roundings of 81
    np.testing.assert_allclose(found, by_hand, atol=8 * EPS * 81)
    assert np.all(call(np.outer([1.0, 2.0, 4.0], [1.0, 0.5, 2.0]))[0] == 0.0)


def test_cofactors_of_scaled_matrices_keep_their_digits():
    """Scaled by powers of two, [[2, 1, 0], [1, 2, 1], [0, 1, 2]] has its cofactors scaled, in NumPy and compiled.

    Elimination of the scaled matrix takes a few sums and quotients without cancellation: 16 roundings of each entry.
    """
    cofactors = np.array([[3.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 3.0]])
    matrix, scale = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 2.0]]), 2.0 ** np.array([0.0, -30.0, -60.0])
    a = variable("a", (3, 3))
    graph = Graph((a,), (ROWS["cofactor"](a),))
    for call in (lambda x: evaluator(graph)(x)[0], lambda x: compile_graph(graph).call(x)[0]):
        found = call(scale[:, None] * matrix)
        np.testing.assert_allclose(found, np.prod(scale) / scale[:, None] * cofactors, rtol=16 * EPS)


def test_matrices_with_nan_do_not_raise():
    """Where an entry is nan the inverse is nan, as with LAPACK."""
    a = variable("a", (2, 2))
    assert np.isnan(compiled([a], [ROWS["inv"](a)], np.array([[np.nan, 1.0], [1.0, 2.0]]))[0]).all()


def test_nothing_is_reassociated_that_the_user_wrote():
    """(1 + x) - 1 at 1e-17 is 0, alone and inside a sum, as in NumPy."""
    x, y = variable("x"), variable("y", (1000,))
    outputs = [(1.0 + x) - 1.0, reduce("sum", (1.0 + y) - 1.0, (0,))]
    assert compiled([x, y], outputs, 1e-17, np.full(1000, 1e-17)) == (0.0, 0.0)


def test_divisions_by_zero_do_not_raise():
    """1 / 0, 0 / 0, log(0), log(-1), 1 // 0, 1 % 0 and integer division by 0 give NumPy's values."""
    x, k = variable("x", (3,)), variable("k", (3,), np.int64)
    outputs = [1.0 / x, x / x, np.log(x), x // x, 1.0 % x, x**-1.0, np.sqrt(x), 1.0 / k, np.exp(x * 1e4)]
    agree([x, k], outputs, np.array([0.0, -1.0, 1.0]), np.array([0, 1, -2]))


def test_max_and_min_with_nan_are_nan():
    """A nan anywhere makes the maximum and minimum over its line nan, wherever it stands."""
    x = variable("x", (3, 3))
    data = np.array([[np.nan, 1.0, 2.0], [1.0, np.nan, 0.0], [-np.inf, -np.inf, -np.inf]])
    agree([x], [reduce(n, x, a) for n in ("max", "min") for a in ((0,), (1,), (0, 1))], data)


def test_float32_stays_float32():
    """Values, sums and constants of a float32 graph are float32, and agree with NumPy's to its precision."""
    x, s = variable("x", (300,), np.float32), variable("s", (), np.float32)
    outputs = [
        x * 0.1 + s, np.exp(x), reduce("sum", x * s, (0,)), reduce("logsumexp", x, (0,)), x > 0.0, x / 3.0, x**2.5,
        ROWS["cast"](x, dtype="float64") * 0.1, np.where(x > 0.0, x, 0.1),
    ]  # fmt: skip
    agree([x, s], outputs, RNG.uniform(0.1, 1, 300).astype("f4"), np.float32(0.3))


def test_integers_and_booleans():
    """Integers divide to float64, count, compare and select as in NumPy."""
    k, c = variable("k", (5,), np.int64), variable("c", (5,), np.bool_)
    outputs = [
        k / 2, k * 3, k + 1.5, reduce("sum", c, (0,)), np.where(c, k, -k), np.sin(k), k > 2, k**2, ~c, c * 1.5,
        reduce("max", k, (0,)), reduce("sum", k, (0,)), ROWS["cast"](k * 1.7, dtype="int64"),
    ]  # fmt: skip
    agree([k, c], outputs, np.arange(5) - 2, np.array([True, False, True, True, False]))


@pytest.mark.parametrize("n", [255, 256, 257, 100_000])
def test_sums_are_as_good_as_pairwise(n):
    """A sum's error is below 255 roundings of the sum of magnitudes (one block), whatever the length."""
    x = variable("x", (n,))
    data = RNG.uniform(0.0, 1.0, n)
    exact = float(np.sum(data.astype(np.longdouble)))
    found = compiled([x], [reduce("sum", x * 1.0, (0,))], data)[0]
    assert abs(found - exact) <= 255 * EPS / 2 * exact


def test_sums_with_infinities():
    """A sum with an infinity is infinite, with both signs or a nan it is nan."""
    x = variable("x", (600,))
    call = compile_graph(Graph((x,), (reduce("sum", x, (0,)),))).call
    data = np.ones(600)
    data[300] = np.inf
    assert call(data)[0] == np.inf
    data[5] = -np.inf
    assert np.isnan(call(data)[0])


def test_results_share_no_memory():
    """Every array that comes back is new: an output that is an input, a constant, a reshape, or given twice."""
    x = variable("x", (2, 3))
    y = x * 2.0
    data = RNG.normal(size=(2, 3))
    found = compiled([x], [x, x.reshape(3, 2), y, y, y.reshape(-1), y.reshape(3, 2), constant(np.ones(3))], data)
    for i, a in enumerate(found):
        assert not np.shares_memory(a, data)
        assert not any(np.shares_memory(a, b) for b in found[:i])


def test_read_only_arguments_are_taken():
    """A read-only array is an argument like any other."""
    x = variable("x", (3,))
    data = np.ones(3)
    data.flags.writeable = False
    assert compiled([x], [reduce("sum", x, (0,))], data)[0] == 3.0


def test_unused_inputs_and_constant_outputs():
    """An input that nothing reads is accepted; a constant output is returned."""
    x, y = variable("x"), variable("y", (2,))
    assert compiled([x, y], [constant(2.5), constant(np.float64(-np.inf)), x], 1.0, np.ones(2)) == (2.5, -np.inf, 1.0)


def test_large_constants_are_passed_not_compiled_in():
    """A large constant array is an argument of the kernel, bound by a wrapper."""
    x = variable("x", (1000,))
    weights = RNG.normal(size=1000)
    made = compile_graph(Graph((x,), (reduce("sum", x * constant(weights), (0,)),)))
    assert made.call(np.ones(1000))[0] == pytest.approx(weights.sum(), abs=64 * EPS * np.abs(weights).sum())


def test_the_same_call_gives_the_same_bits():
    """Value and gradient are the same bit for bit from call to call and from compilation to compilation."""
    x = variable("x", (5000,))
    graph = pullback(Graph((x,), (reduce("sum", np.sin(x) * np.exp(-x * x), (0,)),)), (0,))
    data = RNG.normal(size=5000)
    runs = [compile_graph(graph).call(data.copy()) for _ in range(2)] + [compile_graph(graph).call(data)]
    call = compile_graph(graph).call
    for offset in range(32):  # other addresses, also arrays that lie side by side
        room = np.empty(5032)
        room[offset : offset + 5000] = data
        runs.append(call(room[offset : offset + 5000]))
    assert len({np.float64(value).tobytes() + bar.tobytes() for value, (bar,) in runs}) == 1


def test_statements_of_one_space_share_a_loop():
    """A sum over an elementwise map and its gradient are one loop."""
    x = variable("x", (50,))
    graph = pullback(Graph((x,), (reduce("sum", np.sin(x) * np.exp(x), (0,)),)), (0,))
    assert compile_graph(graph).source.count("for i0 in") == 1


def test_long_tapes_are_not_compiled():
    """Above the limit of statements the reason is said, and `compile_graph` refuses with it."""
    x = y = variable("x")
    for _ in range(MOST_STATEMENTS + 1):
        y = y + x
    graph = Graph((x,), (y,))
    fine, reason = worth_compiling(graph)
    assert not fine
    assert "statements" in reason
    with pytest.raises(UnsupportedOpError, match="statements"):
        compile_graph(graph)


UNARY = ["sin", "exp", "negative", "square", "tanh", "absolute"]
BINARY = ["add", "multiply", "subtract", "maximum", "divide"]


@st.composite
def graphs(draw):
    """Random graphs over a matrix, a vector and a scalar: maps, views, reductions, fills and products."""
    inputs = [variable("a", (3, 4)), variable("b", (4,)), variable("s")]
    nodes = list(inputs)
    for _ in range(draw(st.integers(3, 14))):
        x = draw(st.sampled_from(nodes))
        what = draw(st.integers(0, 9))
        if what <= 2:
            nodes.append(ROWS[draw(st.sampled_from(UNARY))](x))
        elif what <= 5:
            fits = [y for y in nodes if _broadcasts(x, y)]
            nodes.append(ROWS[draw(st.sampled_from(BINARY))](x, draw(st.sampled_from(fits))))
        elif what == 6 and x.ndim:
            nodes.append(reduce(draw(st.sampled_from(["sum", "max", "logsumexp", "prod"])), x,
                                (draw(st.integers(0, x.ndim - 1)),), draw(st.booleans())))  # fmt: skip
        elif what == 7 and x.ndim:
            nodes.append(draw(st.sampled_from([x.T, x[::-1], x[: 1 + x.shape[0] // 2], x.reshape(-1), x[None]])))
        elif what == 8 and x.ndim:
            joined: Any = np.concatenate([x[1:], np.cos(x[:1])], axis=0)
            nodes.append(joined)
        elif what == 9 and x.ndim == 2:
            nodes.append(ROWS["matmul"](x, np.swapaxes(x, 0, 1)))
    chosen = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=4))
    return Graph(tuple(inputs), tuple(chosen))


def _broadcasts(x, y):
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return True


@given(graph=graphs(), seed=st.integers(0, 2**16))
@settings(max_examples=25)
def test_random_graphs_agree_with_numpy(graph, seed):
    """Random graphs give NumPy's values.

    The bound is measured: a graph may move by 1e3 times what 4 roundings of its arguments move it in NumPy, and by 1e4
    roundings of its result (14 operations on at most 30 elements each, with a few roundings an element); results that
    cancel to nothing may keep as much of their operands, which are near 1.
    """
    rng = np.random.default_rng(seed)
    args = (rng.uniform(0.5, 1.5, (3, 4)), rng.uniform(0.5, 1.5, 4), float(rng.uniform(0.5, 1.5)))
    found = compiled(graph.inputs, graph.outputs, *args)
    expected = evaluator(graph)(*args)
    shaken = evaluator(graph)(*(a * (1.0 + 4 * EPS) for a in args))
    for a, b, c in zip(found, expected, shaken, strict=True):
        a, b, c = (np.atleast_1d(value) for value in (a, b, c))
        fine = np.isfinite(b) & np.isfinite(c) & (np.abs(b) < 1e100)
        bound = 1e4 * EPS * np.abs(b[fine]) + 1e3 * np.abs(c[fine] - b[fine]) + 1e-12
        assert np.all(np.abs(a[fine] - b[fine]) <= bound)


def test_numbers_read_by_empty_arrays_are_computed():
    """A number of several steps that only an array without elements reads has all its steps."""
    x, y = variable("x", (1,)), variable("y", (0,))
    outputs = [np.tanh(x + np.sum(y)) * y, 1.0 / (np.prod(y) + x * 1.0) * y, np.fmin(np.rint(0.5 * x), np.tanh(y))]
    agree([x, y], outputs, np.ones(1), np.ones(0))


def test_empty_arrays_beside_computed_scalars():
    """An array without elements may be combined with numbers and rows that are computed first."""
    x, s, v = variable("x", (0,)), variable("s"), variable("v", (3,))
    wide: Any = np.broadcast_to(x[:, None], (0, 3)) * (v * 2.0)
    outputs = [x * (0.25 + s * s), np.sum(x * (0.25 + s * s)) + s * 2.0, wide, np.sum(wide, axis=0) + v]
    agree([x, s, v], outputs, np.zeros(0), 1.5, np.arange(3.0))


@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 10, 40])
def test_padding_within_padding_is_read_inside(n):
    """Where a padded array is made from a padded array, the interior is the range in which both are read inside."""
    x = variable("x", (n,))
    once: Any = np.pad(x[1:], (1, 0)) + np.pad(x[:-1], (0, 1))
    twice: Any = np.pad(once[1:] * once[1:], (1, 0)) - np.pad(once[:-1] * 2.0, (0, 1))
    thrice: Any = np.pad(twice[2:], (2, 0)) * np.pad(twice[:-1], (0, 1))
    room = np.full(3 * n + 64, 1e300)  # what is read outside the array shows
    data = room[n + 32 : 2 * n + 32]
    data[:] = np.linspace(-1.0, 1.0, n)
    for output in (np.sum(thrice), thrice):
        graph = Graph((x,), (output,))
        # the sum may be taken in another order: n additions of at most n terms of size 10
        np.testing.assert_allclose(compile_graph(graph).call(data)[0], evaluator(graph)(data)[0], atol=10 * n * n * EPS)
