"""Every elementwise row's complex and ball columns, which carry derivatives without the row's partials."""

import mpmath
import numpy as np
import pytest
from flint import arb, arb_series

from diffcompare.lower import ball_math, balls
from diffcompare.operators import gradient
from diffcompare.ops.comparison import where
from tests.ops.mathematics import bound, derivative, digits, intermediate, value
from tests.ops.points import ELEMENTWISE, columns, domain_points

STEP = 1e-200
BITS = 256
ANALYTIC = [row for row in ELEMENTWISE if row.complex is not None and row.result != "bool"]
_KINKED = "absolute sign maximum minimum fmax fmin relu floor ceil trunc rint heaviside copysign floor_divide".split()


def differentiable(row, i):
    """Whether argument `i` of `row` varies: a condition and an order do not."""
    return not (row.name in ("where", "polygamma") and i == 0)


@pytest.mark.parametrize("row", ANALYTIC, ids=lambda row: row.name)
def test_the_complex_column_carries_the_derivative(row):
    """A tiny imaginary part of one argument comes out multiplied by the derivative."""
    function = row.numpy if row.complex is True else row.complex
    points = domain_points(row)
    for i in filter(lambda i: differentiable(row, i), range(len(row.domain))):
        arguments = [a if a.dtype == bool else a + 0j for a in columns(points)]
        arguments[i] = arguments[i] + STEP * 1j
        with np.errstate(all="ignore"):
            found = np.imag(function(*arguments)) / STEP
        for point, got in zip(points, found, strict=True):
            exact, dps = digits(derivative(row, i), point)
            if abs(exact) > 1e300 or abs(exact) < 1e-100:  # its product with the step is not a normal number
                continue
            # NumPy's complex functions take up to four real ones of 16 units each
            limit = bound(derivative(row, i), point, dps, 64, intermediate(row, i))
            assert abs(mpmath.mpf(float(got)) - exact) <= limit, f"{row.name} argument {i} at {point}: {got!r}"


def test_the_complex_step_compares_values_only():
    """A condition looks at real parts: the tiny imaginary part of a step does not decide a tie."""
    slope = gradient(lambda x: where(x > 1.0, 3.0 * x, 2.0 * x), method="complex-step")
    assert slope(1.0) == 2.0


@pytest.mark.parametrize("name", _KINKED)
def test_rows_that_are_not_analytic_have_no_complex_column(name):
    """The complex step cannot pass a kink or a step unnoticed: these rows have no complex column."""
    assert next(row for row in ELEMENTWISE if row.name == name).complex is None


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_the_ball_column_encloses_value_and_derivative(row):
    """Balls enclose the 40-digit value, and series of balls the 40-digit derivative."""
    apply = balls.elementwise(row.name)
    for point in domain_points(row):
        with ball_math.precision(BITS):
            arguments = [x if isinstance(x, bool) else arb(x) for x in point]
            if row.name == "stop_gradient" or row.result == "bool":
                assert float(_mid(apply(*arguments))) == float(value(row)(*map(mpmath.mpf, point)))
                continue
            check(row, "value", point, apply(*arguments), digits(value(row), point)[0])
            for i in filter(lambda i: differentiable(row, i), range(len(row.domain))):
                series = [arb_series([a, 1]) if j == i else a for j, a in enumerate(arguments)]
                found = apply(*series)
                slope = found[1] if type(found) is arb_series else arb(0)
                check(row, f"derivative {i}", point, slope, digits(derivative(row, i), point)[0])


def _mid(x):
    return x.mid() if type(x) is arb else x


def check(row, what, point, ball, exact):
    """Assert that `ball` meets `exact`, known to 40 digits, or is wide and says so (overflow, cancellation)."""
    if not ball.is_finite():
        assert mpmath.isinf(exact) or abs(exact) > 1e300 or ball.rad() > 0, f"{row.name} {what} at {point}: {ball}"
        return
    if exact == 0 and abs(ball) < arb("1e-400"):  # `digits` takes for 0 what is far below the range of float64
        return
    around = arb(mpmath.nstr(exact, 40)) * arb(1, 1e-38)
    assert ball.overlaps(around), f"{row.name} {what} at {point}: {ball}, exactly {mpmath.nstr(exact, 30)}"
