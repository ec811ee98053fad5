"""Reverse accumulation: one sweep forward and one back, whatever the number of arguments."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ..core.graph import Graph
from ..core.node import building, variable
from ..errors import MethodUnavailableError
from ..lower.runner import check_executor, runner
from ..transform.pullback import pullback
from ..transform.simplify import simplify
from .graphs import first_output, on_first_use, traced
from .protocol import Opaque, Prepared, Products


@dataclass(frozen=True, slots=True)
class Reverse:
    """Differentiate by the pullback, compiled with Numba.

    Attributes
    ----------
    executor : {"auto", "numba", "interpreter", "numpy"}, default "auto"
        What runs the tape: compiled loops, one compiled interpreter for all tapes of numbers, NumPy statement by
        statement, or whichever is worth its time. The choice is told in `Prepared.executor`.
    parallel : bool, default True
        Run loops over many elements on all of Numba's threads. Results are the same bit for bit on one.
    device : {"cpu"}, default "cpu"
        Where the tape runs.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 3.
    """

    name: ClassVar[str] = "reverse"
    needs_graph: ClassVar[bool] = True
    executor: str = "auto"
    parallel: bool = True
    device: str = "cpu"

    def __post_init__(self) -> None:
        check_executor(self.executor)
        if self.device != "cpu":
            raise MethodUnavailableError(f"Reverse(device={self.device!r}): this version runs on device='cpu' only.")

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Derive and compile; see `Method.prepare`."""
        graph = traced(target, self.name)
        start = time.perf_counter()
        scalar = graph.output.shape == ()
        with building():  # one pause of Python's collector for all stages
            tape = simplify(pullback(graph, wrt) if scalar else _pulled(graph, wrt))
            derive_s = time.perf_counter() - start
            run = runner(tape, self.executor, self.parallel)
        value = on_first_use(lambda: first_output(runner(simplify(graph), self.executor, self.parallel).call))
        vjp = on_first_use(lambda: _vjp(runner(simplify(_pulled(graph, wrt)), self.executor, self.parallel).call))
        return Prepared(
            method=self.name,
            value=value,
            value_and_gradient=run.call if scalar else None,
            vjp=vjp if scalar else _vjp(run.call),
            seconds={"derive_s": derive_s, "compile_s": run.seconds},
            operations=run.operations,
            evaluations=1,
            executor=run.executor,
            cached=run.cached,
            into=run.into if scalar else None,
            inside=run.inside if scalar else None,
            direct=run.direct if scalar else None,
        )


def _pulled(graph: Graph, wrt: tuple[int, ...]) -> Graph:
    return pullback(graph, wrt, variable("y_bar", graph.output.shape, graph.output.dtype))


def _vjp(call: Callable) -> Callable[[tuple, Any], Products]:
    return lambda args, cotangent: call(*args, cotangent)
