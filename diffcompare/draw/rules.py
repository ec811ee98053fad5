r"""The rule of each gate and the chain rule at it, in LaTeX, with numbers where there are any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.latex import latex
from ..core.node import Node, building, variable
from ..core.tables import ROWS
from ..errors import UnknownNameError
from ..transform.pullback import pullback
from .cells import Cell, Circuit
from .labels import number
from .passes import Passes, alone

_BAR = "cotangentofthegate"


@dataclass(frozen=True, slots=True)
class Rule:
    """One gate in LaTeX, without dollar signs.

    Attributes
    ----------
    name : str
        The gate's name in the drawing.
    formula : str
        What it computes.
    partials : tuple of str
        Its local partials, one an argument that a derivative flows to; empty for operations on whole arrays, whose
        rule stands in `chain`.
    chain : tuple of str
        What each of these arguments receives.
    """

    name: str
    formula: str
    partials: tuple[str, ...]
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a drawing's gates, in the order of computation; shows itself as formulas in a notebook."""

    rules: tuple[Rule, ...]

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def __getitem__(self, name: str) -> Rule:
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise UnknownNameError(f"no gate is named {name!r}; they are {', '.join(rule.name for rule in self.rules)}.")

    def __str__(self) -> str:
        return "\n".join(line for rule in self for line in (rule.formula, *rule.partials, *rule.chain))

    def _repr_latex_(self) -> str:
        rows = []
        for rule in self.rules:
            width = max(1, len(rule.partials), len(rule.chain))
            for k in range(width):
                parts = (
                    rule.formula if k == 0 else "",
                    *(c[k] if k < len(c) else "" for c in (rule.partials, rule.chain)),
                )
                rows.append(" & ".join(parts))
        body = " \\\\[4pt]\n".join(rows)
        return f"$$\\begin{{array}}{{lll}}\n{body}\n\\end{{array}}$$"


def rules(circuit: Circuit, numbers: Passes | None) -> Rules:
    """The rule of each gate; the numbers of `numbers` beside the letters."""
    named = [i for i, cell in enumerate(circuit.cells) if cell.args and cell.kind == "gate"]
    return Rules(tuple(_rule(circuit, numbers, i) for i in named))


def _letters(circuit: Circuit, cell: Cell) -> list[str]:
    names = [circuit.cells[a].name for a in cell.args]
    return [_letter(circuit.cells[a], name) for a, name in zip(cell.args, names, strict=True)]


def _letter(cell: Cell, name: str) -> str:
    """v3 is written with an index, and so are inputs such as w0."""
    stem = name.rstrip("0123456789")
    return f"{stem}_{name[len(stem) :]}" if stem.isalpha() and stem != name else name or "c"


def _symbol(name: str) -> str:
    letter = variable(name)
    return latex(Graph((letter,), (letter,)))


def _bar(symbol: str) -> str:
    """The cotangent: a bar over the letter, not over its index."""
    stem, underscore, index = symbol.partition("_{")
    return rf"\bar{{{stem}}}{underscore}{index}"


def _rule(circuit: Circuit, numbers: Passes | None, place: int) -> Rule:
    cell = circuit.cells[place]
    letters = _letters(circuit, cell)
    shown = _constants(circuit, cell, alone(cell, letters))
    y = _letter(cell, cell.name)
    symbols = [_symbol(letter) for letter in letters]
    y_symbol = _symbol(y)
    flows = [k for k, a in enumerate(cell.leaves) if a.dtype.kind == "f" and a.op.name != "constant"]
    flows = flows if cell.node.dtype.kind == "f" else []
    partials, chain = [], []
    written = _partials(cell, shown, y)
    for k in flows:
        part = written[k] if written is not None else None
        if written is not None and part is None:
            continue
        if part is not None:
            fraction = rf"\frac{{\partial {y_symbol}}}{{\partial {symbols[k]}}}"
            partials.append(rf"{fraction} = {part}")
            products = rf"{_bar(y_symbol)} \, {fraction}"
        else:
            products = _pulled(shown, k, y_symbol)
        part_of = _index(cell)
        if part_of:  # an entry receives what the entry sends
            products = _bar(y_symbol)
        chain.append(rf"{_bar(symbols[k])}{part_of} \mathrel{{+}}= {products}" + _numbers(numbers, place, k))
    return Rule(cell.name, f"{y_symbol} = {_formula(cell, shown)}", tuple(partials), tuple(chain))


def _constants(circuit: Circuit, cell: Cell, graph: Graph) -> Graph:
    """The graph with the constants that are cells of their own as numbers again."""
    args = [
        leaf if leaf.op.name == "constant" else given for leaf, given in zip(cell.leaves, graph.inputs, strict=True)
    ]
    with building():
        return Graph(graph.inputs, graph.replay(args))


def _index(cell: Cell) -> str:
    """The index of a gate that takes a part, in brackets; empty for every other."""
    return rf"\left{cell.label[:-1]}\right]" if cell.op in ("index", "slice") else ""


def _formula(cell: Cell, graph: Graph) -> str:
    if _index(cell):
        return latex(Graph(graph.inputs, graph.inputs)) + _index(cell)
    if len(cell.inner) > 1 and cell.op in ROWS and ROWS[cell.op].kind == "elementwise":
        return latex(Graph(graph.inputs, (ROWS[cell.op](*graph.inputs),)))
    return latex(graph)


def _partials(cell: Cell, graph: Graph, name: str) -> list[str | None] | None:
    """The partial of each argument; None for operations on whole arrays."""
    row, node = ROWS.get(cell.op), graph.output
    if row is None or row.kind != "elementwise":
        return None
    args = node.args if len(cell.inner) == 1 else graph.inputs
    if row.partials is None:
        return [None] * len(graph.inputs)
    y = variable(name, node.shape, node.dtype)
    with building():
        found = row.partials(y, *args)
    texts = {id(a): _partial(p, graph.inputs, y) for a, p in zip(args, found, strict=True)}
    return [texts.get(id(i)) for i in graph.inputs]


def _partial(partial: Any, inputs: tuple[Node, ...], y: Node) -> str | None:
    if partial is None or isinstance(partial, (int, float)):
        return None if partial is None else number(partial)
    return latex(Graph((*inputs, y), (partial,)))


def _pulled(graph: Graph, k: int, y_symbol: str) -> str:
    """The pullback of one gate with respect to one argument, as a formula of its cotangent."""
    bar = variable(_BAR, graph.output.shape, graph.output.dtype)
    pulled = pullback(graph, (k,), bar)
    text = latex(Graph(pulled.inputs, (pulled.outputs[1],)))
    return text.replace(rf"\mathrm{{{_BAR}}}", _bar(y_symbol))


def _numbers(numbers: Passes | None, place: int, k: int) -> str:
    if numbers is None or (place, k) not in numbers.contributions:
        return ""
    flow, partial = numbers.contributions[place, k], numbers.partials.get((place, k))
    if np.ndim(flow) or partial is None or np.ndim(partial) or np.ndim(numbers.cotangents[place]):
        return ""
    factors = [number(numbers.cotangents[place]), number(partial)]
    written = [rf"\left({f}\right)" if f.startswith("-") and i else f for i, f in enumerate(factors)]
    return rf" = {written[0]} \cdot {written[1]} = {number(flow)}"
