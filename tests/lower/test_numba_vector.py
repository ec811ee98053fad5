"""Vector mathematics: what it computes, and what happens where it is missing."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numba
import numpy as np
import pytest
import scipy.special
from flint import arb, ctx

from diffcompare.analysis.environment import environment
from diffcompare.lower import numba_tanh, numba_vector, numba_vector_code, vector_library
from diffcompare.lower.vector_library import BINARY, UNARY, arity

FUNCTIONS = numba_vector.functions()
needs_library = pytest.mark.skipif(not FUNCTIONS, reason=str(numba_vector_code.state()))
TYPES = [np.float64, np.float32]
_NUMPY = {"pow": np.power, "atan2": np.arctan2, "erf": scipy.special.erf, "erfc": scipy.special.erfc,
          "exp10": scipy.special.exp10}  # fmt: skip
_NUMPY |= {f"a{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
SPECIAL = (
    0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e-45, 1e-310, 1e-300, -1e-300, 1e300, -1e300, 0.5, -0.5,
    1.0, -1.0, 1.5, 2.0, -2.0, 3.0, -3.0, 1e-8, -1e-8, 20.0, -20.0, 88.8, -104.5, 710.0, -746.0, 1e5, -1e5, 1e22, 0.25,
)  # fmt: skip


def numpy_function(name):
    """NumPy's or SciPy's function of that C name."""
    return _NUMPY[name] if name in _NUMPY else getattr(np, name)


def compiled(name):
    """The function in a loop over arrays, as emitted code has it."""
    function = FUNCTIONS[name] if name in FUNCTIONS else getattr(numba_tanh, name)
    if arity(name) == 2:

        @numba.njit(error_model="numpy")
        def loop(x, y, out):
            for i in range(out.size):
                out[i] = function(x[i], y[i])

    else:

        @numba.njit(error_model="numpy")
        def loop(x, out):
            for i in range(out.size):
                out[i] = function(x[i])

    return loop


def balls(name):
    """The function in ball arithmetic."""
    table = {"pow": lambda x, y: x**y, "atan2": arb.atan2, "hypot": lambda x, y: (x * x + y * y).sqrt(),
             "exp2": lambda x: arb(2) ** x, "exp10": lambda x: arb(10) ** x, "log2": lambda x: x.log() / arb(2).log(),
             "log10": lambda x: x.log() / arb(10).log(), "cbrt": lambda x: x.root(3) if x >= 0 else -((-x).root(3)),
             "sech_squared": lambda x: x.sech() ** 2}  # fmt: skip
    return table[name] if name in table else getattr(arb, name)


def arguments(name, dtype, count=300):
    """Points over the function's domain, small and large ones among them."""
    generator = np.random.default_rng(3)
    wide = np.concatenate([generator.normal(size=count // 3) * scale for scale in (0.1, 1.0, 10.0)])
    if name in ("asin", "acos", "atanh"):
        wide = np.tanh(wide)
    if name in ("log", "log2", "log10", "log1p", "pow"):
        wide = abs(wide)
    if name == "acosh":
        wide = 1.0 + abs(wide)
    arrays = [wide.astype(dtype)] + [generator.normal(size=wide.size).astype(dtype)] * (arity(name) - 1)
    return arrays


def errors_in_ulp(name, arrays, found):
    """The largest error, in units in the last place of the exact result."""
    exact, worst, kind = balls(name), 0.0, found.dtype.type
    with ctx.workprec(200):
        for *xs, y in zip(*arrays, found, strict=True):
            value = exact(*(arb(float(x)) for x in xs))
            nearest = kind(float(value))
            if np.isfinite(nearest) and abs(nearest) >= np.finfo(kind).tiny:
                worst = max(worst, abs(float((arb(float(y)) - value) / float(np.spacing(abs(nearest))))))
    return worst


@needs_library
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_special_values_are_numpys(name, dtype):
    """At zeros, infinities, nan, subnormal and huge numbers each function is NumPy's, the sign of zero included."""
    with np.errstate(over="ignore"):
        special = np.array(SPECIAL).astype(dtype)
    special = np.resize(special, 16 * -(-special.size // 16))  # whole vectors: none is left to a scalar call
    arrays = [special] if arity(name) == 1 else [a.ravel() for a in np.meshgrid(special, special)]
    found = np.empty_like(arrays[0])
    compiled(name)(*arrays, found)
    with np.errstate(all="ignore"):
        expected = numpy_function(name)(*(a.astype(np.float64) for a in arrays)).astype(dtype)
    # 4 ULP from each of the two libraries
    np.testing.assert_allclose(
        found, expected, rtol=8 * np.finfo(dtype).eps, atol=8 * np.finfo(dtype).smallest_subnormal
    )
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[known]), np.signbit(expected[known]))


@needs_library
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_errors_are_at_most_four_units_in_the_last_place(name, dtype):
    """Against ball arithmetic each function is within 4 ULP, which is what the C library promises."""
    arrays = arguments(name, dtype)
    found = np.empty_like(arrays[0])
    loop = compiled(name)
    loop(*arrays, found)
    assert "_ZGV" in "".join(loop.inspect_asm().values())
    assert errors_in_ulp(name, arrays, found) <= 4.0


@pytest.mark.parametrize("name", ["tanh", "sech_squared"])
def test_tanh_and_its_slope_keep_their_digits(name):
    """Both are within 4 ULP from the smallest to the largest arguments, with the right limits."""
    function = getattr(numba_tanh, name)

    @numba.njit(error_model="numpy")
    def loop(x, out):
        for i in range(out.size):
            out[i] = function(x[i])

    generator = np.random.default_rng(5)
    x = np.concatenate([generator.normal(size=200) * s for s in (1e-300, 1e-8, 0.1, 0.3, 1.0, 3.0, 20.0, 100.0)])
    found = np.empty_like(x)
    loop(x, found)
    assert errors_in_ulp(name, [x], found) <= 4.0
    special = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, 1e300, 20.0])
    found = np.empty_like(special)
    loop(special, found)
    if name == "tanh":
        np.testing.assert_array_equal(found, np.tanh(special))
        assert np.signbit(found[1])
    else:
        np.testing.assert_allclose(found, [1.0, 1.0, 0.0, 0.0, math.nan, 0.0, 1.6993417021166355e-17], rtol=1e-15)


def test_a_missing_library_leaves_scalar_code(monkeypatch):
    """Where the library cannot be loaded, or lacks a symbol, the reason is said and nothing of it is used."""
    sets = (("d", 256),)
    monkeypatch.delenv("DIFFCOMPARE_VECTOR", raising=False)
    monkeypatch.setattr(vector_library.platform, "system", lambda: "Linux")
    monkeypatch.setattr(vector_library.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(vector_library, "LIBRARY", "libm_that_is_not_there.so.1")
    missing = vector_library.probe(sets)
    assert not missing
    assert missing.functions == ()
    assert "cannot be loaded" in str(missing)
    monkeypatch.setattr(vector_library.ctypes, "CDLL", lambda name: object())
    assert "lacks _ZGVdN4v_exp" in vector_library.probe(sets).reason
    assert "neither AVX2" in vector_library.probe(()).reason


@needs_library
def test_a_wrong_vector_function_is_found_by_the_self_test(monkeypatch):
    """A loop whose vector function is another one is refused with the argument at which they differ."""
    right = numba_vector_code.symbol
    monkeypatch.setattr(
        numba_vector_code, "symbol", lambda name, *rest: right("expm1" if name == "exp" else name, *rest)
    )
    assert "in a loop gives" in numba_vector_code.self_test()


@needs_library
def test_a_compiler_that_does_not_vectorise_is_found_by_the_self_test(monkeypatch):
    """Where LLVM drops the declarations no vector function is called, and the self-test says so."""
    monkeypatch.setattr(numba_vector_code, "_keep", lambda module, functions: None)
    assert "does not vectorise" in numba_vector_code.self_test()


def test_the_switch_turns_vector_mathematics_off():
    """With DIFFCOMPARE_VECTOR=0 results are the scalar library's, and say so."""
    code = (
        "import numpy as np, diffcompare as dc\n"
        "from diffcompare.analysis.environment import vector_mathematics\n"
        "value, slope = dc.value_and_gradient(lambda x: np.sum(np.exp(x)))(np.zeros(9))\n"
        "print(value, slope[8], vector_mathematics(), sep='|')\n"
    )
    settings = {**os.environ, "DIFFCOMPARE_VECTOR": "0", "DIFFCOMPARE_CACHE": "0"}
    found = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    value, slope, words = found.stdout.strip().split("|")
    assert (float(value), float(slope)) == (9.0, 1.0)
    assert words == "scalar C library, because DIFFCOMPARE_VECTOR=0 turns vector mathematics off"


def test_the_environment_names_the_library():
    """What `info` and saved results show is the state of this process."""
    assert environment().vector_mathematics == str(numba_vector_code.state())
