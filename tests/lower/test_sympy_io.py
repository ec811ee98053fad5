"""SymPy expressions in and out."""

import numpy as np
import pytest
import sympy as sp

import diffcompare.ops  # noqa: F401 - fills the table of rows
from diffcompare.core.parse import parse
from diffcompare.core.trace import function
from diffcompare.errors import SizeLimitError, TraceError, UnsupportedOpError
from diffcompare.lower.sympy_io import from_sympy

x, y = sp.symbols("x y")
EXPRESSIONS = [
    sp.sqrt(x) / y, x ** sp.Rational(2, 3) * sp.pi / 7 - sp.E**x, sp.Piecewise((sp.sin(x), x > y), (0, True)),
    sp.Max(x, y, 1), sp.Min(x, y) ** 2, sp.loggamma(x) + sp.polygamma(0, y) + sp.polygamma(1, y), sp.Abs(x - y) ** 3,
    sp.erf(x) + sp.erfc(y) + sp.erfinv(y), sp.besselj(0, x) + sp.besseli(1, y), sp.sec(x) + sp.coth(y), sp.Mod(x, y),
    sp.floor(3 * x) - sp.ceiling(y), sp.atan2(y, x), sp.log(x, 3), sp.sinc(x), sp.Rational(1, 3) + 0 * x, x**-3 * y**-2,
    sp.sign(x - y), sp.Heaviside(x - y), sp.gamma(x) * sp.beta(x, y), sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi),
]  # fmt: skip


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=str)
def test_value_is_sympys(expr):
    """The function's value is SymPy's own, evaluated with 30 digits."""
    at = (1.3, 0.7)
    expected = float(sp.N(expr.subs({x: sp.Float(at[0], precision=53), y: sp.Float(at[1], precision=53)}), 30))
    # 16 ULP of the largest term: a handful of rounded operations and special functions.
    assert abs(from_sympy(expr, [x, y])(*at) - expected) <= 16 * np.finfo(float).eps * max(1.0, abs(expected))


@pytest.mark.parametrize("text", ["x**2/y + 0.1", "log(x + 1)*sin(y)", "sqrt(x)*exp(-y)", "atan2(x, y)"])
def test_there_and_back(text):
    """A text's SymPy form, taken back, is the same function."""
    f = parse(text)
    back = from_sympy(f.to_sympy(), [sp.Symbol(n, real=True) for n in f.names])
    # 4 ULP: SymPy orders the terms of a sum its own way.
    np.testing.assert_allclose(back(1.3, 0.7), f(1.3, 0.7), rtol=4 * np.finfo(float).eps)


def test_stable_functions_leave_as_plain_ones():
    """People see SymPy's own functions."""
    p, q = sp.symbols("x y", real=True)
    assert parse("log1p(x) + sigmoid(y)").to_sympy() == sp.log(1 + p) + 1 / (1 + sp.exp(-q))


def test_array_arguments():
    """The elements of an array argument are symbols of their own."""
    a = sp.symbols("a_0 a_1", real=True)
    found = function(lambda a: np.linalg.norm(a) + np.max(a)).to_sympy(np.zeros(2))
    assert found == sp.sqrt(a[0] ** 2 + a[1] ** 2) + sp.Max(*a)


def test_matrices():
    """A matrix of expressions is a function with an array value."""
    np.testing.assert_array_equal(from_sympy(sp.Matrix([[x, y], [x * y, 1]]), [x, y])(2.0, 3.0), [[2, 3], [6, 1]])


@pytest.mark.parametrize("expr", [sp.zeta(x), sp.Function("f")(x), sp.Derivative(sp.zeta(x), x), sp.LambertW(x)])
def test_unknown_function_is_named(expr):
    """A SymPy function without an operation is refused by name."""
    with pytest.raises(UnsupportedOpError, match=type(expr).__name__):
        from_sympy(expr, [x])


def test_complex_numbers_are_refused():
    """Only real expressions are taken."""
    with pytest.raises(UnsupportedOpError, match="real"):
        from_sympy(sp.I * x, [x])


def test_missing_symbol_is_named():
    """A symbol that is no argument is an error."""
    with pytest.raises(TraceError, match="y"):
        from_sympy(x * y, [x])


def test_too_deep_for_sympy():
    """A graph that SymPy would not survive is refused on the way out."""

    def chain(t):
        for _ in range(1_000):
            t = np.sin(t)
        return t

    with pytest.raises(SizeLimitError, match="deep"):
        function(chain).to_sympy()
