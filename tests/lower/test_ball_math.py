"""Ball functions enclose mpmath's 60-digit values and derivatives, and follow the stated conventions at kinks."""

import math
import threading

import mpmath
import pytest
from flint import arb, arb_series, ctx

from diffcompare.lower import ball_math as B

WIDE = (-3.7, -1.25, -0.3, 1e-9, 0.4, 1.0, 2.5, 19.0)
POSITIVE = (1e-12, 0.3, 1.0, 2.5, 40.0)
UNIT = (-0.99, -0.3, 1e-10, 0.5, 0.999)
OFF_POLES = (-3.7, -0.5, 1e-6, 0.3, 1.0, 4.5, 60.0)

UNARY = {
    "exp": (mpmath.exp, WIDE),
    "exp2": (lambda x: mpmath.mpf(2) ** x, WIDE),
    "expm1": (mpmath.expm1, WIDE),
    "log": (mpmath.log, POSITIVE),
    "log2": (lambda x: mpmath.log(x, 2), POSITIVE),
    "log10": (mpmath.log10, POSITIVE),
    "log1p": (mpmath.log1p, (-0.9, 1e-20, 0.3, 7.0)),
    "sin": (mpmath.sin, WIDE),
    "cos": (mpmath.cos, WIDE),
    "tan": (mpmath.tan, WIDE),
    "arcsin": (mpmath.asin, UNIT),
    "arccos": (mpmath.acos, UNIT),
    "arctan": (mpmath.atan, WIDE),
    "sinh": (mpmath.sinh, WIDE),
    "cosh": (mpmath.cosh, WIDE),
    "tanh": (mpmath.tanh, WIDE),
    "arcsinh": (mpmath.asinh, WIDE),
    "arccosh": (mpmath.acosh, (1.0000001, 1.5, 30.0)),
    "arctanh": (mpmath.atanh, UNIT),
    "sqrt": (mpmath.sqrt, POSITIVE),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), WIDE),
    "square": (lambda x: x * x, WIDE),
    "reciprocal": (lambda x: 1 / x, WIDE),
    "absolute": (abs, WIDE),
    "sinc": (mpmath.sincpi, (-3.7, -0.3, 1e-9, 0.4, 2.5)),
    "deg2rad": (mpmath.radians, WIDE),
    "rad2deg": (mpmath.degrees, WIDE),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), (*WIDE, -40.0)),
    "logit": (lambda x: mpmath.log(x / (1 - x)), (1e-9, 0.3, 0.99)),
    "softplus": (lambda x: mpmath.log(1 + mpmath.exp(x)), WIDE),
    "relu": (lambda x: max(x, mpmath.mpf(0)), WIDE),
    "silu": (lambda x: x / (1 + mpmath.exp(-x)), WIDE),
    "gelu": (lambda x: x * mpmath.ncdf(x), WIDE),
    "entr": (lambda x: -x * mpmath.log(x), POSITIVE),
    "erf": (mpmath.erf, WIDE),
    "erfc": (mpmath.erfc, WIDE),
    "erfinv": (mpmath.erfinv, (-0.99, -0.3, 0.5, 0.999)),
    "ndtr": (mpmath.ncdf, (*WIDE, -20.0)),
    "log_ndtr": (lambda x: mpmath.log(mpmath.ncdf(x)), (-20.0, -1.0, 0.5, 3.0)),
    "gamma": (mpmath.gamma, OFF_POLES),
    "gammaln": (lambda x: mpmath.log(abs(mpmath.gamma(x))), OFF_POLES),
    "digamma": (mpmath.digamma, OFF_POLES),
    "trigamma": (lambda x: mpmath.polygamma(1, x), (0.3, 1.0, 4.5, 60.0)),
    "i0": (lambda x: mpmath.besseli(0, x), WIDE),
    "i1": (lambda x: mpmath.besseli(1, x), WIDE),
    "j0": (lambda x: mpmath.besselj(0, x), WIDE),
    "j1": (lambda x: mpmath.besselj(1, x), WIDE),
}
PAIRS = ((-1.5, 2.25), (0.3, 0.7), (2.5, -3.0), (4.0, 1.5))
BINARY = {
    "arctan2": (mpmath.atan2, PAIRS),
    "hypot": (mpmath.hypot, PAIRS),
    "power": (mpmath.power, ((0.3, 0.7), (2.5, -3.0), (4.0, 1.5))),
    "maximum": (max, PAIRS),
    "minimum": (min, PAIRS),
    "logaddexp": (lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)), PAIRS),
    "logaddexp2": (lambda a, b: mpmath.log(mpmath.mpf(2) ** a + mpmath.mpf(2) ** b, 2), PAIRS),
    "xlogy": (lambda a, b: a * mpmath.log(b), ((-1.5, 2.25), (0.3, 0.7))),
    "remainder": (lambda a, b: a - b * mpmath.floor(a / b), PAIRS),
    "beta": (mpmath.beta, ((0.3, 0.7), (4.0, 1.5))),
    "betaln": (lambda a, b: mpmath.log(mpmath.beta(a, b)), ((0.3, 0.7), (4.0, 1.5))),
    "divide": (lambda a, b: a / b, PAIRS),
}
CASES = [(n, (x,)) for n, (_, points) in UNARY.items() for x in points]
CASES += [(n, p) for n, (_, points) in BINARY.items() for p in points]


@pytest.fixture(autouse=True)
def _precision():
    with B.precision(200), mpmath.workdps(60):
        yield


def encloses(ball, value, digits: int) -> bool:
    """Whether the ball lies within 10**-digits of the 60-digit value, relative to its size."""
    outside = arb(mpmath.nstr(value, 55))
    size: arb = max(arb(1), abs(outside), key=float)
    width = arb(10) ** -digits * size
    return bool(abs(ball - outside) < width)


@pytest.mark.parametrize(("name", "point"), CASES)
def test_value_and_derivative(name, point):
    """Every function agrees with mpmath to 45 digits in value, and to 25 in each partial derivative."""
    expected = (UNARY.get(name) or BINARY[name])[0]
    function = getattr(B, name)
    exact = [mpmath.mpf(x) for x in point]
    # mpmath evaluates at 60 digits and 45 are asked: 15 are left for cancellation in the formulas above.
    assert encloses(function(*map(arb, point)), expected(*exact), 45)
    for i, x in enumerate(point):
        step = mpmath.mpf(10) ** -30 * min(1, abs(x))  # central difference: error h**2 f''', far below 10**-25
        with mpmath.workdps(120):
            above, below = list(exact), list(exact)
            above[i], below[i] = exact[i] + step, exact[i] - step
            slope = (expected(*above) - expected(*below)) / (2 * step)
        seeded = [arb_series([y, 1]) if j == i else arb(y) for j, y in enumerate(point)]
        y = function(*seeded)
        assert encloses(y[1] if type(y) is arb_series else arb(0), slope, 25)


@pytest.mark.parametrize(
    ("name", "point", "digits"),
    [
        ("gamma", 0.5, "1.7724538509055160272981674833411451827975494561223871"),  # sqrt(pi)
        ("digamma", 1.0, "-0.57721566490153286060651209008240243104215933593992"),  # minus Euler's constant
        ("trigamma", 1.0, "1.6449340668482264364724151666460251892189499012068"),  # pi**2 / 6
        ("trigamma", -0.5, "8.9348022005446793094172454999380755676568497036204"),  # pi**2 / 2 + 4
        ("erf", 1.0, "0.84270079294971486934122063508260925929606699796630"),
        ("j0", 1.0, "0.76519768655796655144971752610266322090927428975533"),
        ("i0", 1.0, "1.2660658777520083355982446252147175376076703113550"),
    ],
)
def test_published_digits(name, point, digits):
    """Published constants lie inside the balls."""
    assert abs(getattr(B, name)(arb(point)) - arb(digits)) < arb(10) ** -45


def test_trigamma_derivative_below_zero():
    """The derivative of digamma at negative arguments is trigamma, by two unrelated routes."""
    y = B.digamma(arb_series([arb(-2.3), 1]))
    assert y[1].overlaps(B.trigamma(arb(-2.3)))
    assert y[1].rel_accuracy_bits() > 150


@pytest.mark.parametrize(
    ("call", "value", "slope"),
    [
        (lambda x: B.absolute(x), 0, 0),
        (lambda x: B.relu(x), 0, 0),
        (lambda x: B.maximum(x, arb(0)), 0, 0.5),
        (lambda x: B.minimum(arb(0), x), 0, 0.5),
        (lambda x: B.clip(x, arb(0), arb(1)), 0, 0.5),
        (lambda x: B.hypot(x, arb(0)), 0, 0),
        (lambda x: B.power(x, arb(0)), 1, 0),
        (lambda x: B.power(x, arb(1)), 0, 1),
        (lambda x: B.power(x, arb(2)), 0, 0),
        (lambda x: B.power(x, arb(1.5)), 0, 0),
        (lambda x: B.sinc(x), 1, 0),
        (lambda x: B.sqrt(x), 0, math.inf),
        (lambda x: B.cbrt(x), 0, math.inf),
        (lambda x: B.entr(x), 0, math.inf),
        (lambda x: B.xlogy(x, arb(2)), 0, math.log(2)),
        (lambda x: B.sign(x), 0, 0),
        (lambda x: B.heaviside(x, arb(0.5)), 0.5, 0),
        (lambda x: B.leaky_relu(x, arb(0.25)), 0, 0.25),
        (lambda x: B.where(B.greater(x, arb(0)), B.log(x), arb(3)), 3, 0),
    ],
)
def test_at_zero(call, value, slope):
    """At an exact 0 value and derivative are the documented ones."""
    y = call(arb_series([0, 1]))
    assert float(B.head(y)) == value
    assert float(y[1] if type(y) is arb_series else 0) == slope


def test_ties_are_shared():
    """Three equal largest values share the derivative by thirds."""
    y = B.extreme([arb_series([2, 1]), arb(1), arb(2), arb(2)], 1)
    assert y[1].overlaps(arb(1) / 3)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: B.less(x, arb(1)),
        lambda x: B.equal(x, arb(1)),
        lambda x: B.sign(x - 1),
        lambda x: B.floor(x),
        lambda x: B.rint(x - 0.5),
        lambda x: B.maximum(arb_series([x, 1]), arb(1)),
        lambda x: B.relu(arb_series([x - 1, 1])),
        lambda x: B.less(B.log(x - 1), arb(0)),
    ],
)
def test_overlap_is_undecided(call):
    """A ball that straddles the point of decision raises `Undecided`."""
    with pytest.raises(B.Undecided):
        call(arb(1, 1e-40))


def test_decided_integers():
    """Away from jumps, and at exact integers, floor, ceil, rint and // are certain."""
    assert B.floor(arb(-2.5)) == -3
    assert B.ceil(arb(-2.5)) == -2
    assert [float(B.rint(arb(x))) for x in (0.5, 1.5, 2.5, -0.5, -1.5)] == [0, 2, 2, 0, -2]
    assert B.floor_divide(arb(6), arb(3)) == 2
    assert B.remainder(arb(-7), arb(3)) == 2
    assert B.fmod(arb(-7), arb(3)) == -1


def test_certain_nan_compares_false():
    """A nan outside the domain is certain, and every comparison with it is False, as in NumPy."""
    outside = B.log(arb(-1))
    assert not B.less(outside, arb(0))
    assert B.isnan(outside)
    assert float(B.fmax(outside, arb(2))) == 2


def test_powers():
    """Integer powers take any base; powers of zero are those of NumPy."""
    assert B.power(arb(-2), arb(3)) == -8
    assert B.power(arb(-2), arb(-1)) == -0.5
    assert B.power(arb(0), arb(0)) == 1
    assert B.power(arb(0), arb(-1)) == B.INFINITY
    assert B.power(arb(-2), arb(0.5)).is_nan()
    assert B.power(arb_series([-2, 1]), arb(3))[1] == 12
    assert B.power(arb(-2), arb_series([2, 1]))[1].is_nan()


@pytest.mark.parametrize("name", ["tanh", "log1p", "arcsin", "cbrt", "digamma", "j1", "erfinv", "sinc", "sigmoid"])
def test_higher_orders(name):
    """With longer series the fourth derivative is right too."""
    with B.precision(200, terms=5):
        y = getattr(B, name)(arb_series([arb(0.375), 1]))
    with mpmath.workdps(100):
        slope = mpmath.taylor(UNARY[name][0], mpmath.mpf(0.375), 4)[4]
    assert encloses(y[4], slope, 12)  # mpmath.taylor differences numerically with far more digits than 12


def test_precision_is_put_back():
    """The context is as it was after the block, and another thread waits for it."""
    seen: list = []
    with B.precision(333, 3):
        thread = threading.Thread(target=lambda: _read(seen))
        thread.start()
        thread.join(0.05)
        assert thread.is_alive()
        assert (ctx.prec, ctx.cap) == (333, 3)
    assert ctx.prec == 200


def _read(seen):
    with B.precision(64):
        seen.append(ctx.prec)


@pytest.mark.parametrize("name", ["digamma", "trigamma"])
def test_series_that_are_inexact_or_do_not_move(name):
    """A series about a ball that is not exact, and one that does not move, are arguments like others."""
    with B.precision(128):
        x = arb(2.5, 1e-20)
        function = getattr(B, name)
        assert function(arb_series([x, 0], 2))[1] == 0
        assert function(arb_series([x, 3], 2))[1].overlaps(3 * function(arb_series([x, 1], 2))[1])
        assert function(arb_series([x, 0], 2))[0].overlaps(function(x))
