"""The opaque functions: their derivatives against differences of their own values, and sinc's high derivatives."""

import numpy as np
import pytest
import sympy as sp

from diffcompare.lower.sympy_functions import FUNCTIONS
from diffcompare.lower.sympy_names import NUMERIC, STANDARD, template
from diffcompare.lower.sympy_numeric import evaluate
from diffcompare.lower.sympy_tape import A, Tape

EPS = np.finfo(float).eps
# Points where every function of this many arguments is smooth; orders of Bessel and polygamma functions are integers.
POINTS = {1: [0.37], 2: [0.37, 0.59], 3: [1.0, 0.37, 0.59]}
POLE_AT_0 = ("gamma", "gammaln", "digamma", "trigamma", "polygamma", "beta", "betaln")  # tried at 2 further right
ORDERS = ("polygamma", "jv", "iv", "sinc_derivative")


def compiled(expression, at):
    """The value of an expression of the dummies at a point, by the tape."""
    tape = Tape(10_000, evaluate)
    known = {a: tape.constant(x) for a, x in zip(A, at, strict=False)}
    return tape.constants[tape.from_sympy(sp.sympify(expression), known).place]


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"freeze", "heaviside"}))
def test_partials_are_the_slopes(name):
    """Each partial derivative is the slope of the function's values."""
    arity = next(iter(FUNCTIONS[name].nargs))
    at = [x + 2.0 * (name in POLE_AT_0) for x in POINTS[arity]]
    if name in ORDERS:
        at[0] = 2.0
    expression = FUNCTIONS[name](*A[:arity])
    for k in range(1 if name in ORDERS else 0, arity):
        h = 1e-3
        f = {}
        for s in (-2, -1, 1, 2):
            moved = list(at)
            moved[k] += s * h
            f[s] = evaluate(name, *moved)
        slope = (8.0 * (f[1] - f[-1]) - (f[2] - f[-2])) / (12.0 * h)
        # Truncation h**4 f'''''/30 with |f'''''| under 1e4 here, and round-off 2 EPS |f| / h.
        bound = h**4 * 1e4 / 30 + 2 * EPS * (1.0 + abs(f[1])) / h
        assert abs(compiled(sp.diff(expression, A[k]), at) - slope) <= bound


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("t", [0.0, 1e-6, 0.5, 1.99, 3.01, 5.5, 7.0, 40.0])
def test_derivatives_of_the_sampling_function(order, t):
    """The n-th derivative of sin(t)/t is right near 0 and far from it (SymPy with 40 digits; at 0 by its series)."""
    x = sp.Symbol("x")
    if t == 0.0:
        expected = [1.0, 0.0, -1 / 3, 0.0, 1 / 5][order]
    else:
        expected = float(sp.diff(sp.sin(x) / x, x, order).evalf(40, subs={x: sp.Rational(t)}, maxn=400))
    # The recurrence multiplies rounding errors by at most 1 + k/t a step, under 2**4 for t above order + 2.
    assert abs(evaluate("sinc_derivative", order, t) - expected) <= 32 * EPS


def test_vocabularies_share_their_names():
    """Every name of a template means something in both vocabularies."""
    assert set(STANDARD) == set(NUMERIC)


def test_power_in_a_template():
    """`**` is SymPy's power for small exponents, and opaque where SymPy would write out digits."""
    x = A[0]
    assert template("{0}**2")(x) == x**2
    assert template("{0}**{1}")(x, sp.Integer(10**9)) == FUNCTIONS["power"](x, 10**9)


@pytest.mark.parametrize("text", ["{0} < {1}", "where({0} > {1}, {0}, {1})", "{0} % {1}", "{0} // {1}"])
def test_operators_in_a_template(text):
    """Comparisons, choices and remainders have both meanings."""
    assert template(text)(*A[:2]).free_symbols == template(text, True)(*A[:2]).free_symbols == set(A[:2])
