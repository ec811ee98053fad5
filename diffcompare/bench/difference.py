"""Two runs side by side: lost digits, changed statuses, and times that differ by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diffcompare.analysis.printing import Printable, keep
from diffcompare.analysis.records import to_json
from diffcompare.bench.noise import Key, Noise, Shortest, noise_between
from diffcompare.bench.results import BenchmarkRun
from diffcompare.bench.session import BASELINES, BY_HAND, VALUE, Row
from diffcompare.errors import OptionError

KINDS = ("regression", "improvement", "unchanged", "missing", "new")
ORDER = {"ok": 0, "inaccurate": 1, "failed": 2, "skipped": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one record.

    Attributes
    ----------
    problem, point, dtype, method : str
        Which record.
    kind : str
        "regression", "improvement", "unchanged", "missing" (only the old run has it) or "new".
    what : str
        "digits", "speed" or "status": what the kind was decided by; empty where nothing changed.
    digits_old, digits_new : float or None
        Correct digits of the worst entry.
    ratio : float or None
        Time of the new over that of the old, each in units of its own run's baseline; None where either was not timed.
    low, high : float or None
        The interval of `ratio`.
    words : str
        The change in words.
    """

    problem: str
    point: str
    dtype: str
    method: str
    kind: str
    what: str = ""
    digits_old: float | None = None
    digits_new: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Difference(Printable):
    """All changes between two runs.

    Attributes
    ----------
    changes : tuple of Change
        One for each record of either run, without the baselines.
    notes : tuple of str
        What makes the runs hard to compare: another processor, another version.
    """

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def regressions(self) -> tuple[Change, ...]:
        """The changes for the worse."""
        return tuple(change for change in self.changes if change.kind == "regression")

    @property
    def improvements(self) -> tuple[Change, ...]:
        """The changes for the better."""
        return tuple(change for change in self.changes if change.kind == "improvement")

    def to_json(self, path: str | Path | None = None) -> str:
        """JSON text of the changes; also written to `path` if one is given."""
        entries = [{name: getattr(c, name) for name in Change.__dataclass_fields__} for c in self.changes]
        return keep(to_json({"changes": entries, "notes": list(self.notes)}), path)

    def print_on(self, console: Any) -> None:
        """A table of what changed, on a `rich.console.Console`."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        shown = [c for c in self.changes if c.kind != "unchanged"]
        if shown:
            table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
            for title in ("problem", "method", "", "change"):
                table.add_column(title)
            styles = {"regression": "red", "improvement": "green", "missing": "yellow", "new": "dim"}
            for c in shown:
                where = f"{c.problem} ({c.point}{'' if c.dtype == 'float64' else f', {c.dtype}'})"
                table.add_row(Text(where), Text(c.method), Text(c.kind, style=styles[c.kind]), Text(c.words))
            console.print(table)
        counts = {kind: sum(c.kind == kind for c in self.changes) for kind in KINDS}
        console.print(Text(", ".join(f"{n} {kind}" for kind, n in counts.items() if n) or "nothing to compare"))
        for note in self.notes:
            console.print(Text(note))

    def __repr__(self) -> str:
        return f"<Difference: {len(self.regressions)} regressions, {len(self.improvements)} improvements>"


def compare_runs(
    old: BenchmarkRun,
    new: BenchmarkRun,
    *,
    effect: float = 0.25,
    lost_digits: float = 0.5,
    confidence: float = 0.999,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """What changed from one run to another.

    Times are compared as ratios: each sample is divided by the sample that the baseline (the hand-written gradient)
    took in the same round, so that a machine that is slower, or was slower for a while, is no regression. The ratio of
    the two medians has a bootstrap interval over the rounds [1]_. A change needs all of these:

    - the interval lies beyond 1, and the ratio beyond the least effect;
    - the shortest samples, which disturbances spare, differ by the least effect too, whichever baseline they are
      measured in, and scatter so little that their difference is proven (`diffcompare.bench.noise.undisturbed`);
    - that difference is beyond the scatter between the two runs, which all records together show
      (`diffcompare.bench.noise.noise_between`).

    Parameters
    ----------
    old, new : BenchmarkRun
        The runs.
    effect : float, default 0.25
        Smallest relative change of time that counts: 0.25 is a quarter longer, or 1/1.25 of the time.
    lost_digits : float, default 0.5
        Correct decimal digits whose loss is a regression; half a digit is three times the error.
    confidence : float, default 0.999
        Of the interval; high, because a run has many records.
    resamples : int, default 2000
        Of the bootstrap.
    seed : int, default 0
        Of the resampling.

    Returns
    -------
    Difference

    Raises
    ------
    OptionError
        If an option is not positive.

    References
    ----------
    .. [1] Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, section 13.3 (percentile interval).
    """
    if not (effect > 0 and lost_digits > 0 and 0 < confidence < 1 and resamples > 0):
        raise OptionError("effect, lost_digits, confidence and resamples must be positive, confidence below 1.")
    generator = np.random.default_rng(seed)
    before, after = _by_key(old), _by_key(new)
    noise = noise_between(before, after)
    changes = []
    for key in dict.fromkeys([*before, *after]):
        if key not in after or key not in before:
            changes.append(Change(*key, kind="new" if key in after else "missing"))
            continue
        times = _ratio(before, after, key, confidence, resamples, generator)
        direction = 0 if times is None else _direction(times, noise.shortest(before, after, key), 1.0 + effect, noise)
        changes.append(_change(key, before[key].record, after[key].record, times, direction, lost_digits))
    notes = _notes(old, new)
    if noise.least_factor > 1.0 + effect:
        notes.append(
            f"The runs scatter: changes of time by less than a factor of {noise.least_factor:.2f} are not told."
        )
    return Difference(tuple(c for c in changes if c.method not in BASELINES), tuple(notes))


def _by_key(run: BenchmarkRun) -> dict[Key, Row]:
    return {(r["problem"], r["point"], r["dtype"], r["method"]): row for row in run.rows() for r in [row.record]}


def _notes(old: BenchmarkRun, new: BenchmarkRun) -> list[str]:
    hosts = [sorted({r["host"] for r in run.records if r["host"]}) for run in (old, new)]
    notes = []
    if hosts[0] != hosts[1]:
        notes.append("The runs come from different processors: times are compared by their ratio to the baseline only.")
    if not (old.complete and new.complete):
        notes.append("One of the runs is not complete.")
    return notes


def _direction(times: tuple[float, float, float], shortest: Shortest | None, least: float, noise: Noise) -> int:
    """1 where medians and shortest samples both prove that a method is slower now, -1 faster, 0 neither."""
    ratio, low, high = times
    if shortest is None:
        return 0
    beyond = max(least, noise.least_factor)
    slower = low > 1.0 and ratio > least and shortest.slower and shortest.factor > beyond
    faster = high < 1.0 and ratio < 1.0 / least and shortest.faster and shortest.factor < 1.0 / beyond
    return int(slower) - int(faster)


def _change(
    key: Key,
    old: dict[str, Any],
    new: dict[str, Any],
    times: tuple[float, float, float] | None,
    direction: int,
    lost: float,
) -> Change:
    """The first that applies of: status, digits, speed."""
    ratio, low, high = times or (None, None, None)
    known: dict[str, Any] = {
        "digits_old": old["digits"], "digits_new": new["digits"], "ratio": ratio, "low": low, "high": high,
    }  # fmt: skip
    step = ORDER[new["status"]] - ORDER[old["status"]]
    if step:
        words = f"was {old['status']}, is {new['status']}" + (
            f": {new['reason'].splitlines()[0]}" if new["reason"] else ""
        )
        return Change(*key, kind="regression" if step > 0 else "improvement", what="status", words=words, **known)
    if old["digits"] is not None and new["digits"] is not None and abs(new["digits"] - old["digits"]) >= lost:
        kind = "regression" if new["digits"] < old["digits"] else "improvement"
        words = f"{old['digits']:.1f} correct digits, now {new['digits']:.1f}"
        return Change(*key, kind=kind, what="digits", words=words, **known)
    if direction:
        words = f"{ratio:.2f} times the time, between {low:.2f} and {high:.2f}"
        kind = "regression" if direction > 0 else "improvement"
        return Change(*key, kind=kind, what="speed", words=words, **known)
    return Change(*key, kind="unchanged", **known)


def _ratio(
    before: dict[Key, Row],
    after: dict[Key, Row],
    key: Key,
    confidence: float,
    resamples: int,
    generator: np.random.Generator,
) -> tuple[float, float, float] | None:
    """Median ratio of the new to the old with its interval; None where either was not timed."""
    old, new = _relative(before, key), _relative(after, key)
    if old is None or new is None:
        return None
    ratio = float(np.median(new) / np.median(old))
    medians = [np.median(generator.choice(a, (resamples, len(a))), axis=1) for a in (new, old)]
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(medians[0] / medians[1], (tail, 1.0 - tail))
    return ratio, float(low), float(high)


def _relative(rows: dict[Key, Row], key: Key) -> Sequence[float] | None:
    """The samples of a method in units of the baseline's of the same round."""
    samples = rows[key].samples
    for name in (BY_HAND, VALUE):
        base = rows.get((*key[:3], name))
        if samples and base is not None and base.samples:
            # One that is slow leaves the rounds early; the baseline's last sample stands for rounds it left itself.
            fitted = [base.samples[min(i, len(base.samples) - 1)] for i in range(len(samples))]
            return [a / b for a, b in zip(samples, fitted, strict=True) if math.isfinite(a / b)]
    return None
