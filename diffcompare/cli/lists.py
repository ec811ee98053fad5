"""The tables of what there is: methods, operations, problems."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer

import diffcompare.ops  # noqa: F401 - fills the table of rows
from diffcompare.analysis.records import to_json
from diffcompare.core.node import Node, topological, variable
from diffcompare.core.rows import Row
from diffcompare.core.tables import ROWS
from diffcompare.methods import METHODS, available
from diffcompare.methods.packages import version
from diffcompare.problems import PROBLEMS

USUAL_WIDTH, LONGEST_CELL = 118, 160
INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
ARGUMENTS = ("x0", "x1", "x2")


def show(title: str, rows: Sequence[dict[str, Any]], json: bool, width: int | None) -> None:
    """Print rows as a table, or as JSON."""
    if json:
        typer.echo(to_json(rows))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if width is None and not sys.stdout.isatty():
        width = USUAL_WIDTH
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    for number, name in enumerate(rows[0]):
        table.add_column(name, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(words(cell)) for cell in row.values()))
    console = Console(width=width, highlight=False)
    console.print(table)
    console.print(f"{len(rows)} {title}")


def words(cell: Any) -> str:
    """A cell in words, the first of them where it is very long."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    text = ", ".join(map(str, cell)) if isinstance(cell, (list, tuple)) else str(cell)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]} … (--json shows all)"


def methods() -> list[dict[str, Any]]:
    """Every method, whether it can run, by which versions of packages, and why not."""
    found = []
    for name, (can, why) in available().items():
        packages = METHODS[name].packages if can else ()
        versions = ", ".join(f"{package} {version(package)}" for package in packages)
        found.append({"method": name, "runs here": can, "package": versions, "why not": why})
    return found


def problems() -> list[dict[str, Any]]:
    """Every problem with its sizes, how many entries its gradient has at the smallest and at the largest, and more."""
    found = []
    for problem in PROBLEMS.values():
        least, most = problem.inputs(problem.sizes[0]), problem.inputs(problem.sizes[-1])
        found.append(
            {
                "problem": problem.name,
                "what": problem.title,
                "formula": problem.formula,
                "sizes": list(problem.sizes),
                "entries": str(least) if most == least else f"{least} to {most}",
                "source": problem.source,
            }
        )
    return found


def stacked(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `problems` in fewer, wider columns: formula below title, entries below sizes."""
    return [
        {
            "problem": row["problem"],
            "what, formula": f"{row['what']}\n{row['formula']}",
            "sizes, entries": f"{words(row['sizes'])}\n{row['entries']} entries",
            "source": row["source"],
        }
        for row in rows
    ]


def operations() -> list[dict[str, Any]]:
    """Every row of the table of operations, with its derivative in words."""
    rows = [row for name, row in sorted(ROWS.items()) if name not in ("input", "constant")]
    return [
        {
            "name": row.name,
            "kind": row.kind,
            "derivative": derivative(row),
            "domain": ", ".join(dict.fromkeys(map(str, row.domain))),
            "kinks": "; ".join(f"{point}: {chosen}" for point, chosen in row.kinks),
            "source": row.source,
        }
        for row in rows
    ]


def derivative(row: Row) -> str:
    """Text of a row's partial derivatives in x0, x1 … and the result y."""
    if row.kind != "elementwise":
        return "linear" if row.linear else "by its pullback and pushforward"
    if row.partials is None:
        return "0"
    names = ARGUMENTS[: len(row.domain)] or ARGUMENTS[:1]
    y, arguments = variable("y"), [variable(name) for name in names]
    try:
        parts = row.partials(y, *arguments)
    except TypeError:  # a row of another number of arguments than its domain has intervals
        return "by its partials"
    return "; ".join(expression(part) for part in parts)


def expression(part: Any) -> str:
    """A node, number or None as a formula on one line."""
    if part is None:
        return "0"
    if not isinstance(part, Node):
        return f"{part:g}" if isinstance(part, (int, float)) else str(part)
    texts: dict[int, str] = {}
    for node in topological((part,)):
        texts[id(node)] = _text(node, [texts[id(a)] for a in node.args])
    text = texts[id(part)]
    return text[1:-1] if part.op.name in INFIX else text


def _text(node: Node, arguments: list[str]) -> str:
    if node.op.name == "input":
        return node.name
    if node.op.name == "constant":
        return f"{float(node.value):.6g}" if node.shape == () else "constant"
    if node.op.name in INFIX:
        return f"({arguments[0]} {INFIX[node.op.name]} {arguments[1]})"
    inner = [t[1:-1] if a.op.name in INFIX else t for t, a in zip(arguments, node.args, strict=True)]
    return f"{node.op.name}({', '.join(inner)})"
