"""Tables generated from the package's own tables: operations, methods, problems, and the keys of records."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import diffcompare
from diffcompare.cli.lists import ARGUMENTS, operations
from diffcompare.methods import METHODS
from diffcompare.problems import PROBLEMS

LONGEST = 160  # characters of a derivative; longer ones are cut
KINDS = ("elementwise", "reduction", "shape", "linear-algebra")
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


def operations_table(kind: str = "") -> Table:
    """The rows of a kind (of every kind without one), as `diffcompare ops` shows them."""
    rows = []
    for row in operations():
        if kind in ("", row["kind"]):
            derivative = row["derivative"]
            shown = derivative if len(derivative) <= LONGEST else f"{derivative[:LONGEST]} …"
            words = kind not in ("", "elementwise") or derivative.startswith("by ")
            kinks = Code(row["kinks"]) if row["kinks"] else ""
            domain = Code(row["domain"]) if row["domain"] else ""
            cells = (Code(row["name"]), shown if words else Code(shown), domain, kinks, row["source"])
            if kind not in ("", "elementwise"):
                cells = (cells[0], cells[1], cells[3], cells[4])
            rows.append(cells)
    if kind in ("", "elementwise"):
        return Table(("operation", "derivative", "domain", "at kinks", "source"), (14, 34, 14, 16, 22), rows)
    return Table(("operation", "derivative", "at kinks", "source"), (18, 26, 16, 40), rows)


def methods_table() -> Table:
    """The methods by name, with the class that takes their options."""
    rows = []
    for name, entry in METHODS.items():
        if not entry.missing:
            found = getattr(importlib.import_module(entry.module, "diffcompare.methods"), entry.class_name)
            options = ", ".join(f"{key}={value!r}" for key, value in entry.options.items())
            needs = ", ".join(package.partition(".")[0] for package in entry.packages)
            what = found.__doc__.strip().partition("\n\n")[0].replace("\n", " ")
            link = Link(f"diffcompare.methods.{entry.class_name}")
            rows.append((Code(name), link, Code(options) if options else "", " ".join(what.split()), needs))
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


class TableDirective(SphinxDirective):
    """``table-of``: one of `TABLES`, with its argument if it takes one."""

    required_arguments = 1
    optional_arguments = 1
    option_spec: ClassVar = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """The table; the keys of records also get a target that docstrings refer to."""
        name, *more = self.arguments
        if name not in TABLES:
            raise self.error(f"there is no table {name!r}; there are {', '.join(TABLES)}.")
        built = self._build(TABLES[name](*more))
        if name != "keys":
            return [built]
        (dotted,) = more
        identity = dotted.replace(".", "-").lower()
        self.env.domains.python_domain.note_object(dotted, "data", identity, location=built)
        return [nodes.target("", "", ids=[identity]), built]

    def _build(self, table: Table) -> nodes.Node:
        group = nodes.tgroup(cols=len(table.heads))
        group += [nodes.colspec(colwidth=width) for width in table.widths]
        head, body = nodes.thead(), nodes.tbody()
        head += self._row(table.heads)
        body += [self._row(row) for row in table.rows]
        group += [head, body]
        outer = nodes.table(classes=["generated", "colwidths-given"])
        outer += group
        return nodes.container("", outer, classes=["table-wrapper"])

    def _row(self, cells: Row) -> nodes.row:
        row = nodes.row()
        for cell in cells:
            paragraph = nodes.paragraph("", "", *self._cell(cell))
            row += nodes.entry("", paragraph)
        return row

    def _cell(self, cell: Any) -> list[nodes.Node]:
        if isinstance(cell, Code):
            return [nodes.literal("", cell.text, classes=["code"])]
        if isinstance(cell, Link):
            text = nodes.literal("", cell.target.rpartition(".")[2], classes=["code"])
            return [
                addnodes.pending_xref(
                    "", text, refdomain="py", reftype="obj", reftarget=cell.target, refexplicit=True,
                    refdoc=self.env.docname,
                )
            ]  # fmt: skip
        parts = cell.split("``")  # every second one is code
        return [nodes.literal("", p, classes=["code"]) if k % 2 else nodes.Text(p) for k, p in enumerate(parts)]


class FunctionsDirective(SphinxDirective):
    """``functions-of-rows``: public names that are rows, each as a function with its derivative, domain and kinks."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """One description a name of the content."""
        known = {row["name"]: row for row in operations()}
        lines: list[str] = []
        for name in " ".join(self.content).split():
            row = getattr(diffcompare, name)
            arguments = ", ".join(ARGUMENTS[: len(row.domain)])
            shown = known[row.name]
            lines += [f".. py:function:: diffcompare.{name}({arguments})", ""]
            lines += [f"   :Derivative: ``{shown['derivative']}``", f"   :Domain: ``{shown['domain']}``"]
            lines += [f"   :At kinks: ``{shown['kinks']}``"] if shown["kinks"] else []
            lines += [f"   :Source: {shown['source']}", ""]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=False)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("table-of", TableDirective)
    app.add_directive("functions-of-rows", FunctionsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
