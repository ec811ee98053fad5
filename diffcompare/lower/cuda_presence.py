"""Whether kernels can run here, or in words why not; no library of NVIDIA's but the driver is loaded."""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import os
from ctypes import byref, c_int, c_size_t
from importlib.util import find_spec

from ..errors import DiffCompareError, MethodUnavailableError
from .cuda_driver import NO_DEVICE, Driver, driver

INSTALL = "pip install 'diffcompare[cuda13]', or 'diffcompare[cuda12]' where the driver is for CUDA 12"
_OLDEST = 12  # numba-cuda's toolkits begin here
_MAJOR, _MINOR = 75, 76
_TOOLKIT = ("nvidia-nvvm", "nvidia-cuda-nvcc-cu12")  # the packages that hold the compiler, for CUDA 13 and 12


def simulating() -> bool:
    """Whether Numba's simulator was asked for, by NUMBA_ENABLE_CUDASIM=1."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def version(package: str) -> str:
    """The version of an installed package; empty where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


@functools.cache
def why_not() -> str:
    """Why kernels cannot run here; empty where they can."""
    if simulating():
        return ""
    try:
        found = driver()
        if not _count(found):
            raise found.error("cuDeviceGetCount", NO_DEVICE)
    except DiffCompareError as error:
        return str(error).splitlines()[0].rstrip(".")
    newest = found.version()
    if newest.partition(".")[0].isdigit() and int(newest.partition(".")[0]) < _OLDEST:
        return f"the driver is for CUDA {newest}, and CUDA {_OLDEST} is needed: update the driver"
    if find_spec("numba_cuda") is None:
        return f"NVIDIA's package numba-cuda is not installed: {INSTALL}"
    return ""


def require() -> None:
    """Raise `MethodUnavailableError`, with the reason, where kernels cannot run."""
    reason = why_not()
    if reason:
        raise MethodUnavailableError(f"device 'cuda' cannot be used here: {reason}.\n  Use device='cpu'.")


def _count(found: Driver) -> int:
    count = c_int()
    found("cuDeviceGetCount", byref(count))
    return count.value


@functools.cache
def in_words() -> str:
    """The devices, their driver and what compiles for them; or why there is none."""
    compiler = compiler_in_words()
    if simulating():
        return f"none: kernels run in Numba's CUDA simulator (NUMBA_ENABLE_CUDASIM=1), on the CPU; {compiler}"
    reason = why_not()
    if reason:
        return f"none: {reason}; {compiler}"
    found = driver()
    devices = "; ".join(_device(found, ordinal) for ordinal in range(_count(found)))
    return f"{devices}; driver for CUDA {found.version()}; {compiler}"


def compiler_in_words() -> str:
    """Which numba.cuda is installed, and NVIDIA's compiler with it."""
    own = version("numba-cuda")
    if not own:
        return "numba-cuda is not installed (Numba's own numba.cuda is not used but for its simulator)"
    toolkit = next((found for package in _TOOLKIT if (found := version(package))), "")
    return f"NVIDIA's numba-cuda {own}, " + (f"compiler of CUDA {toolkit}" if toolkit else "without NVIDIA's compiler")


def _device(found: Driver, ordinal: int) -> str:
    name, total = ctypes.create_string_buffer(128), c_size_t()
    found("cuDeviceGetName", name, 128, c_int(ordinal))
    found("cuDeviceTotalMem_v2", byref(total), c_int(ordinal))
    capability = []
    for which in (_MAJOR, _MINOR):
        one = c_int()
        found("cuDeviceGetAttribute", byref(one), which, c_int(ordinal))
        capability.append(str(one.value))
    return f"{name.value.decode()}, compute capability {'.'.join(capability)}, {total.value / 2**30:.1f} GiB"
