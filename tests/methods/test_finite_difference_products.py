"""Finite differences give every product, in the right shapes, and mind their manners with the caller's arrays."""

import math
from typing import Any

import numpy as np
import pytest

from diffcompare.errors import DTypeError, ShapeError
from tests.methods.differences import EPS, EVERY, SCHEMES, Counted, bind, parabola, slope

# shapes and products ------------------------------------------------------------------------------------------------


def shapes(x: np.ndarray, y: float) -> np.ndarray:
    return np.stack([x[0] * y, np.sin(x[1]), y**3])


def test_jacobian_has_output_shape_then_argument_shape() -> None:
    """A vector function of an array and a float has Jacobians of shape (3, 2, 1) and (3,)."""
    x, y = np.array([[1.0], [2.0]]), 0.5
    value, (dx, dy) = bind(lambda x, y: shapes(x[:, 0], y), x, y).jacobian(x, y)
    bound = 1e-9  # h**2 / 6 * 6 = 3e-11 for y**3, EPS / h = 5e-11 for the round-off
    np.testing.assert_array_equal(value, [0.5, math.sin(2.0), 0.125])
    np.testing.assert_allclose(dx[:, :, 0], [[0.5, 0.0], [0.0, math.cos(2.0)], [0.0, 0.0]], atol=bound, rtol=0)
    np.testing.assert_allclose(dy, [1.0, 0.0, 0.75], atol=bound, rtol=0)


def test_scalars_come_back_as_floats() -> None:
    """Value, gradient and tangent of a scalar function are Python floats."""
    prepared = bind(parabola, 1.0)
    value, (gradient,) = prepared.value_and_gradient(1.0)
    found = (prepared.value(1.0), value, gradient, *prepared.jvp((1.0,), (2.0,)))
    assert [type(number) for number in found] == [float] * 5


def test_wrt_chooses_and_orders_the_arguments() -> None:
    """Results are aligned with `wrt`, and other arguments may be anything."""
    f = Counted(lambda word, x, y: x * y**2 if word == "product" else 0.0)
    _, gradients = bind(f, "product", 2.0, 3.0, wrt=(2, 1)).value_and_gradient("product", 2.0, 3.0)
    assert gradients == pytest.approx((12.0, 9.0), abs=1e-8)  # EPS 18 / h


@pytest.mark.parametrize("scheme", SCHEMES)
def test_jvp_is_the_jacobian_times_the_tangent(scheme: str) -> None:
    """The directional difference agrees with the exact derivative to the bound of its step."""
    x, y, t = np.array([1.0, 2.0]), 0.5, (np.array([3.0, -1.0]), 2.0)
    value, tangent = bind(shapes, x, y, scheme=scheme).jvp((x, y), t)
    exact = [3 * 0.5 + 1 * 2, -math.cos(2.0), 2 * 0.75]
    # round-off EPS / h and truncation h f'' / 2 with |t| = 3.7: below 14 * (noise**(1/2), noise**(2/3)) each
    tolerance = 28 * (EPS ** (2 / 3) if scheme == "central" else EPS**0.5)
    np.testing.assert_allclose(tangent, exact, atol=tolerance, rtol=0)
    np.testing.assert_array_equal(value, shapes(x, y))


def test_jvp_is_homogeneous_over_powers_of_two() -> None:
    """Scaling the tangent by 2**k scales the result by 2**k exactly, from tiny to huge."""
    x = np.array([0.3, 0.7, 1.1])
    prepared = bind(lambda x: np.sum(np.exp(x)), x)
    t = np.array([1.0, -2.0, 0.5])
    one = prepared.jvp((x,), (t,))[1]
    assert [prepared.jvp((x,), (t * 2.0**k,))[1] / 2.0**k for k in (-600, -3, 5, 600)] == [one] * 4


def test_jvp_of_the_zero_and_of_a_nan_direction() -> None:
    """The zero tangent gives zeros, a nan in it gives nan."""
    x = np.array([0.3, 0.7])
    jvp = bind(lambda x: x * 2, x).jvp
    np.testing.assert_array_equal(jvp((x,), (np.zeros(2),))[1], [0.0, 0.0])
    assert np.all(np.isnan(jvp((x,), (np.array([np.nan, 1.0]),))[1]))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("x", [np.inf, -np.inf, np.nan])
def test_jvp_at_infinity_is_nan(scheme: str, x: float) -> None:
    """At an infinite or nan point the tangent is nan, as the gradient is."""
    assert np.isnan(bind(np.tanh, x, scheme=scheme).jvp((x,), (1.0,))[1])


def test_vjp_contracts_the_columns() -> None:
    """The pullback of a cotangent is the cotangent times the Jacobian of the same quotients."""
    x, y, w = np.array([1.0, 2.0]), 0.5, np.array([1.0, -2.0, 3.0])
    prepared = bind(shapes, x, y)
    _, (dx, dy) = prepared.jacobian(x, y)
    _, (x_bar, y_bar) = prepared.vjp((x, y), w)
    np.testing.assert_allclose(x_bar, w @ dx, rtol=4 * EPS)  # a sum of three products
    assert y_bar == pytest.approx(w @ dy, rel=8 * EPS)


def test_wrong_shapes_are_named() -> None:
    """A vector output has no gradient, and tangents and cotangents must fit."""
    x = np.ones(3)
    prepared = bind(lambda x: x**2, x)
    with pytest.raises(ShapeError, match=r"scalar output.*\(3,\)"):
        prepared.value_and_gradient(x)
    with pytest.raises(ShapeError, match="tangent of argument 0"):
        prepared.jvp((x,), (np.ones(2),))
    with pytest.raises(ShapeError, match="cotangent"):
        prepared.vjp((x,), 1.0)


def test_an_output_that_changes_shape_is_refused() -> None:
    """A function whose output has another shape near the point is a ShapeError."""
    with pytest.raises(ShapeError, match="near it"):
        bind(lambda x: np.zeros(2 if x == 1.0 else 3), 1.0).jacobian(1.0)


@pytest.mark.parametrize("result", [1j, "one", None, object()])
def test_outputs_that_are_not_real_numbers_are_refused(result: Any) -> None:
    """Complex numbers, text and objects are a DTypeError."""
    with pytest.raises(DTypeError):
        slope(lambda x: result, 1.0)


def test_lists_integers_and_truth_values_are_outputs() -> None:
    """A function may return a list, an integer or a truth value."""
    assert slope(lambda x: int(x > 0.5), 1.0) == 0.0
    assert slope(lambda x: x > 0.5, 1.0) == 0.0
    _, (column,) = bind(lambda x: [x, 2 * x], 1.0).jacobian(1.0)
    np.testing.assert_array_equal(column, [1.0, 2.0])


def test_empty_and_integer_arguments() -> None:
    """An empty argument has an empty gradient; integers are differentiated as floats."""
    _, (gradient,) = bind(np.sum, np.zeros(0)).value_and_gradient(np.zeros(0))
    assert gradient.shape == (0,)
    x = np.array([1, 2])
    _, (gradient,) = bind(lambda x: np.sum(x**2), x).value_and_gradient(x)
    np.testing.assert_allclose(gradient, [2.0, 4.0], atol=1e-8, rtol=0)  # EPS 5 / h


# manners ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "order"), EVERY)
def test_evaluations_are_counted_in_advance(scheme: str, order: int) -> None:
    """A gradient takes order * n evaluations, and the value itself, which one-sided quotients use and count."""
    x = np.ones(5)
    f = Counted(np.sum)
    prepared = bind(f, x, scheme=scheme, order=order)
    assert not f.seen
    prepared.value_and_gradient(x)
    assert prepared.evaluations == 5 * order + (scheme != "central")
    assert len(f.seen) == 5 * order + 1


def test_the_callers_arrays_stay_as_they_are() -> None:
    """A function that overwrites its argument spoils neither the caller's array nor the gradient."""

    def rude(x: np.ndarray) -> float:
        total = float(np.sum(x**2))
        x[:] = np.nan
        return total

    x = np.array([1.0, 2.0])
    _, (gradient,) = bind(rude, x).value_and_gradient(x)
    np.testing.assert_array_equal(x, [1.0, 2.0])
    np.testing.assert_allclose(gradient, [2.0, 4.0], atol=1e-8, rtol=0)  # EPS 5 / h


def test_a_function_may_reuse_its_work_array() -> None:
    """A function that returns the same array from every call is differentiated as if it did not."""
    work = np.empty(2)

    def f(x: np.ndarray) -> np.ndarray:
        return np.multiply(x, x, out=work)

    x = np.array([1.0, 2.0])
    _, (jacobian,) = bind(f, x).jacobian(x)
    np.testing.assert_allclose(jacobian, np.diag([2.0, 4.0]), atol=1e-8, rtol=0)  # EPS 4 / h


def test_a_function_may_keep_its_arguments() -> None:
    """Every evaluation gets an array of its own, so a function may keep it."""
    f = Counted(lambda x: x[0])
    bind(f, np.zeros(1), scheme="forward", order=2, step=0.5).value_and_gradient(np.zeros(1))
    assert [float(x[0]) for (x,) in f.seen] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("x", [np.arange(8.0)[::2], np.arange(4.0).astype(">f8"), np.asfortranarray(np.ones((2, 2)))])
def test_layouts_of_every_kind(x: np.ndarray) -> None:
    """Strided, big-endian, Fortran-ordered and read-only arguments are differentiated like any other."""
    x.flags.writeable = False
    _, (gradient,) = bind(lambda x: np.sum(x**2), x).value_and_gradient(x)
    np.testing.assert_allclose(gradient, 2 * x, atol=1e-8, rtol=0)  # EPS 20 / h
