"""Which kernels run a graph on a CUDA device, in which order, on which grids; what the device cannot run is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from ..core.graph import Graph
from ..core.node import Node, building, constant, make
from ..core.tables import ROWS
from ..errors import UnsupportedOpError
from .cuda_body import Body
from .cuda_elements import element
from .cuda_kernels import Argument, KernelText, axis_kernel, fold_kernel, grid_kernel, lanes_of, number_kernel
from .numba_schedule import Kernel, schedule
from .numba_sizes import SMALL
from .numba_views import is_view

SHORT_ROW = 64  # sums over fewer elements in the order of memory are a thread's work, not a block's
_PER_THREAD = 32  # a sum is cut into parts where a thread would add more than so many terms, and threads are idle


@dataclass(frozen=True, slots=True)
class Grid:
    """How many threads make a block, and how many blocks a grid has at most; the bits of sums depend on both."""

    threads: int = 256
    blocks: int = 1024


@dataclass(slots=True)
class Step:
    """One launch.

    Attributes
    ----------
    write : callable
        ``write(lanes)`` gives the kernel and its arguments.
    blocks, threads : int
        The grid.
    lanes : int
        Consecutive elements that a thread takes at a time, where the arrays `wide` begin at multiples of 16 bytes.
    wide : tuple of Node
        The arrays that are then read and written 16 bytes at a time.
    """

    write: Callable[[int], tuple[KernelText, list[Argument]]]
    blocks: int
    threads: int
    lanes: int = 1
    wide: tuple[Node, ...] = ()


@dataclass(slots=True)
class Steps:
    """Every launch of a graph, in order, and the memory for sums of parts.

    Attributes
    ----------
    steps : list of Step
        The launches.
    partial : dict of Node to int
        How many sums of parts each sum has.
    """

    steps: list[Step] = field(default_factory=list)
    partial: dict[Node, int] = field(default_factory=dict)


def counted(graph: Graph) -> Graph:
    """`graph` with `any` and `all` as counts of true entries, which are sums."""
    new: dict[Node, Node] = {}
    with building():
        for node in graph.nodes:
            args = tuple(new[a] for a in node.args)
            if node.op.name in ("any", "all"):
                compare = ROWS["not_equal" if node.op.name == "any" else "equal"]
                entries = compare(args[0], constant(0, args[0].dtype))
                new[node] = compare(make(ROWS["sum"], (entries,), node.attributes), constant(0))
            else:
                same = all(a is b for a, b in zip(args, node.args, strict=True))
                new[node] = node if same else make(node.op, args, node.attributes)
    return Graph(graph.inputs, tuple(new[node] for node in graph.outputs))


def check(graph: Graph) -> None:
    """Refuse what has no form on the device, before anything is compiled or launched.

    Raises
    ------
    UnsupportedOpError
        Names the first such operation, with where it is.
    """
    for node in graph.nodes:
        name = node.op.name
        if name in ("input", "constant", "cast", "broadcast_to", "sum") or (name == "reshape" and is_view(node)):
            continue
        if node.op.kind == "elementwise":
            element(node, ["x"] * len(node.args))
            continue
        raise UnsupportedOpError(
            f"device 'cuda' cannot run op {name!r}: it runs elementwise operations, broadcasting, sums and means.\n"
            f"  at {graph.where_is(node)}, shape {node.shape}, {node.dtype}\n"
            "  Use device='cpu', which runs all of them."
        )


def plan(graph: Graph, grid: Grid) -> Steps:
    """The launches of `graph`, which `check` has passed."""
    planned = schedule(graph)
    planner, outputs = _Planner(grid), set(graph.outputs)
    shapes = [node.shape for node in graph.nodes]
    lengths = frozenset(n for shape in shapes for n in (*shape, math.prod(shape)) if n > SMALL)
    for kernel in planned.steps:
        assert isinstance(kernel, Kernel)
        kept = [m for m in kernel.members if m in planned.computed and (m in planned.stored or m in outputs)]
        sinks = list(dict.fromkeys(sink for sink, _ in kernel.sinks))
        if not kernel.space:
            planner.numbers(Body(kernel, planned, kept, sinks, lengths))
            continue
        groups: dict[frozenset[int], list[Node]] = {}
        for sink in sinks:
            groups.setdefault(_reduced(sink), []).append(sink)
        whole = groups.pop(frozenset(range(len(kernel.space))), [])
        if whole or (kept and not groups):
            planner.whole(Body(kernel, planned, kept, whole, lengths))
            kept = []
        for reduced, some in groups.items():
            planner.axes(Body(kernel, planned, kept, some, lengths), reduced)
            kept = []
    planner.flush()
    return planner.found


def _reduced(sink: Node) -> frozenset[int]:
    """The loops over the operand of a sum that it sums over."""
    shape, axes = sink.args[0].shape, dict(sink.attributes)["axis"]
    loops = [axis for axis, n in enumerate(shape) if n != 1]
    return frozenset(k for k, axis in enumerate(loops) if axis in axes)


class _Planner:
    def __init__(self, grid: Grid) -> None:
        self.grid, self.found = grid, Steps()
        self.pending: list[tuple[Node, int]] = []

    def flush(self, body: Body | None = None) -> None:
        """One block that finishes the sums of everything, and computes the statements of `body` from them."""
        sums, self.pending = self.pending, []
        if sums or body is not None:
            threads = self._threads(max((count for _, count in sums), default=1), bool(sums))
            self.found.steps.append(Step(lambda _: number_kernel(body, sums), 1, threads))

    def _threads(self, work: int, adds: bool) -> int:
        """Threads of a block: no more than there is work; whole warps where they add their sums."""
        return min(self.grid.threads, 32 * max(1, -(-work // 32)) if adds else max(1, work))

    def numbers(self, body: Body) -> None:
        """Statements on single numbers."""
        if body.results:
            self.flush(body)

    def _ready(self, body: Body) -> None:
        if not {read.node for read in body.reads}.isdisjoint(sink for sink, _ in self.pending):
            self.flush()

    def whole(self, body: Body) -> None:
        """A loop over a whole space, with sums of all of it."""
        self._ready(body)
        lanes, space = lanes_of(body), body.kernel.space
        elements = math.prod(space)
        blocks = max(1, min(self.grid.blocks, -(-elements // (lanes * self.grid.threads))))
        if not elements and not body.sinks:
            return
        threads = self._threads(-(-elements // lanes), True) if body.sinks else self._threads(elements, False)
        everywhere = tuple(read.node for read in body.reads if len(read.dims) == len(space))
        wide = (*everywhere, *body.stores)
        self.found.steps.append(Step(lambda n: grid_kernel(body, n), blocks, threads, lanes, wide))
        for sink in body.sinks:
            self.found.partial[sink] = blocks
            self.pending.append((sink, blocks))

    def axes(self, body: Body, reduced: frozenset[int]) -> None:
        """Sums along some loops of a space."""
        self._ready(body)
        space, grid = body.kernel.space, self.grid
        length = math.prod(space[d] for d in reduced)
        count = math.prod(n for d, n in enumerate(space) if d not in reduced)
        if not count:
            return
        by_blocks = len(space) - 1 in reduced and length >= SHORT_ROW
        room, share = (grid.blocks, 4 * grid.threads) if by_blocks else (grid.blocks * grid.threads // 4, _PER_THREAD)
        parts = max(1, min(room // count, -(-length // share), grid.threads))
        work = count * parts
        blocks = min(
            grid.blocks if not by_blocks else 16 * grid.blocks, work if by_blocks else -(-work // grid.threads)
        )
        write = lambda _: axis_kernel(body, reduced, by_blocks, parts)  # noqa: E731 - as the two others
        self.found.steps.append(Step(write, blocks, self._threads(length if by_blocks else work, by_blocks)))
        for sink in body.sinks if parts > 1 else ():
            self.found.partial[sink] = work
            self._fold(sink, count, parts)

    def _fold(self, sink: Node, count: int, parts: int) -> None:
        blocks, threads = min(count, 16 * self.grid.blocks), self._threads(parts, True)
        self.found.steps.append(Step(lambda _: fold_kernel(sink, count, parts), blocks, threads))
