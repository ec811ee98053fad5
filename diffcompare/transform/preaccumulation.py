"""Where several paths lead from one number to another: their derivatives are added before a cotangent passes.

For ``z = (c * x) * (1 - x)`` the pullback statement by statement multiplies the cotangent of z into each factor, path
by path. The derivative of z by x, ``c * (1 - x) - c * x``, costs fewer multiplications and does not wait for the
cotangent, so that in a recurrence one multiplication a step remains in the chain.

Reference: Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, section 10.2 (preaccumulation).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..core.dtypes import FLOAT64
from ..core.node import Node

MOST_BETWEEN = 8  # statements looked at for one end, so that the search takes no more than a few steps a statement


class Paths:
    """The numbers of a graph, and which statements read each.

    Parameters
    ----------
    nodes : sequence of Node
        In the order of a graph.
    live : set of int
        The ids of the nodes through which cotangents flow.
    """

    def __init__(self, nodes: Sequence[Node], live: set[int]) -> None:
        self._live = live
        self._readers: dict[int, int] = {}  # how many places read each number
        for node in nodes:
            if id(node) in live:
                for a in node.args:
                    if a.shape == () and id(a) in live:
                        self._readers[id(a)] = self._readers.get(id(a), 0) + 1

    def between(self, end: Node) -> tuple[list[Node], Node] | None:
        """The statements on all paths from one number to `end`, from `end` on backwards, and that number.

        None where there is only one path, where several numbers lead to `end`, or where something else reads what lies
        between.
        """
        if end.shape != () or len(end.args) < 2 or not self._plain(end):
            return None
        inner, reads = [end], dict[int, int]()
        places = self._enter(end, reads, {})
        while len(places) > 1 and len(inner) < MOST_BETWEEN:
            for a in places.values():
                if a.args and self._plain(a) and reads[id(a)] == self._readers[id(a)]:
                    break
            else:
                return None
            del places[id(a)]
            inner.append(a)
            self._enter(a, reads, places)
        if len(places) != 1:
            return None
        (start,) = places.values()
        return (inner, start) if reads[id(start)] > 1 else None

    def _plain(self, node: Node) -> bool:
        return node.op.kind == "elementwise" and node.dtype is FLOAT64 and node.shape == ()

    def _enter(self, node: Node, reads: dict[int, int], places: dict[int, Node]) -> dict[int, Node]:
        for a in node.args:
            if id(a) in self._live:
                reads[id(a)] = reads.get(id(a), 0) + 1
                places[id(a)] = a
        return places
