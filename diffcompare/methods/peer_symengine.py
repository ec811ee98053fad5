"""SymEngine: the graph written out in symbols, differentiated symbol by symbol and compiled by its LLVM backend."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..lower import replay_symengine
from ..lower.replay_scalars import written_out
from ..transform.stopped import split_stopped
from .graphs import on_first_use, traced
from .packages import version
from .peers import block, importing, native, smooth_scalar
from .protocol import Opaque, Prepared, Products


@dataclass(frozen=True, slots=True)
class SymEngine:
    """Differentiate with SymEngine: one symbolic derivative a number of the arguments.

    Every number of the graph becomes an expression of its own, so there is a limit on their count. SymEngine computes
    in float64 alone. At a kink the derivative is that of the branch that gives the value there.

    Examples
    --------
    >>> import diffcompare as dc
    >>> "symengine" in dc.methods.available()
    True
    """

    name: ClassVar[str] = "symengine"
    needs_graph: ClassVar[bool] = True

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Write out, differentiate and compile; see `Method.prepare`.

        Raises
        ------
        UnsupportedOpError
            When SymEngine lacks an operation of the graph.
        SizeLimitError
            When the graph has too many scalar operations to be written out.
        MethodUnavailableError
            When SymEngine is not installed, or does not load.
        """
        graph = traced(target, self.name)
        with importing("symengine"):
            import symengine as se

            names = replay_symengine.names()
        start = time.perf_counter()
        frozen, main = split_stopped(graph)
        held = None if frozen is None else evaluator(frozen)
        symbols, (output,) = written_out(main, names)
        y = [se.sympify(e) for e in output.reshape(-1).tolist()]
        smooth = graph.output.dtype.kind == "f"
        slopes = [e.diff(x) for i in wrt for e in y for x in symbols[i].reshape(-1).tolist()] if smooth else []
        differentiated = time.perf_counter()
        every = [x for array in symbols for x in array.reshape(-1).tolist()]
        backend = "llvm" if se.have_llvm else "lambda"
        call = _compiled(se, every, [*y, *slopes], backend)
        compile_s = time.perf_counter() - differentiated
        values = on_first_use(lambda: _compiled(se, every, y, backend))

        def flat(args: tuple) -> np.ndarray:
            whole = args if held is None else (*args, *held(*args))
            return np.concatenate([np.zeros(0), *(np.reshape(a, -1) for a in whole)])

        def jacobian(*args: Any) -> Products:
            found, parts, at = call(flat(args)), [], len(y)
            for i in wrt:
                size = len(y) * graph.inputs[i].size
                parts.append(block(found[at : at + size], graph, i))
                at += size
            return native(found[: len(y)], graph.output), tuple(parts)

        return Prepared(
            method=self.name,
            value=lambda *args: native(values(flat(args)), graph.output),
            value_and_gradient=jacobian if smooth_scalar(graph) else None,
            jacobian=jacobian if smooth else None,
            seconds={"derive_s": differentiated - start, "compile_s": compile_s},
            executor=f"SymEngine {version('symengine')}, {backend} backend, float64",
        )


def _compiled(se: Any, inputs: list, outputs: list, backend: str) -> Callable[[np.ndarray], np.ndarray]:
    if not outputs:  # arrays without elements
        return lambda flat: np.zeros(0)
    call = se.Lambdify(inputs, outputs, cse=True, backend=backend)
    return lambda flat: np.asarray(call(flat), np.float64).reshape(-1)
