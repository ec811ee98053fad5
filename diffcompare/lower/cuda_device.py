"""The device that kernels run on, made on first use: NVIDIA's, with the kernels loaded on it, or the simulator."""

from __future__ import annotations

import functools
import threading
from typing import Any

from . import cuda_store
from .cuda_driver import Device, driver
from .cuda_kernels import KernelText
from .cuda_plan import Grid
from .cuda_presence import require, simulating

# The simulator runs each of a device's threads as one of Python's.
SIMULATED_GRID = Grid(threads=32, blocks=2)


class Hardware(Device):
    """A device with the kernels that were loaded on it."""

    def __init__(self) -> None:
        super().__init__(driver())
        self.grid = Grid()
        self._lock = threading.Lock()
        self._loaded: dict[KernelText, Any] = {}

    def kernel(self, text: KernelText) -> tuple[Any, bool]:
        """The kernel of a text, and whether nothing was compiled: it was loaded before, or came from the store."""
        with self._lock:
            if text in self._loaded:
                return self._loaded[text], True
            name = cuda_store.key(text, self.capability)
            found = cuda_store.find(name)
            entry, code = found if found is not None else self._compile(text, name)
            self._loaded[text] = self.load(code, entry)
            return self._loaded[text], found is not None

    def _compile(self, text: KernelText, name: str) -> tuple[str, bytes]:
        from .cuda_runtime import compile_ptx, link  # loads Numba

        ptx, entry = compile_ptx(text, self.capability)
        code, _ = link(ptx, self.capability)
        cuda_store.keep(name, entry, code)
        return entry, code


@functools.cache
def device() -> Any:
    """The device: `Hardware`, or a `Simulator`, which has the same methods.

    Raises
    ------
    MethodUnavailableError
        Where there is none; the message is the reason, and what to do.
    """
    if simulating():
        from .cuda_simulator import Simulator  # loads SciPy

        return Simulator(SIMULATED_GRID)
    require()
    return Hardware()
