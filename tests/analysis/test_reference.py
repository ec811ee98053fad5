"""Certified gradients against published 30-digit values, hand derivations, and what cannot be certified."""

import math

import numpy as np
import pytest
from flint import arb, ctx

from diffcompare.analysis import certify
from diffcompare.analysis.reference import reference_gradient
from diffcompare.core.tables import ROWS
from diffcompare.core.trace import function
from diffcompare.errors import InternalError, OptionError, ShapeError
from diffcompare.lower.ball_base import precision
from diffcompare.transform.pullback import pullback

ROUTES = ("series", "pullback")
sigmoid = ROWS["sigmoid"]

# 60-digit arithmetic, 30 digits kept: the staged circuit and the sigmoid neuron of the CS231n notes.
STAGED = {
    "value": "1.54564488410664408259849396949",
    "grad": ("2.0595697955721649106319252608", "1.59223275148380931389315746361"),
}
NEURON = {
    "value": "0.731058578630004879251159241822",
    "grad": (
        "-0.196611933241481852537424733586",
        "-0.393223866482963705074849467172",
        "0.196611933241481852537424733586",
        "0.393223866482963705074849467172",
        "-0.589835799724445557612274200758",
    ),
}


def staged(x, y):
    return (x + sigmoid(y)) / (sigmoid(x) + (x + y) ** 2)


def neuron(w, x):
    return 1 / (1 + np.exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))


def logistic(n):
    def f(x):
        for _ in range(n - 1):
            x = 4 * x * (1 - x)
        return x

    return f


def agrees(ball, digits):
    """The ball meets the published decimal, whose last digit is rounded: half a unit of the 29th digit at least."""
    with precision(256):
        return bool(abs(ball - arb(digits)) < arb(10) ** -28)


@pytest.mark.parametrize("route", ROUTES)
def test_staged_circuit(route):
    """The staged circuit's value and gradient have the published 30 digits, by both routes."""
    r = reference_gradient(staged, (3.0, -4.0), route=route)
    assert (r.status, r.reason, r.route) == ("certified", "", route)
    assert agrees(r.value_ball, STAGED["value"])
    assert all(agrees(b[()], d) for b, d in zip(r.gradient_balls, STAGED["grad"], strict=True))
    assert r.value == 1.5456448841066441
    assert r.gradient == (2.059569795572165, 1.5922327514838093)
    assert r.digits >= 18  # 2**-60 is 18 digits


@pytest.mark.parametrize("route", ROUTES)
def test_sigmoid_neuron(route):
    """The sigmoid neuron's five derivatives have the published 30 digits."""
    r = reference_gradient(neuron, (np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])), route=route)
    assert agrees(r.value_ball, NEURON["value"])
    entries = [e for part in r.gradient_balls for e in part]
    assert all(agrees(e, d) for e, d in zip(entries, NEURON["grad"], strict=True))


@pytest.mark.parametrize(("n", "value", "slope"), [(50, 0.59754695, -6.0242608e14), (100, 0.074370276, 3.6289273e29)])
def test_logistic_map(n, value, slope):
    """Iterates whose float64 value is wrong have the certified value and derivative, and a condition that says so."""
    r = reference_gradient(logistic(n), 0.7)
    assert r.value == pytest.approx(value, rel=1e-8)  # the published values have 8 digits
    assert r.gradient == pytest.approx(slope, rel=1e-7)
    assert r.status == "certified"
    assert r.precision_bits > 128
    assert r.condition > 1e14
    assert r.sums[0] > 1e14 * abs(r.gradient)


def test_form_follows_wrt():
    """An integer gives one array or float, a tuple gives a tuple, None an array for one argument and else a tuple."""
    x, y = np.array([1.0, 2.0]), 3.0

    def f(x, y):
        return np.sum(x**2) * y

    assert np.array_equal(reference_gradient(f, (x, y), wrt=0).gradient, [6.0, 12.0])
    assert reference_gradient(f, (x, y), wrt=1).gradient == 5.0
    both = reference_gradient(f, (x, y), wrt=(1, 0))
    assert isinstance(both.gradient, tuple)
    assert both.gradient[0] == 5.0
    assert both.wrt == (1, 0)
    assert isinstance(reference_gradient(f, (x, y)).gradient, tuple)
    assert reference_gradient(lambda x: x * x, 3.0).gradient == 6.0
    assert reference_gradient(lambda x, n: x**n, (3.0, 2), wrt=0).gradient == 6.0


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("f", "at", "gradient"),
    [
        (np.abs, 0.0, 0.0),
        (lambda x: np.maximum(x, 0.0), 0.0, 0.5),
        (lambda x: np.max(x), np.array([1.0, 3.0, 3.0]), [0, 0.5, 0.5]),
        (lambda x: np.linalg.norm(x), np.zeros(3), [0, 0, 0]),
        (lambda x: np.prod(x), np.array([0.0, 2.0, 3.0]), [6, 0, 0]),
        (lambda x: np.where(x > 0, np.log(x), 0.0), -1.0, 0.0),
        (lambda x: x**0.0, 0.0, 0.0),
        (lambda x: np.linalg.det(x), np.array([[1.0, 2.0], [2.0, 4.0]]), [[4, -2], [-2, 1]]),
        (lambda x: np.linalg.slogdet(x)[1], np.array([[2.0, 1.0], [0.0, 4.0]]), [[0.5, 0], [-0.125, 0.25]]),
        (lambda x: np.sum(np.linalg.inv(x)), np.diag([2.0, 4.0]), [[-0.25, -0.125], [-0.125, -0.0625]]),
        (lambda x: np.sum(np.cumprod(x)), np.array([2.0, 0.0, 5.0]), [1, 12, 0]),
        (lambda x: np.sum(x[::2] * x[1::2]), np.array([1.0, 2.0, 3.0, 4.0]), [2, 1, 4, 3]),
        (lambda x: x[np.array([0, 0, 1])] @ np.array([1.0, 2.0, 4.0]), np.array([5.0, 6.0]), [3, 4]),
        (lambda x: 7.0 + 0.0 * x, 2.0, 0.0),
        (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, 2.0, 0.0),
    ],
)
def test_exact_gradients(f, at, gradient, route):
    """Kinks follow the rows, and movements, reductions and linear algebra give what is derived by hand."""
    r = reference_gradient(f, at, route=route)
    assert r.status == "certified", r.reason
    assert np.array_equal(r.gradient, gradient)


@pytest.mark.parametrize("route", ROUTES)
def test_detached_values_are_constants(route):
    """What stop_gradient holds adds no derivative."""
    r = reference_gradient(lambda x: ROWS["stop_gradient"](x) * x, 3.0, route=route)
    assert r.gradient == 3.0


def test_undecided_comparison_is_reported():
    """A tie that no precision can decide gives nan and names the operation."""
    r = reference_gradient(lambda x: np.maximum(np.sin(x) ** 2 + np.cos(x) ** 2, 1.0), 0.3, most_bits=1024)
    assert r.status == "undecided"
    assert math.isnan(r.gradient)
    assert r.digits == 0
    assert "maximum" in r.reason
    assert "1024 bits" in r.reason


def test_outside_the_domain():
    """A point outside the domain gives nan and names the operation."""
    r = reference_gradient(lambda x: 2.0 * np.log(x), -1.0)
    assert r.status == "not-finite"
    assert math.isnan(r.value)
    assert math.isnan(r.gradient)
    assert "log" in r.reason


def test_infinite_derivative():
    """The square root at 0 has the derivative inf, and says where it comes from."""
    r = reference_gradient(lambda x: np.sqrt(x), 0.0)
    assert (r.status, r.gradient) == ("not-finite", math.inf)
    assert "sqrt" in r.reason


def test_wrong_partials_are_found(monkeypatch):
    """A pullback that is wrong by 0.1 % disagrees with the power series, and the error says so."""

    def wrong(graph, wrt):
        right = pullback(graph, wrt)
        return type(right)(right.inputs, (right.outputs[0], *(g * 1.001 for g in right.outputs[1:])))

    monkeypatch.setattr(certify, "pullback", wrong)
    with pytest.raises(InternalError, match="disagree"):
        reference_gradient(lambda x: np.sum(np.sin(x)), np.arange(20.0))


def test_many_inputs_go_through_the_pullback():
    """Above 8 entries the pullback is used, and agrees with the series of each entry."""
    x = np.random.default_rng(0).normal(size=(3, 4))

    def f(x):
        return np.sum(np.log1p(np.exp(x @ x.T))) + np.sum(np.sqrt(x**2 + 1))

    a, b = (reference_gradient(f, x, route=route) for route in ("auto", "series"))
    assert (a.route, b.route) == ("pullback", "series")
    assert np.array_equal(a.gradient, b.gradient)


def test_context_is_restored():
    """The precision of FLINT's context is what it was, also after an error."""
    before = ctx.prec, ctx.cap
    reference_gradient(logistic(40), 0.7)
    with pytest.raises(ShapeError):
        reference_gradient(lambda x: x * 2, np.arange(3.0))
    assert (ctx.prec, ctx.cap) == before


def test_unknown_route():
    """A route that does not exist is refused."""
    with pytest.raises(OptionError):
        reference_gradient(np.sin, 1.0, route="forward")


def test_loose_when_precision_is_capped():
    """Where the largest precision does not suffice, the status says so."""
    r = reference_gradient(logistic(200), 0.7, most_bits=256)
    assert r.status == "loose"
    assert "256 bits" in r.reason


def test_condition_of_a_difference():
    """The condition number of x - y is (|x| + |y|) / |x - y|."""
    r = reference_gradient(lambda x, y: x - y, (1.0, 0.75))
    assert r.condition == 1.75 / 0.25


def test_traced_functions_and_texts_are_taken():
    """A Function made before is used with its trace."""
    f = function(staged)
    assert reference_gradient(f, (3.0, -4.0)).gradient == (2.059569795572165, 1.5922327514838093)


def test_float32_inputs_are_exact():
    """A float32 argument is taken as the number it is."""
    r = reference_gradient(lambda x: x * x, np.float32(0.1))
    assert r.gradient == 2 * float(np.float32(0.1))
