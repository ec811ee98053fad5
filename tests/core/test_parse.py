"""Texts: what they mean, and that nothing else is accepted."""

import math
import time

import numpy as np
import pytest

import diffcompare.ops  # noqa: F401 - fills the table of rows
from diffcompare.core.parse import parse
from diffcompare.errors import ParseError

MEANINGS = [
    ("x**2 + sin(pi*y)", (3.0, 0.5), 10.0),
    ("-x**2", (3.0,), -9.0),
    ("2**3**2", (), 512.0),
    ("7 // 2 + 7 % 4", (), 6.0),
    ("max(x, y, 2)", (1.0, 5.0), 5.0),
    ("min(x, y) - abs(x)", (-1.0, 5.0), -2.0),
    ("where(x > 0 and y < 1, x, -y)", (4.0, 0.5), 4.0),
    ("where(not x > 0, 1, 2)", (4.0,), 2.0),
    ("where(0 < x < 1, 1, 2)", (0.5,), 1.0),
    ("gamma*x + beta", (2.0, 3.0, 4.0), 10.0),
    ("gamma(x)", (5.0,), 24.0),
    ("clip(x, 0, 1) + silu(y) + gelu(0)", (3.0, 0.0), 1.0),
    ("ln(e) + log10(x)", (100.0,), 3.0),
    (" x\n + 1_0 ", (1.0,), 11.0),
    ("1/0 + x", (1.0,), math.inf),
    ("9**9**9", (), math.inf),
    ("2**(2**40)", (), math.inf),
    ("gamma(10**8)", (), math.inf),
]

HOSTILE = [
    "__import__('os').system('true')", "().__class__.__bases__[0].__subclasses__()", "x.__class__", "x.real", "x[0]",
    "lambda: 1", "(lambda x: x)(1)", "[x for x in y]", "(x for x in y)", "{x}", "{1: 2}", "f'{x}'", "'text'", '"text"',
    "(y := 1)", "sin(*x)", "sin(**x)", "sin(x=1)", "sin(x)(y)", "1j", "True", "None", "...", "1e999", "inf if x else 1",
    "eval(x)", "exec(x)", "\uff45val(x)", "__x", "_x + 1", "x is y", "x in y", "x @ y", "x << 2", "x ^ 2", "x & y",
    "x | y", "~x", "x = 3", "x; y", "x, y", "await x", "yield x", "import os", "sin", "sin()", "sin(x, y)", "sn(x)",
    "max(x)", "2x", "(x", "x)", "", "   ", "#", "x \\", "\x00", "x\u2212y", "\u03c0*x", "factorial(10**8)",
    "open(x)", "globals()", "stop_gradient(x)", "9" * 5_000, "(" * 5_000, "(" * 101 + "x" + ")" * 101,
    "-" * 9_000 + "x",
    "-" * 200 + "x", "+".join(["x"] * 4_000), "+".join(["x"] * 150), "x" * 10_001,
    "max(" + ",".join(["x"] * 2_100) + ")",
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "value"), MEANINGS)
def test_meaning(text, at, value):
    """A text means what Python's arithmetic, in float64, means."""
    assert parse(text)(*at) == value


def test_arguments_in_order_of_appearance():
    """The arguments are the names, in the order in which they first appear."""
    assert parse("b*a + c - a").names == ("b", "a", "c")


def test_arrays_broadcast():
    """A function from a text takes arrays too."""
    np.testing.assert_array_equal(parse("x*y")(np.array([1.0, 2.0]), 3.0), [3.0, 6.0])


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: repr(t[:30]))
def test_everything_else_is_refused_at_once(text):
    """What is not an expression of the language is a ParseError, within a second."""
    start = time.perf_counter()
    with pytest.raises(ParseError):
        parse(text)
    assert time.perf_counter() - start < 1.0


def test_caret_stands_under_the_place():
    """The message shows the text, with a caret under the column."""
    with pytest.raises(ParseError) as caught:
        parse("x + sn(y)")
    lines = str(caught.value).splitlines()
    assert lines[1][lines[2].index("^") :].startswith("sn(y)")
    assert "column 5" in lines[0] and "sin" in lines[3]


def test_other_than_text_is_refused():
    """A number is not a text."""
    with pytest.raises(ParseError, match="int"):
        parse(3)  # type: ignore[arg-type]
