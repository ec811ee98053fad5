"""A graph as one compiled function: fused loops over its arrays, emitted as Python and compiled by Numba.

Arithmetic is the user's: strict IEEE, no fast-math. Only the accumulation of a sum is re-ordered (see `numba_loops`).
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numba import types

from ..core.graph import Graph
from ..errors import UnsupportedOpError
from . import numba_arrays, numba_calls, numba_special
from .numba_arrays import numba_type
from .numba_callers import MakeDirect, callers, direct, inside
from .numba_loops import BLOCK
from .numba_nest import WIDE
from .numba_rewrite import REDUCTIONS, rewritten
from .numba_schedule import Kernel, kind
from .numba_store import jit
from .numba_writer import Writer
from .room import check_room
from .threads import spread

# Measured on one core: LLVM takes 1 to 3 ms a scalar statement and 60 to 90 ms a loop; longer tapes run in NumPy.
MOST_STATEMENTS = 2000
MOST_LOOPS = 100
_REPEATING = 8  # from so many loops on it is worth looking whether they repeat
_OPTIONS = {"error_model": "numpy", "nogil": True, "distinct": True}
_STATEMENT_SECONDS, _LOOP_SECONDS = 0.003, 0.09


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled graph.

    Attributes
    ----------
    call : callable
        Takes one argument an input (numbers for shape (), else C-contiguous arrays of the input's dtype) and gives
        ``(output 0, (output 1, ...))``: numbers for shape (), else new arrays.
    into : callable
        As `call`, with one array for each output that is an array after the arguments: results are written there, and
        nothing is allocated. These arrays must be C-contiguous and share no memory with the arguments.
    source : str
        The code that was compiled.
    seconds : float
        Time that emission and compilation took, in seconds.
    statements : int
        Operations in the graph.
    kernels : int
        Loop nests and whole-array statements in the code.
    cached : bool
        Whether the machine code was loaded from the store.
    threaded : bool
        Whether it has loops that run on several threads.
    inside : callable or None
        Called without arguments, gives the tape as a function for other compiled code (`numba_callers.inside`); None
        where output 0 is an array.
    direct : callable or None
        `numba_callers.direct` for this tape; None where output 0 is an array.
    """

    call: Callable[..., tuple[Any, tuple]]
    into: Callable[..., tuple[Any, tuple]]
    source: str
    seconds: float
    statements: int
    kernels: int
    cached: bool = False
    threaded: bool = False
    inside: Callable[[], Any] | None = None
    direct: MakeDirect | None = None


def worth_compiling(graph: Graph) -> tuple[bool, str]:
    """Whether `compile_graph` takes `graph`, and in words why not."""
    reason, _ = _judged(graph)
    return not reason, reason


def _judged(graph: Graph) -> tuple[str, tuple[Writer, str] | None]:
    """Why a graph is not compiled, or nothing; and for a long one its writer and its source."""
    statements = 0
    for node in graph.nodes:
        name = node.op.name
        if name in ("input", "constant"):
            continue
        statements += 1
        if name in REDUCTIONS or name == "cast" or kind(node) in ("sink", "alias"):
            continue
        if node.op.kind == "elementwise" and node.op.scalar is None:
            return f"op {name!r} has no scalar code", None
        if kind(node) == "call" and name not in numba_calls.CALLS:
            return f"op {name!r} has no compiled form", None
    if statements <= MOST_LOOPS:
        return "", None
    writer, source = _written(graph)
    lines, loops = source.count("\n"), len(writer.plan.steps)
    if writer.outliner is not None:
        lines += writer.outliner.statements
        loops += len(writer.outliner.functions) - writer.outliner.calls
    if loops > MOST_LOOPS:
        return _too_long(loops, "loops", MOST_LOOPS, _LOOP_SECONDS), None
    if lines > MOST_STATEMENTS:
        return _too_long(lines, "statements", MOST_STATEMENTS, _STATEMENT_SECONDS), None
    return "", (writer, source)


def _too_long(count: int, what: str, most: int, seconds: float) -> str:
    return f"{count} {what} would compile for about {count * seconds:.0f} s (limit: {most} {what})"


def _written(graph: Graph) -> tuple[Writer, str]:
    """The writer and the source; loops are functions of their own where most repeat, or where threads may share one."""
    writer = Writer(rewritten(graph))
    if any(isinstance(step, Kernel) and math.prod(step.space) >= WIDE for step in writer.plan.steps):
        wide = Writer(writer.graph, apart=True, wide=True)
        source = wide.write()
        if "spread(" in source:
            return wide, source
    loops = sum(isinstance(step, Kernel) and bool(step.space) for step in writer.plan.steps)
    if loops >= _REPEATING:
        apart = Writer(writer.graph, apart=True)
        source = apart.write()
        if apart.outliner is not None and 2 * len(apart.outliner.functions) <= loops:
            return apart, source
    return writer, writer.write()


def compile_graph(graph: Graph, parallel: bool = True) -> Compiled:
    """`graph` as one compiled function.

    Parameters
    ----------
    graph : Graph
        With one output or several: a value and its cotangents.
    parallel : bool, default True
        Run long loops on Numba's number of threads. The results are the same, bit for bit, on one.

    Returns
    -------
    Compiled
        Its `call` is Numba's dispatcher itself where the graph holds numbers alone.

    Raises
    ------
    UnsupportedOpError
        When `worth_compiling` says no; the message gives its reason.
    SizeLimitError
        When a call's results and temporaries are larger than the machine's memory.
    """
    start = time.perf_counter()
    reason, written = _judged(graph)
    if reason:
        raise UnsupportedOpError(f"This graph is not compiled: {reason}.\n  Run it with the NumPy executor.")
    writer, source = written if written is not None else _written(graph)
    check_room(writer.graph.outputs, 8 * writer.words)
    kernel, cached = _build(writer, source, parallel)
    if writer.outliner is not None:
        source = "\n".join([*(f"# {one.name}\n{one.source}" for one in writer.outliner.functions.values()), source])
    call, into = callers(kernel, writer)
    statements = sum(bool(node.args) for node in graph.nodes)
    seconds = time.perf_counter() - start
    scalar = not graph.outputs[0].shape
    inner = (lambda: _inside(kernel, writer)) if scalar else None
    straight = functools.partial(direct, kernel, writer) if scalar else None
    threaded, kernels = writer.wide and parallel, len(writer.plan.steps)
    return Compiled(call, into, source, seconds, statements, kernels, cached, threaded, inner, straight)


def _inside(kernel: Any, writer: Writer) -> Any:
    if writer.wide:  # other compiled code can only call compiled code
        writer = Writer(writer.graph)
        kernel, _ = _build(writer, writer.write(), False)
    return inside(kernel, writer)


def _build(writer: Writer, source: str, parallel: bool) -> tuple[Any, bool]:
    signature = [numba_type(node.dtype, node.ndim) for node in writer.graph.inputs]
    signature += [numba_type(node.dtype, node.ndim, False) for node in writer.graph.outputs if node.shape]
    signature += [types.float64[::1]] * bool(writer.words)
    signature += [numba_type(array.dtype, array.ndim) for array in writer.constants.values()]
    signature += [types.int64] * len(writer.sizes.passed)
    parts = list(writer.outliner.functions.values()) if writer.outliner is not None else []
    if not writer.wide:
        text = "".join([source, *(part.source for part in parts)])
        kernel, cached, _ = jit(source, "tape", signature, _globals(text), _OPTIONS, (), parts)
        return kernel, cached
    space, all_cached = _globals(source), True
    for one in parts:
        space[one.name], cached, _ = jit(one.source, "kernel", one.types, _globals(one.source), _OPTIONS)
        all_cached = all_cached and cached
    space["total_of"], cached, _ = jit(_TOTAL, "kernel", (types.float64[::1],), _globals(_TOTAL), _OPTIONS)
    space.update(spread=_spread if parallel else _in_turn, partial_sums=_partial_sums)
    exec(source, space)  # noqa: S102 - our own names and numbers only
    return space["tape"], cached and all_cached


# The sum of the sums of blocks, as a loop over all blocks makes it.
_TOTAL = """def kernel(sums):
 total = 0.0
 lost = 0.0
 for k in range(sums.shape[0]):
  total, lost = add_exactly(total, lost, sums[at(k)])
 return with_lost(total, lost)
"""


def _spread(work: Callable[[int, int], object], length: int) -> None:
    spread(work, length, BLOCK, numba.get_num_threads())


def _in_turn(work: Callable[[int, int], object], length: int) -> None:
    work(0, length)


def _partial_sums(length: int, count: int) -> np.ndarray:
    return np.empty((count, -(-length // BLOCK)))


def _globals(source: str) -> dict[str, Any]:
    return {
        "__name__": __name__, "np": np, "as_f8": np.float64, "as_f4": np.float32, "as_i8": np.int64, "as_b1": bool,
        "accumulate": numba_special.reassociable_add, "add_exactly": numba_arrays.add_exactly, "at": numba_arrays.at,
        "stay_apart": numba_arrays.stay_apart, "with_lost": numba_arrays.with_lost,
        **numba_special.named(source), **numba_calls.functions(),
    }  # fmt: skip
