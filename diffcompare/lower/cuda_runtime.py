"""The one file that imports numba.cuda: the text of kernels compiled for a device, or made to run in the simulator.

Kernels take addresses and numbers, no arrays: an array costs microseconds at each launch, an address nothing. Loads and
stores are therefore functions of their own, of 1, 2 or 4 elements; 16 bytes are one instruction.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import cuda as _cuda
from numba import types

from ..errors import InternalError, MethodUnavailableError
from . import cuda_functions
from .cuda_kernels import KernelText
from .cuda_names import FROM_LIBDEVICE, FROM_MATH

cuda: Any = _cuda  # two packages provide it, each with other names
_TYPES = {"f8": types.float64, "f4": types.float32, "i8": types.int64, "b1": types.boolean}
_DTYPES = {"f8": np.float64, "f4": np.float32, "i8": np.int64, "b1": np.bool_}
_NAMED = re.compile(r"\b([a-z]\w*_(?:f8|f4|i8|b1)(?:_[124])?|quotient[48])\b")
_ENTRY = re.compile(r"\.entry\s+([^\s(]+)\(")
_UNRESOLVED = re.compile(r"\.extern\s+\.func[^;]*?(\w+)\s*(?:\(|;)")


# Functions of kernels. Each is made for its types: compiled as one function, and then inlined.
def _intrinsic(name: str, signature: Any, codegen: Callable) -> Any:
    from numba.cuda.extending import intrinsic

    count = len(signature.args)
    space = {"made": (signature, codegen)}
    names = "".join(f", a{k}" for k in range(count))
    exec(f"def {name}(context{names}):\n return made\n", space)  # noqa: S102 - our own names and numbers only
    return intrinsic(space[name])


def _element_type(code: str) -> Any:
    return ir.IntType(8) if code == "b1" else {"f8": ir.DoubleType(), "f4": ir.FloatType(), "i8": ir.IntType(64)}[code]


def _pointer(builder: Any, code: str, lanes: int, address: Any, index: Any) -> Any:
    """Address space 1 is the device's memory; without it every access would first ask which memory it is."""
    place = builder.gep(builder.inttoptr(address, _element_type(code).as_pointer(1)), [index])
    return builder.bitcast(place, ir.VectorType(_element_type(code), lanes).as_pointer(1)) if lanes > 1 else place


def _several(code: str, lanes: int) -> Any:
    return _TYPES[code] if lanes == 1 else types.UniTuple(_TYPES[code], lanes)


def _width(code: str, lanes: int) -> int:
    return min(16, lanes * np.dtype(_DTYPES[code]).itemsize)


def _load(name: str, code: str, lanes: int) -> Any:
    kind = _several(code, lanes)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = builder.load(_pointer(builder, code, lanes, *arguments), align=_width(code, lanes))
        parts = [found]
        if lanes > 1:
            parts = [builder.extract_element(found, ir.IntType(32)(k)) for k in range(lanes)]
        if code == "b1":
            parts = [builder.icmp_unsigned("!=", part, ir.IntType(8)(0)) for part in parts]
        return parts[0] if lanes == 1 else context.make_tuple(builder, kind, parts)

    return _intrinsic(name, kind(types.int64, types.int64), codegen)


def _store(name: str, code: str, lanes: int) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, index, value = arguments
        parts = [value] if lanes == 1 else [builder.extract_value(value, k) for k in range(lanes)]
        if code == "b1":
            parts = [builder.zext(part, ir.IntType(8)) for part in parts]
        found = parts[0]
        if lanes > 1:
            found = ir.VectorType(_element_type(code), lanes)(ir.Undefined)
            for k, part in enumerate(parts):
                found = builder.insert_element(found, part, ir.IntType(32)(k))
        builder.store(found, _pointer(builder, code, lanes, address, index), align=_width(code, lanes))
        return context.get_dummy_value()

    return _intrinsic(name, types.void(types.int64, types.int64, _several(code, lanes)), codegen)


def _quotient(name: str, bits: int) -> Any:
    """Division of numbers that are not negative; in 32 bits it is several times faster than in 64."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        narrow = [builder.trunc(a, ir.IntType(bits)) if bits < 64 else a for a in arguments]
        found = builder.udiv(*narrow)
        return builder.zext(found, ir.IntType(64)) if bits < 64 else found

    return _intrinsic(name, types.int64(types.int64, types.int64), codegen)


def _inner(name: str, text: str, gives: Any, takes: tuple) -> Any:
    """A function of `text` as one that kernels can call, typed; numba.cuda's own would need a device to be typed."""
    space = _space(text)
    exec(compile(text, f"<diffcompare {name}>", "exec"), space)  # noqa: S102 - our own names and numbers only
    function = space[name]

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.compile_internal(builder, function, signature, arguments)

    return _intrinsic(name, gives(*takes), codegen)


def _tuple(codes: tuple[str, ...]) -> Any:
    if len(codes) == 1:
        return _TYPES[codes[0]]
    return types.Tuple([_TYPES[code] for code in codes]) if codes else types.none


@functools.cache
def _function(name: str) -> Any:
    """What a name in a kernel's text stands for on a device."""
    parts = name.split("_")
    if parts[0] in ("load", "store"):
        return (_load if parts[0] == "load" else _store)(name, parts[1], int(parts[2]))
    if name in ("quotient4", "quotient8"):
        return _quotient(name, 8 * int(name[-1]))
    base, _, code = name.rpartition("_")
    kind = _TYPES[code]
    if base == "as":
        return bool if code == "b1" else _DTYPES[code]
    if base == "type":
        return kind
    if base == "bits":
        return cuda.libdevice.float_as_int
    if base in FROM_LIBDEVICE:
        return getattr(cuda.libdevice, FROM_LIBDEVICE[base][code == "f4"])
    if base in FROM_MATH or (base in ("sin", "cos", "tan") and code == "f8"):
        return getattr(math, base)
    texts: dict[str, tuple[str, Any, tuple]] = {
        "block_sum": (cuda_functions.BLOCK_SUM, kind, (kind,)),
        "remainder": (cuda_functions.REMAINDER, kind, (kind, kind)),
        "floor_divide": (cuda_functions.FLOOR_DIVIDE, kind, (kind, kind)),
        "part": (cuda_functions.PART, types.int64, (types.int64,)),
        "reduced": (cuda_functions.REDUCED, types.Tuple([kind, types.int64]), (kind,)),
        "sine_cosine": (cuda_functions.SINE_COSINE, kind, (kind, types.int64)),
        "sin": (cuda_functions.SIN, kind, (kind,)),
        "cos": (cuda_functions.COS, kind, (kind,)),
        "tan": (cuda_functions.TAN, kind, (kind,)),
    }
    text, gives, takes = texts[base]
    return _inner(name, text.replace("{0}", code), gives, takes)


def _space(text: str) -> dict[str, Any]:
    """The names that a text may use."""
    found = {name: _function(name) for name in dict.fromkeys(_NAMED.findall(text)) if f"def {name}(" not in text}
    return {"__name__": __name__, "cuda": cuda, "math": math, "inf": math.inf, "nan": math.nan, **found}


def compile_ptx(text: KernelText, capability: tuple[int, int]) -> tuple[str, str]:
    """A kernel as PTX for devices of this compute capability, and the name it has there.

    Parameters
    ----------
    text : KernelText
        The kernel.
    capability : (int, int)
        Such as (9, 0). No device and no driver is needed.

    Raises
    ------
    MethodUnavailableError
        Where a library of NVIDIA's toolkit is missing.
    InternalError
        Where the code calls what nothing defines.
    """
    if getattr(cuda, "implementation", "") != "NVIDIA":
        raise MethodUnavailableError(
            "numba.cuda is Numba's own here, which is no longer developed; NVIDIA's numba-cuda is needed.\n"
            "  pip install 'diffcompare[cuda13]', or 'diffcompare[cuda12]'; not under PYTHONPATH or pip --target."
        )
    space = _space(text.source + text.element)
    if text.element:
        takes = tuple(_TYPES[code] for code in text.takes)
        space["element"] = _inner("element", text.element, _tuple(text.gives), takes)
    exec(compile(text.source, "<diffcompare kernel>", "exec"), space)  # noqa: S102 - our own names and numbers only
    signature = tuple(_TYPES[code] for code in text.parameters)
    try:
        ptx, _ = cuda.compile(space["kernel"], signature, cc=capability, device=False, abi="numba", output="ptx")
    except (OSError, RuntimeError) as error:  # a library of the toolkit does not load, or does not know the device
        raise MethodUnavailableError(
            f"NVIDIA's compiler does not run: {type(error).__name__}: {error}\n"
            "  pip install 'diffcompare[cuda13]' brings its libraries ('diffcompare[cuda12]' for drivers of CUDA 12)."
        ) from error
    missing = _UNRESOLVED.findall(ptx)
    if missing:
        raise InternalError(f"a CUDA kernel calls {', '.join(missing)}, which nothing defines.\n{text.source}")
    return ptx, _ENTRY.findall(ptx)[0]


def link(ptx: str, capability: tuple[int, int]) -> tuple[bytes, str]:
    """Machine code of PTX, by nvJitLink, with what it says about registers and memory.

    The driver takes machine code also where it is older than the toolkit that wrote the PTX.
    """
    from cuda.core import Linker, LinkerOptions, ObjectCode

    options = LinkerOptions(arch=f"sm_{capability[0]}{capability[1]}", ptxas_options=["-v"])
    linker = Linker(ObjectCode.from_ptx(ptx.encode()), options=options)
    code = linker.link("cubin").code
    return bytes(code), linker.get_info_log()


def simulated_kernel(source: str, space: dict[str, Any]) -> Any:
    """A kernel that the simulator runs; `space` has what its text names."""
    space.update(cuda=cuda, inf=math.inf, nan=math.nan)
    exec(compile(source, "<diffcompare kernel>", "exec"), space)  # noqa: S102 - our own names and numbers only
    return cuda.jit(space["kernel"])
