"""The table of all records with what sorts and filters it, and the table of cases that links to it."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffcompare.analysis.records import Record, preparation
from diffcompare.analysis.tables import ABSENT, number
from diffcompare.bench.summary import CaseSummary

if TYPE_CHECKING:
    from diffcompare.bench.results import BenchmarkRun


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table of records.

    Attributes
    ----------
    title, unit : str
        What stands above it; a pure number has the unit "1", a text none.
    value : callable
        What a record is sorted by: a number, or None where there is none; a text is sorted as text.
    factor : float
        From the record's unit to the one shown.
    digits : int
        Significant digits.
    """

    title: str
    unit: str
    value: Callable[[Record], Any]
    factor: float = 1.0
    digits: int = 3

    @property
    def heading(self) -> str:
        """Title and unit on one line."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


def _key(name: str) -> Callable[[Record], Any]:
    return lambda record: record[name]


def _prepared(record: Record) -> float | None:
    return preparation(record) or None


COLUMNS = (
    Column("case", "", lambda r: f"{r['problem']} ({r['point']})"),
    Column("method", "", _key("method")),
    Column("status", "", _key("status")),
    Column("type", "", _key("dtype")),
    Column("size", "entries", _key("size")),
    Column("correct", "digits", _key("digits")),
    Column("rel. error", "1", _key("rel_error"), digits=2),
    Column("prepare", "ms", _prepared, 1e3),
    Column("median", "µs", _key("median_s"), 1e6),
    Column("IQR", "µs", _key("iqr_s"), 1e6, 2),
    Column("cost", "× f", _key("gradient_to_value"), digits=2),
    Column("pays after", "calls", _key("break_even_calls")),
)


def row_id(number: int) -> str:
    """Anchor of a record, by its place in the run."""
    return f"record-{number}"


def case_id(number: int) -> str:
    """Anchor of a case, by its place in the run."""
    return f"case-{number}"


def columns_of(run: BenchmarkRun) -> list[Column]:
    """The columns that have something to show: the data type only where it varies."""
    varied = len({r["dtype"] for r in run.records}) > 1
    return [c for c in COLUMNS if c.title != "type" or varied]


def records_html(run: BenchmarkRun) -> str:
    """Search field, filters and the table."""
    columns = columns_of(run)
    places = {key: place for place, key in enumerate(run.cases())}
    rows = [
        _row(place, record, columns, places[record["problem"], record["point"], record["dtype"]])
        for place, record in enumerate(run.records)
    ]
    heads = "".join(map(_head, columns))
    return (
        f"{_tools(run, columns)}"
        '<p id="shown" role="status" aria-live="polite"></p>'
        '<div class="wide tall" tabindex="0" role="group" aria-label="Records">'
        f'<table id="all"><thead><tr>{heads}</tr></thead><tbody>\n{"".join(rows)}</tbody></table></div>'
        f"<style>@media (max-width: 760px) {{{_labels('all', [c.heading for c in columns])}}}</style>"
    )


def _head(column: Column) -> str:
    kind = "" if column.unit else ' class="text"'
    unit = html.escape(f"[{column.unit}]" if column.unit else "")
    button = f'<button type="button" title="Sort by {html.escape(column.heading)}">'
    words = f'{html.escape(column.title)}<i aria-hidden="true"></i><small>{unit}</small>'
    return f'<th{kind} scope="col" aria-sort="none">{button}{words}</button></th>'


def _row(place: int, record: Record, columns: Sequence[Column], case: int) -> str:
    data = " ".join(f'data-{name}="{html.escape(str(record[name]))}"' for name in ("status", "problem", "method"))
    cells = "".join(_cell(record, column, case) for column in columns)
    return f'<tr id="{row_id(place)}" {data}>{cells}</tr>\n'


def _cell(record: Record, column: Column, case: int) -> str:
    value = column.value(record)
    if not column.unit:
        return f'<td class="text">{_text(column.title, html.escape(str(value)), record["reason"], case)}</td>'
    if value is None:
        return f'<td class="none" data-v="">{ABSENT}</td>'
    return f'<td data-v="{_sortable(float(value))}">{_shown(float(value) * column.factor, column)}</td>'


def _text(title: str, shown: str, reason: str, case: int) -> str:
    """What stands in a cell without a number; the reason of a status stands below the method."""
    if title == "case":
        return f'<a href="#{case_id(case)}">{shown}</a>'
    if title == "status":
        return f'<span class="status {shown}">{shown}</span>'
    return f"{shown}<small>{html.escape(reason)}</small>" if title == "method" and reason else shown


def _sortable(value: float) -> str:
    """A number as JavaScript reads it; nan, which has no place in an order, as the empty text."""
    if math.isnan(value):
        return ""
    return repr(value) if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def _shown(value: float, column: Column) -> str:
    if column.unit == "digits":
        return f"{value:.1f}"
    if column.unit in ("calls", "entries"):
        return "never" if math.isinf(value) else f"{value:,.0f}"
    return number(value, column.digits)


def _tools(run: BenchmarkRun, columns: Sequence[Column]) -> str:
    chosen = "".join(
        _select(name, title, dict.fromkeys(str(r[name]) for r in run.records))
        for name, title in (("status", "Status"), ("problem", "Problem"), ("method", "Method"))
    )
    keys = "".join(f'<option value="{i}">{html.escape(c.heading)}</option>' for i, c in enumerate(columns))
    return (
        '<div class="tools" role="search"><label>Text <input id="text" type="search" autocomplete="off"></label>'
        f'{chosen}<label class="sorting">Sort by <select id="key">{keys}</select></label>'
        '<label class="sorting">Order <button type="button" id="way">ascending</button></label>'
        '<button type="button" id="clear">Show all</button></div>'
    )


def _select(name: str, title: str, values: Iterable[str]) -> str:
    options = "".join(f'<option value="{html.escape(v)}">{html.escape(v)}</option>' for v in values)
    return f'<label>{title} <select id="{name}"><option value="">all</option>{options}</select></label>'


def _labels(table: str, titles: Sequence[str]) -> str:
    """Rules that put the titles of columns before their cells, for screens on which rows are cards."""
    return "\n".join(
        f'#{table} td:nth-child({i})::before {{content: "{title}"}}' for i, title in enumerate(titles, start=1) if title
    )


CASE_TITLES = ("case", "fastest sound method", "median [µs]", "by hand / fastest [1]", "reverse / by hand [1]",
               "best [digits]", "lost digits", "failed or skipped")  # fmt: skip
CASE_TEXTS = ("case", "fastest sound method", "lost digits", "failed or skipped")


def cases_html(run: BenchmarkRun, cases: Sequence[CaseSummary]) -> str:
    """A line a case, which links to its rows."""
    places = {id(record): place for place, record in enumerate(run.records)}
    rows = "".join(_case(number, case, places) for number, case in enumerate(cases))
    kinds = [' class="text"' if title in CASE_TEXTS else "" for title in CASE_TITLES]
    heads = "".join(f"<th{kind}>{html.escape(title)}</th>" for kind, title in zip(kinds, CASE_TITLES, strict=True))
    return (
        f'<div class="wide"><table id="cases"><thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table></div>'
        f"<style>@media (max-width: 760px) {{{_labels('cases', CASE_TITLES)}}}</style>"
    )


def _case(place: int, case: CaseSummary, places: dict[int, int]) -> str:
    numbers = [
        number(1e6 * case.fastest[0]["median_s"] if case.fastest else None),
        number(case.speedup, 2),
        number(case.reverse, 2),
        ABSENT if case.digits is None else f"{case.digits:.1f}",
    ]
    name = f'<a href="#all" data-problem="{html.escape(case.problem)}">{html.escape(case.name)}</a>'
    cells = [
        f'<td class="text">{name}</td>',
        _links(case.fastest, places),
        *(f'<td class="number">{cell}</td>' for cell in numbers),
        _links(case.inaccurate, places),
        _links(case.failed, places),
    ]
    return f'<tr id="{case_id(place)}">{"".join(cells)}</tr>\n'


def _links(records: Sequence[Record], places: dict[int, int]) -> str:
    if not records:
        return f'<td class="text none">{ABSENT}</td>'
    return f'<td class="text"><span>{", ".join(link(record, places) for record in records)}</span></td>'


def link(record: Record, places: dict[int, int], words: str | None = None) -> str:
    """A link to the row of a record."""
    return f'<a href="#{row_id(places[id(record)])}">{html.escape(words or record["method"])}</a>'
