"""Text compiled without Numba's front end gives what Numba gives, and what it does not know goes to Numba."""

from __future__ import annotations

import math
import sys

import numba
import numpy as np
import pytest
from numba import types

from diffcompare.lower import numba_arrays, numba_ir_module, numba_store
from diffcompare.lower.numba_ir_module import in_two
from diffcompare.lower.numba_outline import Outlined
from diffcompare.lower.numba_special import named

OPTIONS = {"error_model": "numpy", "nogil": True, "distinct": True}
SPACE = {
    "np": np, "at": numba_arrays.at, "as_f8": np.float64, "as_f4": np.float32, "as_i8": np.int64, "as_b1": bool,
    "add_exactly": numba_arrays.add_exactly, "with_lost": numba_arrays.with_lost,
    "stay_apart": numba_arrays.stay_apart,
}  # fmt: skip
VECTOR, MATRIX = types.float64[::1], types.float64[:, ::1]
x, y = np.array([0.5, -2.0, math.nan, math.inf, 3.0]), np.array([2.0, 0.0, 1.0, math.inf, -0.0])
TEXTS = {  # what is shown -> (text, its arguments)
    "arithmetic": ("def f(a, b):\n return a + b * 2 - -a / b\n", (0.5, 3.0)),
    "division by zero": ("def f(a, b):\n return a / b\n", (1.0, 0.0)),
    "whole numbers": ("def f(a, b):\n return (a * 3 - b) // 4\n", (-5, 2)),
    "a small float": ("def f(a, b):\n return as_f8(as_f4(a)) + b\n", (0.1, 0.0)),
    "truth as a number": ("def f(a, b):\n return as_f8(a < b) + as_i8(not a == b)\n", (1.0, math.nan)),
    "a choice": ("def f(a, b):\n return a if a > b or a != a else b\n", (math.nan, 2.0)),
    "a chain": ("def f(a, b):\n return as_f8(0 <= a < b and b < 9)\n", (1, 5)),
    "instructions": ("def f(a, b):\n return f_floor(a) + f_rint(b) + f_sqrt(abs(a)) + f_copysign(a, b)\n", (-2.5, 3.5)),
    "a special function": ("def f(a, b):\n return f_digamma(a) + f_ndtri(b)\n", (2.5, 0.25)),
    "a nested result": ("def f(a, b):\n return a, (b, a * b, )\n", (2.0, 3.0)),
    "an empty tuple": ("def f(a, b):\n return a * b, ()\n", (2.0, 3.0)),
    "a loop": (
        "def f(a, b):\n s = 0.0\n for i in range(a.shape[0]):\n  s = s + a[at(i)] * b[i - 5]\n return s\n", (y, y)),
    "blocks": (
        "def f(a, b):\n s = 0.0\n c = 0.0\n for k in range(0, a.shape[0], 2):\n  t = 0.0\n"
        "  for i in range(k, min(k + 2, a.shape[0])):\n   t = t + a[at(i)]\n  s, c = add_exactly(s, c, t)\n"
        " return with_lost(s, c), b[at(1)]\n", (x[[0, 1, 4]], y)),
    "branches": (
        "def f(a, b):\n s = 0.0\n for i in range(a.shape[0]):\n  if a[at(i)] > 0:\n   s = s + 1.0\n  else:\n"
        "   b[at(i)] += 2.0\n return s + b[at(1)]\n", (y, y.copy())),
    "parts and shapes": (
        "def f(a, b):\n n = a.shape[0]\n p = a[1:1 + 4].reshape((2, 2, ))\n q = b.view(np.int64)\n p[...] = 7.0\n"
        " return p[at(1), 0] + a[at(4)] + n, q[at(0)]\n", (x.copy(), y)),
    "bits": ("def f(a, b):\n return as_f8((a[0] > 0) & (b[0] > 0) | (a[1] > 0))\n", (x, y)),
}  # fmt: skip


def typed(values):
    """Numba's types of arguments, arrays writable."""
    return tuple(VECTOR if isinstance(v, np.ndarray) else numba.typeof(v) for v in values)


def by_numba(source):
    """Numba's function, not yet compiled, and what it may name."""
    space = {"__name__": __name__, **SPACE, **named(source)}
    exec(source, space)  # noqa: S102 - the texts above
    return numba.njit(error_model="numpy")(space["f"]), space


def direct(source, values, parts=()):
    """The function as this compiler makes it; None where it does not know the text."""
    dispatcher, space = by_numba(source)
    found = numba_ir_module.compiled(dispatcher, source, typed(values), space, parts, False)
    return None if found is None else found.entry_point


def flat(result):
    """The numbers of a nested result."""
    return [leaf for entry in result for leaf in flat(entry)] if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("name", TEXTS)
def test_results_and_memory_are_what_numba_makes_of_the_text(name):
    """Same bits, same types, same effects on arrays as Numba's own compilation."""
    source, values = TEXTS[name]
    ours, theirs = ([v.copy() if isinstance(v, np.ndarray) else v for v in values] for _ in range(2))
    found = direct(source, values)(*ours)
    expected = by_numba(source)[0](*theirs)
    assert [type(leaf) for leaf in flat(found)] == [type(leaf) for leaf in flat(expected)]
    np.testing.assert_array_equal(flat(found), flat(expected))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("shapes", [((3, 4), (4, 2)), ((3, 0), (0, 2)), ((5, 3), (3,)), ((3,), (3, 5)), ((0, 3), (3,))])
@pytest.mark.parametrize("swaps", [(False, False), (True, False), (False, True), (True, True)])
def test_products_are_those_of_numba(shapes, swaps):
    """Every product of matrices and vectors, as they are and transposed, has the bits of `np.dot` under Numba."""
    draw = np.random.default_rng(3)
    swaps = tuple(swap and len(shape) == 2 for swap, shape in zip(swaps, shapes, strict=True))
    a, b = (draw.normal(size=s[::-1] if swap else s) for s, swap in zip(shapes, swaps, strict=True))
    shape = np.dot(a.T if swaps[0] else a, b.T if swaps[1] else b).shape
    source = f"def f(a, b, o):\n np.dot(a{'.T' * swaps[0]}, b{'.T' * swaps[1]}, o)\n return 0.0\n"
    (dispatcher, space), found, expected = by_numba(source), np.full(shape, 9.0), np.full(shape, 9.0)
    kinds = tuple(numba.typeof(v) for v in (a, b, found))
    numba_ir_module.compiled(dispatcher, source, kinds, space, (), False).entry_point(a, b, found)
    dispatcher(a, b, expected)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "source",
    [
        "def f(a, b):\n return a ** b\n",
        "def f(a, b):\n return a % b\n",
        "def f(a, b):\n return 5 // as_i8(b)\n",
        "def f(a, b):\n for i in (1, 2):\n  a = a + b\n return a\n",
        "def f(a, b):\n return a > b\n",
        "def f(a, b):\n t = a\n for i in range(3):\n  b = b + as_f8(t)\n  t = True\n return b\n",
        "def f(a, b):\n for i in range(3):\n  t = i\n  t = a\n return t\n",
    ],
)
def test_what_is_not_known_is_left_to_numba(source):
    """Operations, loops and results beyond the emitted text are refused, and `jit` gives Numba's function."""
    assert direct(source, (3.0, 2.0)) is None
    function, _, _ = numba_store.jit(source, "f", (types.float64, types.float64), SPACE, OPTIONS)
    assert function(3.0, 2.0) == by_numba(source)[0](3.0, 2.0)


def test_parts_are_called_and_stay_functions():
    """A text calls the functions compiled with it; `stay_apart` keeps them out of it."""
    part = Outlined("g", "def kernel(a, n):\n stay_apart()\n return a[0] * n, a[1]\n", (VECTOR, types.int64))
    source = "def f(a, b):\n p, q = g(a, 3)\n return p + q * b\n"
    assert direct(source, (y, 10.0), (part,))(np.array([2.0, 4.0]), 10.0) == 46.0


def test_arguments_of_another_kind_raise():
    """What is no number raises TypeError, as everywhere in Python, and too few arguments raise IndexError."""
    function = direct("def f(a, b):\n return a + b\n", (1.0, 2.0))
    with pytest.raises(TypeError):
        function("one", 2.0)
    with pytest.raises(IndexError):
        function(1.0)
    assert function(-1.0, -1) == -2.0


def test_results_are_new_references():
    """A call leaves the counts of references as they were: arguments are borrowed, results handed over."""
    function, value = direct("def f(a, b):\n return a, (b, )\n", (1.0, 2.0)), 1234.5
    before = sys.getrefcount(value)
    for _ in range(100):
        function(value, value)
    assert sys.getrefcount(value) == before


def test_other_compiled_code_calls_it():
    """A stored function without Numba's front end is a Numba function for others."""
    source = "def f(a, b):\n return a * 2.0, (b, )\n"
    function, _, _ = numba_store.jit(source, "f", (types.float64, types.float64), {}, OPTIONS)

    @numba.njit
    def outer(a):
        first, (second,) = function(a, a)
        return first + second

    assert outer(3.0) == 9.0


def test_lengths_come_first():
    """A tape is cut behind the lengths and places that it begins with."""
    rest, start = in_two("def tape(x, w):\n n0 = x.shape[0]\n s1 = n0 * 8\n v = x[0]\n return v\n")
    assert rest == "def rest(x, w, n0, s1):\n v = x[0]\n return v\n"
    assert start == "def tape(x, w):\n n0 = x.shape[0]\n s1 = n0 * 8\n return rest(x, w, n0, s1)\n"
