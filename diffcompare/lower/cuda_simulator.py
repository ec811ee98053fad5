"""A device that is none: kernels run in Numba's simulator, on the host's memory, a Python thread for each of theirs.

It is chosen by ``NUMBA_ENABLE_CUDASIM=1`` before Numba is loaded, and checks every access; for tests and lectures only.
"""

from __future__ import annotations

import functools
import itertools
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.special

from ..core.device_arrays import DeviceArray
from ..errors import DeviceError, InternalError
from . import cuda_functions
from .cuda_kernels import KernelText
from .cuda_names import FROM_LIBDEVICE, FROM_MATH
from .cuda_plan import Grid

_DTYPES = {"f8": np.float64, "f4": np.float32, "i8": np.int64, "b1": np.bool_}
_NAMED = re.compile(r"\b([a-z]\w*_(?:f8|f4|i8|b1)(?:_[124])?|quotient[48])\b")


class _Block:
    """Memory of the simulated device."""

    def __init__(self, device: Simulator, nbytes: int, address: int) -> None:
        self.device, self.address, self.nbytes, self.inner = device, address, nbytes, list[int]()

    def read(self, array: DeviceArray, into: np.ndarray) -> None:
        """Copy an array in this memory to another."""
        self.device.download(into, array.address, 0)

    def __del__(self) -> None:
        for address in (self.address, *self.inner):
            self.device.memory.pop(address, None)


class Simulator:
    """Runs kernels in Numba's simulator: addresses are those of NumPy arrays, and every access is checked.

    Attributes
    ----------
    launched : int
        Threads run so far; each is one of Python's, and takes most of a millisecond.
    memory : dict
        What begins at an address.
    """

    name, simulated = "Numba's simulator", True
    ordinal = 0

    def __init__(self, grid: Grid) -> None:
        self.grid, self.launched = grid, 0
        self.memory: dict[int, np.ndarray] = {}

    def enter(self) -> None:
        """Nothing to do."""

    # Memory.
    def hold(self, array: np.ndarray) -> int:
        """Make the bytes of an array known by their address."""
        self.memory[array.ctypes.data] = array.reshape(-1).view(np.uint8)
        return array.ctypes.data

    def allocate(self, nbytes: int, stream: int) -> _Block:
        """Memory for `nbytes`, filled with what is no number."""
        words = np.full(nbytes // 8 + 4, np.nan)
        start = -(words.ctypes.data // 8) % 2  # at a multiple of 16 bytes
        return _Block(self, nbytes, self.hold(words[start:].view(np.uint8)[:nbytes]))

    def parts(self, block: _Block, places: Sequence[tuple[int, int]]) -> None:
        """Make known what begins where in a block: pairs (first byte, bytes)."""
        whole = self.memory[block.address]
        for start, nbytes in places:
            block.inner.append(block.address + start)
            self.memory[block.address + start] = whole[start : start + nbytes]

    def check_here(self, array: DeviceArray, what: str) -> None:
        """Refuse an array that nobody has made known."""
        if array.size and array.address not in self.memory:
            raise DeviceError(f"{what} lies in no memory of the simulated device.")

    def upload(self, address: int, array: np.ndarray, stream: int) -> None:
        """Copy an array to the simulated device."""
        self.memory[address][: array.nbytes] = array.reshape(-1).view(np.uint8)

    def download(self, array: np.ndarray, address: int, stream: int) -> None:
        """Copy from the simulated device."""
        array.reshape(-1).view(np.uint8)[:] = self.memory[address][: array.nbytes]

    def copy(self, to: int, source: int, nbytes: int, stream: int) -> None:
        """Copy within the simulated device."""
        self.memory[to][:nbytes] = self.memory[source][:nbytes]

    # Work.
    def kernel(self, text: KernelText) -> tuple[Any, bool]:
        """The kernel of a text; nothing is compiled, so nothing is kept."""
        return self._kernel(text), False

    @functools.lru_cache(maxsize=256)  # noqa: B019 - there is one simulator a process
    def _kernel(self, text: KernelText) -> Any:
        from .cuda_runtime import simulated_kernel  # loads Numba

        source = text.element + text.source
        for name in dict.fromkeys(_NAMED.findall(source)):
            if name.startswith("block_sum"):
                source += (
                    cuda_functions.SIMULATED_BLOCK_SUM.replace("{0}", name[-2:])
                    + f"# type_{name[-2:]} as_{name[-2:]}\n"
                )
        names = [name for name in dict.fromkeys(_NAMED.findall(source)) if f"def {name}(" not in source]
        return simulated_kernel(source, {name: self._function(name) for name in names})

    def launcher(self, kernel: Any, blocks: int, threads: int, codes: Sequence[str]) -> Callable[[Sequence, int], None]:
        """``launch(values, stream)`` runs a kernel on this grid to its end."""

        def launch(values: Sequence[Any], stream: int) -> None:
            self.launched += blocks * threads
            with np.errstate(all="ignore"):
                typed = [v if code == "i8" else _DTYPES[code](v) for code, v in zip(codes, values, strict=True)]
                kernel[blocks, threads](*typed)

        return launch

    def mark(self, stream: int) -> float:
        """The time now."""
        return time.perf_counter()

    def seconds(self, marks: Sequence[float]) -> list[float]:
        """Seconds from each moment to the next."""
        return [last - first for first, last in itertools.pairwise(marks)]

    def wait(self, stream: int) -> None:
        """Nothing to do: every kernel has run to its end."""

    def after(self, stream: int, other: int) -> None:
        """Nothing to do."""

    # What kernels call.
    def _function(self, name: str) -> Callable:
        parts = name.split("_")
        if parts[0] == "load":
            return functools.partial(self._load, parts[1], int(parts[2]))
        if parts[0] == "store":
            return functools.partial(self._store, parts[1], int(parts[2]))
        if name.startswith("quotient"):
            return lambda a, b: a // b
        base, _, code = name.rpartition("_")
        return _DTYPES[code] if base in ("as", "type") else _FUNCTIONS[base]

    def _load(self, code: str, lanes: int, address: int, index: int) -> Any:
        array = self._inside(code, lanes, address, index)
        return array[index] if lanes == 1 else tuple(array[index : index + lanes])

    def _store(self, code: str, lanes: int, address: int, index: int, value: Any) -> None:
        self._inside(code, lanes, address, index)[index : index + lanes] = value

    def _inside(self, code: str, lanes: int, address: int, index: int) -> np.ndarray:
        array: np.ndarray = self.memory[address].view(_DTYPES[code])
        if not 0 <= index <= array.size - lanes:
            raise InternalError(f"a kernel uses {lanes} elements from {index} on of an array of {array.size}.")
        width = min(16, lanes * array.itemsize)
        if (address + index * array.itemsize) % width:
            raise InternalError(f"a kernel uses {width} bytes that do not begin at a multiple of {width}.")
        return array


_NUMPY_NAMES = {"acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
                "atan2": "arctan2", "atanh": "arctanh", "pow": "power", "times": "multiply"}  # fmt: skip


def _functions() -> dict[str, Callable]:
    found: dict[str, Callable] = {
        "lgamma": scipy.special.gammaln,
        "fused": lambda a, b, c: a * b + c,
        "reduced": lambda x: (x, 0),  # sine and cosine reduce by themselves
        "sine_cosine": lambda r, q: np.cos(r) if q else np.sin(r),
    }
    for name in [*FROM_MATH, *FROM_LIBDEVICE, "floor_divide", "remainder", "sin", "cos", "tan"]:
        function = getattr(np, _NUMPY_NAMES.get(name, name), None) or getattr(scipy.special, name, None)
        if function is not None:
            found.setdefault(name, function)
    return found


_FUNCTIONS = _functions()
