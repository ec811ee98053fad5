"""What a call on a CUDA device spends where: kernels, copies, launches, and bytes a second beside a plain copy's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .cuda_driver import LEGACY
from .cuda_program import Program, bytes_moved

COPY_BYTES = 1 << 28  # of the plain copy: more than any device's cache
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class DeviceTimes:
    """Seconds of one call, medians of several.

    Attributes
    ----------
    kernel_s : float
        From the first kernel's start to the last one's end, by the device's clock, with arguments on the device.
    launch_s : float
        What the host takes to start one call.
    to_device_s, to_host_s : float
        Copies of host arguments and results, with pinned memory.
    nbytes : int
        Bytes of arguments and results: each is read, or written, once.
    copy_rate : float
        Bytes a second, read and written, of a plain copy on the device.
    """

    kernel_s: float
    launch_s: float
    to_device_s: float
    to_host_s: float
    nbytes: int
    copy_rate: float

    @property
    def launch_bound(self) -> bool:
        """Whether the host takes longer to start the kernels than the device to run them."""
        return self.kernel_s < self.launch_s

    @property
    def share(self) -> float:
        """Bytes a second of the kernels, over those of a plain copy."""
        return self.nbytes / self.kernel_s / self.copy_rate

    def __str__(self) -> str:
        bound = f", bound by launches ({1e6 * self.launch_s:.3g} µs a call)" if self.launch_bound else ""
        return (
            f"kernels {1e6 * self.kernel_s:.4g} µs, copies {1e6 * self.to_device_s:.4g} µs to the device and "
            f"{1e6 * self.to_host_s:.4g} µs back; {self.nbytes / self.kernel_s / 1e9:.4g} GB/s, "
            f"{100 * self.share:.3g} % of a copy on the device{bound}"
        )


def measure(program: Program, args: Sequence[Any], rounds: int = _ROUNDS) -> DeviceTimes:
    """Times of `program` on arguments of the host.

    Parameters
    ----------
    program : Program
        What is called.
    args : sequence
        Numbers and host arrays, one an input.
    rounds : int, default 20
        Calls that are timed, after two that are not.
    """
    copies = []
    for _ in range(3):
        program.call(*args)
        copies.append((program.seconds["to_device_s"], program.seconds["to_host_s"]))
    device, there = program.device, program.resident(args)
    kernel, launch = list[float](), list[float]()
    for turn in range(rounds + 2):
        marks, start = [device.mark(LEGACY)], time.perf_counter()
        program.call(*there)
        ended = time.perf_counter()
        marks.append(device.mark(LEGACY))
        seconds = device.seconds(marks)
        if turn >= 2:
            kernel += seconds
            launch.append(ended - start)
    up, down = (statistics.median(column) for column in zip(*copies, strict=True))
    moved = bytes_moved(program)
    return DeviceTimes(statistics.median(kernel), statistics.median(launch), up, down, moved, copy_rate(device))


def copy_rate(device: Any, nbytes: int = COPY_BYTES, rounds: int = _ROUNDS) -> float:
    """Bytes a second, read and written, of a copy of `nbytes` on the device: the best that memory allows."""
    source, target = device.allocate(nbytes, LEGACY), device.allocate(nbytes, LEGACY)
    found = []
    for _ in range(rounds + 1):
        marks = [device.mark(LEGACY)]
        device.copy(target.address, source.address, nbytes, LEGACY)
        marks.append(device.mark(LEGACY))
        found += device.seconds(marks)
    return 2 * nbytes / statistics.median(found[1:])
