"""Reverse accumulation: one sweep forward and one back, whatever the number of arguments."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ..core.graph import Graph
from ..core.node import building, variable
from ..lower.device_runner import check_device, device_runner
from ..lower.runner import Runner, check_executor
from ..transform.pullback import pullback
from ..transform.simplify import simplify
from .graphs import first_output, on_first_use, traced
from .protocol import Opaque, Prepared, Products


@dataclass(frozen=True, slots=True)
class Reverse:
    """Differentiate by the pullback, compiled with Numba for the CPU or for a CUDA device.

    Attributes
    ----------
    executor : {"auto", "numba", "interpreter", "numpy"}, default "auto"
        What runs the tape: compiled loops, one compiled interpreter for all tapes of numbers, NumPy statement by
        statement, or whichever is worth its time. The choice is told in `Prepared.executor`.
    parallel : bool, default True
        Run loops over many elements on all of Numba's threads. Results are the same bit for bit on one.
    device : {"cpu", "cuda"}, default "cpu"
        Where the tape runs. "cuda" runs elementwise operations, broadcasting, sums and means. Arrays of CuPy, PyTorch,
        JAX or Numba that lie on the device stay there, and so do the results; NumPy's arrays are copied.
    stream : object, optional
        The stream to work on, of CuPy, PyTorch or Numba, or its handle; by default the arrays' own.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 3.
    """

    name: ClassVar[str] = "reverse"
    needs_graph: ClassVar[bool] = True
    executor: str = "auto"
    parallel: bool = True
    device: str = "cpu"
    stream: Any = None

    def __post_init__(self) -> None:
        check_executor(self.executor)
        check_device(self.device)

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Derive and compile; see `Method.prepare`."""
        graph = traced(target, self.name)
        start = time.perf_counter()
        scalar = graph.output.shape == ()
        with building():  # one pause of Python's collector for all stages
            tape = simplify(pullback(graph, wrt) if scalar else _pulled(graph, wrt))
            derive_s = time.perf_counter() - start
            run = self._runner(tape)
        value = on_first_use(lambda: first_output(self._runner(simplify(graph)).call))
        vjp = on_first_use(lambda: _vjp(self._runner(simplify(_pulled(graph, wrt))).call))
        return Prepared(
            method=self.name,
            value=value,
            value_and_gradient=run.call if scalar else None,
            vjp=vjp if scalar else _vjp(run.call),
            seconds=run.stages(derive_s),
            operations=run.operations,
            evaluations=1,
            executor=run.executor,
            cached=run.cached,
            into=run.into if scalar else None,
            inside=run.inside if scalar else None,
            direct=run.direct if scalar else None,
            program=run.program,
        )

    def _runner(self, graph: Graph) -> Runner:
        return device_runner(graph, self.device, self.stream, self.executor, self.parallel)


def _pulled(graph: Graph, wrt: tuple[int, ...]) -> Graph:
    return pullback(graph, wrt, variable("y_bar", graph.output.shape, graph.output.dtype))


def _vjp(call: Callable) -> Callable[[tuple, Any], Products]:
    return lambda args, cotangent: call(*args, cotangent)
