"""Error measures against certified gradients whose errors are known by hand."""

import math

import numpy as np
import pytest

from diffcompare.analysis.accuracy import accuracy, ulp
from diffcompare.analysis.reference import reference_gradient
from diffcompare.errors import ShapeError


@pytest.fixture
def powers():
    """x**2 + y**3 summed: gradient (2, -4), (3, 12)."""
    return reference_gradient(lambda x, y: np.sum(x**2) + np.sum(y**3), (np.array([1.0, -2.0]), np.array([1.0, 2.0])))


def test_exact_gradient_has_no_error(powers):
    """A gradient that is the nearest float64 everywhere has error 0 and all digits."""
    measured = accuracy(powers.arrays, powers)
    assert (measured.abs_error, measured.rel_error, measured.ulp_error) == (0, 0, 0)
    assert measured.digits > 15
    assert measured.comparable


def test_known_error(powers):
    """One wrong entry gives its own absolute, relative and ULP error, its index and the norm-wise error."""
    wrong = [a.copy() for a in powers.arrays]
    wrong[1][1] += 3 * ulp(12.0)
    measured = accuracy(wrong, powers)
    assert measured.worst_entry == (1, 1)
    assert measured.abs_error == 3 * 2.0**-49
    assert measured.rel_error == 3 * 2.0**-49 / 12
    assert measured.ulp_bracket == (3, 3)
    assert measured.norm_error == pytest.approx(3 * 2.0**-49 / math.sqrt(4 + 16 + 9 + 144), rel=1e-14)


def test_rounded_value_is_within_half_an_ulp():
    """The nearest float64 of an irrational entry has an error below half an ULP, bracketed tightly."""
    reference = reference_gradient(np.sin, 1.0)
    low, high = accuracy(reference.gradient, reference).ulp_bracket
    assert 0 < low <= high <= 0.5
    assert high - low < 2.0**-50  # the ball is certified to 2**-60 of its size, an ULP is at least 2**-53 of it


def test_nan_is_not_known(powers):
    """A nan entry makes every measure nan and is named as the worst."""
    wrong = [a.copy() for a in powers.arrays]
    wrong[0][1] = np.nan
    measured = accuracy(wrong, powers)
    assert math.isnan(measured.abs_error)
    assert math.isnan(measured.ulp_error)
    assert math.isnan(measured.digits)
    assert measured.worst_entry == (0, 1)
    assert not measured.comparable


def test_infinity_must_have_its_sign():
    """The same infinity is no error; the other one is infinitely wrong."""
    reference = reference_gradient(np.sqrt, 0.0)
    assert reference.gradient == math.inf
    assert accuracy(math.inf, reference).abs_error == 0
    assert accuracy(-math.inf, reference).abs_error == math.inf
    assert accuracy(1.0, reference).abs_error == math.inf


def test_zero_entries():
    """Where the true entry is 0, an error is measured against the largest entry, and infinite in ULP."""
    reference = reference_gradient(lambda x: np.sum(x**2), np.array([0.0, 3.0]))
    measured = accuracy(np.array([1e-10, 6.0]), reference)
    assert measured.rel_error == 1e-10 / 6
    assert measured.ulp_error == math.inf
    assert measured.worst_entry == (0, 0)


def test_condition_tells_problem_from_method():
    """Cancellation shows as a large condition; an error of that origin is of order 1 in condition units."""
    reference = reference_gradient(lambda x: (1 - np.cos(x)) / x**2, 1e-5)
    measured = accuracy(reference.gradient * (1 + 1e-6), reference)
    assert measured.condition > 1e9  # cos(x) is 1 - 5e-11: ten digits cancel
    assert measured.rel_error > 9e-7
    assert measured.condition_error < 10
    sound = reference_gradient(lambda x: x * np.sin(x), 1.0)
    wrong = accuracy(sound.gradient * (1 + 1e-6), sound)
    assert wrong.condition < 20
    assert wrong.condition_error > 1e8


def test_float32_units():
    """In float32 the units are those of float32."""
    reference = reference_gradient(lambda x: x * x, 1.5)
    measured = accuracy(3.0 + float(np.spacing(np.float32(3))), reference, "float32")
    assert measured.ulp_error == 1
    assert measured.digits < 7.3


def test_shapes_must_agree(powers):
    """A gradient of other shapes is refused."""
    with pytest.raises(ShapeError):
        accuracy(powers.arrays[0], powers)
