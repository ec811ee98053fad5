"""The circuit as SVG: gates and wires in their places, values above the wires and cotangents below."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from .cells import Cell, Circuit
from .labels import FEW, data, formula, join, lines, sentence
from .layout import Box, Edge, Placed, layout
from .passes import Passes, Wire
from .steps import View
from .style import GATE, HEAD, LINE, MARGIN, PORT, PORT_LABELLED, SIZE, SMALL, WIDEST, css, width_of


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown.

    Attributes
    ----------
    title : str
        What the drawing is of.
    partials : bool
        Whether each wire shows the local partial where it ends.
    names : bool
        Whether each gate shows its name below it.
    width : float or None
        Pixels; None is the natural width.
    """

    title: str
    partials: bool
    names: bool
    width: float | None


EVERYTHING = View()


class Picture:
    """A circuit with its places; it is written as often as there are steps to show."""

    def __init__(self, circuit: Circuit, numbers: Passes | None, look: Look) -> None:
        self.circuit, self.numbers, self.look = circuit, numbers, look
        self.readers = circuit.readers()
        self.above = [lines(numbers.values[i]) if numbers else [] for i in range(len(circuit.cells))]
        self.below = [
            lines(numbers.cotangents[i]) if numbers and numbers.cotangents[i] is not None else []
            for i in range(len(circuit.cells))
        ]
        for i, cell in enumerate(circuit.cells):
            if cell.kind == "constant":
                self.above[i] = self.below[i] = []
        self.entries = {
            (place, k): self._entry((place, k))
            for place, cell in enumerate(circuit.cells)
            for k in range(len(cell.args))
        }
        self.placed = self._layout()

    def _entry(self, wire: Wire) -> tuple[str, str]:
        """Local partial, and what a wire adds at a fork, as they stand where the wire ends."""
        if self.numbers is None:
            return "", ""
        partial = added = ""
        if self.look.partials and wire in self.numbers.partials:
            found = self.numbers.partials[wire]
            partial = f"\u2202 {_brief(found)}"
        source = self.circuit.cells[wire[0]].args[wire[1]]
        if self.readers[source] > 1 and wire in self.numbers.contributions:
            found = self.numbers.contributions[wire]
            added = f"\u2190 {_brief(found)}"
        return partial, added

    def ports(self, place: int) -> list[float]:
        """How far below the middle of a gate each wire enters."""
        cell = self.circuit.cells[place]
        count = len(cell.args)
        labelled = [any(self.entries.get((place, k), ("", ""))) for k in range(count)]
        pitch = PORT_LABELLED if count > 2 and any(labelled) else PORT
        return [(k - (count - 1) / 2) * pitch for k in range(count)]

    def box_size(self, cell: Cell, place: int) -> tuple[float, float]:
        """Width and height of a gate."""
        ports = self.ports(place)
        size = SMALL if cell.kind in ("constant", "cut") else SIZE
        wide = width_of(cell.label, 16.0 if len(cell.label) <= 2 and cell.kind == "gate" else size) + 16.0
        if cell.kind in ("constant", "cut"):
            return max(wide, 22.0), 20.0
        if cell.kind == "input":
            return max(wide, 30.0), 26.0
        return max(wide, GATE), max(GATE, (ports[-1] - ports[0] + 20.0) if ports else GATE)

    def _box(self, cell: Cell, place: int) -> Box:
        width, height = self.box_size(cell, place)
        texts = [width_of(t, self._size(place)) for t in (*self.above[place], *self.below[place])]
        outward = self.readers[place] > 0 or place in self.circuit.outputs
        tail = (max(texts, default=0.0) + 12.0 if texts else 8.0) if outward else 0.0
        entries = [self.entries[place, k] for k in range(len(cell.args))]
        labelled = any(any(e) for e in entries)
        lead = max((self._entry_width(e) for e in entries), default=0.0)
        rows = len(entries) > 1
        side = 16.0 if labelled else 0.0
        ports = self.ports(place)
        reach = (ports[-1] if ports else 0.0) + side if rows or labelled else 0.0
        above = max(height / 2, len(self.above[place]) * SIZE * LINE + 6.0, reach)
        below = max(height / 2, len(self.below[place]) * SIZE * LINE + 6.0, reach)
        return Box(lead, width, tail, above, below + (12.0 if self.look.names and cell.kind == "gate" else 0.0))

    def _entry_width(self, entry: tuple[str, str]) -> float:
        return width_of("  ".join(e for e in entry if e), SMALL) + 12.0 if any(entry) else HEAD

    def _size(self, place: int) -> float:
        """How large value and cotangent of a cell are written: arrays smaller."""
        return SMALL if any(len(t) > 10 for t in (*self.above[place], *self.below[place])) else SIZE

    def _layout(self) -> Placed:
        cells = self.circuit.cells
        edges = []
        for place, cell in enumerate(cells):
            edges += [Edge(a, place, port) for a, port in zip(cell.args, self.ports(place), strict=True)]
        boxes = [self._box(cell, place) for place, cell in enumerate(cells)]
        late = [cell.kind in ("constant", "cut") for cell in cells]
        return layout(boxes, edges, late, self.circuit.outputs)

    def names(self) -> list[str]:
        """What each cell is called in formulas: its name, or its number."""
        return [cell.name or cell.label for cell in self.circuit.cells]

    def sentence(self, place: int, view: View = EVERYTHING) -> str:
        """The cell in words, with the numbers that `view` shows."""
        cell, names = self.circuit.cells[place], self.names()
        text = cell.label if cell.kind == "constant" else formula(cell.op, cell.label, [names[a] for a in cell.args])
        if cell.kind == "fold":
            text = f"{cell.label.strip('… ')} on {names[cell.args[0]]}"
        known = self.numbers is not None and view.shows("valued", place)
        value = self.numbers.values[place] if self.numbers else None
        cotangent = self.numbers.cotangents[place] if self.numbers and view.shows("pulled", place) else None
        return sentence(cell.name, cell.kind, text, value, cotangent, known)

    def write(self, view: View = EVERYTHING) -> str:
        """SVG of what `view` shows."""
        notes = list(self.circuit.notes)
        width, height = self.placed.width + 2 * MARGIN + 14.0, self.placed.height + 2 * MARGIN
        body = self._wires(view)
        for place in range(len(self.circuit.cells)):
            body.append(self._cell(place, view))
        foot = self._foot(notes, height - 4.0)
        height += 18.0 * len(foot) + 4.0 * bool(foot)
        if foot:
            width = max(width, *(width_of(plain, SMALL) + 2 * MARGIN for plain, _ in foot))
        body += [markup for _, markup in foot]
        return self._frame(body, width, height, view)

    def _foot(self, notes: Sequence[str], y: float) -> list[tuple[str, str]]:
        found = []
        if self.numbers is not None:
            plain, markup = "value above the wire", '<tspan class="value">value</tspan> above the wire'
            if any(self.below):
                plain += ", derivative of the output below it"
                markup += ', <tspan class="cotangent">derivative of the output</tspan> below it'
            if any(p for p, _ in self.entries.values()):
                plain += ", ∂ local partial derivative"
                markup += ', <tspan class="partial">\u2202</tspan> local partial derivative'
            if any(a for _, a in self.entries.values()):
                plain += ", \u2190 what each branch of a fork sends back; these add"
                markup += ', <tspan class="cotangent">\u2190</tspan> what each branch of a fork sends back; these add'
            found.append((plain, markup))
        found += [(note, _text(note)) for note in notes]
        return [
            (plain, f'<text class="legend" x="{_n(MARGIN)}" y="{_n(y + 18.0 * (k + 1))}">{markup}</text>')
            for k, (plain, markup) in enumerate(found)
        ]

    def _frame(self, body: list[str], width: float, height: float, view: View) -> str:
        told = [self.sentence(place, view) for place in range(len(self.circuit.cells))]
        description = " ".join([*told, *self.circuit.notes, *([view.step.text] if view.step else [])])
        text = "\n".join([*body, self.look.title, description])
        scope = "dc-" + hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
        shown = self.look.width or width
        fitted = ' style="max-width:100%;height:auto"' if shown <= WIDEST else ""
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{scope}" role="img" '
            f'aria-labelledby="{scope}-title {scope}-description" viewBox="0 0 {_n(width)} {_n(height)}" '
            f'width="{_n(shown)}" height="{_n(shown * height / width)}"{fitted}>',
            f'<title id="{scope}-title">{_text(self.look.title)}</title>',
            f'<desc id="{scope}-description">{_text(description)}</desc>',
            f"<style>{css(scope)}</style>",
            f'<rect class="paper" width="{_n(width)}" height="{_n(height)}" rx="6"/>',
            *body,
            "</svg>",
        ])  # fmt: skip

    def _wires(self, view: View) -> list[str]:
        found = []
        routes = iter(self.placed.routes)
        for place, cell in enumerate(self.circuit.cells):
            for k, source in enumerate(cell.args):
                now = view.now(place)
                shape, tip = self._way(next(routes), place, source)
                found.append(
                    f'<path class="wire{now}" data-from="{source}" data-to="{place}" data-place="{k}" d="{shape}"/>'
                    f'<path class="head" d="{_head(*tip)}"/>'
                )
        for place in self.circuit.outputs:
            (x, y), (width, _) = self._middle(place), self.box_size(self.circuit.cells[place], place)
            end = self.placed.ends[place] + MARGIN + 10.0
            found.append(f'<path class="wire" d="M{_n(x + width / 2)} {_n(y)}H{_n(end)}"/>')
            found.append(f'<path class="head" d="{_head(end, y)}"/>')
        return found

    def _middle(self, place: int) -> tuple[float, float]:
        x, y = self.placed.middles[place]
        return x + MARGIN, y + MARGIN

    def _way(self, route: list[tuple[float, float]], place: int, source: int) -> tuple[str, tuple[float, float]]:
        start = self._middle(source)[0] + self.box_size(self.circuit.cells[source], source)[0] / 2
        corners = [(x + MARGIN, y + MARGIN) for x, y in route]
        goal = self._side(place, corners[-1][1])
        pieces = [f"M{_n(start)} {_n(corners[0][1])}H{_n(corners[0][0])}"]
        for (x, y), (u, v) in zip(corners[::2], corners[1::2], strict=True):
            if len(pieces) > 1:
                pieces.append(f"H{_n(x)}")
            half = (u - x) / 2
            pieces.append(f"C{_n(x + half)} {_n(y)} {_n(u - half)} {_n(v)} {_n(u)} {_n(v)}")
        pieces.append(f"H{_n(goal)}")
        return "".join(pieces), (goal, corners[-1][1])

    def _side(self, place: int, y: float) -> float:
        """Where the left side of a gate, rounded as it is, lies at this height."""
        (x, middle), (width, _) = self._middle(place), self.box_size(self.circuit.cells[place], place)
        radius = self._radius(place)
        off = min(abs(y - middle), radius)
        return x - width / 2 + radius - math.sqrt(radius**2 - off**2)

    def _radius(self, place: int) -> float:
        """How round the box is: a circle, or a pill, for a gate of one or two arguments."""
        cell = self.circuit.cells[place]
        if cell.kind in ("gate", "fold") and len(cell.args) < 3:
            return self.box_size(cell, place)[1] / 2
        return 6.0 if cell.kind != "gate" else 0.0

    def _cell(self, place: int, view: View) -> str:
        cell, (x, y) = self.circuit.cells[place], self._middle(place)
        width, height = self.box_size(cell, place)
        now = view.now(place)
        label, short = _text(cell.label), " short" if len(cell.label) <= 2 and cell.kind == "gate" else ""
        parts = [
            f'<g class="cell {cell.kind}{now}"{self._data(place, view)}>',
            f"<title>{_text(self.sentence(place, view))}</title>",
            f'<rect class="box" x="{_n(x - width / 2)}" y="{_n(y - height / 2)}" width="{_n(width)}" '
            f'height="{_n(height)}" rx="{_n(self._radius(place) or 6.0)}"/>',
            f'<text class="sign{short}" x="{_n(x)}" y="{_n(y + (5.2 if short else 4.5))}">{label}</text>',
        ]
        if self.look.names and cell.kind == "gate":
            parts.append(
                f'<text class="note sign" x="{_n(x)}" y="{_n(y + height / 2 + 11.0)}">{_text(cell.name)}</text>'
            )
        parts += self._labels(place, view)
        return "\n".join([*parts, "</g>"])

    def _data(self, place: int, view: View) -> str:
        cell = self.circuit.cells[place]
        marks = {"op": cell.op, "name": cell.name, "index": str(place)}
        if self.numbers is not None:
            if view.shows("valued", place):
                marks["value"] = data(self.numbers.values[place])
            if self.numbers.cotangents[place] is not None and view.shows("pulled", place):
                marks["cotangent"] = data(self.numbers.cotangents[place])
        return "".join(f' data-{key}="{_text(value)}"' for key, value in marks.items())

    def _labels(self, place: int, view: View) -> list[str]:
        (x, y), (width, _) = self._middle(place), self.box_size(self.circuit.cells[place], place)
        middle = (x + width / 2 + self.placed.ends[place] + MARGIN) / 2 + 1.0
        found = []
        if view.shows("valued", place):
            found += _stack("value", view.mark("valued", place), self.above[place], middle, y, self._size(place))
        if view.shows("pulled", place):
            found += _stack("cotangent", view.mark("pulled", place), self.below[place], middle, y, self._size(place))
        for k, port in enumerate(self.ports(place)):
            if view.shows("crossed", (place, k)):
                found += self._entry_label(place, k, y + port, view.mark("crossed", (place, k)))
        return found

    def _entry_label(self, place: int, k: int, y: float, mark: str) -> list[str]:
        """Partial and contribution at the end of a wire: on its free side, or on both sides of a single wire."""
        partial, added = self.entries[place, k]
        goal = self._middle(place)[0] - self.box_size(self.circuit.cells[place], place)[0] / 2
        x = _n((self.placed.leads[place] + MARGIN + goal) / 2 - 3.0)
        above, below = _n(y - 5.0), _n(y + SMALL + 2.0)
        count = len(self.circuit.cells[place].args)
        if count == 1:
            labels = [("partial", partial, above), ("cotangent", added, below)]
        else:
            height = below if count == 2 and k == 1 else above
            both = f'{partial}  <tspan class="cotangent">{added}</tspan>' if partial and added else ""
            labels = [("partial", both or partial, height), ("cotangent", "" if both else added, height)]
        return [
            f'<text class="{kind} entry"{mark} x="{x}" y="{height}">{text}</text>'
            for kind, text, height in labels
            if text
        ]


def _stack(kind: str, mark: str, texts: Sequence[str], x: float, y: float, size: float) -> list[str]:
    """Lines of a label: a value's stand on the wire at height `y`, a cotangent's hang from it."""
    small = " small" if size == SMALL else ""
    first = y - 5.0 - (len(texts) - 1) * LINE * size if kind == "value" else y + size + 2.0
    return [
        f'<text class="{kind}{small}"{mark} x="{_n(x)}" y="{_n(first + k * LINE * size)}">{_text(text)}</text>'
        for k, text in enumerate(texts)
    ]


def _brief(value: Any) -> str:
    """A value in one line: its numbers, or the mean of many."""
    return join(value) if np.size(value) <= FEW else lines(value)[-1]


def _head(x: float, y: float) -> str:
    return f"M{_n(x)} {_n(y)}l-7 -3.2v6.4z"


def _n(x: float) -> str:
    text = f"{x:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _text(text: str) -> str:
    """Escaped, with a sign in the place of what XML cannot hold or what turns the direction of writing."""
    return escape("".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text))
