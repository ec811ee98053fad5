"""What runs a graph: one compiled function, or NumPy statement by statement; chosen by length and said in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..core.node import building
from ..errors import OptionError, UnsupportedOpError
from .flat_tape import FlatTape, flat_tape

EXECUTORS = ("auto", "numba", "interpreter", "numpy")
# Measured on one core: a straight tape of so many scalar statements compiles for about a second, and then runs four
# times as fast as the interpreter.
MOST_COMPILED_SCALARS = 400


@dataclass(frozen=True, slots=True)
class Runner:
    """A graph ready to run.

    Attributes
    ----------
    call : callable
        ``call(*inputs)`` gives ``(first output, (other outputs))``: floats for shape (), else new arrays.
    executor : str
        What runs it, in words; where NumPy stands in for compiled code, why.
    seconds : float
        Time that emission and compilation took, in seconds.
    operations : int
        Statements of the tape.
    source : str
        The emitted code; empty for the NumPy executor.
    cached : bool
        Whether machine code was loaded from the store, so that nothing was compiled.
    into : callable or None
        As `call`, with arrays to write the results to after the inputs; see `numba_emit.Compiled`.
    inside : callable or None
        Makes a function for other compiled code; see `numba_emit.Compiled`.
    direct : callable or None
        Makes calls that look at their arguments themselves; see `numba_callers.direct`.
    program : Program or None
        On a CUDA device, what it runs; see `cuda_program.Program`.
    """

    call: Callable[..., tuple[Any, tuple]]
    executor: str
    seconds: float
    operations: int
    source: str = ""
    cached: bool = False
    into: Callable[..., tuple[Any, tuple]] | None = None
    inside: Callable[[], Any] | None = None
    direct: Callable[[Sequence[Any], bool, bool], Any] | None = None
    program: Any = None

    def stages(self, derive_s: float) -> dict[str, float]:
        """Seconds by stage; on a device, those of the last call's kernels and copies appear there too."""
        found = self.program.seconds if self.program is not None else {}
        found.update(derive_s=derive_s, compile_s=self.seconds)
        return found


def check_executor(executor: str) -> None:
    """Raise `OptionError` for an executor that does not exist."""
    if executor not in EXECUTORS:
        raise OptionError(f"executor={executor!r} does not exist; it is one of {', '.join(map(repr, EXECUTORS))}.")


def runner(graph: Graph, executor: str = "auto", parallel: bool = True) -> Runner:
    """Make `graph` runnable.

    Parameters
    ----------
    graph : Graph
        Any number of outputs.
    executor : {"auto", "numba", "interpreter", "numpy"}
        "auto" compiles. A tape of more than `MOST_COMPILED_SCALARS` numbers becomes loops where it repeats itself, else
        it is interpreted; where arrays need too many loops for LLVM, or an operation has no compiled form, NumPy runs
        them. `Runner.executor` says so.

    parallel : bool, default True
        Run long compiled loops on Numba's number of threads.

    Raises
    ------
    UnsupportedOpError
        When "numba" or "interpreter" is asked for and cannot run the graph.
    """
    check_executor(executor)
    operations = sum(bool(node.args) for node in graph.nodes)
    if executor == "numpy":
        return Runner(_by_numpy(graph), "NumPy, statement by statement", 0.0, operations)
    if executor == "interpreter" or (executor == "auto" and operations > MOST_COMPILED_SCALARS):
        tape = flat_tape(graph)
        if tape is not None:
            return _scalars(tape, operations, executor)
        if executor == "interpreter":
            raise UnsupportedOpError(
                "The interpreter runs float64 numbers and conditions; this graph holds arrays, or other data types.\n"
                "  Use executor='auto', which interprets where that is possible."
            )
    from .numba_emit import compile_graph, worth_compiling  # loads Numba
    from .numba_vector import in_words

    fine, reason = worth_compiling(graph)
    if not fine and executor == "auto":
        return Runner(_by_numpy(graph), f"NumPy, statement by statement, because {reason}", 0.0, operations)
    compiled = compile_graph(graph, parallel)
    mathematics = in_words(compiled.source)
    words = f"Numba, {compiled.kernels} kernel{'s' * (compiled.kernels != 1)}, {_threads(compiled.threaded)}"
    words += f", {mathematics}" if mathematics else ""
    return Runner(
        compiled.call, words, compiled.seconds, operations, compiled.source, compiled.cached, compiled.into,
        compiled.inside, compiled.direct,
    )  # fmt: skip


def _scalars(tape: FlatTape, operations: int, executor: str) -> Runner:
    with building():  # Python's collector would walk a long graph again and again while Numba is loaded
        from .numba_interpreter import interpret  # loads Numba
        from .numba_rolled import roll

        rolled = roll(tape) if executor == "auto" else None
        if rolled is not None:
            words = f"Numba, {rolled.loops} loop{'s' * (rolled.loops != 1)} over repeated statements, one thread"
            return Runner(rolled.call, words, rolled.seconds, operations, rolled.source, rolled.cached)
        found = interpret(tape)
    return Runner(found.call, "compiled interpreter, one thread", found.seconds, operations, "", found.cached)


def _threads(threaded: bool) -> str:
    return "long loops on all threads" if threaded else "one thread"


def _by_numpy(graph: Graph) -> Callable[..., tuple[Any, tuple]]:
    evaluate = evaluator(graph)
    dtypes = [node.dtype for node in graph.outputs]

    def call(*args: Any) -> tuple[Any, tuple]:
        results = [_own(r, d) for r, d in zip(evaluate(*args), dtypes, strict=True)]
        return results[0], tuple(results[1:])

    return call


def _own(result: Any, dtype: np.dtype) -> Any:
    if np.ndim(result) == 0:
        return np.asarray(result).item()
    array = np.ascontiguousarray(result, dtype)
    return array if array.flags.owndata and array.flags.writeable else array.copy()
