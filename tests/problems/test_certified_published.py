"""Published values, to all the digits they were published with, against certified balls."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from flint import arb

from diffcompare import problems
from diffcompare.analysis.reference import reference_gradient
from diffcompare.lower.ball_base import precision


def certified(name, *point):
    """The certified reference of a problem, at its published point or another."""
    problem = problems.get(name)
    return reference_gradient(problem.function, point or problem.point(), problem.wrt)


def balls(found):
    """Value, then the entries of the gradient."""
    return [found.value_ball, *(b[()] for b in found.gradient_balls)]


def test_micrograds_readme_expression_is_exact():
    """g, dg/da and dg/db at (-4, 2) are 2421/98, 47620/343 and 221433/343: every ball holds its fraction."""
    found = certified("micrograd")
    expected = (Fraction(2421, 98), Fraction(47620, 343), Fraction(221433, 343))
    assert found.status == "certified"
    with precision(512):
        for ball, fraction in zip(balls(found), expected, strict=True):
            assert (ball * fraction.denominator).contains(fraction.numerator)
            assert float(ball.rad()) < 1e-15  # so that holding the fraction says something


def test_baydins_evaluation_trace_has_its_twenty_digits():
    """ln 2 + 10 - sin 5, 5.5 and 2 - cos 5, as published with 20 decimals: within half a unit of the last."""
    published = ("11.65207145522308377831", "5.5", "1.71633781453677373553")
    with precision(256):
        for ball, decimal in zip(balls(certified("evaluation-trace")), published, strict=True):
            assert abs(ball - arb(decimal)) < 0.5e-20 + 1e-25


@pytest.mark.parametrize(("n", "slope"), [(2, 1.6), (3, -4.352), (4, 1.3090816)])
def test_the_logistic_maps_spot_slopes(n, slope):
    """At 0.3 the derivatives of l_2, l_3 and l_4 are 1.6, -4.352 and 1.3090816 (the float64 nearest 0.3 is meant)."""
    rates = problems.get("logistic-map").point(n)[1]
    (found,) = (b[()] for b in certified("logistic-map", 0.3, rates).gradient_balls)
    # float64(0.3) is 1.1e-17 away from 0.3, and |l_4''| is below 300 on [0, 1].
    with precision(256):
        assert abs(found - arb(str(slope))) < 300 * 1.2e-17


def test_the_exact_slope_at_one_fifth():
    """f' of l_4 at float64(0.2) is 9.06608640000000074824129114859, of which 30 digits are published."""
    point = problems.get("logistic-map").point(4)
    assert point[0] == 0.2
    (found,) = (b[()] for b in certified("logistic-map", *point).gradient_balls)
    with precision(256):
        assert abs(found - arb("9.06608640000000074824129114859")) < 0.5e-29 + 1e-35


def test_the_condition_says_how_many_digits_chaos_leaves():
    """Each of the 19, 49 and 99 iterations costs about one bit: the condition grows as 2**n, to a factor of n."""
    conditions = []
    for n in (20, 50, 100):
        found = certified("logistic-map-chaos", *problems.get("logistic-map-chaos").point(n))
        conditions.append(math.log2(found.condition))
    # The map has Lyapunov exponent log 2 at rate 4, on average over its orbit.
    for n, bits in zip((20, 50, 100), conditions, strict=True):
        assert abs(bits - n) < 2 * math.log2(n)
