"""Values worth a name: kinks, masks, and functions that keep their digits where a careless formula loses them."""

import math

import numpy as np
import pytest
import scipy.special

import diffcompare.ops  # noqa: F401 - fills the table
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import variable
from diffcompare.core.tables import ROWS
from diffcompare.errors import ShapeError, TraceError, UnsupportedOpError
from diffcompare.lower.numba_emit import compile_graph
from diffcompare.ops.activations import gelu, leaky_relu, relu, silu, stop_gradient
from diffcompare.ops.comparison import masked
from diffcompare.ops.exponential import sigmoid, softplus
from diffcompare.ops.special import polygamma
from diffcompare.transform.pullback import pullback

EPS = 2.0**-52


def derivatives(function, *point, order=1):
    """First derivatives by every argument; for order > 1 the derivative of that order by the first."""
    inputs = tuple(variable(f"x{i}") for i in range(len(point)))
    graph = Graph(inputs, (function(*inputs),))
    for _ in range(order - 1):
        graph = Graph(inputs, (pullback(graph, (0,)).outputs[1],))
    found = evaluator(pullback(graph, tuple(range(len(point)))))(*map(np.float64, point))[1:]
    return [float(d) for d in found]


def value(function, *point):
    inputs = tuple(variable(f"x{i}") for i in range(len(point)))
    return float(evaluator(Graph(inputs, (function(*inputs),)))(*map(np.float64, point))[0])


AT_KINKS = {
    "abs at 0": (np.abs, (0.0,), [0.0]),
    "relu at 0": (relu, (0.0,), [0.0]),
    "leaky_relu at 0": (leaky_relu, (0.0,), [0.01]),
    "maximum of equals": (np.maximum, (2.0, 2.0), [0.5, 0.5]),
    "minimum of equals": (np.minimum, (2.0, 2.0), [0.5, 0.5]),
    "fmax beside nan": (np.fmax, (2.0, math.nan), [1.0, 0.0]),
    "clip at its lower bound": (lambda x: np.clip(x, 0.0, 1.0), (0.0,), [0.5]),
    "clip at its upper bound": (lambda x: np.clip(x, 0.0, 1.0), (1.0,), [0.5]),
    "clip outside": (lambda x: np.clip(x, 0.0, 1.0), (3.0,), [0.0]),
    "clip shares with a varying bound": (lambda x, low: np.clip(x, low, None), (1.0, 1.0), [0.5, 0.5]),
    "hypot at the origin": (np.hypot, (0.0, 0.0), [0.0, 0.0]),
    "x**0 at 0": (lambda x: x**0, (0.0,), [0.0]),
    "x**0.0 at 0, exponent varying": (lambda x, n: (x**n) * 1.0, (0.0, 0.0), [0.0, -math.inf]),
    "x**1 at 0": (lambda x: x**1, (0.0,), [1.0]),
    "x**2 at 0": (lambda x: x**2, (0.0,), [0.0]),
    "x**3 at 0": (lambda x: x**3, (0.0,), [0.0]),
    "0**x at 2": (lambda x: 0.0**x, (2.0,), [0.0]),
    "x**y at (0, 2)": (np.power, (0.0, 2.0), [0.0, 0.0]),
    "(-2)**n, n constant": (lambda x: x**3, (-2.0,), [12.0]),
    "sqrt at 0": (np.sqrt, (0.0,), [math.inf]),
    "sinc at 0": (np.sinc, (0.0,), [0.0]),
    "xlogy at (0, 0)": (scipy.special.xlogy, (0.0, 0.0), [-math.inf, 0.0]),
    "xlogy at (0, 1)": (scipy.special.xlogy, (0.0, 1.0), [0.0, 0.0]),
    "heaviside at 0": (np.heaviside, (0.0, 0.25), [0.0, 1.0]),
    "floor division": (np.floor_divide, (7.5, 2.0), [0.0, 0.0]),
    "remainder": (np.remainder, (-7.5, 2.0), [1.0, 4.0]),
    "where: log unselected": (lambda x: np.where(x > 0, np.log(x), 0.0), (-1.0,), [0.0]),
    "where: sqrt at its end": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), (0.0,), [0.0]),
    "where: sin(x)/x at 0": (lambda x: np.where(x == 0, 1.0, np.sin(x) / x), (0.0,), [0.0]),
    "where: the other branch infinite": (lambda x: np.where(x > 1, x, np.exp(1e3 * x)), (2.0,), [1.0]),
    "logaddexp of two -inf": (np.logaddexp, (-math.inf, -math.inf), [0.5, 0.5]),
    "logaddexp beside -inf": (np.logaddexp, (1.0, -math.inf), [1.0, 0.0]),
    "stop_gradient": (lambda x: stop_gradient(x) * x, (3.0,), [3.0]),
}


@pytest.mark.parametrize("name", AT_KINKS)
def test_derivative_chosen_at_a_kink(name):
    """At kinks, ties and masks the derivative is the documented one, exactly."""
    function, point, expected = AT_KINKS[name]
    assert derivatives(function, *point) == expected


# value by mpmath at 40 digits, and |x f''/f'|, by which the rounding of x or of an intermediate may move it
DIGITS = {
    "tanh'(20)": (np.tanh, 20.0, 1.6993417021166355e-17, 40.0),
    "tanh'(-300)": (np.tanh, -300.0, 1.0601586212017243e-260, 600.0),
    "expm1'(-40)": (np.expm1, -40.0, 4.248354255291589e-18, 40.0),
    "sigmoid'(40)": (sigmoid, 40.0, 4.248354255291589e-18, 40.0),
    "sigmoid'(-700)": (sigmoid, -700.0, 9.859676543759771e-305, 700.0),
    "softplus'(-700)": (softplus, -700.0, 9.859676543759771e-305, 700.0),
    "softplus'(800)": (softplus, 800.0, 1.0, 0.0),
    "log1p'(1e-300)": (np.log1p, 1e-300, 1.0, 0.0),
    "arcsinh'(1e200)": (np.arcsinh, 1e200, 1e-200, 1.0),
    "arccosh'(1e200)": (np.arccosh, 1e200, 1e-200, 1.0),
    "log_ndtr'(-1e4)": (scipy.special.log_ndtr, -1e4, 10000.000099999998, 1.0),
    "sinc'(1e-9)": (np.sinc, 1e-9, -3.289868133696453e-09, 1.0),
    "erfcx'(50)": (scipy.special.erfcx, 50.0, -2.2554056313532388e-4, 2.0),
    "erfcx'(1e6)": (scipy.special.erfcx, 1e6, -5.6418958354691e-13, 2.0),
    "arcsin'(1 - 2**-53)": (np.arcsin, 1.0 - 2.0**-53, 67108864.0, 1.0),
}


@pytest.mark.parametrize("name", DIGITS)
def test_derivative_keeps_its_digits(name):
    """Stable functions have stable derivatives: only the rounding of the argument may show."""
    function, x, exact, condition = DIGITS[name]
    # eight roundings in the formula, each EPS / 2, and one of the argument, carried over by the condition
    assert derivatives(function, x)[0] == pytest.approx(exact, rel=EPS * (4.0 + condition), abs=0.0)


@pytest.mark.parametrize(
    ("x", "exact"),
    [(12.0, 6.3973631629302061e-4), (1e3, 1.1283757819707055e-9), (1e6, 1.1283791670921274e-18)],
)
def test_the_second_derivative_of_erfcx_keeps_its_digits(x, exact):
    """By the continued fraction DLMF 7.9.1 at 60 digits; a dozen roundings, and two of the argument, cubed."""
    assert derivatives(scipy.special.erfcx, x, order=2)[0] == pytest.approx(exact, rel=9 * EPS, abs=0.0)


@pytest.mark.parametrize("function", [scipy.special.iv, scipy.special.jv])
@pytest.mark.parametrize("x", [5e-324, -3.8e-320, 1e-100, 9e-9, -1.1e-8])
def test_second_order_bessel_functions_near_zero(function, x):
    """J2 and I2 are x**2 / 8 to all digits near 0, in NumPy and compiled, at subnormal numbers too."""
    row = ROWS["i2" if function is scipy.special.iv else "j2"]
    graph = Graph((x_node := variable("x"),), (row(x_node),))
    for call in (evaluator(graph), compile_graph(graph).call):
        assert call(x)[0] == pytest.approx(x * x / 8.0, rel=4 * EPS, abs=0.0)


# k! times the Taylor coefficients: tanh = x - x**3/3 + 2 x**5/15, J1 = x/2 - x**3/16 + x**5/384, and for sinc those of
# (-pi**2 x**2)**m / (2 m + 1)!
AT_ZERO = {
    "tanh": (np.tanh, [1.0, 0.0, -2.0, 0.0, 16.0]),
    "sinc": (np.sinc, [0.0, -(np.pi**2) / 3.0, 0.0, np.pi**4 / 5.0]),
    "j1": (scipy.special.j1, [0.5, 0.0, -3.0 / 8.0, 0.0, 5.0 / 16.0]),
    "i0": (scipy.special.i0, [0.0, 0.5, 0.0, 3.0 / 8.0, 0.0]),
    "sigmoid": (sigmoid, [0.25, 0.0, -0.125, 0.0, 0.25]),
    "square": (lambda x: x**2, [0.0, 2.0, 0.0]),
    "cube": (lambda x: x**3, [0.0, 0.0, 6.0, 0.0]),
}


@pytest.mark.parametrize("name", AT_ZERO)
def test_higher_derivatives_at_zero(name):
    """Higher derivatives are right at 0 too, where a removable singularity or a mask could hide them."""
    function, expected = AT_ZERO[name]
    found = [derivatives(function, 0.0, order=k + 1)[0] for k in range(len(expected))]
    # sums of a few products whose terms are at most ten times the result
    np.testing.assert_allclose(found, expected, rtol=40 * EPS, atol=40 * EPS)


def test_polygamma_continues_digamma():
    """psi'''(2) = pi**4 / 15 - 6 by three derivatives of digamma, and by polygamma (DLMF 5.15.2)."""
    exact = math.pi**4 / 15.0 - 6.0
    assert derivatives(scipy.special.psi, 2.0, order=3)[0] == pytest.approx(exact, rel=16 * EPS)
    assert value(lambda x: polygamma(3, x), 2.0) == pytest.approx(exact, rel=16 * EPS)


def test_silu_and_gelu_have_their_published_slopes():
    """At 0 both slopes are 1/2; far right they are 1, and gelu(1) = ndtr(1)."""
    assert derivatives(silu, 0.0) == derivatives(gelu, 0.0) == [0.5]
    assert derivatives(silu, 60.0) == derivatives(gelu, 60.0) == [1.0]
    assert value(gelu, 1.0) == pytest.approx(0.8413447460685429, rel=2 * EPS)


NUMPY_CALLS = {
    "round": (lambda x: np.round(x, 1) + x, 2.26, 2.3 + 2.26, 1.0),
    "modf": (lambda x: np.modf(x)[0], -2.75, -0.75, 1.0),
    "divmod": (lambda x: np.divmod(x, 2.0)[1], 7.5, 1.5, 1.0),
    "deg2rad": (np.deg2rad, 90.0, math.pi / 2.0, math.pi / 180.0),
    "degrees": (np.degrees, 1.0, 180.0 / math.pi, 180.0 / math.pi),
    "fabs": (np.fabs, -2.0, 2.0, -1.0),
    "positive": (np.positive, -2.0, -2.0, 1.0),
    "float_power": (lambda x: np.float_power(x, 3), 2.0, 8.0, 12.0),
    "reflected power": (lambda x: 2.0**x, 3.0, 8.0, 8.0 * math.log(2.0)),
    "select": (lambda x: np.select([x > 2, x > 0], [x, x * x], 7.0), 1.5, 2.25, 3.0),
    "nan_to_num": (lambda x: np.nan_to_num(x, nan=5.0), math.nan, 5.0, 0.0),
    "where on a number": (lambda x: np.where(x, x, 9.0), 2.0, 2.0, 1.0),
    "conditions": (lambda x: np.where((x > 0) & ~(x > 2) | (x < -5), x, 0.0), 1.0, 1.0, 1.0),
    "i0": (np.i0, 0.0, 1.0, 0.0),
    "expit": (scipy.special.expit, 0.0, 0.5, 0.25),
    "clip with keywords": (lambda x: np.clip(x, min=0.0, max=1.0), 0.5, 0.5, 1.0),
}


@pytest.mark.parametrize("name", NUMPY_CALLS)
def test_numpy_and_scipy_spellings_reach_the_rows(name):
    """NumPy's and SciPy's other spellings give the value and derivative of what they are built from."""
    function, x, expected, slope = NUMPY_CALLS[name]
    assert value(function, x) == pytest.approx(expected, rel=2 * EPS)
    assert derivatives(function, x)[0] == pytest.approx(slope, rel=4 * EPS, abs=0.0)


def test_a_choice_between_numbers_keeps_float32():
    """A mask between plain numbers takes the type of the values around it."""
    x = variable("x", (2,), np.float32)
    assert np.where(x > 0, x, 0.0).dtype == masked(x > 0, 1.0, x).dtype == np.float32


def test_refusals_say_what_to_write_instead():
    """Indices of a traced condition, bits of a number, and a bound given twice are refused with a way out."""
    x = variable("x", (2,))
    with pytest.raises(TraceError, match="both branches"):
        np.where(x > 0)
    with pytest.raises(UnsupportedOpError, match="Compare first"):
        np.bitwise_and(x, x)
    with pytest.raises(ShapeError, match="each bound once"):
        np.clip(x, 0.0, min=0.0)
