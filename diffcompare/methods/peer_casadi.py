"""CasADi: the graph written out in scalar symbols, differentiated by source transformation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..lower import replay_casadi
from ..lower.replay_scalars import written_out
from ..transform.stopped import split_stopped
from .graphs import on_first_use, traced
from .packages import version
from .peers import block, importing, native
from .protocol import Opaque, Prepared, Products


@dataclass(frozen=True, slots=True)
class CasADi:
    """Differentiate with CasADi's scalar expressions (SX), run by its virtual machine.

    Every number of the graph becomes an expression of its own, so there is a limit on their count. CasADi computes in
    float64 alone. Derivatives at kinks are CasADi's choice.

    Examples
    --------
    >>> import diffcompare as dc
    >>> "casadi" in dc.methods.available()
    True
    """

    name: ClassVar[str] = "casadi"
    needs_graph: ClassVar[bool] = True

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Write out and differentiate; see `Method.prepare`.

        Raises
        ------
        UnsupportedOpError
            When CasADi lacks an operation of the graph.
        SizeLimitError
            When the graph has too many scalar operations to be written out.
        MethodUnavailableError
            When CasADi is not installed, or does not load.
        """
        graph = traced(target, self.name)
        with importing("casadi"):
            import casadi as ca

            names = replay_casadi.names()
        start = time.perf_counter()
        frozen, main = split_stopped(graph)
        symbols, (output,) = written_out(main, names)
        inputs = [ca.vertcat(*x.reshape(-1).tolist()) for x in symbols]
        y = ca.vertcat(*output.reshape(-1).tolist())
        derivatives = [_jacobian(ca, y, inputs[i]) for i in wrt]
        call = _buffered(ca.Function("f", inputs, [ca.densify(ca.SX(y)), *derivatives]))
        derive_s = time.perf_counter() - start
        held = None if frozen is None else evaluator(frozen)
        values = on_first_use(lambda: _buffered(ca.Function("f", inputs, [ca.densify(ca.SX(y))])))

        def given(args: tuple) -> tuple:
            return args if held is None else (*args, *held(*args))

        def jacobian(*args: Any) -> Products:
            value, *parts = call(*given(args))
            found = (_rows(p, graph, i) for p, i in zip(parts, wrt, strict=True))
            return native(value, graph.output), tuple(found)

        return Prepared(
            method=self.name,
            value=lambda *args: native(values(*given(args))[0], graph.output),
            value_and_gradient=jacobian if graph.output.shape == () else None,
            jacobian=jacobian,
            seconds={"derive_s": derive_s, "compile_s": 0.0},
            executor=f"CasADi {version('casadi')}, SX virtual machine, float64",
        )


def _jacobian(ca: Any, y: Any, x: Any) -> Any:
    # One sweep backward for a scalar; CasADi's coloured sweeps for more.
    return ca.densify(ca.gradient(y, x).T if y.numel() == 1 else ca.jacobian(y, x))


def _rows(flat: np.ndarray, graph: Graph, i: int) -> Any:
    dense = flat.reshape((graph.output.size, graph.inputs[i].size), order="F")  # CasADi stores by columns
    return block(dense, graph, i)


def _buffered(function: Any) -> Callable[..., list[np.ndarray]]:
    """A call by CasADi's buffers, which copies nothing but the arguments and the results."""
    buffer, run = function.buffer()
    args = [np.zeros(function.numel_in(i)) for i in range(function.n_in())]
    results = [np.zeros(function.numel_out(i)) for i in range(function.n_out())]
    for i, array in enumerate(args):
        if array.size:
            buffer.set_arg(i, array.data)
    for i, array in enumerate(results):
        if array.size:
            buffer.set_res(i, array.data)

    def call(*given: Any) -> list[np.ndarray]:
        for array, value in zip(args, given, strict=True):
            array[:] = np.reshape(value, -1)
        run()
        return [array.copy() for array in results]

    call.kept = buffer  # type: ignore[attr-defined]  # it owns the memory that `run` works in
    return call
