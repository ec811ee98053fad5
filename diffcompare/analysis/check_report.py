"""A check in words: for a terminal, a notebook, and as plain data."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from diffcompare.analysis.records import plain
from diffcompare.analysis.tables import STYLE, number

SHOWN = 10  # wrong entries in a report
FORMAT = 1  # of `dictionary`; raised when a key changes its meaning
MEANING = {
    "correct": "the remainders shrink as those of a correct {what} do",
    "wrong": "the remainder stops above the noise, at a height that does not depend on the step",
    "kink": "f has a kink or jump at the point, so there is no {what}",
    "noisy": "the values of f scatter too much to tell",
    "ill-conditioned": "rounding in f hides its derivative",
}
COLOUR = {"correct": "ok", "wrong": "failed"}
HEADINGS = ("entry", "claimed", "estimated", "error", "bound")


Checked = Any  # a GradientCheck, whose file imports this one


def headline(check: Checked) -> str:
    """The verdict in one sentence."""
    return f"{check.verdict}: {MEANING[check.verdict].format(what=check.what)}"


def facts(check: Checked) -> list[str]:
    """What the verdict rests on, one sentence each."""
    entries = "one entry" if check.size == 1 else f"{check.size:,} entries"
    lines = [f"{check.what} of {check.subject}, claimed by {check.source}; {entries}, f = {check.value!r}"]
    if check.likely_fault:
        lines.append(f"likely fault: {check.likely_fault}")
    if check.rate is not None:
        rate = round(check.rate, 2) + 0.0  # a rate of -0.001 is written 0.00
        lines.append(f"rate: the remainder falls as h**{rate:.2f} (2 if correct, 0 if wrong)")
    elif check.verdict == "correct":
        lines.append("rate: no remainder rises above the noise, at any step")
    lines.append(
        f"an error of {number(check.resolution, 2)} of the derivative would have been noticed "
        f"({number(check.rtol, 2)} was asked for); noise of f {number(check.noise, 2)}"
    )
    if check.certified_error is not None:
        lines.append(f"largest relative error against the certified gradient: {number(check.certified_error, 2)}")
    calls = f"{check.evaluations} evaluations of f along {len(check.tests)} directions"
    lines.append(f"{calls}, {check.gradient_evaluations} of the {check.what}")
    return lines


def rows(check: Checked) -> list[tuple[str, ...]]:
    """The worst entries as texts, in the columns of HEADINGS."""
    return [
        (entry.name, f"{entry.claimed:.10g}", f"{entry.estimated:.10g}", f"{entry.error:.3g}", f"{entry.bound:.2g}")
        for entry in check.entries[:SHOWN]
    ]


def text(check: Checked) -> str:
    """The report for a terminal."""
    lines = [headline(check), *(f"  {line}" for line in facts(check))]
    table = rows(check)
    if table:
        widths = [max(map(len, cells)) for cells in zip(HEADINGS, *table, strict=True)]
        lines.append(f"  {_counted(check.entries)}, worst first:")
        lines += [f"    {_aligned(cells, widths)}" for cells in (HEADINGS, *table)]
    return "\n".join([*lines, *(f"  note: {note}" for note in check.notes)])


def _counted(entries: Sequence[Any]) -> str:
    count = "one wrong entry" if len(entries) == 1 else f"{len(entries)} wrong entries"
    return f"{count}, the {SHOWN} worst" if len(entries) > SHOWN else count


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    numbers = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join([cells[0].ljust(widths[0]), *numbers])


def page(check: Checked) -> str:
    """The report as HTML."""
    style = COLOUR.get(check.verdict, "inaccurate")
    head = f'<span class="status {style}">{html.escape(check.verdict)}</span> '
    head += html.escape(headline(check).partition(": ")[2])
    lines = "".join(f"<br>{html.escape(line)}" for line in (*facts(check), *check.notes))
    table = rows(check)
    body = ""
    if table:
        heads = "".join(f"<th>{name}</th>" for name in HEADINGS)
        cells = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in table)
        body = f"<table><thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table>"
    return f'{STYLE}<div class="diffcompare"><div><b>{head}</b>{lines}</div>{body}</div>'


def dictionary(check: Checked) -> dict[str, Any]:
    """Everything as plain dictionaries, lists, numbers and texts; nan and inf are the texts "nan", "inf", "-inf"."""
    keys = (
        "what", "subject", "source", "size", "value", "verdict", "rate", "likely_fault", "evaluations",
        "gradient_evaluations", "resolution", "rtol", "noise", "certified_error", "notes",
    )  # fmt: skip
    return plain(
        {
            "format": FORMAT,
            **{key: getattr(check, key) for key in keys},
            "entries": [_fields(entry, ENTRY_KEYS) for entry in check.entries],
            "entry_resolution": check.entry_resolution,
            "tests": [_fields(test, TEST_KEYS) for test in check.tests],
        }
    )


ENTRY_KEYS = ("name", "argument", "index", "claimed", "estimated", "bound")
TEST_KEYS = (
    "label", "outcome", "claimed", "error", "bound", "size", "rate", "one_sided", "remark", "steps", "remainders",
    "jumps", "floors",
)  # fmt: skip


def _fields(record: Any, keys: Sequence[str]) -> dict[str, Any]:
    return {key: getattr(record, key) for key in keys}
