"""The complex step is right to rounding where it applies, and says where it does not."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffcompare.ops  # noqa: F401 - fills the table of operations
from diffcompare.core.trace import trace
from diffcompare.errors import OptionError, ShapeError, UnsupportedOpError
from diffcompare.methods import ComplexStep
from diffcompare.ops.activations import stop_gradient
from tests.methods.bound import Bound
from tests.methods.bound import opaque as bind_opaque

EPS = 2.0**-52


def opaque(f: Callable, *args: Any, wrt: tuple[int, ...] | None = None) -> Bound:
    return bind_opaque(ComplexStep(), f, args, wrt)


def graph(f: Callable, *args: Any, wrt: tuple[int, ...] | None = None) -> Bound:
    return Bound(ComplexStep().prepare(trace(f, *args), tuple(range(len(args))) if wrt is None else wrt))


BOTH = pytest.mark.parametrize("bind", [opaque, graph])

CASES: dict[str, tuple[Callable, float, float]] = {  # function, point, derivative
    "exp": (np.exp, 1.0, math.e),
    "exp far out": (np.exp, 700.0, math.exp(700.0)),
    "sin": (np.sin, 1e4, math.cos(1e4)),
    "log": (np.log, 1e-7, 1e7),
    "log of a tiny number": (np.log, 1e-290, 1e290),
    "log of a huge number": (np.log, 1e300, 1e-300),
    "square of a tiny number": (lambda x: x * x, 1e-140, 2e-140),
    "reciprocal": (lambda x: 1.0 / x, 1e-5, -1e10),
    "cancellation": (lambda x: (1.0 + x) - 1.0, 1e-12, 1.0),
    "arctan": (np.arctan, 3.0, 0.1),
    "sqrt": (np.sqrt, 2.0, 0.35355339059327376),  # 1 / sqrt(8), Decimal arithmetic
    "polynomial": (lambda x: 3.0 * x**2 - 4.0 * x, 1.0, 2.0),
    "at zero": (lambda x: np.exp(x) * np.cos(x), 0.0, 1.0),
}


@BOTH
@pytest.mark.parametrize("case", CASES)
def test_derivatives_are_right_to_rounding(bind: Callable, case: str) -> None:
    """No step is lost to truncation or round-off, from 1e-290 to 1e300."""
    f, x, derivative = CASES[case]
    (found,) = bind(f, x).value_and_gradient(x)[1]
    assert found == pytest.approx(derivative, rel=4 * EPS, abs=0.0)  # a few roundings of complex products


@BOTH
def test_vector_functions_have_every_product(bind: Callable) -> None:
    """Jacobian, jvp and vjp of a vector function are the ones by hand."""

    def f(x: Any, y: Any) -> Any:
        return np.stack([x[0] * y, np.sin(x[1]), y * y * y])

    x, y = np.array([1.0, 2.0]), 0.5
    prepared = bind(f, x, y)
    value, (dx, dy) = prepared.jacobian(x, y)
    np.testing.assert_allclose(value, [0.5, math.sin(2.0), 0.125], rtol=EPS)
    np.testing.assert_allclose(dx, [[0.5, 0.0], [0.0, math.cos(2.0)], [0.0, 0.0]], rtol=4 * EPS)
    np.testing.assert_allclose(dy, [1.0, 0, 0.75], rtol=4 * EPS)
    t, w = (np.array([3.0, -1.0]), 2.0), np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(prepared.jvp((x, y), t)[1], dx @ t[0] + dy * t[1], rtol=8 * EPS)
    x_bar, y_bar = prepared.vjp((x, y), w)[1]
    np.testing.assert_allclose(x_bar, w @ dx, rtol=8 * EPS)
    assert y_bar == pytest.approx(w @ dy, rel=8 * EPS)
    np.testing.assert_array_equal(prepared.jvp((x, y), (np.zeros(2), 0.0))[1], np.zeros(3))


@BOTH
def test_tangents_of_any_length(bind: Callable) -> None:
    """The product with a tangent is homogeneous over powers of two, tiny and huge."""
    x, t = np.array([0.3, 0.7]), np.array([1.0, -2.0])
    jvp = bind(lambda x: np.sum(np.exp(x)), x).jvp
    one = jvp((x,), (t,))[1]
    assert one == pytest.approx(math.exp(0.3) - 2 * math.exp(0.7), rel=8 * EPS)
    assert [jvp((x,), (t * 2.0**k,))[1] / 2.0**k for k in (-500, 500)] == [one] * 2


def test_float32_stays_float32() -> None:
    """A float32 point gives a float32 gradient, correct to its last digit."""
    x = np.array([0.5, 1.5], dtype=np.float32)
    (found,) = graph(lambda x: np.sum(np.sin(x)), x).value_and_gradient(x)[1]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.cos(x.astype(float)).astype(np.float32))


@pytest.mark.parametrize("x", [math.inf, math.nan])
def test_points_at_infinity_do_not_crash(x: float) -> None:
    """A nan or infinite point is evaluated as NumPy does; exp has derivative nan at nan."""
    found = graph(np.exp, x).value_and_gradient(x)[1][0]
    assert math.isnan(found) if math.isnan(x) else not found < math.inf


# what is analytic ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "f"), [("floor", lambda x: np.floor(x) * x), ("sign", lambda x: np.sign(x) + x), ("rint", np.rint)]
)
def test_operations_without_complex_form_are_refused_by_name(name: str, f: Callable) -> None:
    """Preparing raises an error that names the operation, its place, and what to do."""
    with pytest.raises(UnsupportedOpError, match=f"op '{name}'.*\n.* at v.*\n.*method=") as raised:
        graph(f, 1.5)
    assert isinstance(raised.value, NotImplementedError)


def test_operations_off_the_derivative_are_allowed() -> None:
    """floor of another argument, in a condition, or of a detached value hinders nothing."""
    assert graph(lambda x, y: x * np.floor(y), 2.0, 3.5, wrt=(0,)).value_and_gradient(2.0, 3.5) == (6.0, (3.0,))
    assert graph(lambda x: np.where(np.floor(x) > 1, x, 2 * x), 2.5).value_and_gradient(2.5) == (2.5, (1.0,))
    assert graph(lambda x: x * stop_gradient(np.floor(x)), 2.5).value_and_gradient(2.5) == (5.0, (2.0,))


def test_conditions_see_the_real_part() -> None:
    """A comparison with the very point is decided by the value, not by the imaginary step."""
    for x, slope in ((1.0, 3.0), (np.nextafter(1.0, 2.0), 1.0)):
        f = graph(lambda x: np.where(x > 1.0, x, 3.0 * x), x)
        assert f.value_and_gradient(x)[1] == (slope,)
    assert graph(lambda x: np.where(x == 0.0, 5.0 * x, x), 0.0).value_and_gradient(0.0)[1] == (5.0,)


def test_detached_values_stay_at_the_point() -> None:
    """(2 x.x - stop(sum x))**2 has the gradient of a lecture on detaching."""
    x = np.arange(4.0)
    f = graph(lambda x: (2 * np.dot(x, x) - stop_gradient(np.sum(x))) ** 2, x)
    np.testing.assert_array_equal(f.value_and_gradient(x)[1][0], [0, 176, 352, 528])


def test_unused_arguments_and_constants_have_zero_gradients() -> None:
    """An argument that nothing reads, and an output that reads none, have zeros."""
    assert graph(lambda x, y: x * 2.0, 1.0, 5.0).value_and_gradient(1.0, 5.0)[1] == (2.0, 0.0)
    assert graph(lambda x: np.where(x > 0, 3.0, 4.0), 1.0).value_and_gradient(1.0) == (3.0, (0.0,))


# callables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [abs, lambda x: np.real(x) ** 2, lambda x: np.abs(x) ** 2, lambda x: 3.0])
def test_a_dropped_imaginary_part_is_noticed(f: Callable) -> None:
    """A callable that answers a complex argument with a real number has dropped the derivative: an error says so."""
    with pytest.raises(UnsupportedOpError, match="imaginary part.*dropped"):
        opaque(f, 2.0).value_and_gradient(2.0)


def test_real_only_functions_are_refused() -> None:
    """math.sin, real work arrays and float() inside a callable are refused, whether they raise or merely warn."""

    def work(x: np.ndarray) -> Any:
        real = np.zeros(2)
        real[:] = x
        return np.sum(real * x)

    with pytest.raises(UnsupportedOpError, match="complex arguments"):
        opaque(lambda x: x * math.sin(x), 1.0).value_and_gradient(1.0)
    for f in (work, lambda x: x[0] * math.sin(x[1])):
        with pytest.raises(UnsupportedOpError, match="complex arguments"):
            opaque(f, np.ones(2)).value_and_gradient(np.ones(2))


def test_only_differentiated_arguments_are_complex() -> None:
    """Other arguments reach the function as they are, and the caller's arrays stay untouched."""
    seen = []

    def f(x: Any, data: Any) -> Any:
        seen.append((np.iscomplexobj(x), np.iscomplexobj(data)))
        x *= 2.0
        return np.sum(x * data)

    x, data = np.ones(2), np.array([3.0, 4.0])
    _, (gradient,) = opaque(f, x, data, wrt=(0,)).value_and_gradient(x, data)
    np.testing.assert_array_equal(gradient, [6.0, 8.0])
    np.testing.assert_array_equal(x, [1.0, 1.0])
    assert seen == [(False, False), (True, False), (True, False)]


def test_one_evaluation_a_component() -> None:
    """A gradient takes one complex evaluation a component."""
    assert graph(lambda x, y: np.sum(x) * y, np.ones((2, 3)), 1.0).evaluations == 7


def test_a_vector_has_no_gradient() -> None:
    """A vector output is a ShapeError; so is one that changes shape with the type of its argument."""
    with pytest.raises(ShapeError, match="scalar output"):
        graph(lambda x: x * x, np.ones(2)).value_and_gradient(np.ones(2))
    with pytest.raises(ShapeError, match="complex arguments"):
        opaque(lambda x: np.atleast_1d(x) if np.iscomplexobj(x) else x, 1.0).jacobian(1.0)


@pytest.mark.parametrize("step", [0.0, -1.0, 1.0, math.nan])
def test_steps_out_of_range_are_refused(step: float) -> None:
    """A step that is not a small positive number is an OptionError."""
    with pytest.raises(OptionError, match="step"):
        ComplexStep(step=step)
