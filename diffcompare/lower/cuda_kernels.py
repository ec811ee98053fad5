"""The text of CUDA kernels: a loop over a space, around the statements for one element.

Threads take elements in the stride of the whole grid. Where arrays are read and written in the order of memory, each
takes several consecutive ones at a time, 16 bytes of the narrowest type, and keeps one sum for each of these lanes.
Sums are added by warp shuffles within a block; what the blocks found is added by a second kernel. The grid depends on
sizes alone, and so does the order of every addition: the bits are the same from run to run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.node import Node
from .cuda_body import Body, Dims, Read
from .cuda_elements import code_of

MOST_STATEMENTS = 160  # in all lanes together; beyond, arithmetic binds and not the width of accesses


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a kernel: a `size`, the address of an `array` or of `partial` sums, or a `number`."""

    kind: str
    node: Node | None = None
    value: int = 0


@dataclass(frozen=True, slots=True)
class KernelText:
    """A kernel as source text, with the types of what it takes.

    Attributes
    ----------
    source : str
        Defines ``kernel``.
    element : str
        Defines ``element``, the statements for one element; empty where `source` holds them.
    takes, gives : tuple of str
        Types of the arguments and results of ``element``.
    parameters : tuple of str
        Types of the arguments of ``kernel``.
    """

    source: str
    element: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    parameters: tuple[str, ...]


class Frame:
    """Parameters, loads and stores that the kernels of one body share.

    Parameters
    ----------
    body : Body
        What is computed.
    reduced : set of int
        Loops that are summed over.
    """

    def __init__(self, body: Body, reduced: frozenset[int] = frozenset()) -> None:
        self.body, space = body, body.kernel.space
        masks = [frozenset(read.dims) for read in body.reads] + [reduced]
        self.groups: list[list[int]] = []
        for d in range(len(space)):
            if self.groups and all((d in m) == (d - 1 in m) for m in masks):
                self.groups[-1].append(d)
            else:
                self.groups.append([d])
        self.lengths = [math.prod(space[d] for d in group) for group in self.groups]
        self.reduced = [k for k, group in enumerate(self.groups) if group[0] in reduced]
        self.code = 8 if math.prod(space) >= 2**31 else 4
        self.names: list[str] = []
        self.arguments: list[Argument] = []
        self.parameters: list[str] = []

    def size(self, name: str, value: int) -> None:
        """A whole number, known when the kernel is planned."""
        self._add(name, "i8", Argument("size", value=value))

    def take(self, name: str, kind: str, node: Node) -> None:
        """An address, or a number."""
        self._add(name, code_of(node.dtype) if kind == "number" else "i8", Argument(kind, node))

    def _add(self, name: str, code: str, argument: Argument) -> None:
        self.names.append(name)
        self.parameters.append(code)
        self.arguments.append(argument)

    def take_all(self) -> list[str]:
        """Take every length, array and number; gives the lines that load what is one number."""
        lines = []
        for k, length in enumerate(self.lengths[1:], 1):
            self.size(f"d{k}", length)
        for read in self.body.reads:
            if is_number(read.node):
                self.take(read.name, "number", read.node)
            else:
                self.take(f"p_{read.name}", "array", read.node)
                if not read.dims:
                    lines.append(f"{read.name} = {load(read)}(p_{read.name}, 0)")
        for k, node in enumerate(self.body.stores):
            self.take(f"q{k}", "array", node)
        return lines

    def linear(self, read: Read) -> bool:
        """Whether an array is read in the order of the loops."""
        return bool(read.dims) and len(read.dims) == len(self.body.kernel.space)

    def place(self, dims: Dims) -> str:
        """The index of an element along these loops, from the coordinates c0, c1, ... of the merged loops."""
        text = ""
        for k, group in enumerate(self.groups):
            if group[0] in dims:
                text = f"({text}) * d{k} + c{k}" if text else f"c{k}"
        return text or "0"

    def coordinates(self, index: str, of: Sequence[int]) -> list[str]:
        """Lines that find the coordinates of the merged loops `of` from their joint index."""
        lines, left = [], index
        for k in reversed(of[1:]):
            lines += [f"w{k} = quotient{self.code}({left}, d{k})", f"c{k} = {left} - w{k} * d{k}"]
            left = f"w{k}"
        return [*lines, f"c{of[0]} = {left}"] if of else lines

    def parts(self) -> tuple[list[str], str, str]:
        """The reads that change with the element, and the texts of a call of ``element`` but for the lane."""
        changing = [read.name for read in self.body.reads if read.dims]
        takes = [read.name for read in self.body.reads]
        call = ", ".join(f"{name}@" if name in changing else name for name in takes)
        given = ", ".join(f"y{k}@" for k in range(len(self.body.results)))
        return changing, given, f"element({call})"

    def finish(self, lines: list[str]) -> KernelText:
        """The kernel of these lines."""
        body = self.body
        source = f"def kernel({', '.join(self.names)}):\n" + "".join(f"    {line}\n" for line in lines)
        results = ", ".join(body.results)
        names = ", ".join(read.name for read in body.reads)
        inner = "".join(f"    {line}\n" for line in [*body.lines, f"return {results}"])
        takes = tuple(code_of(read.node.dtype) for read in body.reads)
        return KernelText(source, f"def element({names}):\n{inner}", takes, body.codes, tuple(self.parameters))


def is_number(node: Node) -> bool:
    """Whether a kernel takes the number itself: one of the user's, or a length."""
    return (node.op.name == "input" and not node.shape) or (node.op.name == "constant" and node.size == 1)


def load(read: Read, lanes: int = 1) -> str:
    """The function that loads elements of an array."""
    return f"load_{code_of(read.node.dtype)}_{lanes}"


def zero(node: Node) -> str:
    """What a sum starts from."""
    return f"as_{code_of(node.dtype)}(0)"


def lanes_of(body: Body) -> int:
    """How many consecutive elements a thread takes at a time."""
    sizes = [r.node.dtype.itemsize for r in body.reads if r.dims] + [node.dtype.itemsize for node in body.stores]
    lanes = 16 // max(4, min(sizes, default=16))
    return lanes if lanes * len(body.lines) <= MOST_STATEMENTS else 1


def grid_kernel(body: Body, lanes: int) -> tuple[KernelText, list[Argument]]:
    """A loop over every element; sums of everything go to one partial sum a block."""
    frame = Frame(body)
    n = math.prod(body.kernel.space)
    frame.size("m", n // lanes)
    frame.size("n", n)
    lines = frame.take_all()
    for k, sink in enumerate(body.sinks):
        frame.take(f"s{k}", "partial", sink)
    lines += ["start = cuda.grid(1)", "step = cuda.gridDim.x * cuda.blockDim.x"]
    lines += [f"r{k}_{lane} = {zero(s)}" for k, s in enumerate(body.sinks) for lane in range(lanes)]
    if lanes > 1:
        lines += ["i = start", "while i < m:", *_indented(_lanes(frame, lanes)), "    i += step"]
        lines += [f"i = m * {lanes} + start", "if i < n:", *_indented(_one(frame, "i"))]
    else:
        lines += ["i = start", "while i < n:", *_indented(_one(frame, "i")), "    i += step"]
    for k, sink in enumerate(body.sinks):
        total = f"r{k}_0" if lanes == 1 else " + ".join(f"(r{k}_{a} + r{k}_{a + 1})" for a in range(0, lanes, 2))
        lines += [f"r{k} = block_sum_{code_of(sink.dtype)}({total})", "if cuda.threadIdx.x == 0:"]
        lines.append(f"    store_{code_of(sink.dtype)}_1(s{k}, cuda.blockIdx.x, r{k})")
    return frame.finish(lines), frame.arguments


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _lanes(frame: Frame, lanes: int) -> list[str]:
    """The lines for `lanes` consecutive elements, the first of which is lanes * i."""
    changing, given, call = frame.parts()
    body, lines = frame.body, ["j = " + f"i * {lanes}"]
    linear = [read for read in body.reads if read.name in changing and frame.linear(read)]
    scattered = [read for read in body.reads if read.name in changing and not frame.linear(read)]
    for read in linear:
        names = ", ".join(f"{read.name}_{lane}" for lane in range(lanes))
        lines.append(f"{names} = {load(read, lanes)}(p_{read.name}, j)")
    for lane in range(lanes):
        if scattered:
            lines += frame.coordinates(f"(j + {lane})", range(len(frame.groups)))
            lines += [f"{r.name}_{lane} = {load(r)}(p_{r.name}, {frame.place(r.dims)})" for r in scattered]
        lines.append(f"{given} = {call}".replace("@", f"_{lane}"))
    for k, node in enumerate(body.stores):
        values = ", ".join(f"y{k}_{lane}" for lane in range(lanes))
        lines.append(f"store_{code_of(node.dtype)}_{lanes}(q{k}, j, ({values}))")
    for k in range(len(body.sinks)):
        lines += [f"r{k}_{lane} += y{len(body.stores) + k}_{lane}" for lane in range(lanes)]
    return lines


def _one(frame: Frame, index: str) -> list[str]:
    """The lines for the element `index`; its terms go to the first lane of each sum."""
    lines = _values(frame, index, range(len(frame.groups)))
    body = frame.body
    lines += [f"store_{code_of(node.dtype)}_1(q{k}, {index}, y{k})" for k, node in enumerate(body.stores)]
    return lines + [f"r{k}_0 += y{len(body.stores) + k}" for k in range(len(body.sinks))]


def _values(frame: Frame, index: str, loops: Sequence[int]) -> list[str]:
    """Lines that load what one element needs and compute it; with an index, the coordinates are found from it."""
    changing, given, call = frame.parts()
    body, lines = frame.body, list[str]()
    reads = [read for read in body.reads if read.name in changing]
    if index and not all(frame.linear(read) for read in reads):
        lines += frame.coordinates(index, loops)
    for read in reads:
        place = index if index and frame.linear(read) else frame.place(read.dims)
        lines.append(f"{read.name} = {load(read)}(p_{read.name}, {place})")
    return [*lines, f"{given} = {call}".replace("@", "")]


def axis_kernel(body: Body, reduced: frozenset[int], by_blocks: bool, parts: int) -> tuple[KernelText, list[Argument]]:
    """Sums along the loops `reduced`, each cut into `parts`; a thread, or a block of them, takes one part of one sum.

    The sums of parts lie one after the other: part k of all sums, then part k + 1.
    """
    frame = Frame(body, reduced)
    kept = [k for k in range(len(frame.groups)) if k not in frame.reduced]
    count = math.prod(frame.lengths[k] for k in kept)
    length = math.prod(frame.lengths[k] for k in frame.reduced)
    frame.size("kept", count)
    frame.size("every", count * parts)
    frame.size("length", length)
    frame.size("share", -(-length // parts))
    lines = frame.take_all()
    for k, sink in enumerate(body.sinks):
        frame.take(f"s{k}", "array" if parts == 1 else "partial", sink)
    first, step = (
        ("as_i8(cuda.blockIdx.x)", "cuda.gridDim.x")
        if by_blocks
        else ("cuda.grid(1)", "cuda.gridDim.x * cuda.blockDim.x")
    )
    inner_first, inner_step = (" + cuda.threadIdx.x", "cuda.blockDim.x") if by_blocks else ("", "1")
    lines += [f"place = {first}", f"step = {step}", "while place < every:"]
    inside = [f"part = quotient{frame.code}(place, kept)", "which = place - part * kept"]
    inside += frame.coordinates("which", kept)
    inside += [f"r{k} = {zero(sink)}" for k, sink in enumerate(body.sinks)]
    inside += ["end = min(part * share + share, length)", f"i = part * share{inner_first}", "while i < end:"]
    deep = [*frame.coordinates("i", frame.reduced), *_values(frame, "", ())]
    whole = tuple(range(len(body.kernel.space)))
    deep += [f"store_{code_of(n.dtype)}_1(q{k}, {frame.place(whole)}, y{k})" for k, n in enumerate(body.stores)]
    deep += [f"r{k} += y{len(body.stores) + k}" for k in range(len(body.sinks))]
    inside += [*_indented(deep), f"    i += {inner_step}"]
    for k, sink in enumerate(body.sinks):
        code = code_of(sink.dtype)
        if by_blocks:
            inside += [f"r{k} = block_sum_{code}(r{k})", "if cuda.threadIdx.x == 0:"]
        inside.append(f"{'    ' * by_blocks}store_{code}_1(s{k}, place, r{k})")
    lines += [*_indented(inside), "    place += step"]
    return frame.finish(lines), frame.arguments


def fold_kernel(sink: Node, count: int, parts: int) -> tuple[KernelText, list[Argument]]:
    """The second pass of `axis_kernel`: the sums of parts added, a block for each sum."""
    code = code_of(sink.dtype)
    lines = ["place = as_i8(cuda.blockIdx.x)", "while place < kept:"]
    inside = [f"r = {zero(sink)}", "i = as_i8(cuda.threadIdx.x)", "while i < parts:"]
    inside += [f"    r += load_{code}_1(s, i * kept + place)", "    i += cuda.blockDim.x"]
    inside += [f"r = block_sum_{code}(r)", "if cuda.threadIdx.x == 0:", f"    store_{code}_1(q, place, r)"]
    lines += [*_indented(inside), "    place += cuda.gridDim.x"]
    arguments = [Argument("size", value=count), Argument("size", value=parts), Argument("partial", sink)]
    source = "def kernel(kept, parts, s, q):\n" + "".join(f"    {line}\n" for line in lines)
    return KernelText(source, "", (), (), ("i8",) * 4), [*arguments, Argument("array", sink)]


def number_kernel(body: Body | None, sums: Sequence[tuple[Node, int]]) -> tuple[KernelText, list[Argument]]:
    """One block: the sums of everything from their partial sums, then the statements on single numbers."""
    names, arguments, parameters, lines = list[str](), list[Argument](), list[str](), list[str]()

    def take(name: str, code: str, argument: Argument) -> None:
        names.append(name)
        parameters.append(code)
        arguments.append(argument)

    found: dict[Node, str] = {}
    last: list[str] = []
    for k, (sink, count) in enumerate(sums):
        code = code_of(sink.dtype)
        take(f"n{k}", "i8", Argument("size", value=count))
        take(f"s{k}", "i8", Argument("partial", sink))
        take(f"z{k}", "i8", Argument("array", sink))
        lines += [f"r{k} = {zero(sink)}", "i = as_i8(cuda.threadIdx.x)", f"while i < n{k}:"]
        lines += [f"    r{k} += load_{code}_1(s{k}, i)", "    i += cuda.blockDim.x", f"r{k} = block_sum_{code}(r{k})"]
        last.append(f"store_{code}_1(z{k}, 0, r{k})")
        found[sink] = f"r{k}"
    for read in body.reads if body is not None else ():
        if read.node in found:
            last.append(f"{read.name} = {found[read.node]}")
        elif is_number(read.node):
            take(read.name, code_of(read.node.dtype), Argument("number", read.node))
        else:
            take(f"p_{read.name}", "i8", Argument("array", read.node))
            last.append(f"{read.name} = {load(read)}(p_{read.name}, 0)")
    if body is not None:
        last += body.lines
        for k, (node, text) in enumerate(zip((*body.stores, *body.sinks), body.results, strict=True)):
            take(f"q{k}", "i8", Argument("array", node))
            last.append(f"store_{code_of(node.dtype)}_1(q{k}, 0, {text})")
    lines += ["if cuda.threadIdx.x == 0:", *_indented(last or ["pass"])]
    source = f"def kernel({', '.join(names)}):\n" + "".join(f"    {line}\n" for line in lines)
    return KernelText(source, "", (), (), tuple(parameters)), arguments
