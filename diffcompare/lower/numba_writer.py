"""The source text of a tape: names for its values, loops and calls in their order, and places for its arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import types

from ..core.graph import Graph
from ..core.node import Node
from . import numba_calls
from .numba_arrays import numba_type
from .numba_elements import filled_first, is_reduction, literal, start_value
from .numba_memory import Allocation, Line, settle
from .numba_nest import write_kernel, write_wide
from .numba_outline import Outliner
from .numba_rows import share_passes
from .numba_schedule import HEAVY_APART, Kernel, Plan, kind, schedule, space_of
from .numba_sizes import Sizes
from .numba_views import base_of


@dataclass(slots=True)
class Writer:
    """Names, allocations and the order of the steps of one tape.

    Attributes
    ----------
    graph : Graph
        What is computed.
    plan : Plan
        When each statement runs.
    sizes : Sizes
        The names of whole numbers.
    constants : dict of str to ndarray
        Constant arrays, which are passed at each call.
    words : int
        Size of the workspace, in float64 words.
    apart : bool
        Whether each step is a function of its own, kept in `outliner`.
    wide : bool
        With `apart`: whether long loops are cut into ranges, for several threads. The tape is then run by Python.
    """

    graph: Graph
    plan: Plan = field(init=False)
    sizes: Sizes = field(init=False)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    apart: bool = False
    wide: bool = False
    words: int = 0
    outliner: Outliner | None = None
    _place: dict[Node, int] = field(init=False)
    _input: dict[Node, int] = field(init=False)
    _allocated: set[Node] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.outliner = Outliner(self.type_of, self.wide) if self.apart else None
        self.plan = schedule(self.graph) if self.wide or not self.apart else schedule(self.graph, HEAVY_APART)
        if not self.wide:  # the ranges of a wide loop run at the same time, and would add to the same sum
            share_passes(self.plan, self.graph)
        self.sizes = Sizes(self.graph.inputs)
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
            return self._literal(node.value.reshape(-1)[0], node.dtype)
        alone = kind(node) == "map" or is_reduction(node) or not node.shape
        return f"v{self._place[node]}" if always or alone else None

    def _literal(self, value: Any, dtype: np.dtype) -> str:
        """A number; where it is a length, or one part in a length, as that, so that a mean is one text."""
        size = float(value)
        if dtype.char == "d" and self.sizes.is_length(size):
            return f"as_f8({self.sizes.text(int(size))})"
        if dtype.char == "d" and 0.0 < abs(size) < 1.0:
            count = round(1.0 / abs(size))
            if self.sizes.is_length(count) and 1.0 / count == abs(size):
                return f"({'-' if size < 0 else ''}1.0 / {self.sizes.text(count)})"
        return literal(value, dtype)

    def _keep(self, name: str, array: np.ndarray) -> str:
        self.constants.setdefault(name, array)
        return name

    def _constant(self, array: np.ndarray) -> str:
        for name, known in self.constants.items():
            if known.dtype == array.dtype and known.shape == array.shape and np.array_equal(known, array):
                return name
        return self._keep(f"p{len(self.constants)}", array)

    # Statements.
    def write(self) -> str:
        """The source of the tape: a function of inputs, result arrays, workspace, constant arrays and numbers."""
        leaves = [n for n in self.graph.nodes if n in self.plan.arrays and kind(n) == "leaf"]
        steps: list[list[Line]] = [[line for node in leaves for line in self._as_array(node)]]
        calls = numba_calls.Calls(self.array, self._constant, self.sizes)
        steps += [self._step(step, calls) for step in self.plan.steps]
        given, copies, result = self._results()
        steps.append(copies)
        lines, workspace = settle(steps, given, self.sizes, self.outliner)
        self.words = workspace.words
        start = [*self.sizes.definitions(), *workspace.definitions]
        return f"def tape({', '.join(self.names())}):\n" + "".join(f" {line}\n" for line in [*start, *lines, result])

    def names(self) -> list[str]:
        """The arguments of the tape."""
        names = [f"x{k}" for k in range(len(self.graph.inputs))]
        names += [f"o{k}" for k, node in enumerate(self.graph.outputs) if node.shape]
        return names + ["w"] * bool(self.words) + [*self.constants, *self.sizes.passed.values()]

    def type_of(self, name: str) -> Any:
        """The Numba type of a variable of the tape, by its name."""
        letter, number = name[0], name[1:]
        if letter == "q":
            return types.float64[:, ::1]
        if letter in "nksg":
            return types.int64
        if letter == "w":
            return types.float64[::1]
        if letter == "o":
            node = self.graph.outputs[int(number)]
            return numba_type(node.dtype, node.ndim, False)
        if letter in "pc":
            return numba_type(self.constants[name].dtype, self.constants[name].ndim)
        node = self.graph.inputs[int(number)] if letter == "x" else self.graph.nodes[int(number)]
        if letter == "v":
            return numba_type(node.dtype, 0)
        return numba_type(node.dtype, node.ndim if letter == "x" else node.ndim or 1, letter == "x")

    def _step(self, step: Kernel | Node, calls: numba_calls.Calls) -> list[Line]:
        if isinstance(step, Kernel):
            return self._kernel(step, calls)
        if kind(step) == "alias":
            return [f"{self.array(step)} = {self._reshaped(step)}"]
        scalar = [] if step.shape else [f"{self.number(step)} = {self.array(step)}[0]"]
        return self._allocate(step) + calls.write(step) + scalar

    def _kernel(self, kernel: Kernel, calls: numba_calls.Calls) -> list[Line]:
        lines: list[Line] = []
        for product in kernel.products:
            lines += [*self._allocate(product), *calls.start(product)]
        for node in kernel.members:
            if node in self.plan.stored and space_of(node.shape):
                lines += self._allocate(node)
        for sink, _ in kernel.sinks:
            if not is_reduction(sink) or space_of(sink.shape):
                lines += self._allocate(sink)
        wide = write_wide(kernel, self.plan, self.array, self.number, self.sizes) if self.wide else None
        if wide is not None:
            wide[:0] = lines
            return wide
        rows = calls.rows if kernel.products else None
        written = write_kernel(kernel, self.plan, self.array, self.number, self.sizes, rows)
        if not written and not lines:
            return []
        alone = [n for n in [*kernel.members, *dict(kernel.sinks)] if n in self.plan.arrays and self._is_number(n)]
        return [*lines, *written, *(line for node in alone for line in self._as_array(node))]

    def _is_number(self, node: Node) -> bool:
        return not space_of(node.shape) and (kind(node) == "map" or is_reduction(node))

    def _as_array(self, node: Node) -> list[Line]:
        if kind(node) == "leaf" and node.shape and node.op.name != "constant":
            return []
        if node.op.name == "constant" and node.shape:
            return []
        self._allocated.add(node)
        return [Allocation(node, self.array(node), self.number(node, True))]

    def _allocate(self, node: Node) -> list[Line]:
        if node in self._allocated:
            return []
        self._allocated.add(node)
        start = None
        if kind(node) == "sink" and filled_first(node):
            start = literal(start_value(node), node.dtype)
        return [Allocation(node, self.array(node), start)]

    def _reshaped(self, node: Node) -> str:
        base = base_of(node.args[0])
        text = self.array(base.node)
        if base.swapped:
            rows, columns = base.shape[-2:]
            text = f"{text}.reshape({self.sizes.shape((math.prod(base.shape[:-2]), rows, columns))})"
            text = f"np.ascontiguousarray({text}.transpose((0, 2, 1)))"
        return f"{text}.reshape({self.sizes.shape(node.shape)})"

    def _results(self) -> tuple[dict[str, str], list[Line], str]:
        """Which arrays are results themselves, the copies into the other results, and the last statement."""
        given: dict[str, str] = {}
        copies: list[Line] = []
        texts = []
        for k, node in enumerate(self.graph.outputs):
            if not node.shape:
                texts.append(str(self.number(node)))
                continue
            root = node
            while kind(root) == "alias" and not base_of(root.args[0]).swapped:
                root = base_of(root.args[0]).node
            name = self.array(root)
            if kind(root) in ("leaf", "alias") or name in given or not root.shape:
                copies.append(f"o{k}[...] = {self.array(node)}")
            else:
                given[name] = f"o{k}" if root.shape == node.shape else f"o{k}.reshape({self.sizes.shape(root.shape)})"
        if len(texts) < len(self.graph.outputs):
            return given, copies, f"return {', '.join(texts) or '0.0'}"
        return given, copies, f"return {texts[0]}, ({''.join(f'{text}, ' for text in texts[1:])})"
