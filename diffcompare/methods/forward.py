"""Forward accumulation: value and directional derivative in one sweep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.graph import Graph
from ..core.node import constant
from ..lower.device_runner import check_device, device_runner
from ..lower.runner import Runner, check_executor
from ..transform.pushforward import pushforward
from ..transform.simplify import simplify
from .graphs import first_output, on_first_use, traced
from .protocol import Opaque, Prepared, Products

MOST_TOGETHER = 16  # scalar arguments whose directions are pushed forward in one sweep


@dataclass(frozen=True, slots=True)
class Forward:
    """Differentiate by the pushforward, compiled with Numba for the CPU or for a CUDA device.

    A gradient takes one sweep a component; up to `MOST_TOGETHER` scalar arguments share one sweep.

    Attributes
    ----------
    executor : {"auto", "numba", "interpreter", "numpy"}, default "auto"
        What runs the tape; the choice is told in `Prepared.executor`.
    device : {"cpu", "cuda"}, default "cpu"
        Where the tape runs; see `Reverse`.
    stream : object, optional
        The stream to work on; see `Reverse`.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 3.
    """

    name: ClassVar[str] = "forward"
    needs_graph: ClassVar[bool] = True
    executor: str = "auto"
    device: str = "cpu"
    stream: Any = None

    def __post_init__(self) -> None:
        check_executor(self.executor)
        check_device(self.device)

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Derive and compile; see `Method.prepare`."""
        graph = traced(target, self.name)
        inputs = [graph.inputs[i] for i in wrt]
        together = len(inputs) <= MOST_TOGETHER and all(x.shape == () for x in inputs)
        start = time.perf_counter()
        tape = simplify(_all_directions(graph, wrt) if together else pushforward(graph, wrt))
        derive_s = time.perf_counter() - start
        run = self._runner(tape)
        jacobian = run.call if together else _jacobian(run.call, graph, wrt)
        one = on_first_use(lambda: _jvp(self._runner(simplify(pushforward(graph, wrt))).call))
        return Prepared(
            method=self.name,
            value=on_first_use(lambda: first_output(self._runner(simplify(graph)).call)),
            value_and_gradient=jacobian if graph.output.shape == () else None,
            jacobian=jacobian,
            jvp=one if together else _jvp(run.call),
            seconds=run.stages(derive_s),
            operations=run.operations,
            evaluations=1 if together else max(sum(x.size for x in inputs), 1),
            executor=run.executor,
            cached=run.cached,
            program=run.program,
        )

    def _runner(self, graph: Graph) -> Runner:
        return device_runner(graph, self.device, self.stream, self.executor)


def _all_directions(graph: Graph, wrt: tuple[int, ...]) -> Graph:
    """Value and one tangent for each scalar argument, in one graph: what the directions have in common is shared."""
    tangents = []
    for i in wrt:
        one = constant(1.0, graph.inputs[i].dtype)
        tangents.append(pushforward(graph, (i,)).replay((*graph.inputs, one))[1])
    return Graph(graph.inputs, (graph.output, *tangents))


def _jvp(call: Callable) -> Callable[[tuple, tuple], tuple[Any, Any]]:
    def jvp(args: tuple, tangents: tuple) -> tuple[Any, Any]:
        value, (tangent,) = call(*args, *tangents)
        return value, tangent

    return jvp


def _basis(shapes: list[tuple[int, ...]], dtypes: list[np.dtype]) -> Iterator[tuple[int, int, list[Any]]]:
    """(argument, flat index, tangents) for each component; the arrays are the same ones, changed in place."""
    tangents: list[Any] = [np.zeros(s, d) if s else 0.0 for s, d in zip(shapes, dtypes, strict=True)]
    for k, shape in enumerate(shapes):
        if not shape:
            yield k, 0, [1.0 if i == k else t for i, t in enumerate(tangents)]
            continue
        flat = tangents[k].reshape(-1)
        for index in range(flat.size):
            flat[index] = 1.0
            yield k, index, tangents
            flat[index] = 0.0


def _jacobian(call: Callable, graph: Graph, wrt: tuple[int, ...]) -> Callable[..., Products]:
    inputs = [graph.inputs[i] for i in wrt]
    shapes, dtypes = [x.shape for x in inputs], [x.dtype for x in inputs]
    out = graph.output

    def jacobian(*args: Any) -> Products:
        columns = [np.empty((*out.shape, x.size), x.dtype) for x in inputs]
        value = None
        for k, index, tangents in _basis(shapes, dtypes):
            value, (tangent,) = call(*args, *tangents)
            columns[k][..., index] = tangent
        if value is None:  # no component at all: empty arguments
            value = call(*args, *(np.zeros(s, d) for s, d in zip(shapes, dtypes, strict=True)))[0]
        found = tuple(c.reshape((*out.shape, *s)) for c, s in zip(columns, shapes, strict=True))
        return value, tuple(c.item() if c.ndim == 0 else c for c in found)

    return jacobian
