"""Numerical methods read graphs and plain callables alike, and hold detached values at the point."""

import numpy as np
import pytest

import diffcompare.ops  # noqa: F401 - fills the table of operations
from diffcompare.core.trace import trace
from diffcompare.methods import resolve
from diffcompare.ops.activations import stop_gradient
from tests.methods.bound import Bound, opaque

# Bounds for derivatives and points of size one: noise**(1/2), noise**(2/3), the usual estimate, rounding
NUMERICAL = {
    "forward-difference": 1e-7,
    "backward-difference": 1e-7,
    "central-difference": 1e-9,
    "richardson": 1e-11,
    "complex-step": 1e-14,
}


def graph(name: str, f, *args) -> Bound:
    return Bound(resolve(name).prepare(trace(f, *args), tuple(range(len(args)))))


def circuit(x, y):
    return (x + 1 / (1 + np.exp(-y))) / (1 / (1 + np.exp(-x)) + (x + y) ** 2)


@pytest.mark.parametrize("name", NUMERICAL)
def test_graphs_and_callables_agree(name):
    """The lecture's circuit has its published gradient from a graph and from the plain function."""
    for bound in (graph(name, circuit, 3.0, -4.0), opaque(resolve(name), circuit, (3.0, -4.0))):
        value, gradient = bound.value_and_gradient(3.0, -4.0)
        assert value == pytest.approx(1.5456448841066441, rel=4 * 2.0**-52)
        np.testing.assert_allclose(gradient, [2.059569795572165, 1.5922327514838093], rtol=NUMERICAL[name])


@pytest.mark.parametrize("name", NUMERICAL)
def test_detached_values_stay_at_the_point(name):
    """(2 x.x - detached sum of x)**2 at 0, 1, 2, 3 has the gradient 0, 176, 352, 528, along directions too."""
    x = np.arange(4.0)
    bound = graph(name, lambda x: (2 * np.dot(x, x) - stop_gradient(np.sum(x))) ** 2, x)
    value, (gradient,) = bound.value_and_gradient(x)
    assert value == 484.0
    tolerance = 1000 * NUMERICAL[name]  # value and slopes of this size
    np.testing.assert_allclose(gradient, [0, 176, 352, 528], atol=tolerance)
    assert bound.jvp((x,), (np.ones(4),))[1] == pytest.approx(1056, abs=4 * tolerance)


@pytest.mark.parametrize("name", NUMERICAL)
def test_arguments_that_nothing_reads_have_zeros(name):
    """Gradient zeros, in the argument's shape, for an argument that the function ignores."""
    x, y = np.ones((2, 3)), 2.0
    dx, dy = graph(name, lambda x, y: y * 3.0, x, y).gradient(x, y)
    np.testing.assert_array_equal(dx, np.zeros((2, 3)))
    assert dy == pytest.approx(3.0, rel=3 * NUMERICAL[name])


@pytest.mark.parametrize("name", NUMERICAL)
def test_the_same_array_may_be_two_arguments(name):
    """One array passed twice is moved in one place at a time."""
    x = np.array([1.0, 2.0])
    dx, dy = graph(name, lambda x, y: np.sum(x * y**2), x, x).gradient(x, x)
    np.testing.assert_allclose(dx, x**2, rtol=20 * NUMERICAL[name])
    np.testing.assert_allclose(dy, 2 * x**2, rtol=20 * NUMERICAL[name])
