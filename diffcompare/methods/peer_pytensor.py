"""PyTensor: the graph in its symbolic tensors, differentiated by `pytensor.grad` and compiled by its linker."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.graph import Graph
from ..core.node import Node
from ..lower import replay_pytensor
from ..lower.replay import replay
from .graphs import on_first_use, traced
from .packages import version
from .peers import importing, native, natives, precision, smooth_scalar
from .protocol import Opaque, Prepared, Products


@dataclass(frozen=True, slots=True)
class PyTensor:
    """Differentiate with PyTensor. Derivatives at kinks are PyTensor's choice.

    Attributes
    ----------
    mode : str, default "NUMBA"
        How PyTensor compiles: "NUMBA", "CVM" (needs a C compiler), "FAST_COMPILE" (Python).

    Examples
    --------
    >>> import diffcompare as dc
    >>> "pytensor" in dc.methods.available()
    True
    """

    name: ClassVar[str] = "pytensor"
    needs_graph: ClassVar[bool] = True
    mode: str = "NUMBA"

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Differentiate and compile; see `Method.prepare`.

        Raises
        ------
        UnsupportedOpError
            When PyTensor lacks an operation of the graph.
        MethodUnavailableError
            When PyTensor is not installed, or does not load.
        """
        graph = traced(target, self.name)
        with importing("pytensor"):
            import pytensor
            import pytensor.tensor as pt

            names = replay_pytensor.names()
        start = time.perf_counter()
        inputs = [_symbol(pt, node) for node in graph.inputs]
        seed = _symbol(pt, graph.output)
        y = replay(graph, names)(*inputs)[0]
        sought = [inputs[i] for i in wrt] if graph.output.dtype.kind == "f" else []
        parts = pytensor.grad(None, sought, known_grads={y: seed}, disconnected_inputs="ignore") if sought else []
        differentiated = time.perf_counter()
        call = _function(pytensor, [*inputs, seed], [y, *parts], self.mode)
        compile_s = time.perf_counter() - differentiated
        nodes = (*graph.inputs, graph.output)

        def vjp(args: tuple, cotangent: Any) -> Products:
            given = (np.asarray(a, node.dtype) for a, node in zip((*args, cotangent), nodes, strict=True))
            value, *found = call(*given)
            return native(value, graph.output), natives(found, graph, wrt)

        def value() -> Callable[..., Any]:
            alone = _function(pytensor, inputs, [y], self.mode)
            return lambda *args: native(
                alone(*(np.asarray(a, n.dtype) for a, n in zip(args, graph.inputs, strict=True)))[0], graph.output
            )

        return Prepared(
            method=self.name,
            value=on_first_use(value),
            value_and_gradient=(lambda *args: vjp(args, 1.0)) if smooth_scalar(graph) else None,
            vjp=vjp if sought else None,
            seconds={"derive_s": differentiated - start, "compile_s": compile_s},
            executor=f"PyTensor {version('pytensor')}, mode {self.mode}, {precision(graph, wrt)}",
        )


def _symbol(pt: Any, node: Node) -> Any:
    return pt.tensor(dtype=node.dtype.name, shape=node.shape)


def _function(pytensor: Any, inputs: list, outputs: list, mode: str) -> Any:
    call = pytensor.function(inputs, outputs, mode=mode, on_unused_input="ignore")
    call.trust_input = True  # of the shapes and types that they were made for
    return call
