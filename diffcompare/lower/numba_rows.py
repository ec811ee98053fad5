"""Products of a matrix and a vector that go row by row: which they are, and which share one pass over their matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.graph import Graph
from ..core.node import Node
from .numba_ir_rows import LEAST
from .numba_schedule import Kernel, Plan, kind, reads_in_place
from .numba_views import base_of


@dataclass(frozen=True, slots=True)
class RowProduct:
    """A matrix product that reads a stored matrix row by row.

    Attributes
    ----------
    matrix, vector : Node
        The operands, as the product has them.
    adds : bool
        Whether it adds multiples of rows; else it is the product of each row with the vector.
    """

    matrix: Node
    vector: Node
    adds: bool


def row_product(node: Node) -> RowProduct | None:
    """How a matrix product goes row by row; None where it does not."""
    if node.op.name != "matmul" or node.dtype.kind != "f":
        return None
    if any(a.ndim != 2 or a.dtype != node.dtype for a in node.args) or (node.shape[0] == 1) == (node.shape[1] == 1):
        return None
    a, b = node.args
    matrix, vector = (a, b) if node.shape[1] == 1 else (b, a)
    if min(matrix.shape) < LEAST:
        return None
    return RowProduct(matrix, vector, base_of(matrix).swapped == (matrix is a))


def share_passes(plan: Plan, graph: Graph) -> None:
    """Let a loop between ``X @ w`` and ``r @ X`` do both, block of rows by block, while the rows are near."""
    readers: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        for operand in set(node.args):
            readers.setdefault(operand, []).append(node)
    products = {step: found for step in plan.steps if isinstance(step, Node) and (found := row_product(step))}
    for last, adding in products.items():
        multiples = base_of(adding.vector).node
        if not adding.adds or multiples not in plan.computed:
            continue
        kernel = plan.kernel_of[multiples]
        for first, product in products.items():
            same = base_of(product.matrix).node is base_of(adding.matrix).node
            if same and not product.adds and _may_join(plan, first, kernel, readers):
                kernel.products += [product for product in (first, last) if _place(kernel.products, product) < 0]
                plan.steps = [step for step in plan.steps if step is not first and step is not last]
                break


def _place(steps: Sequence[Kernel | Node], wanted: Kernel | Node) -> int:
    """Where a step is, or -1: ``==`` of nodes makes a node."""
    return next((place for place, step in enumerate(steps) if step is wanted), -1)


def _may_join(plan: Plan, product: Node, kernel: Kernel, readers: dict[Node, list[Node]]) -> bool:
    """Whether each element of `product` is needed at its own place alone, and by no step before `kernel`."""
    start, end = _place(plan.steps, product), _place(plan.steps, kernel)
    if start < 0 or kernel.space != (product.size,):
        return _place(kernel.products, product) >= 0
    fed, todo = {product}, [product]
    while todo:
        node = todo.pop()
        for reader in readers.get(node, ()):
            if kind(reader) != "map" or reader in fed:
                continue
            if not reads_in_place(reader, node) or reader.op.name == "gather":
                return False
            fed.add(reader)
            todo.append(reader)
    return start < end and not any(_touches(step, fed) for step in plan.steps[start + 1 : end])


def _touches(step: Kernel | Node, fed: set[Node]) -> bool:
    if isinstance(step, Node):
        return any(base_of(a).node in fed for a in step.args)
    fed_by_sinks = (sink.args[place] for sink, place in step.sinks)
    inside = (base_of(a).node for product in step.products for a in product.args)
    return any(node in fed for nodes in (step.members, fed_by_sinks, inside) for node in nodes)
