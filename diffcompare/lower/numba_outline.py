"""Steps that repeat (an unrolled recurrence over vectors) as functions of their own, each compiled once.

Two steps are the same when their texts are, up to the names of their variables. The tape then only calls them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_NAME = re.compile(r"\b(?:[a-hj-z]\d+(?:_[a-z]+)*|w)\b")  # i0, i1, ... are loops
_TARGETS = re.compile(r"^ *((?:[a-z]\d+(?:_[a-z]+)*(?:, )?)+) = ")
_RESULT = re.compile(r"v\d+$")


@dataclass(frozen=True, slots=True)
class Outlined:
    """One step as a function.

    Attributes
    ----------
    name : str
        What the tape calls it.
    source : str
        Its definition, under the name ``kernel``.
    types : tuple
        The types of its arguments.
    """

    name: str
    source: str
    types: tuple


@dataclass(slots=True)
class Outliner:
    """Collects the steps of one tape.

    Attributes
    ----------
    type_of : callable
        The type of a variable of the tape, by its name.
    everything : bool
        Whether steps that touch no array are functions too.
    functions : dict
        The functions that were made, by text and types.
    calls : int
        How many steps were replaced.
    """

    type_of: Callable[[str], Any]
    everything: bool = False
    functions: dict[tuple, Outlined] = field(default_factory=dict)
    calls: int = 0

    def call(self, lines: list[str]) -> str:
        """The statement that stands for `lines`."""
        made = _targets(lines)
        used = list(dict.fromkeys(name for line in lines for name in _NAME.findall(line)))
        given = [name for name in used if name not in made]
        results = [name for name in _targets([line for line in lines if line[0] != " "]) if _RESULT.match(name)]
        names = {name: f"a{k}" for k, name in enumerate(given)}
        names.update({name: f"r{k}" for k, name in enumerate(n for n in used if n in made)})
        body = [_NAME.sub(lambda found: names[found[0]], line) for line in lines]
        back = f" return {', '.join(names[name] for name in results)}\n" if results else ""
        head = f"def kernel({', '.join(names[name] for name in given)}):\n stay_apart()\n"
        source = head + "".join(f" {line}\n" for line in body) + back
        types = tuple(self.type_of(name) for name in given)
        key = (source, *map(str, types))
        if key not in self.functions:
            self.functions[key] = Outlined(f"kernel{len(self.functions)}", source, types)
        self.calls += 1
        left = f"{', '.join(results)} = " if results else ""
        return f"{left}{self.functions[key].name}({', '.join(given)})"

    @property
    def statements(self) -> int:
        """Lines in all functions."""
        return sum(one.source.count("\n") for one in self.functions.values())


def _targets(lines: list[str]) -> dict[str, None]:
    found = (_TARGETS.match(line) for line in lines)
    return dict.fromkeys(name for match in found if match for name in match[1].split(", "))
