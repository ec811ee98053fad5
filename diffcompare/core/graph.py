"""A graph: the expressions of one traced function, from its inputs to its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import ShapeError
from .faces import face
from .node import Node, flatten, make, topological, unflatten


@dataclass(frozen=True)
class Graph:
    """Inputs and outputs of a traced function; everything between is reached from the outputs.

    Attributes
    ----------
    inputs : tuple of Node
        One a dynamic argument, in the order of the arguments.
    outputs : tuple of Node
        What the function returns; derived graphs (value and cotangents) have several.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, arguments before their readers; inputs that nothing reads come first."""
        return topological((*self.inputs, *self.outputs))

    @property
    def output(self) -> Node:
        """The only output."""
        if len(self.outputs) != 1:
            raise ShapeError(f"This graph has {len(self.outputs)} outputs; choose one of `outputs`.")
        return self.outputs[0]

    def replay(self, args: Sequence[Node]) -> tuple[Node, ...]:
        """The outputs with the nodes `args` in the places of the inputs; shapes are inferred anew."""
        new: dict[int, Node] = {id(i): a for i, a in zip(self.inputs, args, strict=True)}
        for node in self.nodes:
            if id(node) not in new:
                same = all(new[id(a)] is a for a in node.args)
                new[id(node)] = node if same else make(node.op, tuple(new[id(a)] for a in node.args), node.attributes)
        return tuple(new[id(output)] for output in self.outputs)

    def where_is(self, node: Node) -> str:
        """How `node` is called in the printed list, with its operation: `v7 = log(v3)`."""
        places = {id(n): i for i, n in enumerate(self.nodes)}
        return f"v{places[id(node)]} = {_statement(node, places)}" if id(node) in places else repr(node)

    def __reduce__(self) -> tuple:
        return _rebuild, (flatten((*self.inputs, *self.outputs)), len(self.inputs))

    def __str__(self) -> str:
        places = {id(node): i for i, node in enumerate(self.nodes)}
        statements = [f"v{i} = {_statement(node, places)}" for i, node in enumerate(self.nodes)]
        width = min(60, max(map(len, statements), default=0))
        lines = [f"  {s:{width}}  {n.dtype} {_shape(n.shape)}" for s, n in zip(statements, self.nodes, strict=True)]
        outputs = ", ".join(f"v{places[id(o)]}" for o in self.outputs)
        return "\n".join([f"{len(self.inputs)} inputs, {len(self.nodes)} nodes", *lines, f"  return {outputs}"])

    def draw(self, at: Sequence[Any] | None = None, **options: Any) -> Any:
        """The graph as a circuit; `at` has one entry an input, and the options are those of `Function.draw`."""
        return face("draw_graph")(self, at, **options)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {face('latex')(self)}$"

    def _repr_svg_(self) -> str:
        return self.draw().svg


def _rebuild(flat: tuple, inputs: int) -> Graph:
    nodes = unflatten(flat)[1]
    return Graph(tuple(nodes[:inputs]), tuple(nodes[inputs:]))


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) if shape else "scalar"


def _statement(node: Node, places: dict[int, int]) -> str:
    if node.op.name == "input":
        return f"input {node.name}"
    if node.op.name == "constant":
        return _number(node.value)
    words = [f"v{places[id(a)]}" for a in node.args]
    words += [f"{name}={_attribute(value)}" for name, value in node.attributes]
    return f"{node.op.name}({', '.join(words)})"


def _attribute(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _number(value: Any) -> str:
    array = np.asarray(value)
    if array.ndim == 0:
        return repr(array.item())
    return "constant " + np.array2string(array, threshold=4, edgeitems=2).replace("\n", "")[:48]
