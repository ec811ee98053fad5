"""The symbolic method: numbers, kinks, limits, shapes."""

import math

import numpy as np
import pytest

import diffcompare.ops  # noqa: F401 - fills the table of rows
from diffcompare.core.parse import parse
from diffcompare.core.trace import trace
from diffcompare.errors import MethodUnavailableError, OptionError, SizeLimitError
from diffcompare.methods.protocol import Opaque
from diffcompare.methods.symbolic import Symbolic

EPS = np.finfo(float).eps
WAYS = [("expression", "numpy"), ("dag", "numpy")]
ALL_WAYS = [*WAYS, ("expression", "numba"), ("dag", "numba")]


def derivative(text, *at, form="expression", backend="numpy"):
    """Value and gradient of a text's function."""
    graph = trace(parse(text), *at)
    return Symbolic(form, backend).prepare(graph, tuple(range(len(at)))).value_and_gradient(*at)


@pytest.mark.parametrize(("form", "backend"), ALL_WAYS)
def test_published_gradient(form, backend):
    """The circuit of CS231n, at (3, -4): its published gradient (cs231n.github.io/optimization-2)."""
    text = "(x + 1/(1+exp(-y))) / (1/(1+exp(-x)) + (x+y)**2)"
    value, gradient = derivative(text, 3.0, -4.0, form=form, backend=backend)
    # 4 ULP: about ten rounded operations, none of which cancels.
    np.testing.assert_allclose(value, 1.5456448841066441, rtol=4 * EPS)
    np.testing.assert_allclose(gradient, [2.0595697955721652, 1.5922327514838093], rtol=4 * EPS)


# (text, point, derivative): by hand, with the value chosen at a kink.
POINTS = [
    ("abs(x)", 0.0, 0.0), ("max(x, 0)", 0.0, 0.5), ("relu(x)", 0.0, 0.0), ("sqrt(x**2)", -3.0, -1.0),
    ("x**0", 0.0, 0.0), ("x**1", 0.0, 1.0), ("x**3", 0.0, 0.0), ("0**x", 2.0, 0.0), ("sinc(x)", 0.0, 0.0),
    ("where(x > 0, log(x), 0)", -1.0, 0.0), ("where(x > 0, sqrt(x), 0)", 0.0, 0.0), ("hypot(x, 0)", 0.0, 0.0),
    ("floor(x)", 1.5, 0.0), ("x % 2", 3.5, 1.0), ("sign(x)", 0.0, 0.0), ("max(sqrt(x), 1)", 0.0, 0.0),
    ("1/x", 0.0, -math.inf), ("sqrt(x)", 0.0, math.inf), ("1/(1+exp(-x))", 0.0, 0.25), ("sigmoid(x)", -800.0, 0.0),
    ("tanh(x)", 20.0, 1.6993417021166355e-17),  # 4/(exp(20) + exp(-20))**2
    ("softplus(x)", 800.0, 1.0), ("expm1(x)", -40.0, 4.248354255291589e-18),  # exp(-40)
    ("gamma(x)", 1.0, -0.5772156649015329),  # minus Euler's constant (DLMF 5.4.12)
    ("erf(x)", 0.0, 1.1283791670955126),  # 2/sqrt(pi)
    ("i0(x)", 0.0, 0.0), ("j1(x)", 0.0, 0.5), ("i1(x)", 0.0, 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("form", "backend"), WAYS)
@pytest.mark.parametrize(("text", "x", "slope"), POINTS)
def test_derivative_at_awkward_points(text, x, slope, form, backend):
    """Kinks take the documented value, and stable functions keep their digits."""
    _, (found,) = derivative(text, x, form=form, backend=backend)
    # 8 ULP: SciPy's special functions and exp of rounded arguments.
    np.testing.assert_allclose(found, slope, rtol=8 * EPS)


REDUCTIONS = [
    (np.max, [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    (np.prod, [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
    (np.linalg.norm, [0.0, 0.0], [0.0, 0.0]),
    (np.linalg.norm, [3.0, 4.0], [0.6, 0.8]),
    (lambda x: np.sum(x[[0, 0, 2]] * np.array([1.0, 2.0, 3.0])), [1.0, 2.0, 3.0], [3.0, 0.0, 3.0]),
    (lambda x: np.linalg.det(np.reshape(x, (2, 2))), [1.0, 2.0, 3.0, 4.0], [4.0, -3.0, -2.0, 1.0]),
    (lambda x: np.sum(np.cumprod(x)), [2.0, 0.0, 3.0], [1.0, 8.0, 0.0]),
    (lambda x: x[0] * 0.0 + 5.0, [1.0, 2.0], [0.0, 0.0]),
]


@pytest.mark.parametrize("form", ["expression", "dag"])
@pytest.mark.parametrize(("f", "x", "gradient"), REDUCTIONS)
def test_arrays(f, x, gradient, form):
    """Reductions, indexing and determinants have their gradients, by hand."""
    x = np.array(x)
    found = Symbolic(form).prepare(trace(f, x), (0,)).value_and_gradient(x)[1][0]
    np.testing.assert_allclose(found, gradient, rtol=4 * EPS, atol=0)


@pytest.mark.parametrize("form", ["expression", "dag"])
def test_jacobian_has_the_shape_of_output_then_argument(form):
    """A vector function has a Jacobian, and no gradient."""
    x = np.array([1.0, 2.0, 3.0])
    prepared = Symbolic(form).prepare(trace(lambda x: np.stack([x[0] * x[1], x[2] ** 2]), x), (0,))
    value, (jacobian,) = prepared.jacobian(x)
    np.testing.assert_array_equal(value, [2.0, 9.0])
    np.testing.assert_array_equal(jacobian, [[2.0, 1.0, 0.0], [0.0, 0.0, 6.0]])
    assert prepared.value_and_gradient is None


@pytest.mark.parametrize("form", ["expression", "dag"])
def test_hessian(form):
    """Second derivatives of x**2 y + exp(z), by hand, in blocks for each pair of arguments."""
    graph = trace(parse("x**2*y + exp(z)"), 1.0, 1.0, 1.0)
    blocks = Symbolic(form).hessian(graph, (0, 1, 2))(2.0, 3.0, 0.0)
    np.testing.assert_array_equal(blocks, [[6.0, 4.0, 0.0], [4.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize("form", ["expression", "dag"])
def test_stopped_value_is_held(form):
    """A detached factor counts in the value, not in the derivative."""
    import diffcompare as dc

    prepared = Symbolic(form).prepare(trace(lambda x: dc.stop_gradient(x * x) * x, 3.0), (0,))
    assert prepared.value_and_gradient(3.0) == (27.0, (9.0,))
    assert prepared.value_and_gradient(2.0) == (8.0, (4.0,))


def nested(levels):
    """sin(sin(… x) + x) + x."""

    def f(x):
        y = x
        for _ in range(levels):
            y = np.sin(y) + x
        return y

    return f


def test_deep_expression_is_refused_with_advice():
    """A nesting that SymPy would not survive is refused; the message names the form that takes it."""
    with pytest.raises(SizeLimitError, match="form='dag'"):
        Symbolic().prepare(trace(nested(500), 0.3), (0,))


def test_swelling_expression_is_refused():
    """The logistic map doubles its expression each step: refused, not tried."""

    def logistic(x):
        for _ in range(60):
            x = 3.7 * x * (1.0 - x)
        return x

    with pytest.raises(SizeLimitError, match="operations"):
        Symbolic().prepare(trace(logistic, 0.3), (0,))


def test_dag_form_takes_depth():
    """Five thousand nested sines: the chain rule's recurrence d_k = cos(y_k) d_{k-1} + 1, in float64."""
    prepared = Symbolic("dag").prepare(trace(nested(5_000), 0.3), (0,))
    y, slope = 0.3, 1.0
    for _ in range(5_000):
        y, slope = math.sin(y) + 0.3, math.cos(y) * slope + 1.0
    value, (found,) = prepared.value_and_gradient(0.3)
    # The map contracts (|cos y| < 0.9 at its fixed point), so rounding errors stay within 1/(1 - 0.9) operations'
    # worth.
    np.testing.assert_allclose(np.array([value, found]), np.array([y, slope]), rtol=50 * EPS)


def test_dag_limit_says_what_to_do():
    """More statements than allowed: the count, and the way out."""
    x = np.ones(100)
    with pytest.raises(SizeLimitError, match="50"):
        Symbolic("dag", max_operations=50).prepare(trace(lambda x: np.sum(x * x), x), (0,))


def test_hostile_names_do_not_reach_code():
    """Generated code holds none of the user's names."""
    from diffcompare.core.node import variable
    from diffcompare.core.trace import Function

    x = variable("__import__('os').abort()")
    f = Function.from_expression(x * x, [x])
    assert Symbolic().prepare(trace(f, 3.0), (0,)).value_and_gradient(3.0) == (9.0, (6.0,))


def test_bad_options_and_targets():
    """An unknown form, and a callable without graph, are named."""
    with pytest.raises(OptionError, match="tree"):
        Symbolic(form="tree")
    with pytest.raises(MethodUnavailableError, match="trace"):
        Symbolic().prepare(Opaque(math.sin, (1.0,)), (0,))
