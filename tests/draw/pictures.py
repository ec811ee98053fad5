"""Reads what a drawing's SVG says: its nodes with their numbers, and where everything stands."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

SPACE = {"s": "http://www.w3.org/2000/svg"}


@dataclass(frozen=True)
class Seen:
    """One node of a picture."""

    op: str
    name: str
    value: Any
    cotangent: Any
    box: tuple[float, float, float, float]  # left, top, right, bottom


def _number(text):
    try:
        return json.loads(text) if text is not None else None
    except json.JSONDecodeError:
        return text


def root(svg):
    """The parsed SVG; malformed XML raises."""
    return ET.fromstring(svg)


def nodes(svg):
    """The nodes in the order of the file."""
    found = []
    for group in root(svg).findall("s:g", SPACE):
        box = group.find("s:rect", SPACE).attrib
        left, top = float(box["x"]), float(box["y"])
        right, bottom = left + float(box["width"]), top + float(box["height"])
        found.append(
            Seen(
                group.attrib["data-op"],
                group.attrib["data-name"],
                _number(group.attrib.get("data-value")),
                _number(group.attrib.get("data-cotangent")),
                (left, top, right, bottom),
            )
        )
    return found


def named(svg):
    """The nodes by name."""
    return {node.name: node for node in nodes(svg) if node.name}


def wires(svg):
    """(from, to, points of the path) for each wire between two nodes."""
    found = []
    for path in root(svg).findall("s:path[@data-from]", SPACE):
        numbers = re.findall(r"([MHC])([^MHC]*)", path.attrib["d"])
        points: list[tuple[float, float]] = []
        for letter, text in numbers:
            values = [float(v) for v in text.split()]
            pairs = [(values[0], points[-1][1])] if letter == "H" else list(zip(values[::2], values[1::2], strict=True))
            points += pairs
        found.append((int(path.attrib["data-from"]), int(path.attrib["data-to"]), points))
    return found


def texts(svg):
    """Every label of the picture: (class, text)."""
    labels = root(svg).iter("{http://www.w3.org/2000/svg}text")
    return [(label.attrib["class"], "".join(label.itertext())) for label in labels]
