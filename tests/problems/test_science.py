"""Problems of physics, finance and numerical analysis at points whose values are known in closed form."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import diffcompare as dc
from diffcompare import problems
from diffcompare.problems.black_scholes import portfolio_gradient, portfolio_value
from diffcompare.problems.combustion import combustion_energy, combustion_gradient
from diffcompare.problems.k_means import k_means, k_means_gradient
from diffcompare.problems.kernel_sums import kernel_sums, kernel_sums_gradient
from diffcompare.problems.lennard_jones import lennard_jones, lennard_jones_gradient
from tests.problems.digits import EPS, assert_within


def test_an_option_has_its_textbook_price():
    """At S = K = 100, a year, 5 % and volatility 0.2 a call costs 10.450584, with delta 0.636831 and vega 37.524035."""
    option = (np.array([100.0]), np.array([0.2]), np.array([100.0]), np.array([1.0]))
    assert round(portfolio_value(*option), 6) == 10.450584
    delta, vega = portfolio_gradient(*option)
    assert (round(delta[0], 6), round(vega[0], 6)) == (0.636831, 37.524035)


@pytest.mark.parametrize("atoms, pairs", [(2, 1), (3, 3), (4, 6)])
def test_atoms_at_the_best_distance_have_energy_minus_one_a_pair(atoms, pairs):
    """Two atoms, a triangle and a tetrahedron of side 2^(1/6): every pair is at its minimum, so nothing pulls."""
    corners = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
    places = corners[:atoms] * (2.0 ** (1 / 6) / math.sqrt(8.0))
    assert_within(lennard_jones(places), -float(pairs), roundings=60)
    # Each entry adds up at most three forces of two parts, each 24 times a coordinate of at most 1.2.
    assert_within(lennard_jones_gradient(places)[0], np.zeros((atoms, 3)), roundings=60, scale=3 * 2 * 24 * 1.2)


def test_predators_and_prey_converge_with_the_fourth_power_of_the_step():
    """The value nears that of the differential equation, by Taylor series in 30 digits."""
    problem = problems.get("predator-prey")
    (x, y), (a, b, c, d), _ = problem.point(10)
    with mpmath.workdps(30):
        last = mpmath.odefun(lambda _, z: [a * z[0] - b * z[0] * z[1], c * z[0] * z[1] - d * z[1]], 0, [x, y])(2)
        exact = float(last[0] ** 2 + last[1] ** 2)
    errors = [abs(problem.function(*problem.point(n)) - exact) for n in (20, 40, 80)]
    for coarse, fine in itertools.pairwise(errors):
        assert 3.7 < math.log2(coarse / fine) < 4.3


def test_points_pull_on_their_nearest_centre_alone():
    """Of the points 0, 1 and 4, the centre 0.5 owns two and the centre 5 one: cost 1/4 + 1/4 + 1, slopes 0 and 2."""
    centres, points = np.array([[0.5], [5.0]]), np.array([[0.0], [1.0], [4.0]])
    assert k_means(centres, points) == 1.5
    assert k_means_gradient(centres, points)[0].tolist() == [[0.0], [2.0]]


def test_one_kernel_at_one_width_is_the_root_of_1_over_e():
    """A mass of 2 one width away gives 2 exp(-1/2); the slopes are -2, 1 and 2 times exp(-1/2)."""
    arguments = (np.array([[1.0]]), np.array([2.0]), 1.0, np.array([[0.0]]))
    assert_within(kernel_sums(*arguments), 2.0 * math.exp(-0.5), roundings=4)
    place, mass, width = kernel_sums_gradient(*arguments)
    assert_within(np.array([place[0, 0], mass[0], width]), np.array([-2.0, 1.0, 2.0]) * math.exp(-0.5), roundings=8)


def test_nothing_burns_where_the_temperature_is_zero():
    """For u = 0 the energy is -2 n^2 / (n + 1)^2, and every derivative -2 / (n + 1)^2."""
    assert_within(combustion_energy(np.zeros((3, 3))), -18.0 / 16.0, roundings=4)
    assert combustion_gradient(np.zeros((3, 3)))[0].tolist() == [[-2.0 / 16.0] * 3] * 3


def test_the_banded_matrix_has_fourth_differences_in_its_rows():
    """Without a load the gradient is A x: at a unit vector, 1, -4, 6, -4, 1 around its place, and the value 6 / 2."""
    problem, x = problems.get("banded-quadratic"), np.eye(9)[4]
    assert problem.function(x, np.zeros(9)) == 3.0
    assert problem.gradient(x, np.zeros(9))[0].tolist() == [0.0, 0.0, 1.0, -4.0, 6.0, -4.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("n", [*problems.get("hilbert").sizes, 20])
def test_hilberts_exact_matrix_maps_the_point_to_ones(n):
    """The point consists of whole numbers, which the matrix of exact fractions maps to ones."""
    x, _ = problems.get("hilbert").point(n)
    for i in range(n):
        assert sum(Fraction(entry) / (i + j + 1) for j, entry in enumerate(x)) == 1


def test_the_coefficients_of_wilkinsons_polynomial():
    """Of degree 20 the second is -210 and the last 20!, as printed by Wilkinson."""
    _, coefficients = problems.get("wilkinson").point(20)
    assert (coefficients[1], coefficients[-1]) == (-210.0, 2432902008176640000.0)


@pytest.mark.parametrize("n", [5, 10])
def test_wilkinsons_polynomial_is_the_product_of_its_roots(n):
    """Value and slope at n - 1/2 are those of the product, but for rounding of the terms that cancel."""
    problem = problems.get("wilkinson")
    x, coefficients = problem.point(n)
    factors = [Fraction(x) - k for k in range(1, n + 1)]
    value = math.prod(factors)
    assert_within(problem.function(x, coefficients), float(value), 2 * n, problem.function(x, np.abs(coefficients)))
    slope = sum(value / factor for factor in factors)
    terms = problem.gradient(x, np.abs(coefficients))[0]
    assert_within(problem.gradient(x, coefficients)[0], float(slope), 2 * n, terms)


@pytest.mark.parametrize("method", ["forward-difference", "backward-difference"])
def test_a_one_sided_slope_at_a_tie_is_right_by_convention(method):
    """At ties the one-sided differences choose another of the slopes that are right, and are told so."""
    (record,) = dc.compare(problems.get("absolute-maxima"), methods=[method], size="ties", time=False)
    assert record["status"] == "ok" and record["reason"].startswith("by convention")


def test_the_rows_share_ties_as_the_hand_does():
    """Reverse and forward accumulation answer the same subgradient at ties, exactly."""
    problem = problems.get("absolute-maxima")
    (x,) = problem.point("ties")
    assert problem.gradient(x)[0].tolist() == [2.0, 0.0, 3.5, -0.5, -0.5, 2.5]
    for method in ("forward", "reverse"):
        found = dc.gradient(problem.function, method=method)(x)
        np.testing.assert_allclose(found, problem.gradient(x)[0], rtol=0, atol=4 * EPS)
