"""Which statements of value and gradient share a loop: each kernel with statements, bytes and operations."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..core.bind import bind
from ..core.node import Node
from ..core.trace import Function
from ..transform.pullback import pullback
from ..transform.simplify import simplify
from .numba_rewrite import rewritten
from .numba_schedule import Kernel as Loop
from .numba_schedule import Plan, kind, schedule
from .numba_views import is_view


@dataclass(frozen=True, slots=True)
class Kernel:
    """One loop nest, or one call on whole arrays.

    Attributes
    ----------
    what : str
        ``"loop"`` or ``"call"``.
    space : tuple of int
        Lengths of the loops; of a call, the shape of its result.
    statements : tuple of str
        What it computes, by name; statements that it repeats from other kernels have a * before them.
    reads, writes : int
        Bytes of the arrays that it reads and writes, each array counted once.
    operations : int
        Elements that its statements compute; a matrix product counts its multiplications and additions.
    """

    what: str
    space: tuple[int, ...]
    statements: tuple[str, ...]
    reads: int
    writes: int
    operations: int


@dataclass(frozen=True, slots=True)
class Kernels:
    """The kernels of value and gradient in the order they run; prints as a list, one block a kernel."""

    kernels: tuple[Kernel, ...]

    def __str__(self) -> str:
        lines = []
        for number, one in enumerate(self.kernels):
            size = " x ".join(map(str, one.space)) or "one element"
            lines.append(
                f"kernel {number}: {one.what} over {size}; reads {one.reads} B, writes {one.writes} B, "
                f"{one.operations} operations"
            )
            lines += [f"  | {statement}" for statement in one.statements]
        return "\n".join(lines)

    def __len__(self) -> int:
        return len(self.kernels)

    def __getitem__(self, number: int) -> Kernel:
        return self.kernels[number]


def kernels(f: Function, at: tuple) -> Kernels:
    """The kernels of `f` and its gradient for arguments of these shapes.

    Raises
    ------
    ShapeError
        If the output of `f` is not a scalar.
    """
    bound = bind(f, at, None, {})
    graph = rewritten(simplify(pullback(bound.graph(), bound.wrt)))
    plan = schedule(graph)
    names = {node: f"v{place}" for place, node in enumerate(graph.nodes)}
    found = [_loop(step, plan, names) if isinstance(step, Loop) else _call(step, names) for step in plan.steps]
    return Kernels(tuple(one for one in found if one.statements))


def _loop(loop: Loop, plan: Plan, names: dict[Node, str]) -> Kernel:
    own = [node for node in loop.members if node in plan.computed]
    sinks = list(dict(loop.sinks))
    read, repeated = _reached(loop, own, sinks, plan)
    written = [node for node in own if node in plan.stored] + [node for node in sinks if node.shape]
    done = [node for node in (*own, *repeated) if not is_view(node)]
    operations = sum(node.size for node in done) + sum(sink.args[place].size for sink, place in loop.sinks)
    texts = [f"*{_text(node, names)}" for node in repeated] + [_text(node, names) for node in (*own, *sinks)]
    return Kernel("loop", loop.space, tuple(texts), _bytes(read), _bytes(written), operations)


def _reached(loop: Loop, own: list[Node], sinks: list[Node], plan: Plan) -> tuple[list[Node], list[Node]]:
    """The arrays that a loop reads, and the maps of other kernels that it computes again."""
    here, read, repeated = set(own), dict[Node, None](), dict[Node, None]()
    pending = [a for node in (*own, *sinks) for a in node.args]
    while pending:
        node = pending.pop()
        if node in here or node in read or node in repeated:
            continue
        if node not in plan.kernel_of or node in plan.heavy:
            read[node] = None
        else:
            repeated[node] = None
            pending += node.args
    return [node for node in read if node.shape], list(repeated)


def _call(node: Node, names: dict[Node, str]) -> Kernel:
    if kind(node) == "alias":
        return Kernel("call", node.shape, (), 0, 0, 0)
    operations = node.size
    if node.op.name == "matmul":
        operations = 2 * node.size * node.args[0].shape[-1]
    return Kernel("call", node.shape, (_text(node, names),), _bytes(node.args), _bytes([node]), operations)


def _text(node: Node, names: dict[Node, str]) -> str:
    return f"{names[node]} = {node.op.name}({', '.join(_name(a, names) for a in node.args)})"


def _name(node: Node, names: dict[Node, str]) -> str:
    if node.op.name == "input":
        return node.name
    if node.op.name == "constant" and not node.shape:
        return repr(node.value.item())
    return names[node]


def _bytes(nodes: list[Node] | tuple[Node, ...]) -> int:
    return sum(math.prod(node.shape) * node.dtype.itemsize for node in nodes)
