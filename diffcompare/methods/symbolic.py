"""Symbolic differentiation with SymPy: of the whole expression, or operation by operation on a scalar tape."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..errors import MethodUnavailableError, OptionError, ShapeError
from ..transform.stopped import split_stopped
from .protocol import Opaque, Prepared, Value

if TYPE_CHECKING:
    from ..lower.sympy_code import Compiled
    from ..lower.sympy_tape import Scalar, Tape

# Above these, differentiation and compilation take more than about ten seconds on one core (measured, 2 GHz class).
LIMITS = {
    ("expression", "numpy"): 100_000, ("expression", "numba"): 20_000, ("dag", "numpy"): 100_000,
    ("dag", "numba"): 3_000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Symbolic:
    """Differentiate with SymPy, using none of diffcompare's own derivative rules.

    Attributes
    ----------
    form : {"expression", "dag"}, default "expression"
        ``"expression"`` writes out the whole expression of each output element and differentiates it; the formula may
        swell. ``"dag"`` differentiates each scalar operation once and chains the results, sharing what is shared.
    backend : {"numpy", "numba"}, default "numpy"
        What runs the formula: NumPy scalars, or Numba.
    max_operations : int or None, default None
        Largest number of operations: estimated in the derivatives (``"expression"``), or scalar statements (``"dag"``).
        Beyond it `prepare` raises `SizeLimitError` before it starts to differentiate. None takes `LIMITS`.

    Notes
    -----
    Values inside `stop_gradient` are computed at the point and held constant. Kinks follow the definitions in
    `diffcompare.lower.sympy_functions`.
    """

    name: ClassVar[str] = "symbolic"
    needs_graph: ClassVar[bool] = True
    form: str = "expression"
    backend: str = "numpy"
    max_operations: int | None = None

    def __post_init__(self) -> None:
        if (self.form, self.backend) not in LIMITS:
            raise OptionError(
                f"Symbolic(form={self.form!r}, backend={self.backend!r}): form is 'expression' or 'dag', "
                "backend 'numpy' or 'numba'."
            )
        if self.max_operations is not None and self.max_operations < 1:
            raise OptionError(f"Symbolic(max_operations={self.max_operations}): at least one operation is needed.")

    @property
    def limit(self) -> int:
        """The limit in force."""
        return LIMITS[self.form, self.backend] if self.max_operations is None else self.max_operations

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Differentiate and compile; see `Method.prepare`.

        Raises
        ------
        MethodUnavailableError
            For a callable that cannot be traced.
        SizeLimitError
            When the work is larger than `max_operations`.
        """
        graph, complete = _traced(target)
        start = time.perf_counter()
        derived = self._derive(graph, wrt)
        derive_s = time.perf_counter() - start
        compiled = derived.compile(self.backend)
        jacobian = derived.jacobian(compiled, complete)
        scalar = graph.output.shape == ()
        return Prepared(
            method=self.name,
            value=_value(target),
            value_and_gradient=jacobian if scalar else None,
            jacobian=jacobian,
            seconds={"derive_s": derive_s, "compile_s": compiled.seconds},
            operations=compiled.operations,
            executor="NumPy scalars" if self.backend == "numpy" else "Numba",
        )

    def hessian(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Callable[..., tuple[tuple[Any, ...], ...]]:
        """Second derivatives: a callable of the arguments that gives a block for each pair of positions in `wrt`.

        Block [i][j] has the shape of argument wrt[i] followed by that of argument wrt[j]; a float where both are
        scalars.

        Raises
        ------
        ShapeError
            When the output is not a scalar.
        """
        graph, complete = _traced(target)
        if graph.output.shape != ():
            raise ShapeError(f"A Hessian needs a scalar output, not one of shape {graph.output.shape}.")
        derived = self._derive(graph, wrt, order=2)
        compiled = derived.compile(self.backend)
        shapes = [graph.inputs[i].shape for i in wrt]
        sizes = [graph.inputs[i].size for i in wrt]

        def hessian(*args: Any) -> tuple[tuple[Any, ...], ...]:
            full = compiled.call(_flat(complete(args)))
            matrix = full[1 + sum(sizes) :].reshape(sum(sizes), sum(sizes))
            ends = np.cumsum([0, *sizes])
            return tuple(
                tuple(
                    _shaped(matrix[ends[i] : ends[i + 1], ends[j] : ends[j + 1]], (*shapes[i], *shapes[j]))
                    for j in range(len(wrt))
                )
                for i in range(len(wrt))
            )

        return hessian

    def _derive(self, graph: Graph, wrt: tuple[int, ...], order: int = 1) -> _Derived:
        from ..lower.sympy_derive import derive_dag, derive_expression

        derive = derive_expression if self.form == "expression" else derive_dag
        return _Derived(graph, wrt, *derive(graph, wrt, self.limit, order))


@dataclass(frozen=True, slots=True)
class _Derived:
    """A tape with its outputs: the values, then their derivatives (or cotangents for seeds that are further inputs)."""

    graph: Graph
    wrt: tuple[int, ...]
    tape: Tape
    outputs: list[Scalar]
    seeds: int

    def compile(self, backend: str) -> Compiled:
        from ..lower.sympy_code import compile_outputs

        return compile_outputs(self.tape, self.outputs, backend)

    def jacobian(self, compiled: Compiled, complete: Callable[[tuple], tuple]) -> Callable[..., tuple]:
        output = self.graph.output
        inputs = [self.graph.inputs[i] for i in self.wrt]
        m, n = output.size, sum(x.size for x in inputs)

        def jacobian(*args: Any) -> tuple[Value, tuple[Value, ...]]:
            flat = _flat(complete(args))
            value, matrix = self._evaluate(compiled.call, flat, m, n)
            parts, start = [], 0
            for x in inputs:
                block = matrix[:, start : start + x.size].reshape((*output.shape, *x.shape))
                parts.append(_shaped(block, block.shape, x.dtype if x.dtype.kind == "f" else None))
                start += x.size
            return _shaped(value, output.shape, output.dtype), tuple(parts)

        return jacobian

    def _evaluate(self, call: Callable, flat: np.ndarray, m: int, n: int) -> tuple[np.ndarray, np.ndarray]:
        if not self.seeds or not m:
            result = call(flat)
            return result[:m], result[m : m + m * n].reshape(m, n)
        matrix = np.empty((m, n))
        value = np.empty(m)
        for i in range(m):
            seed = np.zeros(m)
            seed[i] = 1.0
            result = call(np.concatenate([flat, seed]))
            value, matrix[i] = result[:m], result[m:]
        return value, matrix


def _traced(target: Graph | Opaque) -> tuple[Graph, Callable[[tuple], tuple]]:
    """The graph without `stop_gradient`, and what completes its arguments by the stopped values at the point."""
    if not isinstance(target, Graph):
        raise MethodUnavailableError(
            "method 'symbolic' needs a traced function, but this callable could not be traced.\n"
            "  Use a numerical method: 'central-difference' or 'richardson'."
        )
    frozen, main = split_stopped(target)
    if frozen is None:
        return main, lambda args: args
    stopped = evaluator(frozen)
    return main, lambda args: (*args, *stopped(*args))


def _value(graph: Graph | Opaque) -> Callable[..., Value]:
    assert isinstance(graph, Graph)
    run, output = evaluator(graph), graph.output

    def value(*args: Any) -> Value:
        return _shaped(np.asarray(run(*args)[0]), output.shape, output.dtype)

    return value


def _flat(args: Sequence[Any]) -> np.ndarray:
    if all(type(a) is float for a in args):
        return np.array(args, dtype=np.float64)
    return np.concatenate([np.asarray(a, dtype=np.float64).ravel() for a in args]) if args else np.empty(0)


def _shaped(values: np.ndarray, shape: tuple[int, ...], dtype: Any = None) -> Any:
    if shape == ():
        return float(np.asarray(values).reshape(())[()])
    return np.ascontiguousarray(values.reshape(shape), dtype=dtype)
