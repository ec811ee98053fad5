"""What compiled code shares: texts between sizes, words between arrays, functions between steps, loops."""

import re
from typing import Any

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import variable
from diffcompare.core.tables import ROWS
from diffcompare.errors import SizeLimitError
from diffcompare.lower.numba_emit import compile_graph
from diffcompare.lower.numba_rewrite import rewritten
from diffcompare.lower.numba_writer import Writer
from diffcompare.transform.pullback import pullback

EPS = np.finfo(np.float64).eps
RNG = np.random.default_rng(11)


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def stencil(x):
    inner = x[1:-1, 1:-1]
    return np.sum((x[2:, 1:-1] + x[:-2, 1:-1] + x[1:-1, 2:] + x[1:-1, :-2] - 4.0 * inner) ** 2)


def gradient_graph(f, shape):
    x = variable("x", shape)
    return pullback(Graph((x,), (f(x),)), (0,))


@pytest.mark.parametrize("f, shapes", [
    (rosenbrock, [(20,), (3000,)]),
    (lambda x: np.mean(np.sin(x) * x), [(7,), (900,)]),
    (stencil, [(20, 30), (41, 50)]),
    (lambda x: np.sum(np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True) * x), [(12, 6), (300, 17)]),
])  # fmt: skip
def test_one_text_serves_every_size(f, shapes):
    """The same structure at another size is the same text, so that nothing is compiled for it."""
    texts = {Writer(rewritten(gradient_graph(f, shape))).write() for shape in shapes}
    assert len(texts) == 1


@pytest.mark.parametrize("f, shape", [
    (rosenbrock, (2,)), (rosenbrock, (700,)), (stencil, (3, 3)), (stencil, (9, 14)),
    (lambda x: np.sum(np.sin(x[2:]) * x[:-2] + np.cos(x[1:-1])), (11,)),
    (lambda x: np.sum(x[:, 3:] ** 2 * x[:, :-3]), (4, 10)),
])  # fmt: skip
def test_gradients_of_overlapping_slices(f, shape):
    """Zeros around slices are no arrays: interior and edges are read where they are, and the sum is NumPy's."""
    graph = gradient_graph(f, shape)
    data = RNG.normal(size=shape)
    (expected_value, expected), (value, (found,)) = evaluator(graph)(data), compile_graph(graph).call(data)
    bound = 64 * EPS * max(1.0, float(np.max(np.abs(expected))))  # at most 10 terms of a few roundings each
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound)
    np.testing.assert_allclose(value, expected_value, rtol=64 * EPS * data.size)


def test_what_the_neighbours_of_a_point_share_is_computed_once():
    """The gradient of a stencil reads stored residuals; with two neighbours of a cheap map nothing is stored."""
    writer = Writer(rewritten(gradient_graph(stencil, (30, 20))))
    _, gradient = writer.write().split("= o1\n")
    assert "x0[" not in gradient
    chain = Writer(rewritten(gradient_graph(rosenbrock, (30,))))
    chain.write()
    assert chain.words == 0


@pytest.mark.parametrize("parts", [3, 4, 7])
def test_parts_of_an_array_have_their_gradients_side_by_side(parts):
    """Cotangents of parts go straight to their places: no array of zeros for each, and no sum; signs of zeros stay."""

    def f(x):
        cut = [x[:, 5 * k : 5 * k + 5] for k in range(parts)]
        return sum(np.sum(np.sin(one) * cut[k - 1]) for k, one in enumerate(cut))

    graph = gradient_graph(f, (6, 5 * parts))
    names = [node.op.name for node in rewritten(graph).nodes]
    assert names.count("concatenate") == 1
    assert "place" not in names
    data = RNG.normal(size=(6, 5 * parts))
    data[1] = -0.0
    (_, expected), (_, (found,)) = evaluator(graph)(data), compile_graph(graph).call(data)
    np.testing.assert_allclose(found, expected, rtol=0, atol=16 * EPS)  # a few roundings of terms of at most a few
    np.testing.assert_array_equal(np.signbit(found[1]), np.signbit(expected[1]))


def test_parts_with_gaps_or_overlaps_are_summed():
    """Parts that leave a column out, or share one, have the gradient that NumPy has."""
    for cuts in ([(0, 3), (4, 7), (7, 10)], [(0, 4), (3, 6), (6, 10)], [(0, 4), (4, 7), (7, 9)]):
        graph = gradient_graph(lambda x, cuts=cuts: sum(np.sum(x[a:b] ** 3) for a, b in cuts), (10,))
        data = RNG.normal(size=10)
        (_, expected), (_, (found,)) = evaluator(graph)(data), compile_graph(graph).call(data)
        np.testing.assert_allclose(found, expected, rtol=8 * EPS)  # at most two products of three roundings, added


def test_steps_that_repeat_are_compiled_once():
    """Twice as many steps of a recurrence take no more functions, and the gradient is NumPy's."""

    def steps(count):
        def f(x):
            for _ in range(count):
                x = x + 0.1 * np.sin(x) * x[::-1]
            return np.sum(x * x)

        return f

    made = [Writer(rewritten(gradient_graph(steps(n), (50,))), apart=True) for n in (12, 24)]
    for writer in made:
        writer.write()
    assert len(made[0].outliner.functions) == len(made[1].outliner.functions)
    graph = gradient_graph(steps(12), (50,))
    data = RNG.normal(size=50)
    found, expected = compile_graph(graph).call(data)[1][0], evaluator(graph)(data)[1]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e3 * EPS * np.max(np.abs(expected)))  # 12 steps


def test_workspace_is_shared_by_arrays_that_do_not_meet():
    """A recurrence needs no more temporaries than are alive at one time: of its value alone, two or three."""
    x = variable("x", (1000,))
    y: Any = x
    for _ in range(30):
        y = np.cumsum(y) * 0.5
    writer = Writer(rewritten(Graph((x,), (np.sum(y),))))
    writer.write()
    assert writer.words <= 4 * 1000


def test_kernels_are_shown():
    """A sum over a map and its gradient are one loop, which is printed with bytes and operations."""
    shown = dc.function(lambda x: np.sum(np.sin(x) * x)).kernels(np.ones(100))
    assert len(shown) == 1
    assert (shown[0].reads, shown[0].writes) == (800, 800)
    assert "sin" in str(shown)
    assert "100" in str(shown)


def test_results_in_place():
    """`out` gets the same numbers whether it is written directly, is strided, or is an argument itself."""
    x = RNG.normal(size=300)
    prepared = dc.prepare(lambda x, a: np.sum(np.sin(x[1:] * a) * x[:-1]), x, 2.0)
    value, (by_x, by_a) = prepared.value_and_gradient(x, 2.0)
    for out in (np.empty(300), np.empty(600)[::2], x.copy()):
        arg = out if out.base is None and np.array_equal(out, x) else x
        a_bar = np.empty(())
        found, _ = prepared.value_and_gradient(arg, 2.0, out=(out, a_bar))
        assert found == value
        assert a_bar == by_a
        np.testing.assert_array_equal(out, by_x)


def test_inside_the_users_compiled_code():
    """`prepared.numba` gives value and gradients in compiled code, and refuses other shapes."""
    x = RNG.normal(size=300)
    prepared = dc.prepare(lambda x, a: np.sum(np.sin(x[1:] * a) * x[:-1]), x, 2.0)
    value, (by_x, by_a) = prepared.value_and_gradient(x, 2.0)
    x_bar, a_bar = np.empty(300), np.empty(1)
    assert prepared.numba(x, 2.0, x_bar, a_bar) == value
    np.testing.assert_array_equal(x_bar, by_x)
    assert a_bar[0] == by_a
    with pytest.raises(ValueError, match=r"\(300,\)"):
        prepared.numba(x[:10].copy(), 2.0, x_bar, a_bar)


@pytest.mark.parametrize("name", ["exp", "sin", "tanh", "log", "arctan", "erf"])
def test_a_transcendental_is_computed_once_per_element(name):
    """f(x), read by the value and by the reverse sweep, is one call in one loop; its partner (cos of sin) another."""
    x, function = variable("x", (50,)), ROWS[name]
    y = function(x)
    graph = pullback(Graph((x,), (np.sum(y * y * np.sin(y)),)), (0,))  # the gradient reads y three times
    source = compile_graph(graph).source
    word = {"arctan": "atan"}.get(name, name)
    assert len(re.findall(rf"\bf_{word}\(", source)) == 1 + (name == "sin")  # sin(y) is another one


def test_value_and_gradient_share_one_exp_in_one_loop():
    """exp(x), which value and gradient of sum(exp(x) x) read, is one call in the only loop."""
    x = variable("x", (50,))
    graph = pullback(Graph((x,), (np.sum(np.exp(x) * x),)), (0,))
    compiled = compile_graph(graph)
    assert compiled.kernels == 1
    assert compiled.source.count("f_exp(") == 1


def test_what_does_not_fit_into_memory_is_refused_before_it_is_made():
    """A result of 8e12 bytes, and temporaries of twice that, raise with their sizes."""
    x = variable("x", (10**6,))
    table: Any = np.exp(x[:, None] * x[None, :])
    with pytest.raises(SizeLimitError, match=r"8000000000000 bytes \(7450\.6 GiB\) of results"):
        compile_graph(Graph((x,), (table,)))
    with pytest.raises(SizeLimitError, match=r"16000000000000 bytes \(14901\.2 GiB\) of temporaries"):
        compile_graph(Graph((x,), (np.sum(np.cumsum(table, axis=0)),)))


def test_a_large_loop_without_large_arrays_is_not_refused():
    """The sum over the same table stores nothing, so that it compiles."""
    x = variable("x", (10**6,))
    assert compile_graph(Graph((x,), (np.sum(np.exp(x[:, None] * x[None, :])),))).kernels >= 1
