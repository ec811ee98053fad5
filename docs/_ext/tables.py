"""Directives that put the package's own tables on a page."""

from __future__ import annotations

from typing import Any, ClassVar

from contents import TABLES, Code, Link, Row, Table
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import diffcompare
from diffcompare.cli.lists import ARGUMENTS, operations


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
