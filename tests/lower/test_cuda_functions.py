"""Sine and cosine of device code in float32, computed here with NumPy's float32 in its place."""

from __future__ import annotations

import flint
import numpy as np
import pytest

from diffcompare.lower import cuda_functions

# Below 1 ULP: 0.6 of the polynomials, 0.1 of the reduction and 0.25 of two more roundings at half the last bit.
MOST_ULP = 1.5
RANDOM = np.random.default_rng(4)


@pytest.fixture(scope="module")
def functions():
    """The functions of the texts; a fused product and sum rounds once, from float64, which holds the product."""
    space = {
        "as_f4": np.float32,
        "as_i8": int,
        "bits_f4": lambda x: int(np.float32(x).view(np.int32)),
        "rint_f4": np.rint,
        "times_f4": lambda a, b: np.float32(a) * np.float32(b),
        "fused_f4": lambda a, b, c: np.float32(np.float64(a) * np.float64(b) + np.float64(c)),
    }
    for text in ("PART", "REDUCED", "SINE_COSINE", "SIN", "COS", "TAN"):
        exec(getattr(cuda_functions, text), space)  # noqa: S102 - the texts under test
    return space


def certified(name, x):
    return float(getattr(flint.arb(float(x)), name)())


NUMBERS = np.concatenate([
    RANDOM.uniform(-10.0, 10.0, 400), RANDOM.uniform(-1e5, 1e5, 400), 10.0 ** RANDOM.uniform(5, 38, 400),
    np.pi / 2 * np.arange(1, 200), [105615.0, 105616.0, 3.4e38, -3.4e38, 1e-30, 2.0**100, 16367173.0 * 2.0**72],
]).astype(np.float32)  # fmt: skip


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_and_cosine_have_the_digits_of_float32(functions, name):
    """At every magnitude the error is below 1.5 ULP; the certified value is that of the rounded argument."""
    for x in NUMBERS:
        wanted = certified(name, x)
        found = functions[f"{name}_f4"](x)
        assert found.dtype == np.float32
        assert abs(float(found) - wanted) <= MOST_ULP * np.spacing(np.float32(abs(wanted)))


def test_the_tangent_is_their_quotient(functions):
    """Three errors add up: of sine, of cosine, and half a bit of the division."""
    for x in NUMBERS[::7]:
        wanted = certified("tan", x)
        assert abs(float(functions["tan_f4"](x)) - wanted) <= (2 * MOST_ULP + 1) * np.spacing(np.float32(abs(wanted)))


@pytest.mark.parametrize("x", [np.inf, -np.inf, np.nan])
def test_what_is_no_number_has_no_sine(functions, x):
    """Infinities and nan give nan, as NumPy."""
    with np.errstate(all="ignore"):
        assert all(np.isnan(functions[f"{name}_f4"](np.float32(x))) for name in ("sin", "cos", "tan"))


def test_zero_keeps_its_sign(functions):
    """sin(-0) is -0, and cos(0) is 1."""
    assert np.signbit(functions["sin_f4"](np.float32(-0.0))) and functions["cos_f4"](np.float32(0.0)) == 1.0
