"""The body of one loop nest in Numba's Python: the maps computed in it, and the reductions and fills it feeds.

Sums of floats are accumulated by additions that LLVM may re-order among themselves (and so vectorise), in blocks of
at most `BLOCK` elements; the sums of blocks are added with the rounding error of each addition kept (Knuth's TwoSum).
The error is below (BLOCK - 1) eps times the sum of magnitudes whatever the length, in practice that of NumPy's
pairwise sum, and the order is fixed by the shape alone. Sums along a leading axis add row to row, as NumPy does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from ..core.node import Node
from .numba_elements import combine, converted, element, is_reduction, literal, start_value
from .numba_schedule import Kernel, Plan, reads_in_place, space_of
from .numba_sizes import Sizes
from .numba_views import CONSTANT, ZERO, Index, broadcast_index, is_padding, is_view, operand_index, shifted

BLOCK = 256


def _depth(index: Sequence[Index]) -> int:
    return max((i.depth for i in index), default=0)


def _at(texts: Iterable[str]) -> str:
    """An index that is known not to be negative: LLVM cannot always see it, and then would not vectorise."""
    return ", ".join(text if text.isdigit() else f"at({text})" for text in texts)


class Body:
    """The statements of one kernel, by the loop to which each belongs.

    Parameters
    ----------
    kernel, plan : Kernel, Plan
        What to write, and what is stored where.
    array : callable
        The name of the array that holds a node.
    number : callable
        The name of the variable (or the literal) of a node of one element, or None where it is only in an array.
    sizes : Sizes
        The names of whole numbers.
    inside : bool
        Whether it is run only where every padded array is read inside its operand.

    Attributes
    ----------
    lines, after : list of list of str
        At [d] the statements that run inside d loops, before and after the loops further in.
    before_block, after_block : list of str
        Around each block of the innermost loop.
    clear : dict of int to (int, int)
        For each loop, the range in which all padded arrays are read inside their operands.
    """

    def __init__(
        self, kernel: Kernel, plan: Plan, array: Callable, number: Callable, sizes: Sizes, inside: bool = False
    ) -> None:
        self.kernel, self.plan, self.array, self.number, self.sizes = kernel, plan, array, number, sizes
        self.inside = inside
        self.flat = len(kernel.space) > 1 and self._may_be_flat()
        self.space = (math.prod(kernel.space),) if self.flat else kernel.space
        depth = len(self.space)
        self.extents = [sizes.product(kernel.space)] if self.flat else [sizes.text(n) for n in kernel.space]
        self.lines: list[list[str]] = [[] for _ in range(depth + 1)]
        self.after: list[list[str]] = [[] for _ in range(depth + 1)]
        self.before_block: list[str] = []
        self.after_block: list[str] = []
        self.first: list[str] = []
        self.clear: dict[int, tuple[int, int]] = {}
        self._known: dict[tuple, str] = {}
        self._counter = itertools.count()
        self.blocks = self._needs_blocks()
        for node in kernel.members:
            if node in plan.computed:
                self._member(node)
        for sink, place in kernel.sinks:
            self._feed(sink, place)

    def _new(self) -> str:
        return f"{'u' if self.inside else 't'}{next(self._counter)}"

    def _needs_blocks(self) -> bool:
        """Always for a sum of everything, so that one text serves every size; for rows only where they are long."""
        depths = [self._split(s)[1] for s, _ in self.kernel.sinks if self._in_blocks(s)]
        long = bool(self.space) and self.space[-1] > BLOCK
        return any(long or (len(self.space) == 1 and depth == 0) for depth in depths)

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
            return (Index("i0", 1, 0),)
        loops = iter(range(len(self.space)))
        open_loops = [None if n == 1 else next(loops) for n in shape]
        return tuple(ZERO if k is None else Index(f"i{k}", k + 1, k) for k in open_loops)

    # Reading.
    def read(self, node: Node, index: tuple[Index, ...]) -> str:
        """The text of one element; computes it, at the shallowest loop that knows its index, if it is not stored."""
        if not space_of(node.shape):
            name = self.number(node)
            if name is not None:
                return name
            index = (ZERO,) * node.ndim
        key = (node, index)
        if key not in self._known:
            self._known[key] = self._read_new(node, index)
        return self._known[key]

    def _read_new(self, node: Node, index: tuple[Index, ...]) -> str:
        if self._local(node) and index == self._loop_index(node.shape):
            return self._compute(node, index, self.number(node, True))
        stored = node not in self.plan.kernel_of or (node in self.plan.heavy and node in self.plan.stored)
        if not stored:
            return self._compute(node, index, self._new())
        return self._load(node, index, self._new())

    def _load(self, node: Node, index: tuple[Index, ...], name: str) -> str:
        depth = _depth(index)
        self.lines[depth].append(f"{name} = {self._place(node, index)}")
        return name

    def _place(self, node: Node, index: tuple[Index, ...]) -> str:
        if self.flat and space_of(node.shape):
            return f"{self._flattened(node)}[at(i0)]"
        return f"{self.array(node)}[{_at(i.text for i in index)}]"

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
        depth = _depth(index)
        if node.op.name == "gather":
            source = node.args[0]
            if not space_of(source.shape):
                return self.read(source, (ZERO,) * source.ndim)
            place = self.read(node.args[1], index)
            expression = f"{self._flattened(source)}[{place}]"
        elif is_padding(node):
            found = self._padded(node, index)
            if found[1]:
                zero, condition = literal(0, node.dtype), " and ".join(found[1])
                expression = f"{found[0]} if {condition} else {zero}"
            else:
                return found[0]
        elif is_view(node):
            return self.read(node.args[0], index if self.flat else operand_index(node, index, self.sizes))
        else:
            operands = [self.read(a, index if self.flat else broadcast_index(index, a.shape)) for a in node.args]
            expression = element(node, operands)
        self.lines[depth].append(f"{name} = {expression}")
        return name

    def _padded(self, node: Node, index: tuple[Index, ...]) -> tuple[str, list[str]]:
        """What the operand of a `place` holds at the nearest place there is, and when it counts."""
        operand, places, conditions = node.args[0], list[Index](), list[str]()
        entries = zip(index, dict(node.attributes)["starts"], operand.shape, node.shape, strict=True)
        for i, start, length, whole in entries:
            at = shifted(i, -start, 1, self.sizes)
            if at.loop == CONSTANT and not 0 <= at.start < length:
                return literal(0, node.dtype), []
            moves = at.loop >= 0 and at.step == 1 and length != whole
            if moves:
                low, high = self.clear.get(at.loop, (0, self.space[at.loop]))
                self.clear[at.loop] = max(low, -at.start), min(high, length - at.start)
            if not (length == whole or at.loop == CONSTANT or (self.inside and moves)):
                near = self._new()
                self.lines[at.depth].append(f"{near} = min(max({at.text}, 0), {self.sizes.text(length - 1)})")
                conditions.append(f"{at.text} == {near}")
                at = Index(near, at.depth)
            places.append(ZERO if length == 1 else at)
        return self.read(operand, tuple(places)), conditions

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
            where = [shifted(i, start, step, self.sizes).text for i, start, step in entries]
            self.lines[-1].append(f"{self.array(sink)}[{_at(where)}] = {value}")
        elif name == "concatenate":
            axis = dict(sink.attributes)["axis"]
            start = sum(a.shape[axis] for a in sink.args[:place])
            where = [shifted(i, start if k == axis else 0, 1, self.sizes).text for k, i in enumerate(index)]
            self.lines[-1].append(f"{self.array(sink)}[{_at(where)}] = {value}")
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
            self.lines[last].append(f"{target} = {combine(sink, 't', value)}")
            return
        self.lines[depth].append(f"{total} = {start}")
        if self._in_blocks(sink) and (self.blocks or depth < last - 1):
            self.lines[depth].append(f"{total}_lost = {start}")
            self.before_block.append(f"{total}_block = {start}")
            self.lines[last].append(f"{total}_block = accumulate({total}_block, {value})")
            self.after_block.append(f"{total}, {total}_lost = add_exactly({total}, {total}_lost, {total}_block)")
            self.after[depth].append(f"{total} = with_lost({total}, {total}_lost)")
        elif self._in_blocks(sink):
            self.lines[last].append(f"{total} = accumulate({total}, {value})")
        else:
            self.lines[last].append(f"{total} = {combine(sink, total, value)}")
        if space_of(sink.shape):
            partial = len(kept) < depth  # a reduced loop lies outside a kept one
            self.after[depth].append(f"{target} = {combine(sink, target, total) if partial else total}")

    def _result_place(self, sink: Node) -> str:
        axes, keepdims = dict(sink.attributes)["axis"], dict(sink.attributes)["keepdims"]
        if self.flat:
            return ""
        index = self._loop_index(sink.args[0].shape)
        entries = [ZERO if k in axes else i for k, i in enumerate(index) if keepdims or k not in axes]
        return f"{self.array(sink)}[{_at(i.text for i in entries)}]"

    def _start(self, sink: Node) -> str:
        return literal(start_value(sink), sink.dtype)

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
