"""What runs a graph on the device that is named: the CPU's executors, or kernels on a CUDA device."""

from __future__ import annotations

from typing import Any

from ..core.graph import Graph
from ..errors import OptionError
from .cuda_program import cuda_runner
from .runner import Runner, runner

DEVICES = ("cpu", "cuda")


def check_device(device: str) -> None:
    """Raise `OptionError` for a device that does not exist."""
    if device not in DEVICES:
        raise OptionError(f"device={device!r} does not exist; it is one of {', '.join(map(repr, DEVICES))}.")


def device_runner(
    graph: Graph, device: str, stream: Any = None, executor: str = "auto", parallel: bool = True
) -> Runner:
    """Make `graph` runnable on `device`; the executor is one of the CPU's, see `runner`."""
    return cuda_runner(graph, stream) if device == "cuda" else runner(graph, executor, parallel)
