"""What a run says in short: one line a case, who lost digits, who failed and why, and how noisy the times were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.analysis.records import Record, fastest
from diffcompare.analysis.tables import ABSENT, number
from diffcompare.bench.session import BASELINES, BY_HAND

if TYPE_CHECKING:
    from diffcompare.bench.results import BenchmarkRun

NAMED = 2  # methods that a cell of a table names before it counts the others


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One case in short.

    Attributes
    ----------
    problem, point, dtype : str
        Which case.
    size : int
        Entries differentiated.
    fastest : tuple of dict
        The record of the fastest method whose result is sound, then those that could not be told from it; empty where
        none was sound.
    speedup : float or None
        Time of the gradient by hand over that of the fastest.
    reverse : float or None
        Time of the method "reverse" over that of the gradient by hand.
    digits : float or None
        Most correct digits that a method has in its worst entry.
    inaccurate, failed : tuple of dict
        The records that lost digits, and those that failed or were skipped.
    """

    problem: str
    point: str
    dtype: str
    size: int
    fastest: tuple[Record, ...]
    speedup: float | None
    reverse: float | None
    digits: float | None
    inaccurate: tuple[Record, ...]
    failed: tuple[Record, ...]

    @property
    def name(self) -> str:
        """Problem and point, and the data type where it is not float64."""
        return f"{self.problem} ({self.point}{'' if self.dtype == 'float64' else f', {self.dtype}'})"


def summarise(run: BenchmarkRun) -> list[CaseSummary]:
    """The cases of a run in short, in their order."""
    return [_case(key, [row.record for row in rows]) for key, rows in run.cases().items()]


def _case(key: tuple[str, str, str], records: Sequence[Record]) -> CaseSummary:
    methods = [r for r in records if r["method"] not in BASELINES]
    times = {r["method"]: r["median_s"] for r in records if r["median_s"] and r["status"] in ("ok", "inaccurate")}
    quick = sorted(fastest(methods), key=lambda r: r["median_s"])
    by_hand = times.get(BY_HAND)
    return CaseSummary(
        *key,
        size=records[0]["size"],
        fastest=tuple(quick),
        speedup=by_hand / quick[0]["median_s"] if by_hand and quick else None,
        reverse=times["reverse"] / by_hand if by_hand and "reverse" in times else None,
        digits=max((r["digits"] for r in methods if r["digits"] is not None), default=None),
        inaccurate=tuple(r for r in methods if r["status"] == "inaccurate"),
        failed=tuple(r for r in records if r["status"] in ("failed", "skipped")),
    )


def wins(cases: Sequence[CaseSummary]) -> dict[str, int]:
    """In how many cases each method is the fastest sound one or cannot be told from it; the most frequent first."""
    counts: dict[str, int] = {}
    for case in cases:
        for record in case.fastest:
            counts[record["method"]] = counts.get(record["method"], 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: -entry[1]))


def spread(run: BenchmarkRun) -> str:
    """How much the samples of one record scatter, in a sentence; empty where nothing was timed."""
    timed = [r for r in run.records if r["median_s"]]
    if not timed:
        return ""
    relative = np.array([r["iqr_s"] / r["median_s"] for r in timed])
    rounds = [r["rounds"] for r in timed]
    typical, worst = np.median(relative), timed[int(np.argmax(relative))]
    many = f"{min(rounds)}" if min(rounds) == max(rounds) else f"{min(rounds)} to {max(rounds)}"
    return (
        f"A time is the median of {many} samples. The middle half of the samples of a record spans {typical:.0%} of "
        f"its median typically, and {np.max(relative):.0%} at worst ({worst['method']} on {worst['problem']}, "
        f"{worst['point']}): differences of that order are noise, and methods that it hides are named together."
    )


def reasons(run: BenchmarkRun) -> list[str]:
    """Why records are not ok, one line a method, status and reason, with the number of its cases."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for r in run.records:
        if r["status"] != "ok":
            first = (r["reason"].splitlines() or ["no reason was given"])[0]
            found.setdefault((r["method"], r["status"], first), []).append(f"{r['problem']} ({r['point']})")
    lines = []
    for (method, status, reason), cases in found.items():
        where = cases[0] if len(cases) == 1 else f"{cases[0]} and {len(cases) - 1} more"
        lines.append(f"{method} {status} on {where}: {reason}")
    return lines


def names(records: Sequence[Record], most: int = NAMED) -> str:
    """Methods of some records, the first ones by name."""
    shown = ", ".join(r["method"] for r in records[:most])
    return shown + (f" +{len(records) - most}" if len(records) > most else "") or ABSENT


def summary_table(cases: Sequence[CaseSummary]) -> Any:
    """A `rich.table.Table` with a line a case; it fits 80 characters."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True, show_edge=False)
    table.add_column(Text("case"), overflow="fold")
    table.add_column(Text("fastest sound"), overflow="fold")
    for title in ("median\n[µs]", "reverse\n[by hand]", "best\n[digits]", "not\nok"):
        table.add_column(Text(title), justify="right", no_wrap=True)
    for case in cases:
        bad = len(case.inaccurate) + len(case.failed)
        table.add_row(
            Text(case.name),
            Text(names(case.fastest)),
            Text(number(1e6 * case.fastest[0]["median_s"]) if case.fastest else ABSENT),
            Text(number(case.reverse, 2)),
            Text(ABSENT if case.digits is None else f"{case.digits:.1f}"),
            Text(str(bad) if bad else "", style="red" if case.failed else "yellow"),
        )
    return table
