"""The Gaussian mixture against ADBench's published derivatives and long-double values of its bigger files."""

import numpy as np
import pytest

from diffcompare import problems
from diffcompare.problems.gmm import FILES
from diffcompare.problems.mixture import factors, mixture_gradient, mixture_objective, prior_constant
from tests.problems.digits import EPS, assert_within, load

EXPECTED = load("gmm.json")["sizes"]

# 50-digit values of the test file with the prior subtracted; alpha, means, then q1 q2 l1 of each component.
GRADBENCH_VALUE = -20.06736054665830904338
GRADBENCH_GRADIENT = [
    0.10866285550865244675,
    -0.74127003952389853465,
    0.6326071840152460879,
    1.1169257653278698991,
    0.16333301355145526641,
    -0.021998982407119324233,
    0.22777829225423619581,
    1.2096302561283220855,
    -0.060637592073395647615,
    -3.8773095398535967341,
    -0.2513580570468236089,
    -1.214897690150388167,
    -0.024200595440323019495,
    -6.1109774092719495171,
    0.16408559032255346284,
    -1.0731187704460857096,
    0.82083665468913651383,
    1.5455010695336771863,
]


def flat(gradient):
    """All derivatives in one vector, in ADBench's order."""
    return np.concatenate([np.ravel(part) for part in gradient])


def test_the_published_derivatives_are_met_to_1e_14():
    """ADBench's 18 derivatives of its unit test come out to 1e-14."""
    problem = problems.get("gmm")
    gradient = flat(problem.gradient(*problem.point("test")))
    np.testing.assert_allclose(gradient, EXPECTED["test"]["gradient"], rtol=0, atol=1e-14)


def test_the_published_objective_is_met():
    """The value agrees with 50 digits; ADBench's own 8.07380408004975791 is 3.4e-14 away, under its tolerance 1e-8."""
    problem = problems.get("gmm")
    value = problem.function(*problem.point("test"))
    # Some 40 terms, the largest about 14 (the prior's constant).
    assert_within(value, 8.073804080049724369476, roundings=40, scale=14.0)
    assert abs(value - EXPECTED["test"]["objective"]) < 1e-8


def test_the_subtracted_prior_gives_gradbenchs_digits():
    """With the prior subtracted, value and gradient of the test file agree with 50 digits to 1e-14 of the largest."""
    problem = problems.get("gmm-gradbench")
    arguments = problem.point("test")
    assert_within(problem.function(*arguments), GRADBENCH_VALUE, roundings=40)
    np.testing.assert_allclose(flat(problem.gradient(*arguments)), GRADBENCH_GRADIENT, rtol=0, atol=1e-14 * 6.11)


@pytest.mark.parametrize("size", [size for size in FILES if size != "test"])
def test_bigger_files_agree_with_long_double(size):
    """Value and gradient on 1000 points agree with 80-bit arithmetic."""
    problem, expected = problems.get("gmm"), EXPECTED[size]
    arguments = problem.point(size)
    points, dimension = arguments[3].shape
    # Blocked sums of n terms, each after a product of length D: sqrt(n) roundings of random sign, and D in order.
    roundings = np.sqrt(points) + dimension
    assert_within(problem.function(*arguments), expected["objective"], roundings)
    gradient = flat(problem.gradient(*arguments))
    assert_within(gradient[:: expected["stride"]], expected["gradient"], 2 * roundings, scale=np.max(np.abs(gradient)))


@pytest.mark.parametrize("size", ["d2_K25", "d10_K5"])
def test_the_two_signs_differ_by_twice_the_prior(size):
    """The sum of both objectives' gradients holds no prior: the part in icf is the likelihood's, and alpha's agree."""
    added, subtracted = problems.get("gmm"), problems.get("gmm-gradbench")
    arguments = added.point(size)
    icf, dimension = arguments[2], arguments[1].shape[1]
    log_diagonal = icf[:, :dimension]
    prior_bar = np.concatenate((np.exp(2.0 * log_diagonal), icf[:, dimension:]), axis=1)
    first, second = added.gradient(*arguments), subtracted.gradient(*arguments)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert_within(first[2] - second[2], 2.0 * prior_bar, roundings=3, scale=np.max(np.abs(first[2])))


def test_the_factor_is_filled_column_by_column():
    """Q holds exp(q) on the diagonal and l below it, l_1 and l_2 in the first column."""
    q = factors(np.array([[0.0, 0.0, 0.0, 4.0, 5.0, 6.0]]), 3)
    np.testing.assert_array_equal(q[0], [[1.0, 0.0, 0.0], [4.0, 1.0, 0.0], [5.0, 6.0, 1.0]])


def test_the_prior_constant_is_the_multivariate_gamma_function():
    """For D = 2, N = 3 and gamma = 1, C = N D (ln gamma - ln(2)/2) - ln Gamma_D(N/2) is -3 ln 2 - ln(pi/2)."""
    # Gamma_2(a) = sqrt(pi) Gamma(a) Gamma(a - 1/2); Gamma(3/2) = sqrt(pi)/2, Gamma(1) = 1.
    assert_within(prior_constant(2, 1.0, 0), -3.0 * np.log(2.0) - np.log(np.pi / 2.0), roundings=8)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_another_prior_has_its_gradient(sign):
    """With gamma = 2 and m = 3 the gradient in icf is that of the difference quotient."""
    alpha, means, icf, x = problems.get("gmm").point("test")
    options = {"prior_sign": sign, "gamma": 2.0, "m": 3}
    gradient = mixture_gradient(alpha, means, icf, x, **options)[2]
    h = EPS ** (1 / 3)
    for index in np.ndindex(icf.shape):
        high, low = icf.copy(), icf.copy()
        high[index] += h
        low[index] -= h
        difference = mixture_objective(alpha, means, high, x, **options)
        difference -= mixture_objective(alpha, means, low, x, **options)
        # Truncation h^2 |f'''| / 6 and round-off EPS |f| / h; |f| < 100 and |f'''| < 8 * 2 * gamma^2 e^(2 q) < 500.
        assert abs(difference / (2 * h) - gradient[index]) < 4 * (h**2 * 500 / 6 + EPS * 100 / h)
