"""Elementary functions for compiled code whose calls become vector calls where a loop is vectorised.

A scalar call goes to the C library, a vectorised one to its vector library (`vector_library` says which, and why not).
Both follow NumPy at nan, infinities, signed zeros and outside of the domain; the vector forms are within 4 ULP.
Reference: glibc manual, "Errors in Math Functions".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic

from . import numba_vector_code
from .numba_vector_code import state
from .vector_library import BINARY, UNARY, arity

_NAMED = re.compile(r"\bf_(\w+)")
_ELEMENTARY = frozenset(UNARY + BINARY) - {"tanh"}  # which has code of its own, `numba_tanh`


@functools.cache
def functions() -> dict[str, Callable]:
    """The functions that have a vector form here, by their C names; none where there is no vector library."""
    return {name: _function(name) for name in state().functions}


def in_words(source: str) -> str:
    """What evaluates the elementary functions that emitted code names; empty where it names none."""
    if not any(name in _ELEMENTARY for name in _NAMED.findall(source)):
        return ""
    return f"vector mathematics by {state().library}" if state() else "scalar mathematics"


def _type(argument: Any) -> Any:
    """The type to compute in: float32 stays, any other number becomes float64."""
    return argument if argument == types.float32 else types.float64


def _emit(name: str) -> Callable:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        numba_vector_code.prefer_wide(builder)
        return numba_vector_code.call(builder, name, list(arguments))

    return codegen


def _function(name: str) -> Callable:
    codegen = _emit(name)
    if arity(name) == 1:

        def one(typing_context, x):
            if not isinstance(x, types.Number | types.Boolean):
                return None
            return _type(x)(_type(x)), codegen

        one.__name__ = one.__qualname__ = name
        return intrinsic(one)

    def two(typing_context, x, y):
        if not isinstance(x, types.Number | types.Boolean) or not isinstance(y, types.Number | types.Boolean):
            return None
        kind = types.float32 if x == y == types.float32 else types.float64
        return kind(kind, kind), codegen

    two.__name__ = two.__qualname__ = name
    return intrinsic(two)
