"""A graph as one compiled function: fused loops over its arrays, emitted as Python and compiled by Numba.

Arithmetic is the user's: strict IEEE, no fast-math. Only the accumulation of a sum is re-ordered (see `numba_loops`).
"""

from __future__ import annotations

import itertools
import linecache
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
from numba import types

from ..core.graph import Graph
from ..core.node import Node, building, constant, make
from ..core.tables import ROWS
from ..errors import UnsupportedOpError
from . import numba_arrays, numba_calls, numba_special
from .numba_loops import Loop, filled_first, is_reduction, literal, start_value
from .numba_schedule import Kernel, Plan, kind, schedule, space_of
from .numba_views import base_of

# Measured on one core: LLVM takes 1 to 3 ms a scalar statement and 60 to 90 ms a loop; longer tapes run in NumPy.
MOST_STATEMENTS = 2000
MOST_LOOPS = 100
_STATEMENT_SECONDS, _LOOP_SECONDS = 0.003, 0.09
_FROZEN_BYTES = 4096  # constant arrays up to this size in all are compiled in; larger ones are passed at each call
_NUMBA = {"float64": types.float64, "float32": types.float32, "int64": types.int64, "bool": types.boolean}
_COUNTER = itertools.count()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled graph.

    Attributes
    ----------
    call : callable
        Takes one argument an input (numbers for shape (), else C-contiguous arrays of the input's dtype) and gives
        ``(output 0, (output 1, ...))``: numbers for shape (), else new arrays.
    source : str
        The code that was compiled.
    seconds : float
        Time that emission and compilation took, in seconds.
    statements : int
        Operations in the graph.
    kernels : int
        Loop nests and whole-array statements in the code.
    """

    call: Callable[..., tuple[Any, tuple]]
    source: str
    seconds: float
    statements: int
    kernels: int


def worth_compiling(graph: Graph) -> tuple[bool, str]:
    """Whether `compile_graph` takes `graph`, and in words why not."""
    statements = 0
    for node in graph.nodes:
        name = node.op.name
        if name in ("input", "constant"):
            continue
        statements += 1
        if name in _REWRITTEN or name == "cast" or kind(node) in ("sink", "alias"):
            continue
        if node.op.kind == "elementwise" and node.op.scalar is None:
            return False, f"op {name!r} has no scalar code"
        if kind(node) == "call" and name not in numba_calls.CALLS:
            return False, f"op {name!r} has no compiled form"
    if statements > MOST_STATEMENTS:
        return False, _too_long(statements, "statements", MOST_STATEMENTS, _STATEMENT_SECONDS)
    if statements > MOST_LOOPS:
        loops = len(schedule(graph).steps)
        if loops > MOST_LOOPS:
            return False, _too_long(loops, "loops", MOST_LOOPS, _LOOP_SECONDS)
    return True, ""


def _too_long(count: int, what: str, most: int, seconds: float) -> str:
    return f"{count} {what} would compile for about {count * seconds:.0f} s (limit: {most} {what})"


def compile_graph(graph: Graph) -> Compiled:
    """`graph` as one compiled function.

    Parameters
    ----------
    graph : Graph
        With one output or several: a value and its cotangents.

    Returns
    -------
    Compiled
        Its `call` is Numba's dispatcher itself where the graph holds no large constant array.

    Raises
    ------
    UnsupportedOpError
        When `worth_compiling` says no; the message gives its reason.
    """
    start = time.perf_counter()
    fine, reason = worth_compiling(graph)
    if not fine:
        raise UnsupportedOpError(f"This graph is not compiled: {reason}.\n  Run it with the NumPy executor.")
    writer = _Writer(_rewritten(graph))
    source = writer.write()
    call = _build(writer, source)
    statements = sum(bool(node.args) for node in graph.nodes)
    return Compiled(call, source, time.perf_counter() - start, statements, len(writer.plan.steps))


def _build(writer: _Writer, source: str) -> Callable:
    filename = f"<diffcompare tape {next(_COUNTER)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = {**_globals(), **writer.frozen}
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - the text is ours: names v0.. and numbers
    signature = [_type(node.dtype, node.ndim) for node in writer.graph.inputs]
    signature += [_type(array.dtype, array.ndim) for array in writer.passed.values()]
    kernel = numba.njit(tuple(signature), error_model="numpy", nogil=True)(namespace["tape"])
    if not writer.passed:
        return kernel
    names = ", ".join(f"x{k}" for k in range(len(writer.graph.inputs)))
    bound: dict[str, Any] = {**writer.passed, "tape": kernel}
    exec(f"def call({names}): return tape({', '.join([*filter(None, [names]), *writer.passed])})", bound)  # noqa: S102 - our names
    return bound["call"]


def _type(dtype: np.dtype, ndim: int) -> Any:
    element = _NUMBA[dtype.name]
    return types.Array(element, ndim, "C", readonly=True) if ndim else element


def _globals() -> dict[str, Any]:
    return {
        "__name__": __name__, "np": np, "as_f8": np.float64, "as_f4": np.float32, "as_i8": np.int64, "as_b1": bool,
        "add_exactly": numba_arrays.add_exactly,
        "with_lost": numba_arrays.with_lost, **numba_special.functions(), **numba_calls.functions(),
    }  # fmt: skip


# Reductions that are a few others: written so, their parts join the loops around them.
def _logsumexp(x: Node, axis: tuple[int, ...], keepdims: bool) -> Node:
    top = make(ROWS["max"], (x,), (("axis", axis), ("keepdims", True)))
    finite = ROWS["less"](ROWS["absolute"](top), math.inf)
    top = ROWS["where"](finite, top, constant(0.0, x.dtype))
    total = make(ROWS["sum"], (ROWS["exp"](x - top),), (("axis", axis), ("keepdims", True)))
    return ROWS["log"](total) + top


def _norm(x: Node, axis: tuple[int, ...], keepdims: bool) -> Node:
    return ROWS["sqrt"](make(ROWS["sum"], (ROWS["multiply"](x, x),), (("axis", axis), ("keepdims", keepdims))))


_REWRITTEN = {"logsumexp": _logsumexp, "norm": _norm}


def _rewritten(graph: Graph) -> Graph:
    if not any(node.op.name in _REWRITTEN for node in graph.nodes):
        return graph
    new: dict[Node, Node] = {}
    with building():
        for node in graph.nodes:
            args = tuple(new[a] for a in node.args)
            if node.op.name in _REWRITTEN:
                x = args[0] if args[0].dtype is node.dtype else make(ROWS["cast"], args, (("dtype", node.dtype.name),))
                found = _REWRITTEN[node.op.name](x, **dict(node.attributes))
                same = found.shape == node.shape
                new[node] = found if same else make(ROWS["reshape"], (found,), (("shape", node.shape),))
            else:
                same = all(a is b for a, b in zip(args, node.args, strict=True))
                new[node] = node if same else make(node.op, args, node.attributes)
    return Graph(graph.inputs, tuple(new[node] for node in graph.outputs))


@dataclass(slots=True)
class _Writer:
    """Names, allocations and the order of the steps of one tape."""

    graph: Graph
    plan: Plan = field(init=False)
    frozen: dict[str, np.ndarray] = field(default_factory=dict)
    passed: dict[str, np.ndarray] = field(default_factory=dict)
    _place: dict[Node, int] = field(init=False)
    _input: dict[Node, int] = field(init=False)
    _allocated: set[Node] = field(default_factory=set)
    _room: int = _FROZEN_BYTES

    def __post_init__(self) -> None:
        self.plan = schedule(self.graph)
        self._place = {node: i for i, node in enumerate(self.graph.nodes)}
        self._input = {node: i for i, node in enumerate(self.graph.inputs)}

    # Names.
    def array(self, node: Node) -> str:
        """The array that holds `node`."""
        if node in self._input and node.shape:
            return f"x{self._input[node]}"
        if node.op.name == "constant" and node.shape:
            return self._keep(f"c{self._place[node]}", node.value)
        return f"b{self._place[node]}"

    def number(self, node: Node, always: bool = False) -> str | None:
        """The variable, or the literal, of a node of one element; None where it is in an array only."""
        if node in self._input:
            return None if node.shape else f"x{self._input[node]}"
        if node.op.name == "constant":
            return literal(node.value.reshape(-1)[0], node.dtype)
        alone = kind(node) == "map" or is_reduction(node) or not node.shape
        return f"v{self._place[node]}" if always or alone else None

    def _keep(self, name: str, array: np.ndarray) -> str:
        if name not in self.frozen and name not in self.passed:
            fits = 0 < array.nbytes <= self._room
            self._room -= array.nbytes if fits else 0
            (self.frozen if fits else self.passed)[name] = array
        return name

    def _constant(self, array: np.ndarray) -> str:
        for name, known in itertools.chain(self.frozen.items(), self.passed.items()):
            if known.dtype == array.dtype and known.shape == array.shape and np.array_equal(known, array):
                return name
        return self._keep(f"p{len(self.frozen) + len(self.passed)}", array)

    # Statements.
    def write(self) -> str:
        """The source of the tape."""
        body = [line for node in self.graph.nodes if node in self.plan.arrays and kind(node) == "leaf"
                for line in self._as_array(node)]  # fmt: skip
        calls = numba_calls.Calls(self.array, self._constant)
        for step in self.plan.steps:
            if isinstance(step, Kernel):
                body += self._kernel(step)
            elif kind(step) == "alias":
                body.append(f"{self.array(step)} = {self._reshaped(step)}")
            else:
                body += self._allocate(step) + calls.write(step)
                body += [] if step.shape else [f"{self.number(step)} = {self.array(step)}[0]"]
        first, *rest = self._results()
        body.append(f"return {first}, ({''.join(f'{text}, ' for text in rest)})")
        names = [f"x{k}" for k in range(len(self.graph.inputs))] + list(self.passed)
        return f"def tape({', '.join(names)}):\n" + "".join(f" {line}\n" for line in body)

    def _kernel(self, kernel: Kernel) -> list[str]:
        lines: list[str] = []
        for node in kernel.members:
            if node in self.plan.stored and space_of(node.shape):
                lines += self._allocate(node)
        for sink, _ in kernel.sinks:
            if not is_reduction(sink) or space_of(sink.shape):
                lines += self._allocate(sink)
        written = Loop(kernel, self.plan, self.array, self.number).write()
        if not written and not lines:
            return []
        alone = [n for n in [*kernel.members, *dict(kernel.sinks)] if n in self.plan.arrays and self._is_number(n)]
        return lines + written + [line for node in alone for line in self._as_array(node)]

    def _is_number(self, node: Node) -> bool:
        return not space_of(node.shape) and (kind(node) == "map" or is_reduction(node))

    def _as_array(self, node: Node) -> list[str]:
        if kind(node) == "leaf" and node.shape:
            return []
        return [f"{self.array(node)} = np.full({node.shape or (1,)}, {self.number(node)})"]

    def _allocate(self, node: Node) -> list[str]:
        if node in self._allocated:
            return []
        self._allocated.add(node)
        shape, dtype = node.shape or (1,), "np.bool_" if node.dtype.kind == "b" else f"np.{node.dtype.name}"
        if kind(node) == "sink" and filled_first(node):
            start = start_value(node)
            if not start:
                return [f"{self.array(node)} = np.zeros({shape}, {dtype})"]
            return [f"{self.array(node)} = np.full({shape}, {literal(start, node.dtype)}, {dtype})"]
        return [f"{self.array(node)} = np.empty({shape}, {dtype})"]

    def _reshaped(self, node: Node) -> str:
        base = base_of(node.args[0])
        text = self.array(base.node)
        if base.swapped:
            rows, columns = base.shape[-2:]
            text = f"{text}.reshape(({math.prod(base.shape[:-2])}, {rows}, {columns}))"
            text = f"np.ascontiguousarray({text}.transpose((0, 2, 1)))"
        return f"{text}.reshape({node.shape})"

    def _results(self) -> list[str]:
        """The outputs, no two of which share memory with each other or with an input."""
        texts, taken = [], set()
        for node in self.graph.outputs:
            if not node.shape:
                texts.append(str(self.number(node)))
                continue
            root = node
            while kind(root) == "alias":
                root = base_of(root.args[0]).node
            fresh = kind(root) != "leaf" and root not in taken
            taken.add(root)
            texts.append(self.array(node) if fresh else f"{self.array(node)}.copy()")
        return texts
