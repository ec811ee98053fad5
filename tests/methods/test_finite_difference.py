"""Finite differences reach the accuracy that theory gives them, and cope with what users hand them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diffcompare.errors import OptionError, ShapeError
from diffcompare.methods import FiniteDifference
from diffcompare.methods.stencils import stencil
from diffcompare.methods.steps import scale
from tests.methods.differences import EPS, EVERY, SCHEMES, Counted, bind, logistic4, parabola, slope

# numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "printed"),
    [
        (
            "forward",
            [2.3000000000000043, 2.0299999999999763, 2.002999999999311, 2.0002999999979565, 2.0000300000155846],
        ),
        (
            "central",
            [2.0000000000000018, 2.0000000000000018, 1.9999999999995577, 1.9999999999975593, 1.9999999999908977],
        ),
    ],
)
def test_textbook_quotients_digit_by_digit(scheme: str, printed: list[float]) -> None:
    """With exact=False the quotients of 3x**2 - 4x at 1 are the float64 numbers that a lecture prints."""
    steps = [0.1, 0.01, 0.001, 0.0001, 1e-05]
    assert [slope(parabola, 1.0, scheme=scheme, step=h, exact=False) for h in steps] == printed


def test_exact_steps_come_closer_than_textbook_ones() -> None:
    """Dividing by the step taken leaves 2 + 3h of the parabola, h the rounded step, to the values' round-off."""
    for h in (0.1, 0.01, 0.001, 0.0001, 1e-05):
        taken = (1.0 + h) - 1.0
        bound = 2 * EPS * 8 / taken  # two values, each a sum of terms below 8 in size
        assert abs(slope(parabola, 1.0, scheme="forward", step=h) - (2 + 3 * taken)) <= bound


LOGISTIC = {  # |quotient - f'| of the fourth logistic iterate at 0.2; Baydin et al. 2018, JMLR 18(153), figure 3
    "forward": {1e-2: 2.72e-1, 1e-4: 3.36e-3, 1e-6: 3.37e-5, 1e-8: 3.31e-7},
    "central": {1e-2: 6.57e-2, 1e-4: 6.58e-6},
}


@pytest.mark.parametrize(("scheme", "h"), [(s, h) for s, table in LOGISTIC.items() for h in table])
def test_truncation_errors_of_the_logistic_map(scheme: str, h: float) -> None:
    """On the truncation branch the published errors come out, to the printed digits and the round-off allowed for."""
    error = abs(slope(logistic4, 0.2, scheme=scheme, step=h) - 9.06608640000000075)
    published = LOGISTIC[scheme][h]
    round_off = 16 * EPS / h  # values below 1 through 9 roundings, slopes up to 4 between them
    assert abs(error - published) <= 0.005 * published + round_off


@pytest.mark.parametrize("scheme", ["forward", "central"])
@pytest.mark.parametrize("h", [1e-10, 1e-12, 1e-14])
def test_round_off_errors_of_the_logistic_map(scheme: str, h: float) -> None:
    """On the round-off branch the error stays under the round-off bound, which falls as 1/h."""
    truncation = 33.6 * h  # the published slope of the forward branch
    assert abs(slope(logistic4, 0.2, scheme=scheme, step=h) - 9.0660864) <= truncation + 64 * EPS / h


@pytest.mark.parametrize(("scheme", "order"), EVERY)
def test_error_falls_with_the_order(scheme: str, order: int) -> None:
    """Halving the step divides the error of exp' by 2**order."""
    errors = [abs(slope(math.exp, 0.3, scheme=scheme, order=order, step=h) - math.exp(0.3)) for h in (0.125, 0.0625)]
    # The next term of the series shifts the measured order by up to (moment ratio) h / (order + 2) = 36 * 0.125 / 10.
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.45)


@pytest.mark.parametrize(("scheme", "order"), EVERY)
@pytest.mark.parametrize("x", [-20.0, -1.0, -1e-3, 0.0, 1e-12, 0.1, 1.0, 20.0, 700.0])
def test_default_step_keeps_the_bound(scheme: str, order: int, x: float) -> None:
    """With the default step, exp' is off by no more than truncation plus round-off at that step."""
    rule = stencil(scheme, order)
    h = rule.relative_step(EPS) * float(scale(x, order, EPS))
    truncation = float(rule.truncation_moment) * h**order / math.factorial(order + 1) * math.exp(x + order * h)
    # exp is accurate to an ULP; a point that is off by half an ULP of x moves the value by |x| EPS / 2 of itself
    round_off = float(rule.absolute_weight) * EPS * (1 + abs(x)) * math.exp(x + order * h) / h
    assert abs(slope(math.exp, x, scheme=scheme, order=order) - math.exp(x)) <= truncation + round_off


WIDE: dict[str, tuple[Callable, float, float]] = {  # function, point, derivative: lengths of change from 1e-7 to 1e300
    "log at 1e-3": (np.log, 1e-3, 1e3),
    "log at 1e-7": (np.log, 1e-7, 1e7),
    "reciprocal at 1e-5": (lambda x: 1 / x, 1e-5, -1e10),
    "1 + x at 1e-9": (lambda x: 1 + x, 1e-9, 1.0),
    "square at 1e4": (lambda x: x * x, 1e4, 2e4),
    "sin at 1e4": (np.sin, 1e4, math.cos(1e4)),
    "square at 1e8": (lambda x: x * x, 1e8, 2e8),
    "log at 1e300": (np.log, 1e300, 1e-300),
}


@pytest.mark.parametrize("case", WIDE)
def test_scale_loses_least_in_the_worst_case(case: str) -> None:
    """Whether a function changes over |x| or over 1, the loss against the best step is at most the balance promises."""
    f, x, derivative = WIDE[case]
    order = 2
    ratio = max(x, 1 / x)
    loss = ratio ** (order / (order + 1)) if EPS**0.5 < ratio**-1 else abs(math.log(x))
    least = (1 + order / 2) * 2 * EPS ** (order / (order + 1))  # both terms at the balance, over f / length
    assert abs(slope(f, x) / derivative - 1) <= least * loss


def test_float32_keeps_its_type_and_its_digits() -> None:
    """A float32 point gives a float32 gradient, off by no more than the bound with float32's epsilon."""
    x = np.linspace(0.5, 2.0, 5, dtype=np.float32)
    prepared = bind(lambda x: np.sum(np.sin(x)), x)
    value, (gradient,) = prepared.value_and_gradient(x)
    eps = float(np.finfo(np.float32).eps)
    rule = stencil("central", 2)
    h = rule.relative_step(eps) * scale(x, 2, eps)
    bound = h**2 / 6 + 4 * eps * value / h.min() + eps  # the sum of five rounds four times more
    assert gradient.dtype == np.float32
    assert np.all(np.abs(gradient - np.cos(x.astype(float))) <= bound)


def test_float32_scalars_are_seen_as_float32() -> None:
    """A float32 scalar reaches the function as float32, and the step is wide enough to move it."""
    f = Counted(lambda x: x * x)
    found = bind(f, np.float32(3.0)).value_and_gradient(np.float32(3.0))
    assert all(type(x) is np.float32 for (x,) in f.seen)
    eps = float(np.finfo(np.float32).eps)
    h = stencil("central", 2).relative_step(eps) * float(scale(3.0, 2, eps))
    assert found[1][0] == pytest.approx(6.0, abs=9 * eps / h)


# exactness ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "order"), EVERY)
@pytest.mark.parametrize("x", [0.0, 5e-324, 1e-300, 0.1, -1.0, 1 / 3, 12345.678, 1e16, -1e300])
def test_the_identity_has_slope_one(scheme: str, order: int, x: float) -> None:
    """The quotient of x is 1 to the rounding of the weighted sum, at any size, since the step is the one taken."""
    bound = 2 * order * EPS * float(stencil(scheme, order).absolute_weight)
    assert slope(lambda x: x, x, scheme=scheme, order=order) == pytest.approx(1.0, abs=bound)
    if len(stencil(scheme, order).pairs) == 1:
        assert slope(lambda x: x, x, scheme=scheme, order=order) == 1.0


@pytest.mark.parametrize(("scheme", "order"), EVERY)
@pytest.mark.parametrize("c", [0.0, 0.1, -1e300])
def test_a_constant_has_slope_zero(scheme: str, order: int, c: float) -> None:
    """The derivative of a constant is exactly zero."""
    assert slope(lambda x: c, 0.7, scheme=scheme, order=order) == 0.0


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_points_at_infinity_give_nan(scheme: str, x: float) -> None:
    """An infinite or nan component has the derivative nan; nothing is raised."""
    assert math.isnan(slope(np.tanh, x, scheme=scheme))


def test_other_components_survive_a_nan() -> None:
    """A component at infinity does not spoil the derivative of a term without it."""
    x = np.array([np.inf, 2.0])
    _, (gradient,) = bind(lambda x: x[1] ** 2, x).value_and_gradient(x)
    assert gradient[1] == pytest.approx(4.0, abs=1e-9)  # h**2 vanishes for a parabola; EPS 4 / h = 2e-10


def test_the_largest_number_gives_nan_where_the_step_overflows() -> None:
    """At the end of the range, a point beyond it makes the quotient nan rather than a wrong number."""
    assert math.isnan(slope(np.tanh, float(np.finfo(float).max), scheme="forward"))


def test_an_edge_of_the_domain_gives_nan_or_one_side() -> None:
    """Across the edge of sqrt's domain the central quotient is nan; the forward one never leaves the domain."""
    with np.errstate(invalid="ignore"):
        assert math.isnan(slope(np.sqrt, 0.0))
    f = Counted(np.sqrt)
    assert slope(f, 0.0, scheme="forward", order=4) > 0
    assert all(x >= 0 for (x,) in f.seen)


# options ------------------------------------------------------------------------------------------------------------


def test_steps_may_differ_by_component_and_argument() -> None:
    """A tuple gives one step an argument, an array one a component."""
    f = Counted(lambda x, y: float(x[0] + x[1] + y))
    x, y = np.zeros(2), 0.0
    bind(f, x, y, scheme="forward", step=(np.array([0.5, 0.25]), 2.0)).value_and_gradient(x, y)
    assert [(*map(float, a), b) for a, b in f.seen] == [(0, 0, 0), (0.5, 0, 0), (0, 0.25, 0), (0, 0, 2.0)]


def test_typical_sizes_set_the_scale_of_zeros() -> None:
    """At zero, the step is proportional to the typical size."""
    f = Counted(lambda x: x)
    slope(f, 0.0, scheme="forward", typical=1e-6)
    slope(f, 0.0, scheme="forward")
    steps = [x for (x,) in f.seen if x]
    assert steps[0] == pytest.approx(1e-6 * steps[1], rel=2 * EPS)


def test_noise_widens_the_step() -> None:
    """Values known to 1e-10 are differenced to the bound that goes with 1e-10, not with the machine epsilon."""
    noise, rule = 1e-10, stencil("central", 2)
    rng = np.random.default_rng(3)
    h = rule.relative_step(noise) * float(scale(1.0, 2, noise))
    bound = h**2 / 6 * math.exp(1 + h) + noise * math.exp(1 + h) / h
    for _ in range(20):
        found = slope(lambda x: math.exp(x) * (1 + noise * rng.uniform(-1, 1)), 1.0, noise=noise)
        assert abs(found - math.e) <= bound


def test_differences_of_differences_make_a_hessian() -> None:
    """A gradient by central differences is itself differenced, with its noise declared."""
    x = np.array([0.5, 1.0])
    gradient = bind(lambda x: np.exp(x[0]) * x[1] ** 2, x, order=4).gradient
    noise = 4 * EPS ** (4 / 5)
    _, (hessian,) = bind(lambda x: gradient(x)[0], x, noise=noise).jacobian(x)
    e = math.exp(0.5)
    np.testing.assert_allclose(hessian, [[e, 2 * e], [2 * e, 2 * e]], atol=8 * noise ** (2 / 3), rtol=0)


@pytest.mark.parametrize("step", [0.0, -1e-3, math.inf, math.nan, "small", np.array([1e-3, 0.0]), (1e-3, -1.0)])
def test_steps_must_be_positive(step: Any) -> None:
    """A step that is zero, negative, infinite or no number is an OptionError when the method is made."""
    with pytest.raises(OptionError, match="step"):
        FiniteDifference(step=step)


@pytest.mark.parametrize(("step", "error"), [((0.1, 0.2), OptionError), (np.ones(3), ShapeError)])
def test_steps_must_fit_the_arguments(step: Any, error: type[Exception]) -> None:
    """A tuple of the wrong length and an array of the wrong shape are named when applied."""
    with pytest.raises(error, match="step"):
        bind(lambda x: x[0], np.ones(2), step=step).value_and_gradient(np.ones(2))


@pytest.mark.parametrize("noise", [0.0, -1.0, 1.0, math.nan])
def test_noise_is_a_relative_error(noise: float) -> None:
    """Noise outside (0, 1) is an OptionError."""
    with pytest.raises(OptionError, match="noise"):
        FiniteDifference(noise=noise)


def test_methods_are_values() -> None:
    """Methods with equal options are equal and hash alike, arrays included."""
    one, two = (FiniteDifference(step=np.array([1e-3, 1e-4])) for _ in range(2))
    assert one == two
    assert len({one, two, FiniteDifference()}) == 2
    assert FiniteDifference("forward").order == 1
    assert FiniteDifference().order == 2
    assert [FiniteDifference(s).name for s in SCHEMES] == [f"{s}-difference" for s in SCHEMES]
