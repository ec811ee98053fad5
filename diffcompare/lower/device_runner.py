"""What runs a graph on the device that is named: the CPU's executors, or kernels on a CUDA device."""

from __future__ import annotations

import importlib
from typing import Any

from ..core.graph import Graph
from ..errors import OptionError
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
    if device == "cpu":
        return runner(graph, executor, parallel)
    # Loaded on first use: a first gradient on the CPU does not wait for the device's modules.
    program = importlib.import_module(".cuda_program", __package__)
    return program.cuda_runner(graph, stream)
