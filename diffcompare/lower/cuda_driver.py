"""NVIDIA's driver, by its C interface: the device, its memory, launches and clocks; every refusal of it in words.

Only `ctypes` is needed, so asking whether there is a device loads nothing. The functions and their codes are those of
the CUDA Driver API reference manual; `_v2` in a name is the one that takes 64-bit sizes.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from ctypes import byref, c_char_p, c_float, c_int, c_size_t, c_uint64, c_void_p
from typing import Any

import numpy as np

from ..core.device_arrays import DeviceArray
from ..errors import DeviceError, DiffCompareError, MethodUnavailableError, SizeLimitError

NO_MEMORY, NO_DEVICE, BAD_CONTEXT = 2, 100, 201
_TOO_OLD = {
    209: "has no code for this device", 218: "cannot load the code", 222: "does not know this version of PTX",
    803: "is older than its library",
}  # fmt: skip
_LOST = (700, 702, 710, 714, 715, 716, 717, 718, 719)  # after these every call of the process on the device fails
_MAJOR, _MINOR, _POINTER_DEVICE, _RELEASE_THRESHOLD = 75, 76, 9, 4
_STAGE = 1 << 25  # bytes of pinned memory that a copy goes through at a time
LEGACY, PER_THREAD = 1, 2  # handles of the two default streams in the array interface


def library_name() -> str:
    """The driver's file."""
    return "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


class Driver:
    """The driver's functions; what they refuse is raised.

    Parameters
    ----------
    library : object
        With the C functions as attributes.
    """

    def __init__(self, library: Any) -> None:
        self.library = library

    def __call__(self, name: str, *arguments: Any, asked: int = 0) -> None:
        """Call a function; `asked` is the memory that it is to give, in bytes."""
        code = getattr(self.library, name)(*arguments)
        if code:
            raise self.error(name, code, asked)

    def error(self, name: str, code: int, asked: int = 0) -> DiffCompareError:
        """What a code means, and what to do."""
        if code == NO_MEMORY:
            free, total = self.memory()
            return SizeLimitError(
                f"The device is out of memory: {asked} bytes ({asked / 2**30:.2f} GiB) were asked for, "
                f"{free / 2**30:.2f} of {total / 2**30:.2f} GiB are free.\n"
                "  Free other arrays (CuPy and PyTorch keep what they freed: cupy.get_default_memory_pool()."
                "free_all_blocks(), torch.cuda.empty_cache()), or take smaller pieces."
            )
        if code == NO_DEVICE:
            return MethodUnavailableError("NVIDIA's driver finds no device.\n  Use device='cpu'.")
        words = f"{name} gave error {code}, {self.text(code)}"
        if code in _TOO_OLD:
            return MethodUnavailableError(
                f"The driver (for CUDA {self.version()}) {_TOO_OLD[code]}: {words}.\n"
                "  Update the driver, or install the toolkit of its major version: pip install 'diffcompare[cuda12]' "
                "or 'diffcompare[cuda13]'."
            )
        after = "  The device refuses every later call of this process: start a new one." if code in _LOST else ""
        return DeviceError(f"{words}.\n{after or '  Use device=' + repr('cpu') + ', and report the message.'}")

    def text(self, code: int) -> str:
        """The driver's own words for a code."""
        found = c_char_p()
        if self.library.cuGetErrorString(code, byref(found)) or found.value is None:
            return "which it does not explain"
        return found.value.decode()

    def version(self) -> str:
        """The newest CUDA that the driver knows, such as 13.0."""
        found = c_int()
        if self.library.cuDriverGetVersion(byref(found)):
            return "unknown"
        return f"{found.value // 1000}.{found.value % 1000 // 10}"

    def memory(self) -> tuple[int, int]:
        """Free bytes and all bytes of the device."""
        free, total = c_size_t(), c_size_t()
        self.library.cuMemGetInfo_v2(byref(free), byref(total))
        return free.value, total.value


@functools.cache
def driver() -> Driver:
    """The driver of this machine, started; `cuda_presence.why_not` has what it refuses in one line.

    Raises
    ------
    MethodUnavailableError
        Where there is none, or it does not start.
    """
    try:
        library = ctypes.CDLL(library_name())
    except OSError as error:
        raise MethodUnavailableError(
            f"no NVIDIA driver ({library_name()} cannot be loaded).\n  Use device='cpu', or install the driver."
        ) from error
    found = Driver(library)
    found("cuInit", 0)
    return found


class Block:
    """Memory of a device, freed in the order of its stream's work when nobody holds it any more."""

    def __init__(self, device: Device, address: int, stream: int) -> None:
        self.device, self.address, self.stream = device, address, stream

    def read(self, array: DeviceArray, into: np.ndarray) -> None:
        """Copy an array in this memory to the host."""
        self.device.enter()
        self.device.download(into, array.address, self.stream)

    def __del__(self) -> None:
        library = self.device.driver.library
        library.cuCtxSetCurrent(self.device.context)  # the last holder may let go in any thread
        library.cuMemFreeAsync(c_uint64(self.address), c_void_p(self.stream))


class Device:
    """One device of the driver, in the context that every library of this process shares.

    Attributes
    ----------
    capability : (int, int)
        Its compute capability.
    name : str
        Its name.
    ordinal : int
        Its number.
    simulated : bool
        False: it is a device.
    """

    simulated = False

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        current, ordinal = c_void_p(), c_int(0)
        driver("cuCtxGetCurrent", byref(current))
        if current.value:
            driver("cuCtxGetDevice", byref(ordinal))
        else:
            count = c_int()
            driver("cuDeviceGetCount", byref(count))
            if not count.value:
                raise driver.error("cuDeviceGetCount", NO_DEVICE)
            driver("cuDevicePrimaryCtxRetain", byref(current), ordinal)
            driver("cuCtxSetCurrent", current)
        self.context, self.ordinal = current, ordinal.value
        self.capability = (self._attribute(_MAJOR), self._attribute(_MINOR))
        name = ctypes.create_string_buffer(128)
        driver("cuDeviceGetName", name, 128, ordinal)
        self.name = name.value.decode()
        pool, most = c_void_p(), c_uint64(2**64 - 1)
        driver("cuDeviceGetDefaultMemPool", byref(pool), ordinal)
        driver("cuMemPoolSetAttribute", pool, _RELEASE_THRESHOLD, byref(most))  # else each wait gives all memory back
        self._pool, self._stages = pool, list[tuple[int, Any]]()
        self._copying = threading.Lock()  # the pinned memory is that of all calls

    def _attribute(self, which: int) -> int:
        found = c_int()
        self.driver("cuDeviceGetAttribute", byref(found), which, c_int(self.ordinal))
        return found.value

    def enter(self) -> None:
        """Make its context that of this thread."""
        self.driver("cuCtxSetCurrent", self.context)

    # Memory.
    def allocate(self, nbytes: int, stream: int) -> Block:
        """Memory for `nbytes`; what the pool holds unused is given back before it is refused."""
        address = c_uint64()
        size = c_size_t(max(nbytes, 1))
        code = self.driver.library.cuMemAllocAsync(byref(address), size, c_void_p(stream))
        if code == NO_MEMORY:
            self.wait(stream)
            self.driver("cuMemPoolTrimTo", self._pool, c_size_t(0))
            code = self.driver.library.cuMemAllocAsync(byref(address), size, c_void_p(stream))
        if code:
            raise self.driver.error("cuMemAllocAsync", code, nbytes)
        return Block(self, address.value, stream)

    def parts(self, block: Block, places: Sequence[tuple[int, int]]) -> None:
        """What begins where in a block; addresses are numbers here, so there is nothing to do."""

    def check_here(self, array: DeviceArray, what: str) -> None:
        """Refuse an array of another device."""
        found = c_int(-1)
        code = self.driver.library.cuPointerGetAttribute(byref(found), _POINTER_DEVICE, c_uint64(array.address))
        if array.size and (code or found.value != self.ordinal):
            place = f"device {found.value}" if not code else "no memory that the driver knows"
            raise DeviceError(
                f"{what} lies on {place}, and the current device is {self.ordinal}, {self.name}.\n"
                f"  Copy it there, or make its device the current one before the first call."
            )

    def upload(self, address: int, array: np.ndarray, stream: int) -> None:
        """Copy a host array to the device, through pinned memory."""
        with self._copying:
            self._copy(array.reshape(-1).view(np.uint8), address, stream, True)

    def download(self, array: np.ndarray, address: int, stream: int) -> None:
        """Copy from the device to a host array, through pinned memory; complete on return."""
        with self._copying:
            self._copy(array.reshape(-1).view(np.uint8), address, stream, False)

    def _copy(self, host: np.ndarray, address: int, stream: int, up: bool) -> None:
        waiting: list[tuple[np.ndarray, np.ndarray] | None] = [None, None]
        for turn, start in enumerate(range(0, host.size, _STAGE)):
            part, (stage, event) = host[start : start + _STAGE], self._stage(turn % 2)
            self._finish(waiting, turn % 2, event, turn >= 2)
            pinned = _bytes_at(stage, part.size)
            place = c_uint64(address + start)
            if up:
                pinned[:] = part
                self.driver("cuMemcpyHtoDAsync_v2", place, c_void_p(stage), c_size_t(part.size), c_void_p(stream))
            else:
                self.driver("cuMemcpyDtoHAsync_v2", c_void_p(stage), place, c_size_t(part.size), c_void_p(stream))
                waiting[turn % 2] = (part, pinned)
            self.driver("cuEventRecord", event, c_void_p(stream))
        turns = -(-host.size // _STAGE)
        for turn in range(max(0, turns - 2), turns):
            self._finish(waiting, turn % 2, self._stages[turn % 2][1], True)

    def _finish(self, waiting: list, which: int, event: Any, used: bool) -> None:
        """Wait until a stage is free, and take out of it what came from the device."""
        if used:
            self.driver("cuEventSynchronize", event)
        if waiting[which] is not None:
            part, pinned = waiting[which]
            part[:] = pinned
            waiting[which] = None

    def _stage(self, which: int) -> tuple[int, Any]:
        while len(self._stages) <= which:
            stage = c_void_p()
            self.driver("cuMemHostAlloc", byref(stage), c_size_t(_STAGE), 0, asked=_STAGE)
            self._stages.append((int(stage.value or 0), self._event()))
        return self._stages[which]

    def copy(self, to: int, source: int, nbytes: int, stream: int) -> None:
        """Copy within the device."""
        self.driver("cuMemcpyDtoDAsync_v2", c_uint64(to), c_uint64(source), c_size_t(nbytes), c_void_p(stream))

    # Work.
    def load(self, code: bytes, name: str) -> Any:
        """A kernel of machine code."""
        module, function = c_void_p(), c_void_p()
        self.driver("cuModuleLoadData", byref(module), code)
        self.driver("cuModuleGetFunction", byref(function), module, name.encode())
        return function

    def launcher(self, kernel: Any, blocks: int, threads: int, codes: Sequence[str]) -> Callable[[Sequence, int], None]:
        """``launch(values, stream)`` starts a kernel on this grid; not to be called by two threads at a time.

        Each argument has 8 bytes, of which the first count. The driver copies them before it returns.
        """
        packed = packer(tuple(codes))
        slots = ctypes.create_string_buffer(packed.size)
        base = ctypes.addressof(slots)
        places = (c_void_p * len(codes))(*range(base, base + packed.size, 8))
        fill, driver, shape = packed.pack_into, self.driver, (blocks, 1, 1, threads, 1, 1, 0)

        def launch(values: Sequence[Any], stream: int) -> None:
            fill(slots, 0, *values)
            driver("cuLaunchKernel", kernel, *shape, c_void_p(stream), places, None)

        return launch

    def _event(self) -> Any:
        event = c_void_p()
        self.driver("cuEventCreate", byref(event), 0)
        return event

    def mark(self, stream: int) -> Any:
        """The moment at which the device has done what was asked so far."""
        event = self._event()
        self.driver("cuEventRecord", event, c_void_p(stream))
        return event

    def seconds(self, marks: Sequence[Any]) -> list[float]:
        """Seconds from each moment to the next, by the device's clock; the moments are then forgotten."""
        found, between = list[float](), c_float()
        self.driver("cuEventSynchronize", marks[-1])
        for first, last in itertools.pairwise(marks):
            self.driver("cuEventElapsedTime", byref(between), first, last)
            found.append(between.value / 1e3)
        for event in marks:
            self.driver("cuEventDestroy_v2", event)
        return found

    def wait(self, stream: int) -> None:
        """Wait until the device has done all that was asked on a stream."""
        self.driver("cuStreamSynchronize", c_void_p(stream))

    def after(self, stream: int, other: int) -> None:
        """Let what comes on `stream` wait for what was asked on `other`."""
        event = self._event()
        self.driver("cuEventRecord", event, c_void_p(other))
        self.driver("cuStreamWaitEvent", c_void_p(stream), event, 0)
        self.driver("cuEventDestroy_v2", event)


@functools.cache
def packer(codes: tuple[str, ...]) -> struct.Struct:
    """How arguments of these types are packed, 8 bytes each."""
    return struct.Struct("<" + "".join({"f8": "d", "f4": "f4x", "i8": "q", "b1": "?7x"}[code] for code in codes))


def _bytes_at(address: int, count: int) -> np.ndarray:
    return np.ctypeslib.as_array((ctypes.c_ubyte * count).from_address(address))
