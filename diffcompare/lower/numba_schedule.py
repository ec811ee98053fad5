"""When each statement of a graph runs: statements of one iteration space and one stage share a loop.

Every node is one of five kinds. A `leaf` is an input or a constant. A `map` gives each element by itself: the
elementwise operations, and the shape operations that only move indices. A `sink` is fed by the loop over its operand:
reductions, and arrays filled piece by piece. An `alias` is another shape over the same memory, and a `call` is
everything else.

A *stage* is a number such that whatever a statement reads is complete in an earlier stage, or made by the same loop,
or by a loop over fewer elements of the same stage: calls run first in a stage, then loops by size. So any order that
respects stages is correct, and nothing else decides correctness. Which maps are stored and which are computed again
by a later reader is a matter of cost: a map is stored once where repeating it would cost `HEAVY` or more, and a cheaper
one is repeated where it is read. A map that is read at several places of one loop (the neighbours of a point in a
stencil) would be repeated at each of them.

The space of a loop is a shape without its axes of length 1: (3,), (3, 1) and (1, 3) share loops.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..core.graph import Graph
from ..core.node import Node
from .numba_views import base_of, is_view, route

# From this cost on a map is stored for other loops. Measured on one core, microseconds with 8 and with 24: Rosenbrock's
# function of 100,000 numbers 61 and 55. A stencil of five points on 300 x 300, whose residuals four neighbours read:
# 134 with the residuals computed again at each of them, 64 with the residuals stored.
HEAVY = 24.0
# In tapes whose steps are functions of their own nearly every map is stored: chains of repeated maps would make each
# step of a recurrence a little different from the one before. Measured on 20 steps of RK4: 20 functions; with 8, 73.
HEAVY_APART = 1.2
_REDUCTIONS = frozenset({"sum", "prod", "max", "min", "any", "all"})
_FILLS = frozenset({"place", "concatenate", "scatter_add"})
_CHEAP = frozenset(
    "add subtract multiply negative absolute square sign maximum minimum where less less_equal greater "
    "greater_equal equal not_equal logical_and logical_or logical_not logical_xor stop_gradient copysign heaviside "
    "relu clip cast".split()
)
_VIEW_COST, _CHEAP_COST, _DEAR_COST = 0.25, 1.0, HEAVY  # a function or a division is computed once an element

Space = tuple[int, ...]


@dataclass(slots=True)
class Kernel:
    """One loop nest: its stage and space, the maps computed in it and the (sink, operand place) pairs it feeds.

    `products` are matrix products that are done block by block with the loop (`numba_rows.share_passes`).
    """

    stage: int
    space: Space
    members: list[Node] = field(default_factory=list)
    sinks: list[tuple[Node, int]] = field(default_factory=list)
    products: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """Steps in the order they run, and what must be kept.

    Attributes
    ----------
    steps : list of Kernel or Node
        Loops, and the nodes of kind `call` and `alias`.
    computed : set of Node
        Maps that are computed as locals of their own kernel.
    stored : set of Node
        Maps that also go to memory, for readers in other kernels.
    arrays : set of Node
        Nodes of one element that somebody needs as an array, not as a number.
    heavy : set of Node
        Maps that other kernels read from memory; the others are computed again where they are read.
    kernel_of : dict
        The kernel in which a map belongs.
    """

    steps: list[Kernel | Node]
    computed: set[Node]
    stored: set[Node]
    arrays: set[Node]
    heavy: set[Node]
    kernel_of: dict[Node, Kernel]


def kind(node: Node) -> str:
    """`leaf`, `map`, `sink`, `alias` or `call`."""
    name = node.op.name
    if name in ("input", "constant"):
        return "leaf"
    if is_view(node) or node.op.kind == "elementwise" or name in ("cast", "gather"):
        return "map"
    if name in _FILLS or name in _REDUCTIONS:
        return "sink"
    return "alias" if name == "reshape" else "call"


def space_of(shape: tuple[int, ...]) -> Space:
    """The loops over an array of this shape: its axes that are not of length 1."""
    return tuple(n for n in shape if n != 1)


def reads_in_place(reader: Node, operand: Node) -> bool:
    """True when element i of `reader` needs exactly element i of `operand`, with the same loops."""
    return space_of(operand.shape) == space_of(reader.shape) and (not is_view(reader) or route(reader).in_place)


def _reads_broadcast(reader: Node, operand: Node) -> bool:
    return not is_view(reader) or route(reader).broadcast


def fed_by(sink: Node) -> tuple[Node, ...]:
    """The operands whose loops feed a sink; the places of a scatter are read beside them."""
    return sink.args[:1] if sink.op.name == "scatter_add" else sink.args


def _own_cost(node: Node) -> float:
    """The cost of one element, in additions. A map's cost is this and the cost of every map that is repeated for it."""
    if is_view(node):
        return _VIEW_COST
    return _CHEAP_COST if node.op.name in _CHEAP else _DEAR_COST


def _places_of_reading(nodes: Iterable[Node]) -> Counter[Node]:
    """At how many different places each node is read.

    Readers of just the element that they make read it at one place, each view that moves it at another.
    """
    views, own = Counter[Node](), set[Node]()
    for node in nodes:
        for operand in set(node.args):
            if is_view(node) and not route(node).broadcast:
                views[operand] += 1
            else:
                own.add(operand)
    views.update(own)
    return views


class _Stages:
    """The stage of every node, and the stage from which any other loop may read it."""

    def __init__(self, nodes: Sequence[Node], least: float) -> None:
        self._least = least
        self._places = _places_of_reading(nodes)
        self.stage: dict[Node, int] = {}
        self.readable: dict[Node, int] = {}
        self.heavy: set[Node] = set()
        self._cost: dict[Node, float] = {}
        for node in nodes:
            getattr(self, f"_{kind(node)}")(node)

    def _leaf(self, node: Node) -> None:
        self.stage[node] = self.readable[node] = 0

    def _map(self, node: Node) -> None:
        self.stage[node] = max((self._reach(node, a) for a in node.args), default=0)
        cheap = [a for a in set(node.args) if a in self._cost and a not in self.heavy]
        cost = self._cost[node] = _own_cost(node) + sum(self._cost[a] for a in cheap)
        if cost * max(1, self._places[node] - 1) >= self._least or not space_of(node.shape):
            self.heavy.add(node)
            self.readable[node] = self.stage[node] + 1
        else:
            self.readable[node] = max((self.readable[a] for a in node.args), default=0)

    def _reach(self, node: Node, operand: Node) -> int:
        """The first stage in which `node` can read `operand` element by element."""
        if node.op.name == "gather" and operand is node.args[0]:  # it reads anywhere, so all of it must be there
            return self.stage[operand] + 1 if operand in self._cost else self.readable[operand]
        near = operand in self._cost and (reads_in_place(node, operand) or _reads_broadcast(node, operand))
        return self.stage[operand] if near else self.readable[operand]

    def feed(self, operand: Node) -> int:
        """The stage of the loop over `operand` that feeds a sink."""
        return self.stage[operand] if operand in self._cost else self.readable[operand]

    def _sink(self, node: Node) -> None:
        self.stage[node] = max(self.feed(a) for a in fed_by(node))
        self.readable[node] = self.stage[node] + 1

    def _call(self, node: Node) -> None:
        operands = (base_of(a).node for a in node.args)
        stages = (self.stage[a] + 1 if a in self._cost else self.readable[a] for a in operands)
        self.stage[node] = self.readable[node] = max(stages, default=0)

    _alias = _call


def schedule(graph: Graph, heavy: float = HEAVY) -> Plan:
    """The plan by which `graph` runs; maps that cost `heavy` or more are stored for other loops."""
    stages = _Stages(graph.nodes, heavy)
    kernels: dict[tuple[int, Space], Kernel] = {}
    kernel_of: dict[Node, Kernel] = {}
    steps: list[tuple[tuple, Kernel | Node]] = []

    def kernel(stage: int, shape: tuple[int, ...]) -> Kernel:
        space = space_of(shape)
        if (stage, space) not in kernels:
            found = kernels[stage, space] = Kernel(stage, space)
            # Readers after what they read: the larger later, and last those without elements, which anything feeds.
            steps.append(((stage, 1, math.prod(space) or math.inf, len(space), space), found))
        return kernels[stage, space]

    for order, node in enumerate(graph.nodes):
        what = kind(node)
        if what == "map":
            kernel_of[node] = kernel(stages.stage[node], node.shape)
            kernel_of[node].members.append(node)
        elif what == "sink":
            for place, operand in enumerate(fed_by(node)):
                kernel(stages.feed(operand), operand.shape).sinks.append((node, place))
        elif what != "leaf":
            steps.append(((stages.stage[node], 0, order, 0, ()), node))
    steps.sort(key=lambda entry: entry[0])
    plan = Plan([step for _, step in steps], set(), set(), set(), stages.heavy, kernel_of)
    _mark(plan, graph)
    live = (s for s in plan.steps if isinstance(s, Node) or s.sinks or not plan.computed.isdisjoint(s.members))
    plan.steps = list(live)
    return plan


def _mark(plan: Plan, graph: Graph) -> None:
    """Find, from the last step to the first, which maps are computed and which are stored."""
    for node in graph.outputs:
        if node.shape:
            _want_array(plan, node)
        elif node in plan.kernel_of:
            plan.computed.add(node)
    for step in reversed(plan.steps):
        if isinstance(step, Node):
            for operand in step.args:
                _want_array(plan, base_of(operand).node)
            continue
        for _, operand in ((s, s.args[place]) for s, place in step.sinks):
            _mark_read(plan, step, operand, True)
        for node in reversed(step.members):
            if node in plan.computed:
                if node.op.name == "gather":
                    _want_array(plan, node.args[0])
                    _mark_read(plan, step, node.args[1], True)
                    continue
                for operand in node.args:
                    _mark_read(plan, step, operand, reads_in_place(node, operand))


def _want_array(plan: Plan, node: Node) -> None:
    if not space_of(node.shape):
        plan.arrays.add(node)
    if node in plan.kernel_of:
        plan.computed.add(node)
        plan.stored.add(node)


def _mark_read(plan: Plan, reader: Kernel, operand: Node, in_place: bool) -> None:
    """Note that `reader` needs `operand`, and through it, where it is computed again, its operands."""
    pending = [(operand, in_place)]
    while pending:
        node, here = pending.pop()
        if node not in plan.kernel_of:
            continue
        if here and plan.kernel_of[node] is reader:
            plan.computed.add(node)
        elif node in plan.heavy:
            plan.computed.add(node)
            plan.stored.add(node)
        else:
            pending += [(a, False) for a in node.args]
