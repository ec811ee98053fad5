"""Richardson extrapolation comes close to rounding, and its error estimate is honest."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diffcompare.errors import OptionError
from diffcompare.methods import Richardson
from tests.methods.bound import Bound, opaque

EPS = 2.0**-52

CASES: dict[str, tuple[Callable, float, float]] = {  # function, point, derivative
    "exp": (np.exp, 1.0, math.e),
    "exp far out": (np.exp, 20.0, math.exp(20.0)),
    "log": (np.log, 2.0, 0.5),
    "log near 0": (np.log, 1e-7, 1e7),
    "reciprocal": (lambda x: 1 / x, 1e-3, -1e6),
    "bell": (lambda x: 1 / (1 + x * x), 0.5, -0.64),
    "slow wave": (np.sin, 0.3, math.cos(0.3)),
    "fast wave": (lambda x: np.sin(50 * x), 0.25, 50 * math.cos(12.5)),
    "period of the first step": (lambda x: np.sin(20 * np.pi * x), 0.0, 20 * math.pi),
    "line": (lambda x: 3 * x, 1.0, 3.0),
    "cube": (lambda x: x**3, 1.0, 3.0),
    "zero": (lambda x: 0.0 * x, 1.0, 0.0),
    "far": (np.tanh, 300.0, 0.0),
}


def bind(f: Callable, *args: Any, **options: Any) -> Bound:
    return opaque(Richardson(**options), f, args)


@pytest.mark.parametrize("case", CASES)
def test_derivative_lies_within_its_estimate(case: str) -> None:
    """The error is below the estimate, and the estimate below 1e-9 of the derivative."""
    f, x, derivative = CASES[case]
    prepared = bind(f, x)
    (found,) = prepared.value_and_gradient(x)[1]
    (estimate,) = prepared.error(x)
    assert abs(found - derivative) <= estimate
    assert estimate <= 1e-9 * max(abs(derivative), abs(float(f(x))))


def test_waves_of_every_frequency_are_followed() -> None:
    """sin(w x) up to w = 200, ten turns within the first step, is extrapolated to 1e-9 w."""
    rng = np.random.default_rng(5)
    for x, w in zip(rng.uniform(-1, 1, 200), rng.uniform(1, 200, 200), strict=True):
        (found,) = bind(lambda x, w=w: np.sin(w * x), x).value_and_gradient(x)[1]
        # at 10 levels the step is 0.11 / 512, so that w h < 0.05: the tableau's fourth column errs by (w h)**8 at most
        assert found == pytest.approx(w * math.cos(w * x), abs=1e-9 * w)


@pytest.mark.parametrize("distance", [0.0, 1e-3, 0.02, 0.09])
def test_kinks_do_not_deceive(distance: float) -> None:
    """Beside a kink the shorter steps, which do not reach it, give the slope; at the kink itself, the mean of both."""
    f, x = (lambda x: abs(x - (0.01 + distance))), 0.01
    prepared = bind(f, x, step=0.1)
    (found,) = prepared.value_and_gradient(x)[1]
    (estimate,) = prepared.error(x)
    assert abs(found - (-1.0 if distance else 0.0)) <= estimate <= 1e-10


def test_steps_beyond_the_domain_are_left_behind() -> None:
    """Steps at which the function is nan do not count; shorter ones settle the derivative."""
    with np.errstate(invalid="ignore"):
        (found,) = bind(np.log, 0.05, step=0.5).value_and_gradient(0.05)[1]
    assert found == pytest.approx(20.0, rel=1e-9)  # EPS log(0.05) / h of 1e-3 relative to 20, and room for truncation


def test_nowhere_defined_is_nan() -> None:
    """A function that is nan around the point has derivative and estimate nan."""
    prepared = bind(lambda x: math.nan, 1.0)
    assert math.isnan(prepared.value_and_gradient(1.0)[1][0])
    assert math.isnan(prepared.error(1.0)[0])


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_points_at_infinity_give_nan(x: float) -> None:
    """An infinite or nan component has the derivative nan."""
    assert math.isnan(bind(np.tanh, x).value_and_gradient(x)[1][0])


def test_vector_functions_are_settled_entry_by_entry() -> None:
    """Jacobian, estimates and both products of a vector function agree with the derivative by hand."""
    x = np.array([0.5, 2.0])
    prepared = bind(lambda x: np.stack([np.sin(x[0]), x[0] * x[1] ** 3, np.log(x[1])]), x)
    exact = np.array([[math.cos(0.5), 0], [8.0, 6.0], [0, 0.5]])
    value, (jacobian,) = prepared.jacobian(x)
    (estimate,) = prepared.error(x)
    assert jacobian.shape == estimate.shape == (3, 2)
    assert np.all(np.abs(jacobian - exact) <= estimate)
    assert np.all(estimate < 1e-11)
    t, w = np.array([3.0, -1.0]), np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(prepared.jvp((x,), (t,))[1], exact @ t, atol=1e-10)
    np.testing.assert_allclose(prepared.vjp((x,), w)[1][0], w @ exact, atol=4 * estimate.max())
    np.testing.assert_array_equal(prepared.jvp((x,), (np.zeros(2),))[1], np.zeros(3))


def test_float32_is_extrapolated_in_its_own_precision() -> None:
    """A float32 point gives a float32 gradient within its estimate."""
    x = np.array([0.5, 1.5], dtype=np.float32)
    prepared = bind(lambda x: np.sum(np.exp(x)), x)
    (found,) = prepared.value_and_gradient(x)[1]
    (estimate,) = prepared.error(x)
    assert found.dtype == np.float32
    assert np.all(np.abs(found - np.exp(x.astype(float))) <= estimate)
    assert np.all(estimate < 1e-3)


def test_evaluations_are_bounded_in_advance() -> None:
    """A gradient takes at most 2 * levels evaluations a component, and the value; a line takes two levels."""
    calls: list[Any] = []

    def f(x: np.ndarray) -> float:
        calls.append(x)
        return float(np.sum(x))

    prepared = bind(f, np.ones(3), levels=7)
    prepared.value_and_gradient(np.ones(3))
    assert prepared.evaluations == 2 * 7 * 3
    assert len(calls) == 2 * 2 * 3 + 1


@pytest.mark.parametrize(
    "options",
    [
        {"levels": 1},
        {"levels": 2.5},
        {"levels": True},
        {"ratio": 1.0},
        {"ratio": math.nan},
        {"step": -1.0},
        {"noise": 2.0},
    ],
)
def test_options_out_of_range_are_refused(options: dict) -> None:
    """Levels below 2, ratios not above 1, and steps or noise that are none are OptionErrors naming the option."""
    with pytest.raises(OptionError, match=next(iter(options))):
        Richardson(**options)
