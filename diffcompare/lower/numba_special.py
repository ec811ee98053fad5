"""The scalar functions that compiled code may call: NumPy's values at every edge, and never an exception.

A row's `scalar` column is a template of plain Python; `translate` points the names in it at the functions of
`functions()`. Special functions are SciPy's own C code, found by name through `scipy.special.cython_special` and
registered as symbols with LLVM, so that no address is baked into the generated code. SciPy is loaded when the first of
them is named: it takes longer than loading stored code.
"""

from __future__ import annotations

import functools
import importlib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types
from numba.extending import get_cython_function_address, intrinsic

from . import numba_choices, numba_tanh, numba_vector
from .numba_templates import branchless

_NAMED = re.compile(r"\bf_\w+")
_WORD = re.compile(r"\b(?:math|np)\.([A-Za-z_][A-Za-z0-9_]*)")

# name in a template -> (name in scipy.special.cython_special, number of arguments)
_FROM_SCIPY = {
    "digamma": ("psi", 1), "psi": ("psi", 1), "erfinv": ("erfinv", 1), "erfcinv": ("erfcinv", 1), "erfcx": ("erfcx", 1),
    "ndtr": ("ndtr", 1), "ndtri": ("ndtri", 1), "log_ndtr": ("log_ndtr", 1), "i0": ("i0", 1), "i0e": ("i0e", 1),
    "i1": ("i1", 1), "i1e": ("i1e", 1), "j0": ("j0", 1), "j1": ("j1", 1), "jv": ("jv", 2), "iv": ("iv", 2),
    "y0": ("y0", 1), "y1": ("y1", 1), "cbrt": ("cbrt", 1), "exp2": ("exp2", 1), "exp10": ("exp10", 1),
    "gammaln": ("gammaln", 1), "lgamma": ("gammaln", 1), "gamma": ("gamma", 1), "rgamma": ("rgamma", 1),
    "gammasgn": ("gammasgn", 1), "beta": ("beta", 2), "betaln": ("betaln", 2), "expit": ("expit", 1),
    "logit": ("logit", 1), "log_expit": ("log_expit", 1), "xlogy": ("xlogy", 2), "xlog1py": ("xlog1py", 2),
    "entr": ("entr", 1), "rel_entr": ("rel_entr", 2), "kl_div": ("kl_div", 2), "erf": ("erf", 1), "erfc": ("erfc", 1),
}  # fmt: skip
_FROM_MATH = (
    "acos acosh asin asinh atan atan2 atanh copysign cos cosh degrees exp expm1 fabs hypot isfinite isinf isnan log "
    "log10 log1p log2 nextafter pow radians sin sinh sqrt tan tanh"
).split()
_MATH_NAME = {
    "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2",
    "arctanh": "atanh", "deg2rad": "radians", "rad2deg": "degrees", "power": "pow", "absolute": "fabs",
}  # fmt: skip

_jit = numba.njit(error_model="numpy", nogil=True)


def _scipy_symbol(name: str, arity: int) -> str:
    """The LLVM symbol of SciPy's C function on doubles; registers it."""
    cython_special = importlib.import_module("scipy.special.cython_special")
    expected = f"double ({', '.join(['double'] * arity)}, int"
    pattern = re.compile(rf"(?:__pyx_fuse_\d+)?{name}$")
    for key, capsule in cython_special.__pyx_capi__.items():
        if pattern.match(key) and f'"{expected}' in str(capsule):
            symbol = f"diffcompare_{name}"
            llvm.add_symbol(symbol, get_cython_function_address("scipy.special.cython_special", key))
            return symbol
    raise AttributeError(f"scipy.special.cython_special has no {name} on {arity} doubles in this version of SciPy.")


def _from_scipy(name: str, arity: int) -> Callable:
    # Cython adds an int argument that says "called from C".
    signature = types.float64(*([types.float64] * arity), types.intc)
    symbol = _scipy_symbol(name, arity)
    external: Any = types.ExternalFunction(symbol, signature)

    def one(x):
        return external(np.float64(x), np.intc(0))

    def two(x, y):
        return external(np.float64(x), np.float64(y), np.intc(0))

    function: Any = _jit(one if arity == 1 else two)
    function.diffcompare_symbol = symbol
    return function


@_jit
def _floor(x):
    return np.floor(x)


@_jit
def _ceil(x):
    return np.ceil(x)


@_jit
def _trunc(x):
    return np.trunc(x)


@_jit
def _rint(x):
    return np.rint(x)


@_jit
def _fmod(x, y):
    """C's remainder with the sign of x, and nan where NumPy has nan."""
    return np.fmod(x, y)


@_jit
def _sign(x):
    return np.sign(x)


@_jit
def _trigamma(x):
    """Psi'(x): recurrence up to x >= 20, then DLMF 5.15.9; reflection 5.15.6 for x < 0."""
    if x != x:
        return x
    if x == np.inf:
        return 0.0
    if x <= 0.0 and x == np.floor(x):
        return np.inf  # a pole; SciPy gives inf at -inf too
    z = 1.0 - x if x < 0.0 else x
    total = 0.0
    while z < 20.0:
        total += 1.0 / (z * z)
        z += 1.0
    w = 1.0 / (z * z)
    # Bernoulli numbers B2 .. B16; at z >= 20 the first term left out is below 2**-60 of the sum.
    tail = w * (5.0 / 66.0 + w * (-691.0 / 2730.0 + w * (7.0 / 6.0 + w * (-3617.0 / 510.0))))
    series = 1.0 / 6.0 + w * (-1.0 / 30.0 + w * (1.0 / 42.0 + w * (-1.0 / 30.0 + tail)))
    total += 1.0 / z + 0.5 * w + w * series / z
    if x < 0.0:
        sine = math.sin(math.pi * (x - np.rint(x)))  # the argument is exact, so no digits are lost near the poles
        return (math.pi / sine) ** 2 - total
    return total


@_jit
def _hurwitz(s, x):
    """zeta(s, x), whole s >= 2, by Euler-Maclaurin summation from x + k >= 20 + s on (DLMF 25.11.28)."""
    if x == np.inf:
        return 0.0
    if x <= 0.0 and x == np.floor(x):
        return np.inf  # a pole; SciPy counts -inf as one
    if x != x or x < -1e7:
        return np.nan  # the sum over so many terms is not worth its time
    total, z = 0.0, x
    while z < 20.0 + s:
        term = z**-s
        total += term
        if z > 0.0 and term < 2.0**-60 * total:  # what follows is less than (1 + z / (s - 1)) times this term
            return total
        z += 1.0
    power = z**-s
    total += power * (z / (s - 1.0) + 0.5)
    term = power * s / z
    # B2/2!, B4/4! ... B14/14!; at z >= 20 + s the first one left out is below 2**-60 of the sum.
    for j, bernoulli in enumerate((1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000,
                                   1 / 74724249600)):  # fmt: skip
        total += bernoulli * term
        term *= (s + 2 * j + 1) * (s + 2 * j + 2) / (z * z)
    return total


def _polygamma(digamma: Callable) -> Callable:
    @_jit
    def polygamma(n, x):
        """The n-th derivative of digamma, n = 0, 1, 2 ...: (-1)**(n + 1) n! zeta(n + 1, x), DLMF 25.11.12."""
        if n < 0.0 or n != np.floor(n) or n == np.inf:
            return np.nan
        if n == 0.0:
            return digamma(x)
        value = math.gamma(n + 1.0) * _hurwitz(n + 1.0, x)
        return value if n % 2.0 == 1.0 else -value

    return polygamma


@intrinsic
def reassociable_add(typing_context, total, term):
    """``total + term`` by one addition that may change places with others of its kind: for accumulating a sum."""
    if not isinstance(total, types.Float) or total != term:
        return None

    def codegen(context, builder, signature, args):
        return builder.fadd(args[0], args[1], flags=("reassoc",))

    return total(total, term), codegen


class _Unavailable:
    """Stands where this SciPy lacks a function; using it names the function."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason


_OWN = {"floor": _floor, "ceil": _ceil, "trunc": _trunc, "rint": _rint, "fmod": _fmod, "sign": _sign,
        "trigamma": _trigamma, "tanh": numba_tanh.tanh, "sech_squared": numba_tanh.sech_squared,
        "choose": numba_choices.choose, "largest": numba_choices.largest,
        "smallest": numba_choices.smallest}  # fmt: skip
_NUMBERS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "tau": math.tau}
_NAMES = tuple(dict.fromkeys([*_FROM_SCIPY, *_FROM_MATH, *_MATH_NAME, *_OWN, "polygamma", *_NUMBERS]))


@functools.cache
def _function(name: str) -> Any:
    name = _MATH_NAME.get(name, name)
    if name == "polygamma":
        return _polygamma(_function("digamma"))
    if name in _OWN or name in _NUMBERS:
        return _OWN[name] if name in _OWN else _NUMBERS[name]
    if name in numba_vector.functions():
        return numba_vector.functions()[name]
    if name in _FROM_MATH:
        return getattr(math, name)
    try:
        return _from_scipy(*_FROM_SCIPY[name])
    except AttributeError as error:
        return _Unavailable(name, str(error))


class _Functions(Mapping):
    """Names with an f_ before them, and their functions, each made when it is first asked for."""

    def __getitem__(self, name: str) -> Any:
        if name[:2] != "f_" or name[2:] not in _NAMES:
            raise KeyError(name)
        return _function(name[2:])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name[:2] == "f_" and name[2:] in _NAMES

    def __iter__(self) -> Iterator[str]:
        return (f"f_{name}" for name in _NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


_FUNCTIONS = _Functions()


def functions() -> Mapping[str, Any]:
    """Every function that compiled code may name, each usable in nopython code on float64 and float32."""
    return _FUNCTIONS


def named(source: str) -> dict[str, Any]:
    """Those of `functions()` that a text names."""
    return {name: _FUNCTIONS[name] for name in dict.fromkeys(_NAMED.findall(source)) if name in _FUNCTIONS}


def from_scipy(source: str) -> bool:
    """Whether a text names a function for which SciPy must be loaded."""
    found = {name[2:] for name in _NAMED.findall(source)} - numba_vector.functions().keys()
    return "polygamma" in found or not found.isdisjoint(_FROM_SCIPY)


@functools.cache
def translate(template: str) -> str:
    """A row's scalar template without branches, every ``math.name`` and function name pointing into `functions()`.

    Examples
    --------
    >>> translate("math.log1p({0}) + digamma({1})")
    'f_log1p({0}) + f_digamma({1})'
    """
    known = functions()
    text = _WORD.sub(lambda found: f"f_{found[1]}" if f"f_{found[1]}" in known else found[0], branchless(template))

    def bare(found: re.Match) -> str:
        return f"f_{found[0]}" if f"f_{found[0]}" in known else found[0]

    return re.sub(r"(?<![\w.{])[A-Za-z_]\w*(?![\w.}])", bare, text)
