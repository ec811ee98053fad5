"""Limits of quotients, and noise: against series, jumps and noise of known size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from diffcompare.analysis.check_noise import difference_noise, quantum
from diffcompare.analysis.check_tableau import grows, limit, observed_rate

STEPS = 0.125 / 8.0 ** np.arange(7)
NONE = np.full(7, 1e-15)  # values of about 3 are rounded by 4e-16


@pytest.mark.parametrize("power", [1, 2])
def test_a_series_is_extrapolated(power):
    """A polynomial in h**power has its constant as the limit, and the bound holds it."""
    z = STEPS**power
    found = limit(STEPS, 3.0 + 2.0 * z - 5.0 * z**2 + 7.0 * z**3, NONE, power)
    assert abs(found.value - 3.0) <= found.bound < 1e-7


@pytest.mark.parametrize("exponent", [0.3, 0.5, 1.5])
def test_an_unknown_power_is_extrapolated(exponent):
    """At the edge of a domain the remainder falls with a power that is no whole number."""
    found = limit(STEPS, 3.0 + STEPS**exponent, NONE, 1)
    assert abs(found.value - 3.0) <= found.bound < 1e-6


@pytest.mark.parametrize("change", [2, 3, 4])
def test_another_limit_at_smaller_steps_wins(change):
    """What large steps agree upon is not believed when smaller ones say something else."""
    quotients = np.where(np.arange(7) < change, 1.0, 2.0)
    found = limit(STEPS, quotients, NONE, 2)
    assert abs(found.value - 2.0) <= found.bound


def test_noise_widens_the_bound():
    """Random noise within its bound is covered, for each of 100 samples."""
    noise = 1e-10 / STEPS
    for seed in range(100):
        sample = np.random.default_rng(seed).uniform(-1.0, 1.0, 7) * noise
        found = limit(STEPS, 3.0 + STEPS**2 + sample, noise, 2)
        assert abs(found.value - 3.0) <= found.bound


def test_too_few_values_show_nothing():
    """One quotient has no limit; missing ones are left out."""
    assert limit(STEPS[:1], np.ones(1), NONE[:1], 2).bound == math.inf
    assert limit(STEPS, np.where(np.arange(7) < 6, np.nan, 1.0), NONE, 2).bound == math.inf
    assert limit(STEPS, np.where(np.arange(7) < 2, np.nan, 1.0 + STEPS**2), NONE, 2).bound < 1e-9


def test_growth_is_told_from_noise():
    """A power of the step grows, a constant and what noise covers do not."""
    assert grows(STEPS**-0.5, NONE) and grows(-1.0 / STEPS, NONE)
    assert not grows(np.ones(7), NONE) and not grows(1.0 / STEPS, 1.0 / STEPS)
    assert not grows((-1.0) ** np.arange(7) / STEPS, NONE)


@pytest.mark.parametrize("power", [1.0, 2.0, 4.0])
def test_the_rate_is_the_power_of_the_step(power):
    """Exactly, without other terms; none where noise hides the remainder."""
    assert observed_rate(STEPS, STEPS**power, np.full(7, 1e-30)) == pytest.approx(power, rel=1e-12)  # rounding of logs
    assert observed_rate(STEPS, STEPS**power, np.ones(7)) is None


@pytest.mark.parametrize("sigma", [1e-16, 1e-8, 1.0, 1e200])
def test_noise_is_measured(sigma):
    """The mean over 200 samples of the estimate, from 8 values each, beside a smooth change 1,000 times as large."""
    places = np.arange(1, 5) * 1e-3
    estimates = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        sides = [sign * sigma * 1e3 * places + sigma * rng.standard_normal(4) for sign in (1.0, -1.0)]
        estimates.append(difference_noise(sides) / sigma)
    # An estimate from four squares scatters by about 0.35, so the mean of 200 by 0.025; it is a little low, since the
    # root of a mean is, and since the smaller order of two is taken now and then.
    assert 0.8 < np.mean(estimates) < 1.1


def test_kinks_and_jumps_at_the_point_are_no_noise():
    """The sides are differenced apart, and one without values is left out."""
    away = np.arange(1.0, 5.0)
    assert difference_noise([away, 3.0 * away]) == 0.0
    assert difference_noise([away + 1.0, -away]) == 0.0
    assert difference_noise([away, np.full(4, np.nan)]) == 0.0
    assert difference_noise([np.full(4, np.nan)] * 2) == 0.0


def test_the_quantum_of_values():
    """Cancellation leaves multiples of the last place of the large term; usual numbers have their own last place."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.0, 1.0, 50)
    assert quantum((1e12 + x) - 1e12) == np.spacing(1e12)
    assert quantum(x.astype(np.float32)) >= 2.0**-149 and quantum(x) <= np.spacing(1.0)
    assert quantum([0.0, np.nan]) == 0.0 and quantum([6.0, 4.0]) == 2.0
