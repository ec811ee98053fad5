"""A graph of numbers alone as flat arrays: one operation code and up to three operand slots a statement.

Every value has a slot: inputs first, then constants in the order of their first use, then statements in the order in
which they run. Conditions are kept as 0.0 and 1.0. Statements of constants differ in operands only, so repetition in a
program shows as repetition in the arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.dtypes import FLOAT64
from ..core.graph import Graph
from ..core.node import Node
from ..core.tables import ROWS

MOST_OPERANDS = 3
COPY, TRUTH = "copy", "truth"  # what casts to float and to bool do to a number


@dataclass(frozen=True, slots=True, eq=False)
class FlatTape:
    """Statements of a graph in which every value is one float64 or one condition.

    Attributes
    ----------
    names : tuple of str
        The operations that codes stand for.
    codes : ndarray of int32, shape (n,)
        Operation of each statement.
    operands : ndarray of int32, shape (n, MOST_OPERANDS)
        Slots it reads; unused places repeat the first one.
    inputs : int
        Number of inputs.
    constants : ndarray of float64
        Values of the slots after the inputs.
    outputs : ndarray of int32
        Slots of the outputs.
    conditions : tuple of bool
        Which outputs are conditions.
    """

    names: tuple[str, ...]
    codes: np.ndarray
    operands: np.ndarray
    inputs: int
    constants: np.ndarray
    outputs: np.ndarray
    conditions: tuple[bool, ...]

    @property
    def first(self) -> int:
        """Slot of the first statement."""
        return self.inputs + len(self.constants)


def operations() -> tuple[str, ...]:
    """The operations a scalar tape may hold; a code is a place in this tuple."""
    rows = (r for r in ROWS.values() if r.kind == "elementwise" and r.scalar is not None and r.name != "cast")
    return (COPY, TRUTH, *sorted(row.name for row in rows))


def template(name: str) -> str:
    """The scalar code of an operation, which gives a number where it gives a condition in a graph."""
    if name == COPY:
        return "{0}"
    if name == TRUTH:
        return "1.0 if {0} != 0.0 else 0.0"
    row = ROWS[name]
    if name == "where":
        return "{1} if {0} != 0.0 else {2}"
    return f"1.0 if {row.scalar} else 0.0" if row.result == "bool" else row.scalar


def flat_tape(graph: Graph) -> FlatTape | None:
    """`graph` as a scalar tape; None where it holds an array, another dtype, or an operation without scalar code."""
    names = operations()
    code_of = {name: code for code, name in enumerate(names)}
    slots = {id(node): i for i, node in enumerate(graph.inputs)}
    inputs, statements, constants = len(slots), list[Node](), list[float]()
    for node in graph.nodes:
        if node.shape or (node.dtype is not FLOAT64 and node.dtype.kind != "b"):
            return None
        if node.args:
            statements.append(node)
        elif node.op.name == "constant":
            slots[id(node)] = inputs + len(constants)
            constants.append(float(node.value))
    codes, places = list[int](), list[int]()
    for slot, node in enumerate(statements, inputs + len(constants)):
        plain = node.dtype is FLOAT64 and len(node.args) <= MOST_OPERANDS
        code = code_of.get(node.op.name) if plain else None
        if code is None:
            code = _unusual(node, code_of)
            if code is None:
                return None
        slots[id(node)] = slot
        codes.append(code)
        read = [slots[id(a)] for a in node.args]
        places += read
        places += read[:1] * (MOST_OPERANDS - len(read))
    return FlatTape(
        names, np.array(codes, np.int32), np.array(places, np.int32).reshape(-1, MOST_OPERANDS), inputs,
        np.array(constants), np.array([slots[id(node)] for node in graph.outputs], np.int32),
        tuple(node.dtype.kind == "b" for node in graph.outputs),
    )  # fmt: skip


def _unusual(node: Node, code_of: dict[str, int]) -> int | None:
    """The code of a cast, or of a condition."""
    if len(node.args) > MOST_OPERANDS:
        return None
    if node.op.name == "cast":
        return code_of[TRUTH if node.dtype.kind == "b" else COPY]
    if node.op.result != "bool" and node.op.name != "where":
        return None  # arithmetic of conditions has rules of its own
    return code_of.get(node.op.name)


def arities(names: tuple[str, ...]) -> np.ndarray:
    """How many operands each operation reads."""
    return np.array([max(i for i in range(MOST_OPERANDS) if f"{{{i}}}" in template(n)) + 1 for n in names])
