"""`write_report`: summary, table, pictures and environment of a run as one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from diffcompare.analysis.records import STATUSES
from diffcompare.bench import files
from diffcompare.bench.summary import CaseSummary, spread, summarise, wins
from diffcompare.report.pictures import pictures_html
from diffcompare.report.records import cases_html, link, records_html

if TYPE_CHECKING:
    from diffcompare.bench.results import BenchmarkRun

LISTED = 8  # records that a sentence of the summary links to


def write_report(run: BenchmarkRun, path: str | Path, title: str | None = None) -> Path:
    """Write a run as one page of HTML, which needs no network and no other file, and return its path.

    Parameters
    ----------
    run : BenchmarkRun
        What `diffcompare.benchmark` gave, or `diffcompare.load` read.
    path : str or Path
        Where to; a file that is there is replaced whole.
    title : str, optional
        What stands at its top; by default the name of the suite.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    files.write(path, report_html(run, title))
    return Path(path)


def report_html(run: BenchmarkRun, title: str | None = None) -> str:
    """The text of the page, see `write_report`."""
    script = _part("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    cases = summarise(run)
    return Template(_part("page.html")).substitute(
        title=html.escape(title or f"Benchmark of gradients: suite {run.suite}"),
        about=_about(run),
        style=_part("page.css"),
        script=script,
        script_hash=f"sha256-{digest}",  # no other script runs, whatever a record says
        summary=_summary(run, cases),
        records=records_html(run),
        pictures=pictures_html(run),
        environment=_environment(run),
    )


def _part(name: str) -> str:
    return resources.files("diffcompare.report").joinpath(name).read_text(encoding="utf-8")


def _about(run: BenchmarkRun) -> str:
    hosts = dict.fromkeys(r["host"] for r in run.records if r["host"])
    commit = run.environment.get("commit")
    parts = [run.started.replace("T", " "), *hosts, f"{run.seconds:.0f} s", *([str(commit)] if commit else [])]
    return html.escape(" · ".join(parts))


def _summary(run: BenchmarkRun, cases: list[CaseSummary]) -> str:
    statuses = [r["status"] for r in run.records]
    counts = [f"<li><b>{len(cases)}</b> cases</li>", f"<li><b>{len(run.methods())}</b> methods</li>"]
    counts += [
        f'<li><b>{statuses.count(s)}</b> <a href="#all" data-status="{s}" class="status {s}">{s}</a></li>'
        for s in STATUSES
        if s in statuses
    ]
    says = "".join(f"<li>{line}</li>" for line in _sentences(run, cases))
    return f'<ul class="counts">{"".join(counts)}</ul><ul class="says">{says}</ul>{cases_html(run, cases)}'


def _sentences(run: BenchmarkRun, cases: list[CaseSummary]) -> list[str]:
    """What the run found, as HTML."""
    lines = []
    won = wins(cases)
    if won:
        each = ", ".join(
            f'<a href="#all" data-method="{html.escape(m)}">{html.escape(m)}</a> in {n}' for m, n in won.items()
        )
        lines.append(f"Fastest sound method, or not told from it, of {len(cases)} cases: {each}.")
    lines += [
        _list(run, "Lost digits", [r for case in cases for r in case.inaccurate]),
        _list(run, "Failed or were skipped", [r for case in cases for r in case.failed]),
    ]
    slow = [case for case in cases if case.reverse is not None]
    if slow:
        faster = sum(case.reverse < 1 for case in slow if case.reverse is not None)
        lines.append(
            f"Reverse mode takes less time than the gradient written by hand in {faster} of {len(slow)} cases."
        )
    lines.append(html.escape(spread(run)))
    lines += [html.escape(note) for note in run.notes]
    if not run.complete:
        lines.append("<b>The run is not complete.</b>")
    return [line for line in lines if line]


def _list(run: BenchmarkRun, what: str, records: list[dict[str, Any]]) -> str:
    if not records:
        return f"{what}: none."
    places = {id(record): place for place, record in enumerate(run.records)}
    words = [link(r, places, f"{r['method']} on {r['problem']} ({r['point']})") for r in records[:LISTED]]
    rest = f" and {len(records) - LISTED} more in the table" if len(records) > LISTED else ""
    return f"{what}: {', '.join(words)}{rest}."


def _environment(run: BenchmarkRun) -> str:
    entries = {**run.environment, "options": run.options, "suite": run.suite, "schema": files.SCHEMA}
    return f"<dl>{''.join(_entry(name, value) for name, value in entries.items())}</dl>"


def _entry(name: str, value: Any) -> str:
    shown = name.replace("_", " ")
    return f"<dt>{html.escape(shown)}</dt><dd>{_text(value)}</dd>"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "<br>".join(f"{html.escape(str(k).replace('_', ' '))}: {_text(v)}" for k, v in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return html.escape(", ".join(map(str, value)))
    return html.escape("none" if value is None else str(value))
