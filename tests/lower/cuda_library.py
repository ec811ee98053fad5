"""A driver that is none: NVIDIA's C functions over the host's memory, with refusals on order. Kernels do nothing."""

from __future__ import annotations

import ctypes
from collections import Counter
from typing import Any


class Library:
    """What `ctypes.CDLL("libcuda.so.1")` would give.

    Attributes
    ----------
    refuse : dict
        Name of a function -> codes of its next calls, one each; 0 lets a call do its work.
    live : dict
        What is allocated: address -> memory.
    calls : Counter
        How often each function was called.
    launches : list
        Blocks, threads and the bytes of the arguments of every launch.
    devices, version, ordinal : int
        What it says of itself; `ordinal` is the device of every address.
    """

    def __init__(self) -> None:
        self.refuse: dict[str, list[int]] = {}
        self.live: dict[int, Any] = {}
        self.calls: Counter[str] = Counter()
        self.launches: list[tuple[int, int, bytes]] = []
        self.devices, self.version, self.ordinal, self.clock = 1, 13000, 0, 0.0
        self.events: dict[int, float] = {}
        self.pinned: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("cu"):
            raise AttributeError(name)
        body = getattr(type(self), f"_{name}", None)

        def function(*arguments: Any) -> int:
            self.calls[name] += 1
            codes = self.refuse.get(name, [])
            code = codes.pop(0) if codes else 0
            if code:
                return code
            if body is not None:
                body(self, *arguments)
            return 0

        return function

    def _cuDeviceGetCount(self, count: Any) -> None:
        count._obj.value = self.devices

    def _cuDriverGetVersion(self, found: Any) -> None:
        found._obj.value = self.version

    def _cuGetErrorString(self, code: int, found: Any) -> None:
        found._obj.value = b"the driver's words"

    def _cuDeviceGetName(self, name: Any, size: int, ordinal: Any) -> None:
        name.value = b"Paper GPU"

    def _cuDeviceTotalMem_v2(self, total: Any, ordinal: Any) -> None:
        total._obj.value = 4 << 30

    def _cuDeviceGetAttribute(self, found: Any, which: int, ordinal: Any) -> None:
        found._obj.value = 9 if which == 75 else 0

    def _cuMemGetInfo_v2(self, free: Any, total: Any) -> None:
        free._obj.value, total._obj.value = 1 << 30, 4 << 30

    def _cuMemAllocAsync(self, address: Any, size: Any, stream: Any) -> None:
        memory = ctypes.create_string_buffer(size.value + 512)
        start = -(-ctypes.addressof(memory) // 256) * 256
        self.live[start] = memory
        address._obj.value = start

    def _cuMemFreeAsync(self, address: Any, stream: Any) -> None:
        del self.live[address.value]

    def _cuMemHostAlloc(self, stage: Any, size: Any, flags: int) -> None:
        self.pinned.append(ctypes.create_string_buffer(size.value))
        stage._obj.value = ctypes.addressof(self.pinned[-1])

    def _cuPointerGetAttribute(self, found: Any, which: int, address: Any) -> None:
        found._obj.value = self.ordinal

    def _move(self, to: Any, source: Any, size: Any, stream: Any) -> None:
        ctypes.memmove(to.value, source.value, size.value)

    _cuMemcpyHtoDAsync_v2 = _cuMemcpyDtoHAsync_v2 = _cuMemcpyDtoDAsync_v2 = _move

    def _cuEventCreate(self, event: Any, flags: int) -> None:
        event._obj.value = len(self.events) + 1
        self.events[event._obj.value] = 0.0

    def _cuEventRecord(self, event: Any, stream: Any) -> None:
        self.clock += 0.25  # milliseconds
        self.events[event.value] = self.clock

    def _cuEventElapsedTime(self, found: Any, first: Any, last: Any) -> None:
        found._obj.value = self.events[last.value] - self.events[first.value]

    def _cuLaunchKernel(self, kernel: Any, *rest: Any) -> None:
        blocks, threads, places = rest[0], rest[3], rest[8]
        slots = b"".join(ctypes.string_at(place, 8) for place in places)
        self.launches.append((blocks, threads, slots))
