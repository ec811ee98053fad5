"""Where the arrays of a tape live: results in arrays that the caller gives, all others in one workspace.

The workspace is one array of float64 words. Arrays that are never needed at the same time take the same words. Which
share is decided by the order of the statements and by equal size texts, never by the sizes themselves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..core.node import Node
from .numba_nest import WideStep
from .numba_outline import Outliner
from .numba_sizes import Sizes

_NAME = re.compile(r"\bb\d+(?=\b|_)")
_SHAPED = re.compile(r"(b\d+) = ")  # another shape over the memory of an array, or a transposed copy of it
_LINE = 8  # words: arrays start at a multiple of 64 bytes from the start of the workspace


@dataclass(frozen=True, slots=True)
class Allocation:
    """The place in the lines where an array begins to live; `start` fills it, as text."""

    node: Node
    name: str
    start: str | None


Line = str | Allocation


@dataclass(slots=True)
class Workspace:
    """Words for arrays, each in a slot.

    Attributes
    ----------
    words : int
        Size of the workspace for the sizes at hand.
    definitions : list of str
        Statements that name the offsets of the slots.
    """

    sizes: Sizes
    words: int = 0
    definitions: list[str] = field(default_factory=list)
    _free: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    _ends: str = "0"

    def take(self, node: Node) -> tuple[str, tuple[str, int]]:
        """The name of the offset of a slot for `node`, and the slot's kind, to be given back by `give`."""
        text, count, item = self.sizes.product(node.shape), math.prod(node.shape), node.dtype.itemsize
        kind = (text, item)
        free = self._free.setdefault(kind, [])
        if free:
            return free.pop(), kind
        per = 8 // item
        if len(text) == 1 and text.isdigit():
            length = str(_rounded(count, per))
        else:
            length = f"({text} + {_LINE * per - 1}) // {_LINE * per} * {_LINE}"
        name = f"s{len(self.definitions)}"
        self.definitions.append(f"{name} = {self._ends}")
        self._ends = f"{name} + {length}"
        self.words += max(_rounded(count, per), 1)
        return name, kind

    def give(self, name: str, kind: tuple[str, int]) -> None:
        """The slot is free again."""
        self._free[kind].append(name)


def _rounded(count: int, per: int) -> int:
    return (count + _LINE * per - 1) // (_LINE * per) * _LINE


def settle(
    steps: Sequence[list[Line]], given: dict[str, str], sizes: Sizes, outliner: Outliner | None = None
) -> tuple[list[str], Workspace]:
    """The lines of all steps with their arrays in place.

    Parameters
    ----------
    steps : sequence of list
        The lines of one step after the other. An array must be read in no step later than the last that names it, or
        names an array made from it by ``name = array...``.
    given : dict of str to str
        For arrays that are results, the text of the array to use.
    sizes : Sizes
        The names of whole numbers.
    outliner : Outliner or None
        Makes each step that touches arrays a function.
    """
    last, parents = _last_uses(steps)
    workspace, lines, ending = Workspace(sizes), list[str](), dict[int, list]()
    bound: dict[str, list[str]] = {}
    for place, step in enumerate(steps):
        own: list[str] = []
        for line in step:
            if isinstance(line, str):
                own.append(line)
                continue
            text = given.get(line.name)
            if text is None:
                slot, kind = workspace.take(line.node)
                text = _view(line.node, slot, sizes)
                ending.setdefault(last.get(line.name, place), []).append((slot, kind))
            bound[line.name] = [f"{line.name} = {text}"]
            own += [] if outliner is not None else bound[line.name]
            own += [] if line.start is None else [f"{line.name}[...] = {line.start}"]
        if isinstance(step, WideStep) and outliner is not None:
            lines += _ranged(step, own, bound, outliner)
        else:
            lines += own if outliner is None else _apart(own, bound, parents, outliner)
        for slot, kind in ending.pop(place, []):
            workspace.give(slot, kind)
    return lines, workspace


def _ranged(step: WideStep, own: list[str], bound: dict[str, list[str]], outliner: Outliner) -> list[str]:
    """A step that `threads.spread` runs, and the sums of its blocks taken together."""
    names = dict.fromkeys(name for line in own for name in _NAME.findall(line))
    found = dict.fromkeys(line for name in names for line in bound.get(name, []))
    call = f"spread(lambda g0, g1: {outliner.call([*found, *own])}, {step.extent})"
    if not step.sums:
        return [call]
    total = [f"{name} = total_of(q0[{k}])" for k, name in enumerate(step.sums)]
    return [f"q0 = partial_sums({step.extent}, {len(step.sums)})", call, *total]


def _apart(own: list[str], bound: dict[str, list[str]], parents: dict[str, str], outliner: Outliner) -> list[str]:
    """A step as a call of a function, in which its arrays are found; `bound` says how, and learns of other shapes."""
    if len(own) == 1 and (shaped := _SHAPED.match(own[0])):
        bound[shaped[1]] = [*bound.get(parents.get(shaped[1], ""), []), own[0]]
        return []
    names = dict.fromkeys(name for line in own for name in _NAME.findall(line))
    found = dict.fromkeys(line for name in names for line in bound.get(name, []))
    if own and (found or outliner.everything or any("[" in line for line in own)):
        return [outliner.call([*found, *own])]
    return own


def _last_uses(steps: Sequence[list[Line]]) -> tuple[dict[str, int], dict[str, str]]:
    """The last step that uses each array, by itself or through another shape over the same memory; and these shapes."""
    last: dict[str, int] = {}
    parent: dict[str, str] = {}
    for place, step in enumerate(steps):
        for line in step:
            if not isinstance(line, str):
                last[line.name] = place
                continue
            names = _NAME.findall(line)
            for name in names:
                while name is not None:
                    last[name] = place
                    name = parent.get(name)
            if (shaped := _SHAPED.match(line)) and len(names) == 2:
                parent[shaped[1]] = names[1]
    return last, parent


def _view(node: Node, slot: str, sizes: Sizes) -> str:
    count, item = sizes.product(node.shape), node.dtype.itemsize
    if item == 8:
        text = f"w[{slot}:{slot} + {count}]"
        text = text if node.dtype.kind == "f" else f"{text}.view(np.int64)"
    else:
        name = "bool_" if node.dtype.kind == "b" else node.dtype.name
        text = f"w[{slot}:{slot} + ({count} + {8 // item - 1}) // {8 // item}].view(np.{name})[:{count}]"
    return text if node.ndim == 1 else f"{text}.reshape({sizes.shape(node.shape or (1,))})"
