"""The tables of a step sweep, for a terminal and a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from diffcompare.analysis.records import Record
from diffcompare.analysis.tables import Column, number


def _short(key: str) -> Any:
    return lambda record: number(record[key], 2)


def _slope(key: str) -> Any:
    return lambda record: number(record[key], 3)


# Steps are in the unit of the argument x, errors in that of the value f over it.
SUMMARY_COLUMNS = (
    Column("method", "", lambda r: r["method"]),
    Column("best step", "x", _short("best_step")),
    Column("best error", "f/x", _short("best_error")),
    Column("predicted step", "x", _short("predicted_step")),
    Column("predicted error", "f/x", _short("predicted_error")),
    Column("fitted step", "x", _short("fitted_step"), 2),
    Column("fitted error", "f/x", _short("fitted_error"), 2),
    Column("slope, truncation", "1", _slope("slope_right"), 1),
    Column("slope, round-off", "1", _slope("slope_left"), 1),
)
LIBRARY_COLUMNS = (
    Column("library", "", lambda r: r["library"]),
    Column("formula", "", lambda r: r["formula"], 1),
    Column("step", "x", _short("step")),
    Column("error", "f/x", _short("error")),
    Column("rel. error", "1", _short("relative_error")),
)
TEXTS = ("method", "library", "formula")


def rich_table(records: Sequence[Record], columns: Sequence[Column], width: int) -> Any:
    """A `rich.table.Table` of the records that fits `width` characters; columns of the highest rank leave first."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    chosen = list(columns)
    while _width(chosen, records) > width and any(column.rank for column in chosen):
        worst = max(column.rank for column in chosen)
        chosen.remove(next(column for column in reversed(chosen) if column.rank == worst))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True, show_edge=False)
    for column in chosen:
        left = column.title in TEXTS
        table.add_column(Text(_heading(column)), justify="left" if left else "right", no_wrap=True)
    for record in records:
        table.add_row(*(Text(column.cell(record)) for column in chosen))
    return table


def _heading(column: Column) -> str:
    """Two words above each other, so that columns stay narrow, and the unit."""
    return "\n".join([column.title.replace(" ", "\n", 1), f"[{column.unit}]"]) if column.unit else column.title


def _width(columns: Sequence[Column], records: Sequence[Record]) -> int:
    cells = [[*_heading(c).splitlines(), *(c.cell(r) for r in records)] for c in columns]
    return sum(max(map(len, cell)) + 2 for cell in cells)


def html_table(records: Sequence[Record], columns: Sequence[Column]) -> str:
    """An HTML table of the records, every text escaped; the style sheet is `tables.STYLE`."""
    sides = ["left" if c.title in TEXTS else "right" for c in columns]
    words = [html.escape(_heading(c)).replace("\n", "<br>") for c in columns]
    heads = "".join(f'<th style="text-align: {side}">{word}</th>' for side, word in zip(sides, words, strict=True))
    rows = (
        "".join(
            f'<td style="text-align: {side}">{html.escape(c.cell(r))}</td>'
            for side, c in zip(sides, columns, strict=True)
        )
        for r in records
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
