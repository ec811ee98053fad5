"""Colours, sizes and text widths of a drawing."""

from __future__ import annotations

from string import Template

SIZE = 13.0  # pixels: letters of gates and values
SMALL = 11.0  # of partials, constants and arrays
GATE = 34.0  # width and height of a gate with a short sign
PORT = 16.0  # between the wires that enter a gate
PORT_LABELLED = 30.0  # the same, where each wire has a label
LINE = 1.12  # height of a line of text, in letters
MARGIN = 14.0
WIDEST = 1700.0  # a wider drawing keeps its size and is scrolled, or its letters would be too small
HEAD = 9.0  # the level end of a wire, for its arrow head

# Light and dark. Value and cotangent are the bluish green and vermilion of Okabe and Ito, "Color Universal Design",
# 2008 (https://jfly.uni-koeln.de/color/), darkened or lightened to a contrast of 4.5 with the paper (WCAG 2.2, 1.4.3;
# their places, above and below the wire, say the same without colour.
_TONES = {
    "paper": ("#ffffff", "#1b1d21"),
    "ink": ("#1f2328", "#e6e8eb"),
    "wire": ("#6b7280", "#8f97a3"),
    "gate": ("#f3f5f8", "#2a2e35"),
    "source": ("#e8f1fb", "#1f3347"),
    "grey": ("#656d76", "#9aa3ad"),
    "value": ("#00704f", "#4fd1a5"),
    "cotangent": ("#b03a00", "#ff9a66"),
    "partial": ("#0059a6", "#7cc4ff"),
    "mark": ("#fff3c4", "#4a3f12"),
}
_RULES = """
text{font-family:Helvetica,Arial,"Liberation Sans",sans-serif;font-size:13px;fill:$ink}
.paper{fill:$paper}
.wire{fill:none;stroke:$wire;stroke-width:1.4}
.head{fill:$wire}
.box{fill:$gate;stroke:$ink;stroke-width:1.3}
.input .box{fill:$source;stroke:$partial}
.input .sign{font-style:italic;font-weight:bold}
.constant .box,.cut .box{fill:none;stroke:$grey;stroke-dasharray:2 2;stroke-width:1}
.constant .sign,.cut .sign,.note,.legend{fill:$grey;font-size:11px}
.fold .box{stroke-dasharray:4 3}
.sign{text-anchor:middle}
.short{font-size:16px}
.value,.cotangent{font-weight:bold}
text.value,text.cotangent{text-anchor:middle}
.value{fill:$value}
.cotangent{fill:$cotangent}
.small{font-size:11px}
.entry{font-size:11px;text-anchor:middle;paint-order:stroke;stroke:$paper;stroke-width:3px}
.partial{fill:$partial}
.now .box{fill:$mark;stroke-width:2.4}
.wire.now{stroke-width:2.6;stroke:$ink}
.later{visibility:hidden}
"""
_NARROW = {"i": 0.24, "l": 0.24, ".": 0.28, ",": 0.28, " ": 0.28, "-": 0.34, "[": 0.28, "]": 0.28, "(": 0.34,
           ")": 0.34, "f": 0.3, "t": 0.3, "r": 0.35, "m": 0.84, "w": 0.74, "…": 1.0,
           "\u2190": 1.0, "+": 0.6, "/": 0.3}  # fmt: skip


def css(scope: str) -> str:
    """The style sheet of the drawing whose element has the id `scope`; nothing else on the page is touched.

    Colours are written out in each rule, as converters and word processors do not know variables.
    """
    light = {name: tones[0] for name, tones in _TONES.items()}
    dark = {name: tones[1] for name, tones in _TONES.items()}
    plain, at_night = [], []
    for line in _RULES.strip().splitlines():
        heads, body = line.rstrip("}").split("{", 1)
        scoped = ",".join(f"#{scope} {head}" for head in heads.split(","))
        plain.append(f"{scoped}{{{Template(body).substitute(light)}}}")
        coloured = ";".join(part for part in body.split(";") if "$" in part)
        if coloured:
            at_night.append(f"{scoped}{{{Template(coloured).substitute(dark)}}}")
    return "\n".join([*plain, "@media (prefers-color-scheme:dark){", *at_night, "}"])


def width_of(text: str, size: float = SIZE) -> float:
    """About how wide `text` is, in pixels; letters of the sans-serif faces that the style names."""
    return size * sum(_NARROW.get(c, 0.68 if c.isupper() else 0.56) for c in text)
