"""What one kernel computes for one element: the reads it needs, the statements, and what comes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..core.node import Node
from .cuda_elements import code_of, converted, element, literal
from .numba_schedule import Kernel, Plan, space_of
from .numba_views import is_view

_TURNS = {"sin": 0, "cos": 1}
Dims = tuple[int, ...]  # the loops along which the axes longer than 1 of an array run


@dataclass(slots=True, eq=False)
class Read:
    """One array that a kernel reads, along some of its loops; along none it is one number."""

    node: Node
    dims: Dims
    name: str


@dataclass(slots=True)
class Body:
    """The statements for one element of the space of `kernel`.

    Attributes
    ----------
    kernel, plan : Kernel, Plan
        Which maps belong together, and which are kept.
    stores : list of Node
        Maps whose elements are written.
    sinks : list of Node
        Sums that this kernel feeds.
    lengths : set of int
        Numbers of elements in the graph's arrays, and along their axes.
    reads : list of Read
        Arrays and numbers that it takes, in the order of first use.
    lines : list of str
        The statements.
    results : list of str
        Texts of the stored elements, then of the terms of the sums.
    """

    kernel: Kernel
    plan: Plan
    stores: list[Node]
    sinks: list[Node]
    lengths: frozenset[int] = frozenset()
    reads: list[Read] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    _known: dict[tuple[Node, Dims], str] = field(default_factory=dict)
    _reduced: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        whole = tuple(range(len(self.kernel.space)))
        self.results += [self.read(node, whole) for node in self.stores]
        for sink in self.sinks:
            operand = sink.args[0]
            self.results.append(converted(self.read(operand, whole), operand.dtype, sink.dtype))

    @property
    def codes(self) -> tuple[str, ...]:
        """The types of the results."""
        return tuple(code_of(node.dtype) for node in (*self.stores, *self.sinks))

    def read(self, node: Node, dims: Dims, exponent: bool = False) -> str:
        """The text of the element of `node` along these loops; of a power's operand, as a number where it is one."""
        if node.op.name == "constant" and not space_of(node.shape) and (exponent or not self._is_length(node)):
            return literal(node.value.reshape(-1)[0], node.dtype)
        if (node, dims) not in self._known:
            stored = node not in self.plan.kernel_of or (node in self.plan.heavy and node in self.plan.stored)
            here = self.plan.kernel_of.get(node) is self.kernel and dims == tuple(range(len(self.kernel.space)))
            self._known[node, dims] = self._take(node, dims) if stored and not here else self._compute(node, dims)
        return self._known[node, dims]

    def _is_length(self, node: Node) -> bool:
        """Whether a number is a length, or one part in a length: those are passed, so that a mean is one kernel."""
        number = abs(float(node.value.reshape(-1)[0]))
        if node.dtype.kind != "f" or not 0.0 < number < math.inf:
            return False
        return number in self.lengths or (number < 1.0 and round(1.0 / number) in self.lengths)

    def _take(self, node: Node, dims: Dims) -> str:
        self.reads.append(Read(node, dims, f"a{len(self.reads)}"))
        return self.reads[-1].name

    def _compute(self, node: Node, dims: Dims) -> str:
        operands = [self.read(a, operand_dims(node, a, dims), node.op.name == "power") for a in node.args]
        if is_view(node):
            return operands[0]
        name = f"t{len(self.lines)}"
        shared = node.op.name in _TURNS and node.dtype.char == "f" and node.args[0].dtype.char == "f"
        text = self._turned(_TURNS[node.op.name], operands[0]) if shared else element(node, operands)
        self.lines.append(f"{name} = {text}")
        return name

    def _turned(self, quarters: int, operand: str) -> str:
        """Sine, and a quarter of a turn on cosine, in float32: both of one number reduce it once."""
        if operand not in self._reduced:
            k = len(self._reduced)
            self._reduced[operand] = f"u{k}, v{k}"
            self.lines.append(f"u{k}, v{k} = reduced_f4({operand})")
        return f"sine_cosine_f4({self._reduced[operand]}{f' + {quarters}' if quarters else ''})"


def operand_dims(node: Node, operand: Node, dims: Dims) -> Dims:
    """The loops along which `operand` is read where `node` is read along `dims`."""
    if node.op.name == "reshape":  # it adds or drops axes of length 1
        return dims
    loops = iter(dims)
    along = [None if n == 1 else next(loops) for n in node.shape]
    own = along[node.ndim - operand.ndim :]
    return tuple(d for d, n in zip(own, operand.shape, strict=True) if n != 1 and d is not None)
