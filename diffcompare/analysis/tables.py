"""Records as tables to read: for a terminal, a notebook and a Markdown page. Every column names its unit."""

from __future__ import annotations

import html
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diffcompare.analysis.records import Record, preparation

ABSENT = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    title, unit : str
        What stands above it; a pure number has an empty unit.
    cell : callable
        Text of one record.
    rank : int
        Columns of the highest rank leave first where a terminal is narrow; 0 never leaves.
    """

    title: str
    unit: str
    cell: Callable[[Record], str]
    rank: int = 0

    @property
    def heading(self) -> str:
        """Title and unit on one line."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


def number(value: float | None, digits: int = 3) -> str:
    """Short text of a number: `digits` significant ones, `1.2e-16` outside 0.001 to 99,999."""
    if value is None:
        return ABSENT
    value = float(value)
    if math.isnan(value) or math.isinf(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 99_999.5:
        return f"{value:.{min(digits, 2) - 1}e}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"


def full(value: Any) -> str:
    """All digits of a float, shortest text that reads back the same."""
    return ABSENT if value is None else repr(float(value))


def _scaled(key: str, factor: float, digits: int = 3) -> Callable[[Record], str]:
    return lambda record: ABSENT if record[key] is None else number(record[key] * factor, digits)


def _digits(record: Record) -> str:
    return ABSENT if record["digits"] is None else f"{record['digits']:.1f}"


def _count(key: str) -> Callable[[Record], str]:
    return lambda record: ABSENT if record[key] is None else f"{record[key]:,}"


def _calls(record: Record) -> str:
    calls = record["break_even_calls"]
    if calls is None:
        return ABSENT
    return "never" if math.isinf(calls) else number(calls) if calls > 99_999 else f"{calls:,.0f}"


def _prepare(record: Record) -> str:
    seconds = [record["derive_s"], record["compile_s"], record["first_s"]]
    return ABSENT if all(s is None for s in seconds) else number(preparation(record) * 1e3)


COLUMNS = (
    Column("method", "", lambda r: r["method"]),
    Column("status", "", lambda r: r["status"]),
    Column("correct", "digits", _digits),
    Column("rel. error", "1", lambda r: number(r["rel_error"], 2), 1),
    Column("error", "ULP", lambda r: number(r["ulp_error"], 2), 3),
    Column("worst", "entry", lambda r: ABSENT if r["worst_entry"] is None else str(r["worst_entry"]), 4),
    Column("values", "calls of f", _count("evaluations"), 5),
    Column("prepare", "ms", _prepare, 2),
    Column("median", "µs", _scaled("median_s", 1e6)),
    Column("IQR", "µs", _scaled("iqr_s", 1e6, 2), 1),
    Column("cost", "× f", lambda r: number(r["gradient_to_value"], 2), 3),
    Column("pays after", "calls", _calls, 4),
    Column("peak", "KiB", _scaled("peak_bytes", 1 / 1024), 5),
)
TIMED = ("median", "IQR", "cost", "pays after", "peak")
LONG_COLUMNS = (
    *COLUMNS[:3],
    Column("abs. error", "1", lambda r: number(r["abs_error"], 2)),
    *COLUMNS[3:6],
    Column("condition", "1", lambda r: number(r["condition"], 2)),
    Column("error", "condition units", lambda r: number(r["condition_error"], 2)),
    COLUMNS[6],
    Column("operations", "statements", _count("operations")),
    Column("trace", "ms", _scaled("trace_s", 1e3)),
    Column("derive", "ms", _scaled("derive_s", 1e3)),
    Column("compile", "ms", _scaled("compile_s", 1e3)),
    Column("first call", "ms", _scaled("first_s", 1e3)),
    Column("median", "µs", _scaled("median_s", 1e6)),
    Column("minimum", "µs", _scaled("min_s", 1e6)),
    Column("IQR", "µs", _scaled("iqr_s", 1e6, 2)),
    Column("rounds", "samples", _count("rounds")),
    *COLUMNS[10:],
)


def columns_that_fit(records: Sequence[Record], width: int) -> list[Column]:
    """The columns of `COLUMNS` for a terminal of `width` characters; columns of times only where there are any."""
    timed = any(record["median_s"] is not None for record in records)
    chosen = [column for column in COLUMNS if timed or column.title not in TIMED]
    while _width(chosen, records) > width and any(column.rank for column in chosen):
        worst = max(column.rank for column in chosen)
        chosen.remove(next(column for column in reversed(chosen) if column.rank == worst))
    return chosen


def _width(columns: Sequence[Column], records: Sequence[Record]) -> int:
    cells = [max(len(c.title), len(c.unit) + 2, *(len(c.cell(r)) for r in records), 0) for c in columns]
    return sum(cells) + 2 * len(cells)


def rich_table(records: Sequence[Record], width: int) -> Any:
    """A `rich.table.Table` of the records that fits `width` characters."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True, show_edge=False)
    columns = columns_that_fit(records, width)
    for column in columns:
        heading = Text(f"{column.title}\n[{column.unit}]" if column.unit else column.title)
        left = column.title in ("method", "status")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    styles = {"ok": "green", "inaccurate": "yellow", "failed": "red", "skipped": "dim"}
    for record in records:
        cells = [Text(column.cell(record)) for column in columns]
        cells[1].stylize(styles[record["status"]])
        table.add_row(*cells)
    return table


def markdown_table(records: Sequence[Record]) -> str:
    """A Markdown table of the records, one line each, with the long set of columns."""
    lines = [[c.heading for c in LONG_COLUMNS]]
    lines += [[c.cell(record) for c in LONG_COLUMNS] for record in records]
    rows = ["| " + " | ".join(markdown_text(cell) for cell in line) + " |" for line in lines]
    rule = "| --- | --- |" + " ---: |" * (len(LONG_COLUMNS) - 2)
    return "\n".join([rows[0], rule, *rows[1:]])


def markdown_text(text: str) -> str:
    """`text` on one line and without a meaning in a Markdown table."""
    for sign in "\\`*_|<>[]":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


STYLE = """<style>
.diffcompare {font-family: system-ui, sans-serif; font-size: 13px; line-height: 1.45; max-width: 100%; overflow-x: auto}
.diffcompare table {border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .6em 0}
.diffcompare th, .diffcompare td {padding: .25em .5em; text-align: right; white-space: nowrap; background: none}
.diffcompare thead th {border-bottom: 1.5px solid currentColor; vertical-align: bottom; font-weight: 600}
.diffcompare thead small {font-weight: 400; opacity: .75; display: block}
.diffcompare tbody tr + tr td {border-top: 1px solid rgba(128, 128, 128, .25)}
.diffcompare td:nth-child(-n+2), .diffcompare th:nth-child(-n+2) {text-align: left}
.diffcompare .status {border-radius: .6em; padding: 0 .55em; border: 1px solid currentColor}
.diffcompare .ok {color: #1b8a6b} .diffcompare .inaccurate {color: #b36b00}
.diffcompare .failed {color: #c0392b} .diffcompare .skipped {color: #777}
.diffcompare code {font-size: 12px; white-space: pre-wrap; background: none}
.diffcompare summary {cursor: pointer}
</style>"""


def html_table(records: Sequence[Record], columns: Sequence[Column] | None = None) -> str:
    """An HTML table of the records, every text escaped; the style sheet is `STYLE`.

    By default it has all of `COLUMNS`, those of times only where there are any.
    """
    columns = columns_that_fit(records, sys.maxsize) if columns is None else columns
    heads = "".join(
        f"<th>{html.escape(c.title)}<small>{html.escape(f'[{c.unit}]') if c.unit else '&nbsp;'}</small></th>"
        for c in columns
    )
    rows = "".join(f"<tr>{_html_cells(record, columns)}</tr>" for record in records)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _html_cells(record: Record, columns: Sequence[Column]) -> str:
    cells = [html.escape(c.cell(record)) for c in columns]
    cells[0] = f"<b>{cells[0]}</b>"
    cells[1] = f'<span class="status {html.escape(record["status"])}">{cells[1]}</span>'
    return "".join(f"<td>{cell}</td>" for cell in cells)
