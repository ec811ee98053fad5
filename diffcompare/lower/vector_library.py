"""The C library's vector mathematics: which functions of glibc's libmvec this processor can use, and why not.

Compiled code calls them where a loop is vectorised (see `numba_vector`). Nothing here loads Numba or LLVM.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LIBRARY = "libmvec.so.1"
SWITCH = "DIFFCOMPARE_VECTOR"
UNARY = (
    "exp", "exp2", "exp10", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "asin", "acos", "atan", "asinh", "acosh", "atanh", "cbrt", "erf", "erfc",
)  # fmt: skip
BINARY = ("pow", "atan2", "hypot")
TESTED = "exp"  # the function that the self-test calls


@dataclass(frozen=True, slots=True)
class VectorState:
    """What evaluates elementary functions in compiled loops.

    Attributes
    ----------
    library : str
        Name and version of the library; empty where none is used.
    functions : tuple of str
        Elementary functions that have a vector form, by their C names.
    lanes : dict of str to tuple of int
        For "float64" and "float32", how many elements one call takes.
    reason : str
        Why no library is used; empty where one is.
    """

    library: str
    functions: tuple[str, ...]
    lanes: Mapping[str, tuple[int, ...]]
    reason: str

    def __bool__(self) -> bool:
        return bool(self.library)

    def __str__(self) -> str:
        if not self.library:
            return f"scalar C library, because {self.reason}"
        lanes = " or ".join(map(str, self.lanes["float64"]))
        return f"{self.library}, {len(self.functions)} functions, {lanes} float64 at a time"


def symbol(name: str, letter: str, bits: int, width: int) -> str:
    """The vector function's name: `name` on elements of `bits`, for registers of `width` bits."""
    suffix = "f" if bits == 32 else ""
    return f"_ZGV{letter}N{width // bits}{'v' * arity(name)}_{name}{suffix}"


def arity(name: str) -> int:
    """How many arguments the function takes."""
    return 2 if name in BINARY else 1


def scalar(reason: str) -> VectorState:
    """No library, and why."""
    return VectorState("", (), {"float64": (), "float32": ()}, reason)


def probe(sets: Sequence[tuple[str, int]]) -> VectorState:
    """What the library offers, before any code that uses it has run: each of its symbols is looked up.

    Parameters
    ----------
    sets : sequence of (str, int)
        Letter and register width in bits of the vector calls that compiled code can make.
    """
    if os.environ.get(SWITCH, "1").strip().lower() in ("0", "off", "no", "false"):
        return scalar(f"{SWITCH}={os.environ[SWITCH]} turns vector mathematics off")
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return scalar(f"{platform.system()} on {platform.machine()} has no {LIBRARY}")
    if not sets:
        return scalar("the processor, as Numba is told to use it, has neither AVX2 with FMA nor AVX-512")
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        return scalar(f"{LIBRARY} cannot be loaded ({error})")
    names = tuple(
        name for name in UNARY + BINARY
        if all(hasattr(library, symbol(name, s, bits, width)) for bits in (64, 32) for s, width in sets)
    )  # fmt: skip
    if TESTED not in names:
        return scalar(f"{LIBRARY} lacks {symbol(TESTED, sets[0][0], 64, sets[0][1])}")
    lanes = {f"float{bits}": tuple(width // bits for _, width in sets) for bits in (64, 32)}
    return VectorState(f"glibc {platform.libc_ver()[1]} libmvec", names, lanes, "")
