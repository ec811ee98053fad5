"""Pullback and pushforward as graphs: masks, kinks, sharing, exactness."""

import math
from typing import Any

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.transform.pullback import pullback
from diffcompare.transform.pushforward import pushforward
from diffcompare.transform.simplify import simplify
from diffcompare.transform.stopped import split_stopped

MODES = ["reverse", "forward"]


@pytest.mark.parametrize("method", MODES)
@pytest.mark.parametrize(
    ("f", "at", "expected"),
    [
        (lambda x: np.abs(x), 0.0, 0.0),
        (lambda x: dc.relu(x), 0.0, 0.0),
        (lambda x: np.maximum(x, 0.0), 0.0, 0.5),
        (lambda x: np.clip(x, 0.0, 1.0), 1.0, 0.5),
        (lambda x: np.hypot(x, 0.0), 0.0, 0.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: x**3, 0.0, 0.0),
        (lambda x: x**2.0, 0.0, 0.0),
        (lambda x: 0.0**x, 2.0, 0.0),
        (lambda x: np.sinc(x), 0.0, 0.0),
        (lambda x: np.where(x > 0, np.log(x), 0.0), -1.0, 0.0),
        (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0.0),
        (lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0, 0.0),
        (lambda x: np.where(x > 0, np.log(x * x) * np.sqrt(x), 0.0), 0.0, 0.0),
        (lambda x: np.sum(np.where(np.array([False, False]), np.log(x) * np.ones(2), 0.0)), 0.0, 0.0),
        (lambda x: np.sqrt(x), 0.0, math.inf),
        (lambda x: x // 2.0, 3.0, 0.0),
        (lambda x: x % 2.0, 3.0, 1.0),
        (lambda x: 7.0 % x, 2.0, -3.0),
    ],
)
def test_conventions_at_kinks_and_masks(method, f, at, expected):
    """What the documentation promises at awkward points holds in both modes."""
    assert dc.gradient(f, method=method)(at) == expected


@pytest.mark.parametrize("method", MODES)
def test_stable_functions_keep_their_digits(method):
    """Published values far out on the tails, to 4 ULP."""
    for f, at, expected in [
        (np.tanh, 20.0, 1.6993417021166355e-17),  # 4 exp(-40) / (1 + exp(-40))**2
        (np.expm1, -40.0, 4.248354255291589e-18),  # exp(-40)
        (dc.sigmoid, -800.0, 0.0),
        (dc.softplus, -40.0, 4.248354255291589e-18),
        (dc.sigmoid, 40.0, 4.248354255291589e-18),
    ]:
        assert abs(dc.gradient(f, method=method)(at) - expected) <= 4 * np.spacing(expected)


def test_a_node_used_twice_adds_both_cotangents():
    """Gradients add at forks: d(x x)/dx = 2 x."""
    assert dc.gradient(lambda x: x * x)(3.0) == 6.0


def test_ties_share_equally():
    """max over two equal entries gives each a half."""
    np.testing.assert_array_equal(dc.gradient(np.max)(np.array([1.0, 3.0, 3.0])), [0.0, 0.5, 0.5])


def test_products_with_zeros_are_right():
    """prod and cumprod do not divide."""
    np.testing.assert_array_equal(dc.gradient(np.prod)(np.array([0.0, 2.0, 3.0])), [6.0, 0.0, 0.0])
    np.testing.assert_array_equal(dc.gradient(np.prod)(np.array([0.0, 0.0, 3.0])), [0.0, 0.0, 0.0])
    jacobian = dc.jacobian(np.cumprod)(np.array([2.0, 0.0, 3.0]))
    np.testing.assert_array_equal(jacobian, [[1, 0, 0], [0, 2, 0], [0, 6, 0]])


def test_the_determinant_of_a_singular_matrix_has_a_gradient():
    """The cofactors of [[1, 2], [2, 4]] are [[4, -2], [-2, 1]]."""
    cofactors = dc.gradient(np.linalg.det)(np.array([[1.0, 2.0], [2.0, 4.0]]))
    np.testing.assert_allclose(cofactors, [[4.0, -2.0], [-2.0, 1.0]], rtol=0, atol=8 * 5 * np.finfo(float).eps)


@pytest.mark.parametrize("executor", ["numpy", "numba"])
def test_arithmetic_is_the_users(executor):
    """(1 + x) - 1 is not simplified, in any executor."""
    f = dc.value_and_gradient(lambda x: (1 + x) - 1, method=dc.methods.Reverse(executor=executor))
    assert f(1e-17) == (0.0, 1.0)


def test_simplify_changes_no_value():
    """0 x stays (nan, inf), x + 0 stays (sign of zero); x 1 and -(-x) go."""
    x = dc.variable("x")
    for kept in (0.0 * x, x + 0.0, x * x, (1.0 + x) - 1.0):
        assert simplify(Graph((x,), (kept,))).output is kept
    for gone in (x * 1.0, x / 1.0, -(x.__neg__()), x - 0.0):
        assert simplify(Graph((x,), (gone,))).output is x


def test_detached_values_become_inputs():
    """split_stopped separates what is held constant; values agree with the whole."""
    graph = dc.trace(lambda x: dc.stop_gradient(np.sin(x) * dc.stop_gradient(x)) * x, 0.7)
    frozen, main = split_stopped(graph)
    assert frozen is not None
    held = evaluator(frozen)(0.7)
    assert evaluator(main)(0.7, *held) == evaluator(graph)(0.7)
    assert split_stopped(main)[0] is None


@pytest.mark.parametrize("method", ["reverse", "forward", "central-difference", "complex-step", "symbolic"])
def test_detach_means_the_same_in_every_method(method):
    """The lecture's (2 x.x - detach(sum x))**2 at (0, 1, 2, 3) has gradient (0, 176, 352, 528)."""
    found = dc.gradient(lambda x: (2 * np.dot(x, x) - dc.stop_gradient(np.sum(x))) ** 2, method=method)(np.arange(4.0))
    # central differences: truncation h**2 f'''/6 and round-off eps f/h at h = eps**(1/3) leave about 1e-10 of 528
    np.testing.assert_allclose(found, [0.0, 176.0, 352.0, 528.0], rtol=1e-8, atol=1e-6)


def test_tangent_and_cotangent_agree():
    """y_bar . (J x_dot) equals (J^T y_bar) . x_dot: the dot-product test, to round-off of the sums."""
    rng = np.random.default_rng(7)
    x, v, w = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(4,))

    def f(x):
        return np.sum(np.exp(-x) * np.roll(x, 1, 0), axis=1) / np.linalg.norm(x, axis=1)

    _, tangent = dc.jvp(f, (x,), (v,))
    _, pull = dc.vjp(f, x)
    terms = np.abs(w * tangent).sum()
    assert abs(w @ tangent - np.sum(pull(w)[0] * v)) <= 64 * np.finfo(float).eps * terms


def test_derived_graphs_differentiate_again():
    """The pullback of a pullback is the second derivative: d2/dx2 sin(x) = -sin(x)."""
    graph = dc.trace(np.sin, 0.4)
    second = pullback(Graph(graph.inputs, (pullback(graph, (0,)).outputs[1],)), (0,))
    assert evaluator(second)(0.4)[1] == -math.sin(0.4)
    pushed = pushforward(graph, (0,))
    assert evaluator(pushed)(0.4, 1.0) == (math.sin(0.4), math.cos(0.4))


INFINITE_SLOPES: dict[str, tuple[Any, float, float]] = {
    "sqrt": (np.sqrt, 0.0, np.inf),
    "cbrt": (np.cbrt, 0.0, np.inf),
    "power": (lambda x: x**0.25, 0.0, np.inf),
    "arcsin": (np.arcsin, 1.0, np.inf),
    "arccos": (np.arccos, -1.0, -np.inf),
    "arccosh": (np.arccosh, 1.0, np.inf),
}


@pytest.mark.parametrize("name", INFINITE_SLOPES)
@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_an_infinite_slope_stays_in_its_entry(name, method):
    """x0 + 3 f(x1) where f'(x1) is infinite has gradient (1, f'(x1)), of an array and of two scalars."""
    function, edge, slope = INFINITE_SLOPES[name]
    found = dc.gradient(lambda x: x[0] + 3.0 * function(x[1]), method=method)(np.array([2.0, edge]))
    assert found.tolist() == [1.0, slope]
    assert dc.gradient(lambda x, y: x + function(y), wrt=(0, 1), method=method)(2.0, edge) == (1.0, slope)


def test_a_tangent_is_linear_where_slopes_are_finite():
    """The derivative of the tangent of sqrt(x) by its direction is 1 / (2 sqrt(x)), at the direction 0 too."""
    x = dc.trace(lambda x: np.sum(np.sqrt(x)), np.array([4.0, 9.0]))
    pushed = pushforward(x, (0,))
    by_direction = pullback(Graph(pushed.inputs, pushed.outputs[1:]), (1,))
    np.testing.assert_array_equal(evaluator(by_direction)(np.array([4.0, 9.0]), np.zeros(2))[1], [0.25, 0.5 / 3.0])
