"""The C library's vector mathematics: which functions of glibc's libmvec this processor can use, and why not.

Compiled code calls them where a loop is vectorised (see `numba_vector`). Nothing here loads Numba; LLVM is loaded by
the self-test, once a process and only where the library is there.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass

LIBRARY = "libmvec.so.1"
SWITCH = "DIFFCOMPARE_VECTOR"
UNARY = (
    "exp", "exp2", "exp10", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "asin", "acos", "atan", "asinh", "acosh", "atanh", "cbrt", "erf", "erfc",
)  # fmt: skip
BINARY = ("pow", "atan2", "hypot")
# Letter of the instruction set in a symbol -> width of its registers in bits, and the processor features it needs
# (x86-64 vector function ABI, section 2.6; "d" is AVX2 and "e" AVX-512).
_SETS = (("d", 256, ("avx2", "fma")), ("e", 512, ("avx512f", "avx512dq")))


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


@functools.cache
def state() -> VectorState:
    """What this process uses; the first call runs the self-test."""
    found = _probe()
    if not found:
        return found
    from .numba_vector_code import self_test  # loads LLVM

    wrong = self_test()
    return _scalar(wrong) if wrong else found


def _scalar(reason: str) -> VectorState:
    return VectorState("", (), {"float64": (), "float32": ()}, reason)


def _probe() -> VectorState:
    """What the library and the processor offer, before any code that uses it has run."""
    if os.environ.get(SWITCH, "1").strip().lower() in ("0", "off", "no", "false"):
        return _scalar(f"{SWITCH}={os.environ[SWITCH]} turns vector mathematics off")
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return _scalar(f"{platform.system()} on {platform.machine()} has no {LIBRARY}")
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        return _scalar(f"{LIBRARY} cannot be loaded ({error})")
    sets = instruction_sets()
    if not sets:
        return _scalar("the processor has neither AVX2 with FMA nor AVX-512")
    names = tuple(
        name for name in UNARY + BINARY
        if all(hasattr(library, symbol(name, s, bits, width)) for bits in (64, 32) for s, width in sets)
    )  # fmt: skip
    if "exp" not in names:
        return _scalar(f"{LIBRARY} lacks {symbol('exp', *sets[0][:1], 64, sets[0][1])}")
    lanes = {f"float{bits}": tuple(width // bits for _, width in sets) for bits in (64, 32)}
    return VectorState(f"glibc {platform.libc_ver()[1]} libmvec", names, lanes, "")


@functools.cache
def instruction_sets() -> tuple[tuple[str, int], ...]:
    """Letter and register width in bits of the vector calls that this processor can make."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return tuple((s, width) for s, width, needs in _SETS if all(features.get(need) for need in needs))
