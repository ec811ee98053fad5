"""What the generated tables hold: operations, methods, problems, and the keys of records. Needs no Sphinx."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diffcompare.cli.lists import operations
from diffcompare.methods import METHODS
from diffcompare.problems import PROBLEMS

LONGEST = 160  # characters of a derivative; longer ones are cut
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Code:
    """A cell that is shown as code."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that is a class, with a link to its page."""

    target: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a table holds.

    Attributes
    ----------
    heads : tuple of str
        Names of the columns.
    widths : tuple of int
        Their shares of the page.
    rows : list of tuple
        Cells: str, `Code` or `Link`.
    """

    heads: tuple[str, ...]
    widths: tuple[int, ...]
    rows: list[Row]


def operations_table(kind: str) -> Table:
    """The rows of a kind, as `diffcompare ops` shows them; only elementwise ones have formulas and domains."""
    rows: list[Row] = []
    for row in operations():
        if row["kind"] == kind:
            shown = row["derivative"]
            shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]} …"
            name, kinks = Code(row["name"]), Code(row["kinks"]) if row["kinks"] else ""
            if kind == "elementwise":
                rows.append((name, Code(shown), Code(row["domain"]), kinks, row["source"]))
            else:
                rows.append((name, shown, kinks, row["source"]))
    if kind == "elementwise":
        return Table(("operation", "derivative", "domain", "at kinks", "source"), (14, 34, 14, 16, 22), rows)
    return Table(("operation", "derivative", "at kinks", "source"), (18, 26, 16, 40), rows)


def methods_table() -> Table:
    """The methods by name, with the class that takes their options."""
    rows = []
    for name, entry in METHODS.items():
        found = getattr(importlib.import_module(entry.module, "diffcompare.methods"), entry.class_name)
        options = ", ".join(f"{key}={value!r}" for key, value in entry.options.items())
        needs = [package.partition(".")[0] for package in entry.packages] + ["a GPU"] * (entry.why_not is not None)
        what = " ".join(found.__doc__.strip().partition("\n\n")[0].split())
        link = Link(f"diffcompare.methods.{entry.class_name}")
        rows.append((Code(name), link, Code(options) if options else "", what, ", ".join(needs)))
    return Table(("name", "class", "options", "what it is", "needs"), (18, 20, 20, 30, 12), rows)


def problems_table() -> Table:
    """The problems that come with the package."""
    rows = []
    for problem in PROBLEMS.values():
        sizes = ", ".join(f"{size:,}" if isinstance(size, int) else size for size in problem.sizes)
        entries = f"{problem.inputs(problem.sizes[0]):,}"
        what = problem.title or problem.formula
        rows.append((Code(problem.name), what, sizes, entries, problem.source))
    heads = ("problem", "what it is", "sizes", "entries, smallest size", "source")
    return Table(heads, (18, 24, 16, 10, 32), rows)


def keys_table(dotted: str) -> Table:
    """The keys of records, with units and meanings, out of a dict such as `diffcompare.analysis.records.FIELDS`."""
    module, _, name = dotted.rpartition(".")
    fields = getattr(importlib.import_module(module), name)
    rows = [(Code(key), unit, meaning) for key, (unit, meaning) in fields.items()]
    return Table(("key", "unit", "meaning"), (22, 18, 60), rows)


TABLES: dict[str, Callable[..., Table]] = {
    "operations": operations_table,
    "methods": methods_table,
    "problems": problems_table,
    "keys": keys_table,
}
