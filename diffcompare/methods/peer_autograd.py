"""HIPS autograd: the graph in `autograd.numpy`, differentiated anew at every call."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.graph import Graph
from ..lower import replay_autograd
from ..lower.replay import replay
from .graphs import traced
from .packages import version
from .peers import importing, native, natives, precision, smooth_scalar
from .protocol import Opaque, Prepared, Products


@dataclass(frozen=True, slots=True)
class Autograd:
    """Differentiate with HIPS autograd, which runs NumPy. Derivatives at kinks are its choice.

    Examples
    --------
    >>> import diffcompare as dc
    >>> "autograd" in dc.methods.available()
    True
    """

    name: ClassVar[str] = "autograd"
    needs_graph: ClassVar[bool] = True

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Replay in autograd's functions; see `Method.prepare`.

        Raises
        ------
        UnsupportedOpError
            When autograd lacks an operation of the graph.
        MethodUnavailableError
            When autograd is not installed, or does not load.
        """
        graph = traced(target, self.name)
        with importing("autograd"):
            from autograd import make_vjp

            names = replay_autograd.names()
        start = time.perf_counter()
        run = replay(graph, names)
        derive_s = time.perf_counter() - start
        output = graph.output

        def inputs(args: tuple) -> list[Any]:
            return [np.asarray(a, node.dtype)[()] for a, node in zip(args, graph.inputs, strict=True)]

        def vjp(args: tuple, cotangent: Any) -> Products:
            with np.errstate(all="ignore"):
                pull, value = make_vjp(lambda *xs: run(*xs)[0], list(wrt))(*inputs(args))
                parts = pull(np.asarray(cotangent, output.dtype)[()])
            return native(value, output), natives(parts, graph, wrt)

        def value(*args: Any) -> Any:
            with np.errstate(all="ignore"):
                return native(run(*inputs(args))[0], output)

        return Prepared(
            method=self.name,
            value=value,
            value_and_gradient=(lambda *args: vjp(args, 1.0)) if smooth_scalar(graph) else None,
            vjp=vjp,
            seconds={"derive_s": derive_s, "compile_s": 0.0},
            executor=f"autograd {version('autograd')}, NumPy call by call, {precision(graph, wrt)}",
        )
