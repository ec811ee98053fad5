"""The cells of a circuit: what is drawn as one gate, with long chains folded and large graphs cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ..core.graph import Graph
from ..core.node import Node, variable
from .groups import group_of
from .labels import gate_label, join

SHOWN_AT_ENDS = 2  # gates of a folded chain that stay at either end
LARGEST = 150  # cells; of a larger graph, those nearest the output are drawn
_WITH_CONSTANT = frozenset({"add", "subtract", "multiply", "divide", "power", "maximum", "minimum"})


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One thing that is drawn, with the wires that enter it.

    Attributes
    ----------
    kind : str
        "input", "constant", "gate", "fold" (operations left out) or "cut" (what lies before it is left out).
    name : str
        The input's name, or v1, v2 … in the order of computation; empty for a constant.
    op : str
        Name of the row or group: "multiply", "sigmoid".
    label : str
        What stands in the gate.
    node : Node
        Whose value and cotangent it shows.
    args : tuple of int
        Places of the cells that enter, from top to bottom.
    leaves : tuple of Node
        The nodes that enter, aligned with `args`.
    inner : tuple of Node
        The nodes that it stands for, in the order of computation, without constants.
    """

    kind: str
    name: str
    op: str
    label: str
    node: Node
    args: tuple[int, ...] = ()
    leaves: tuple[Node, ...] = ()
    inner: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Circuit:
    """Cells in the order of computation.

    Attributes
    ----------
    graph : Graph
        What is drawn, after opening.
    cells : tuple of Cell
    outputs : tuple of int
        Places of the outputs.
    notes : tuple of str
        What the picture leaves out, a sentence each.
    """

    graph: Graph
    cells: tuple[Cell, ...]
    outputs: tuple[int, ...]
    notes: tuple[str, ...]

    def readers(self) -> Counter[int]:
        """How many wires leave each cell."""
        return Counter(a for cell in self.cells for a in cell.args)


@dataclass(slots=True)
class _Draft:
    op: str
    node: Node
    leaves: tuple[Node, ...]
    inner: tuple[Node, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    kind: str = "gate"
    label: str = ""


def circuit(graph: Graph, mode: str, opened: Collection[str], fold: int | None, constants: bool) -> Circuit:
    """The cells of `graph`.

    Parameters
    ----------
    graph : Graph
        After opening.
    mode : str
        "written", "closed" or "open"; see `groups`.
    opened : collection of str
        Gates that stay in parts.
    fold : int or None
        Chains of more gates than this are folded; None folds none.
    constants : bool
        Whether a constant is a cell of its own where it could stand in the gate.
    """
    drafts = _drafts(graph, mode, opened)
    for draft in drafts.values():
        _absorb(draft, constants)
    notes = []
    if fold is not None:
        folded = _fold(graph, drafts, fold)
        if folded:
            notes.append(f"{folded} operations in the middle of chains are folded; fold=None draws them.")
    notes += _cut(graph, drafts)
    return _number_cells(graph, drafts, tuple(notes))


def _drafts(graph: Graph, mode: str, opened: Collection[str]) -> dict[int, _Draft]:
    readers: dict[int, list[Node]] = {}
    for node in graph.nodes:
        for argument in node.args:
            readers.setdefault(id(argument), []).append(node)
    outside = variable("outside")  # it reads the outputs, and no group contains it
    for output in graph.outputs:
        readers.setdefault(id(output), []).append(outside)
    drafts: dict[int, _Draft] = {}
    stack = [*graph.inputs, *graph.outputs]
    while stack:
        node = stack.pop()
        if id(node) in drafts:
            continue
        group = group_of(node, readers, mode, opened)
        if group is None:
            draft = _Draft(node.op.name, node, node.args, (node,), dict(node.attributes))
        else:
            draft = _Draft(group.name, node, group.leaves, group.inner, group.attributes)
        if node.op.name in ("input", "constant"):
            draft.kind = node.op.name
        drafts[id(node)] = draft
        stack.extend(draft.leaves)
    return drafts


def _absorb(draft: _Draft, constants: bool) -> None:
    """Write the gate's label, a scalar constant into it."""
    if draft.kind != "gate":
        return
    held: list[Node | None] = [None] * len(draft.leaves)
    numbers = [a.op.name == "constant" and a.shape == () for a in draft.leaves]
    if not constants and draft.op in _WITH_CONSTANT and sum(numbers) == 1:
        held = [a if number else None for a, number in zip(draft.leaves, numbers, strict=True)]
        draft.leaves = tuple(a for a, number in zip(draft.leaves, numbers, strict=True) if not number)
    draft.label = gate_label(draft.op, held, draft.attributes, draft.leaves[0].shape if draft.leaves else ())


def _flowing(draft: _Draft) -> list[Node]:
    return [a for a in draft.leaves if a.op.name != "constant"]


def _fold(graph: Graph, drafts: dict[int, _Draft], longest: int) -> int:
    """Replace the middle of each chain of more than `longest` gates by one cell; how many gates went."""
    reads: Counter[int] = Counter(id(a) for draft in drafts.values() for a in draft.leaves)
    reads.update(id(o) for o in graph.outputs)
    follower = {id(d.leaves[0] if len(d.leaves) == 1 else _flowing(d)[0]): d for d in drafts.values() if _link(d)}
    inside = {key for key, draft in drafts.items() if _link(draft)}
    total = 0
    for key in [k for k, draft in drafts.items() if k in inside]:
        before = _flowing(drafts[key])[0] if key in drafts else None
        if before is None or (id(before) in inside and reads[id(before)] == 1):
            continue  # not the first of its chain
        chain = [drafts[key]]
        while reads[id(chain[-1].node)] == 1 and id(chain[-1].node) in follower:
            chain.append(follower[id(chain[-1].node)])
        middle = chain[SHOWN_AT_ENDS:-SHOWN_AT_ENDS]
        if len(chain) <= longest or len(middle) < 2:
            continue
        last, entry = middle[-1], _flowing(middle[0])[0]
        inner = tuple(n for d in middle for n in d.inner)
        drafts[id(last.node)] = _Draft(
            "fold", last.node, (entry,), inner, kind="fold", label=f"… {len(middle)} operations …"
        )
        for draft in middle[:-1]:
            del drafts[id(draft.node)]
        total += len(middle)
    _drop_unread(graph, drafts)
    return total


def _link(draft: _Draft) -> bool:
    return draft.kind == "gate" and len(_flowing(draft)) == 1


def _drop_unread(graph: Graph, drafts: dict[int, _Draft]) -> None:
    kept = {id(n) for n in (*graph.inputs, *graph.outputs)}
    kept.update(id(a) for draft in drafts.values() for a in draft.leaves)
    for key in [k for k in drafts if k not in kept]:
        del drafts[key]


def _cut(graph: Graph, drafts: dict[int, _Draft]) -> list[str]:
    """Keep the cells nearest the outputs where there are too many."""
    if len(drafts) <= LARGEST:
        return []
    kept: dict[int, _Draft] = {}
    ring = list({id(o): o for o in graph.outputs}.values())
    while ring:
        following: dict[int, Node] = {}
        for node in ring:
            if len(kept) < LARGEST * 2 // 3:
                kept[id(node)] = drafts[id(node)]
                following.update({id(a): a for a in drafts[id(node)].leaves if id(a) not in kept})
        ring = [node for key, node in following.items() if key not in kept]
    for draft in list(kept.values()):
        for leaf in draft.leaves:
            if id(leaf) not in kept:
                near = drafts[id(leaf)]
                gone = near.kind in ("gate", "fold")
                kept[id(leaf)] = _Draft("cut", leaf, (), (), kind="cut", label="…") if gone else near
    every = sum(draft.kind == "gate" for draft in drafts.values())
    drawn = sum(draft.kind == "gate" for draft in kept.values())
    drafts.clear()
    drafts.update(kept)
    return [f"The graph has {every:,} operations; the {drawn} nearest the output are drawn, … stands for the rest."]


def _in_order(graph: Graph, drafts: dict[int, _Draft]) -> list[_Draft]:
    """Inputs first, then arguments before their readers, as one reads a formula: the same at every drawing."""
    found: dict[int, _Draft] = {}
    stack = [(node, False) for node in reversed((*graph.inputs, *graph.outputs))]
    while stack:
        node, complete = stack.pop()
        draft = drafts.get(id(node))
        if draft is None or id(node) in found:
            continue
        if complete or not draft.leaves:
            found[id(node)] = draft
        else:
            stack.append((node, True))
            stack.extend((leaf, False) for leaf in reversed(draft.leaves))
    return list(found.values())


def _number_cells(graph: Graph, drafts: dict[int, _Draft], notes: tuple[str, ...]) -> Circuit:
    taken = {node.name for node in graph.inputs}
    letter = next(c for c in "vuwtsqpr" if not any(n.startswith(c) and n[1:].isdigit() for n in taken) or c == "r")
    cells: list[Cell] = []
    place: dict[int, int] = {}
    gates = 0
    for draft in _in_order(graph, drafts):
        if draft.kind == "constant" and draft.node.shape == () and id(draft.node) not in map(id, graph.outputs):
            continue  # drawn once for each reader, just before it
        args = []
        for leaf in draft.leaves:
            if id(leaf) not in place:
                cells.append(Cell("constant", "", "constant", join(leaf.value), leaf))
                args.append(len(cells) - 1)
            else:
                args.append(place[id(leaf)])
        gates += draft.kind not in ("input", "constant")
        name = draft.node.name or ("" if draft.kind == "constant" else f"{letter}{gates}")
        label = draft.label or (join(draft.node.value) if draft.kind == "constant" else draft.node.name)
        place[id(draft.node)] = len(cells)
        cells.append(
            Cell(draft.kind, name, draft.op, label, draft.node, tuple(args), draft.leaves, draft.inner)
        )  # fmt: skip
    return Circuit(graph, tuple(cells), tuple(place[id(o)] for o in graph.outputs), notes)
