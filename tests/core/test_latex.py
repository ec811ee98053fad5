"""LaTeX of graphs."""

import numpy as np
import pytest

import diffcompare.ops  # noqa: F401 - fills the table of rows
from diffcompare.core.latex import latex
from diffcompare.core.parse import parse
from diffcompare.core.trace import trace

FORMULAS = [
    ("x**2 / (1 + x)", r"\frac{x^{2}}{1 + x}"),
    ("x - (y - 1)", r"x - \left(y - 1\right)"),
    ("(x + y) * 2", r"\left(x + y\right) \, 2"),
    ("sqrt(abs(x))", r"\sqrt{\left|x\right|}"),
    ("sin(pi * x)", r"\sin\left(\pi \, x\right)"),
    ("(-x)**2", r"\left(-x\right)^{2}"),
    ("exp(-alpha)", r"e^{-\alpha}"),
    ("erf(x_1)", r"\operatorname{erf}\left(x_{1}\right)"),
]


@pytest.mark.parametrize(("text", "formula"), FORMULAS)
def test_formula(text, formula):
    """Brackets stand where they are needed, and only there."""
    f = parse(text)
    assert latex(trace(f, *[1.0] * len(f.names))) == formula


def test_long_formula_is_cut():
    """A chain of ten thousand operations gives a short formula with dots, without recursion."""

    def chain(x):
        for _ in range(10_000):
            x = np.sin(x)
        return x

    formula = latex(trace(chain, 1.0))
    assert r"\cdots" in formula and len(formula) < 10_000
