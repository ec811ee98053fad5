"""One loop nest in Numba's Python: the maps computed in it, and the reductions and fills it feeds.

Sums of floats are accumulated in order, in blocks of at most `BLOCK` elements; the sums of blocks are added with the
rounding error of each addition kept (Knuth's TwoSum). The additions do not carry LLVM's flag to re-associate: a loop
that is vectorised behind a check of addresses would then give other bits when an array lies elsewhere in memory.
The error is below (BLOCK - 1) eps times the sum of magnitudes whatever the length, in practice that of NumPy's
pairwise sum, and the order is fixed by the shape alone. Sums along a leading axis add row to row, as NumPy does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.node import Node
from .numba_schedule import Kernel, Plan, reads_in_place, space_of
from .numba_special import translate
from .numba_views import ZERO, Index, broadcast_index, is_view, operand_index, shifted

BLOCK = 256
_PLAIN = frozenset({"{0} + {1}", "{0} - {1}", "{0} * {1}", "-{0}"})
_START = {"sum": 0, "prod": 1, "any": False, "all": True}
_CAST = {"float64": "as_f8", "float32": "as_f4", "int64": "as_i8", "bool": "as_b1"}


def literal(value: Any, dtype: np.dtype) -> str:
    """A number as source text of exactly this value and type."""
    if dtype.kind == "b":
        return "True" if value else "False"
    if dtype.kind == "i":
        return f"({int(value)})"
    number = float(value)
    if math.isnan(number):
        text = "f_nan"
    elif math.isinf(number):
        text = "f_inf" if number > 0 else "(-f_inf)"
    else:
        text = repr(number) if math.copysign(1.0, number) > 0 else f"({number!r})"
    return text if dtype.char == "d" else f"as_f4({text})"


def converted(text: str, source: np.dtype, target: np.dtype) -> str:
    """`text` of type `source` as `target`."""
    return text if source == target else f"{_CAST[target.name]}({text})"


def element(node: Node, operands: list[str]) -> str:
    """One element of an elementwise node as an expression over the texts of its operands."""
    row, dtype = node.op, node.dtype
    if row.name == "cast":
        return f"{_CAST[dtype.name]}({operands[0]})"
    if row.result != "bool":
        keep = 1 if row.name == "where" else 0
        operands = [
            text if place < keep else converted(text, a.dtype, dtype)
            for place, (text, a) in enumerate(zip(operands, node.args, strict=True))
        ]
    expression = translate(row.scalar).format(*operands)
    return expression if row.scalar in _PLAIN and dtype.kind != "b" else f"{_CAST[dtype.name]}({expression})"


class Loop:
    """Writes one kernel.

    Parameters
    ----------
    kernel, plan : Kernel, Plan
        What to write, and what is stored where.
    array : callable
        The name of the array that holds a node.
    number : callable
        The name of the variable (or the literal) of a node of one element, or None where it is only in an array.
    """

    def __init__(self, kernel: Kernel, plan: Plan, array: Callable, number: Callable) -> None:
        self.kernel, self.plan, self.array, self.number = kernel, plan, array, number
        self.flat = len(kernel.space) > 1 and self._may_be_flat()
        self.space = (math.prod(kernel.space),) if self.flat else kernel.space
        depth = len(self.space)
        self.lines: list[list[str]] = [[] for _ in range(depth + 1)]
        self.after: list[list[str]] = [[] for _ in range(depth + 1)]
        self.before_block: list[str] = []
        self.after_block: list[str] = []
        self.first: list[str] = []
        self.known: dict[tuple, str] = {}
        self.counter = itertools.count()
        self.blocked = bool(self.space) and self.space[-1] > BLOCK and any(self._in_blocks(s) for s, _ in kernel.sinks)

    # Which loops.
    def _may_be_flat(self) -> bool:
        """True when every array is read, and every result written, element by element in memory order."""
        for sink, place in self.kernel.sinks:
            if not is_reduction(sink) or space_of(sink.shape) or not self._flat_read(sink.args[place]):
                return False
        computed = [m for m in self.kernel.members if m in self.plan.computed]
        return all(self._flat_node(m) for m in computed)

    def _flat_node(self, node: Node) -> bool:
        if node.op.name == "gather":
            return True
        return all(self._flat_read(a) and (not space_of(a.shape) or reads_in_place(node, a)) for a in node.args)

    def _flat_read(self, node: Node) -> bool:
        if not space_of(node.shape):
            return True
        if space_of(node.shape) != self.kernel.space:
            return False
        inlined = node in self.plan.kernel_of and not self._local(node) and node not in self.plan.heavy
        return self._flat_node(node) if inlined else True

    def _local(self, node: Node) -> bool:
        return self.plan.kernel_of.get(node) is self.kernel and node in self.plan.computed

    def _in_blocks(self, sink: Node) -> bool:
        return sink.op.name == "sum" and sink.dtype.kind == "f" and self._split(sink)[1] < len(self.kernel.space)

    def _loop_index(self, shape: tuple[int, ...]) -> tuple[Index, ...]:
        if self.flat:
            return (("i0", 1),)
        loops = iter(range(len(self.space)))
        return tuple(ZERO if n == 1 else (f"i{k}", k + 1) for n in shape for k in ([next(loops)] if n != 1 else [0]))

    # Reading.
    def read(self, node: Node, index: tuple[Index, ...]) -> str:
        """The text of one element; computes it, at the shallowest loop that knows its index, if it is not stored."""
        if node.op.name == "constant" and not node.shape:
            return literal(node.value, node.dtype)
        if not space_of(node.shape):
            name = self.number(node)
            if name is not None:
                return name
            index = (ZERO,) * node.ndim
        key = (node, index)
        if key not in self.known:
            self.known[key] = self._read_new(node, index)
        return self.known[key]

    def _read_new(self, node: Node, index: tuple[Index, ...]) -> str:
        if self._local(node) and index == self._loop_index(node.shape):
            return self._compute(node, index, self.number(node, True))
        stored = node not in self.plan.kernel_of or (node in self.plan.heavy and node in self.plan.stored)
        if not stored:
            return self._compute(node, index, f"t{next(self.counter)}")
        return self._load(node, index, f"t{next(self.counter)}")

    def _load(self, node: Node, index: tuple[Index, ...], name: str) -> str:
        depth = max((d for _, d in index), default=0)
        self.lines[depth].append(f"{name} = {self._place(node, index)}")
        return name

    def _place(self, node: Node, index: tuple[Index, ...]) -> str:
        if self.flat and space_of(node.shape):
            return f"{self._flattened(node)}[i0]"
        return f"{self.array(node)}[{', '.join(text for text, _ in index)}]"

    def _flattened(self, node: Node) -> str:
        """The name of a one-dimensional view of the array of `node`, made before the loops."""
        if node.ndim == 1:
            return self.array(node)
        name = f"{self.array(node)}_flat"
        line = f"{name} = {self.array(node)}.reshape(-1)"
        if line not in self.first:
            self.first.append(line)
        return name

    def _compute(self, node: Node, index: tuple[Index, ...], name: str) -> str:
        depth = max((d for _, d in index), default=0)
        if node.op.name == "gather":
            source = node.args[0]
            if not space_of(source.shape):
                return self.read(source, (ZERO,) * source.ndim)
            place = self.read(node.args[1], index)
            expression = f"{self._flattened(source)}[{place}]"
        elif is_view(node):
            return self.read(node.args[0], index if self.flat else operand_index(node, index))
        else:
            operands = [self.read(a, index if self.flat else broadcast_index(index, a.shape)) for a in node.args]
            expression = element(node, operands)
        self.lines[depth].append(f"{name} = {expression}")
        return name

    # Feeding sinks.
    def _split(self, sink: Node) -> tuple[list[int], int]:
        """The kept axes of the operand, and the depth below which every loop is reduced."""
        shape, axes = sink.args[0].shape, dict(sink.attributes)["axis"]
        loops = [axis for axis, n in enumerate(shape) if n != 1]
        kept = [k for k, axis in enumerate(loops) if axis not in axes]
        return kept, (max(kept) + 1 if kept else 0)

    def _feed(self, sink: Node, place: int) -> None:
        operand = sink.args[place]
        index = self._loop_index(operand.shape)
        value = converted(self.read(operand, index), operand.dtype, sink.dtype)
        name = sink.op.name
        if name == "place":
            attributes = dict(sink.attributes)
            entries = zip(index, attributes["starts"], attributes["steps"], strict=True)
            where = [shifted(i, start, step)[0] for i, start, step in entries]
            self.lines[-1].append(f"{self.array(sink)}[{', '.join(where)}] = {value}")
        elif name == "concatenate":
            axis = dict(sink.attributes)["axis"]
            start = sum(a.shape[axis] for a in sink.args[:place])
            where = [shifted(i, start if k == axis else 0, 1)[0] for k, i in enumerate(index)]
            self.lines[-1].append(f"{self.array(sink)}[{', '.join(where)}] = {value}")
        elif name == "scatter_add":
            to = self.read(sink.args[1], index)
            self.lines[-1].append(f"{self._flattened(sink)}[{to}] += {value}")
        else:
            self._reduce(sink, value)

    def _reduce(self, sink: Node, value: str) -> None:
        kept, depth = ([], 0) if self.flat else self._split(sink)
        last, total = len(self.space), self.number(sink, True)
        start = self._start(sink)
        target = self._result_place(sink)
        if depth == last and last:  # the innermost loop is kept: accumulate in memory, row to row
            self.lines[last].append(f"t = {target}")
            self.lines[last].append(f"{target} = {_combine(sink, 't', value)}")
            return
        self.lines[depth].append(f"{total} = {start}")
        if self._in_blocks(sink) and (self.blocked or depth < last - 1):
            self.lines[depth].append(f"{total}_lost = {start}")
            self.before_block.append(f"{total}_block = {start}")
            self.lines[last].append(f"{total}_block = {total}_block + {value}")
            self.after_block.append(f"{total}, {total}_lost = add_exactly({total}, {total}_lost, {total}_block)")
            self.after[depth].append(f"{total} = with_lost({total}, {total}_lost)")
        elif self._in_blocks(sink):
            self.lines[last].append(f"{total} = {total} + {value}")
        else:
            self.lines[last].append(f"{total} = {_combine(sink, total, value)}")
        if space_of(sink.shape):
            partial = len(kept) < depth  # a reduced loop lies outside a kept one
            self.after[depth].append(f"{target} = {_combine(sink, target, total) if partial else total}")

    def _result_place(self, sink: Node) -> str:
        axes, keepdims = dict(sink.attributes)["axis"], dict(sink.attributes)["keepdims"]
        if self.flat:
            return ""
        index = self._loop_index(sink.args[0].shape)
        entries = [ZERO if k in axes else i for k, i in enumerate(index) if keepdims or k not in axes]
        return f"{self.array(sink)}[{', '.join(text for text, _ in entries)}]"

    def _start(self, sink: Node) -> str:
        return literal(start_value(sink), sink.dtype)

    # Writing.
    def write(self) -> list[str]:
        """The kernel's lines, without indentation of its own."""
        if 0 in self.kernel.space:  # nothing to loop over: only the results of empty reductions
            sinks = {sink: None for sink, _ in self.kernel.sinks if is_reduction(sink) and not space_of(sink.shape)}
            return [f"{self.number(sink, True)} = {self._start(sink)}" for sink in sinks]
        for node in self.kernel.members:
            if node in self.plan.computed:
                self._member(node)
        for sink, place in self.kernel.sinks:
            self._feed(sink, place)
        return self.first + self._nest(0, 0)

    def _member(self, node: Node) -> None:
        index = self._loop_index(node.shape)
        if not space_of(node.shape):
            own = self.number(node, True)
            name = self._compute(node, (ZERO,) * node.ndim, own)
            if name != own:
                self.lines[0].append(f"{own} = {name}")
            return
        name = self.read(node, index)
        if node in self.plan.stored:
            self.lines[-1].append(f"{self._place(node, index)} = {name}")

    def _nest(self, depth: int, indent: int) -> list[str]:
        pad = " " * indent
        found = [pad + line for line in self.lines[depth]]
        if depth < len(self.space):
            innermost = depth == len(self.space) - 1
            extent, inner = self.space[depth], indent + 1
            if innermost and self.blocked:
                found.append(f"{pad}for block in range(0, {extent}, {BLOCK}):")
                found += [f"{pad} {line}" for line in self.before_block]
                found.append(f"{pad} for i{depth} in range(block, min(block + {BLOCK}, {extent})):")
                inner += 1
            else:
                found += [pad + line for line in self.before_block] if innermost else []
                found.append(f"{pad}for i{depth} in range({extent}):")
            found += self._nest(depth + 1, inner) or [" " * inner + "pass"]
            if innermost:
                found += [pad + (" " if self.blocked else "") + line for line in self.after_block]
        return found + [pad + line for line in self.after[depth]]


def is_reduction(sink: Node) -> bool:
    """True for the sinks that combine elements, false for those that put them somewhere."""
    return sink.op.name in _START or sink.op.name in ("max", "min")


def filled_first(sink: Node) -> bool:
    """True when the array of `sink` must hold its start value before the loop over its operand."""
    if not is_reduction(sink):
        return sink.op.name != "concatenate"
    shape, axes = sink.args[0].shape, dict(sink.attributes)["axis"]
    loops = [axis for axis, n in enumerate(shape) if n != 1]
    kept = [k for k, axis in enumerate(loops) if axis not in axes]
    return 0 in shape or kept != list(range(len(kept))) or (len(kept) == len(loops))


def start_value(sink: Node) -> Any:
    """What an empty reduction gives, of the type of the sink."""
    if not is_reduction(sink):
        return 0
    if sink.op.name in _START:
        return _START[sink.op.name]
    low = sink.op.name == "max"
    if sink.dtype.kind == "f":
        return -math.inf if low else math.inf
    if sink.dtype.kind == "b":
        return not low
    limits = np.iinfo(sink.dtype)
    return limits.min if low else limits.max


def _combine(sink: Node, total: str, value: str) -> str:
    name = sink.op.name
    if name in ("max", "min"):
        sign = ">" if name == "max" else "<"
        return f"{value} if {value} {sign} {total} or {value} != {value} else {total}"
    return {"sum": f"{total} + {value}", "prod": f"{total} * {value}", "any": f"{total} or {value}",
            "all": f"{total} and {value}"}[name]  # fmt: skip
