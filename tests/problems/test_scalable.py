"""Functions that grow to any size: published digits at one size, independent arithmetic at the others."""

import mpmath
import numpy as np
import pytest

from diffcompare import problems
from diffcompare.problems.helmholtz import helmholtz, helmholtz_gradient
from diffcompare.problems.logistic_map import logistic_map, logistic_map_gradient, logistic_point
from diffcompare.problems.speelpenning import speelpenning_gradient
from tests.problems.digits import assert_within, load

PUBLISHED = load("scalable.json")["problems"]
# Made of operations that complex numbers extend analytically.
ANALYTIC = (*PUBLISHED, "rosenbrock", "two-dot", "squared-constant", "squared-attached", "helmholtz", "logistic-map")
# Where terms cancel in the gradient: their size, as a multiple of the largest entry.
CANCELLATION = {"trigonometric": 1e4, "helmholtz": 10.0}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_value_and_gradient_are_met(name):
    """At the collection's start value and gradient have the digits of 1000-digit arithmetic."""
    problem, expected = problems.get(name), PUBLISHED[name]
    arguments = problem.point(expected["n"])
    # Ten operations and a sum of n terms. Residuals of `trigonometric` are differences from n = 8 with size 0.03.
    scale = {"trigonometric": 8.0 * 0.03 * 8}.get(name, expected["value"])
    assert_within(problem.function(*arguments), expected["value"], 10 + expected["n"], scale)
    (gradient,) = problem.gradient(*arguments)
    assert_within(gradient, expected["gradient"], 10 + expected["n"])


@pytest.mark.parametrize("name, size", [(name, size) for name in ANALYTIC for size in problems.get(name).sizes])
def test_the_gradient_by_hand_is_the_complex_step_of_the_function(name, size):
    """At every size the derivative in the first, middle and last input is Im f(x + ih) / h with h = 1e-100."""
    problem = problems.get(name)
    x, *data = problem.point(size)
    (gradient,) = problem.gradient(x, *data)
    entries = np.atleast_1d(gradient)
    for index in {0, entries.size // 2, entries.size - 1}:
        seed = np.zeros(entries.size, dtype=complex)
        seed[index] = 1e-100j
        shifted = np.atleast_1d(x) + seed
        estimate = np.imag(problem.function(shifted if np.ndim(x) else shifted[0], *data)) / 1e-100
        # Sums of n terms, products of n factors: n roundings each way.
        scale = np.max(np.abs(entries)) * CANCELLATION.get(name, 1.0)
        assert_within(entries[index], estimate, roundings=2 * entries.size + 40, scale=scale)


def test_a_gradient_wrong_by_a_thousandth_is_noticed():
    """The comparison of these tests fails a gradient that is off by 0.1 % in one entry."""
    problem = problems.get("rosenbrock")
    (gradient,) = problem.gradient(*problem.point(10))
    wrong = gradient.copy()
    wrong[3] *= 1.001
    with pytest.raises(AssertionError, match="off by"):
        assert_within(wrong, gradient, roundings=60)


@pytest.mark.parametrize(
    "x, expected", [([1.0, 2.0, 0.0, 4.0, 5.0], [0.0, 0.0, 40.0, 0.0, 0.0]), ([1.0, 0.0, 3.0, 0.0, 5.0], [0.0] * 5)]
)
def test_a_product_with_zeros_has_its_true_gradient(x, expected):
    """One zero leaves one derivative, two zeros leave none: nothing is divided."""
    np.testing.assert_array_equal(speelpenning_gradient(np.array(x))[0], expected)


@pytest.mark.parametrize("n", problems.get("helmholtz").sizes)
def test_helmholtz_agrees_with_30_digits(n):
    """Value and first and last derivative agree with mpmath's own, taken from the formula as published."""
    x, b, a = problems.get("helmholtz").point(n)
    with mpmath.workdps(30):
        exact_b, exact_a = mpmath.matrix(b), mpmath.matrix(a)
        start = mpmath.matrix(x)

        def energy(index, entry):
            amounts = start.copy()
            amounts[index] = entry
            u = (exact_b.T * amounts)[0]
            entropy = mpmath.fsum(amount * mpmath.log(amount / (1 - u)) for amount in amounts)
            attraction = (amounts.T * exact_a * amounts)[0] / (mpmath.sqrt(8) * u)
            root = mpmath.sqrt(2)
            return entropy - attraction * mpmath.log((1 + (1 + root) * u) / (1 + (1 - root) * u))

        value = float(energy(0, start[0]))
        derivatives = {index: float(mpmath.diff(lambda t, i=index: energy(i, t), start[index])) for index in (0, n - 1)}
    assert_within(helmholtz(x, b, a), value, roundings=n + 20)
    (gradient,) = helmholtz_gradient(x, b, a)
    # The largest term of a derivative is a logarithm of an amount, below 10; the others stay below 3.
    for index, expected in derivatives.items():
        assert_within(gradient[index], expected, roundings=n + 20, scale=10.0)


def test_helmholtz_stays_inside_its_domain():
    """At every size b.x is below 1, where the logarithms exist."""
    for n in problems.get("helmholtz").sizes:
        x, b, _ = problems.get("helmholtz").point(n)
        assert 0.0 < b @ x < 1.0


def test_helmholtz_points_are_the_same_everywhere():
    """The seeded point of size 1 is the one that other runs of other days had."""
    x, b, a = problems.get("helmholtz").point(1)
    assert (b[0], a[0, 0], x[0]) == (0.051182162470025674, 0.09504636963259354, 0.014415961271963373)


@pytest.mark.parametrize(
    "n, value, slope",
    [(2, 0.84, 1.6), (3, 0.5376, -4.352), (4, 0.99434496, 1.3090816)],
)
def test_the_logistic_map_has_the_surveys_values(n, value, slope):
    """From 0.3 the first iterates and their slopes are the exact decimals."""
    arguments = logistic_point(n, start=0.3)
    # Each iteration multiplies an error by at most 4 and adds 3 roundings.
    assert_within(logistic_map(*arguments), value, roundings=3 * 4**n)
    assert_within(logistic_map_gradient(*arguments)[0], slope, roundings=3 * 4**n)


def test_the_step_sweeps_derivative_is_exact():
    """At float64(0.2), l_4' is 9.06608640000000074824…, 708288/78125 at 1/5."""
    problem = problems.get("logistic-map")
    (slope,) = problem.gradient(*problem.point(4))
    assert_within(slope, 9.06608640000000074824129114859, roundings=3 * 4**4 / 9.0)


# n: value, slope as float64 programs find them; the true values and slopes.
LONG_RUNS = {
    20: (0.37936067, 5.5514453e5, 0.37936067, 5.5514453e5),
    50: (0.59576571, -6.0285722e14, 0.59754695, -6.0242608e14),
    100: (0.74792659, -6.0055519e29, 0.074370276, 3.6289273e29),
}


@pytest.mark.parametrize("n", LONG_RUNS)
def test_a_long_logistic_run_is_the_programs_and_not_the_mathematics(n):
    """Value and slope are those of float64 programs, to the 8 digits printed."""
    problem = problems.get("logistic-map-chaos")
    arguments = problem.point(n)
    value, slope, *_ = LONG_RUNS[n]
    np.testing.assert_allclose(problem.function(*arguments), value, rtol=1e-7)
    np.testing.assert_allclose(problem.gradient(*arguments)[0], slope, rtol=1e-7)


@pytest.mark.parametrize("n", LONG_RUNS)
def test_the_true_long_run_is_what_50_digits_give(n):
    """The same recurrence in 80 digits gives the true value and slope, sign included."""
    *_, value, slope = LONG_RUNS[n]
    with mpmath.workdps(80):
        x, derivative = mpmath.mpf(0.7), mpmath.mpf(1)
        for _ in range(n - 1):
            x, derivative = 4 * x * (1 - x), (4 - 8 * x) * derivative
        np.testing.assert_allclose([float(x), float(derivative)], [value, slope], rtol=1e-7)
