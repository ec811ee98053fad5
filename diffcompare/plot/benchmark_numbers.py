"""What the pictures of a benchmark run show, as rows: the pictures are drawn from them, and reports print them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffcompare.analysis.records import Record, preparation
from diffcompare.bench.session import BASELINES, BY_HAND
from diffcompare.errors import OptionError
from diffcompare.plot.profiles import exponent, geometric_mean, profile_steps, share_within

if TYPE_CHECKING:
    from diffcompare.bench.results import BenchmarkRun

Cell = str | int | float | None
Case = tuple[str, str, str]  # problem, point, data type
LARGEST_RATIO = 1e4  # of a performance profile's axis
WITHIN = (1.0, 1.25, 2.0, 5.0, 10.0, 100.0, 1e3, LARGEST_RATIO)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A small table.

    Attributes
    ----------
    columns : tuple of str
        Titles, with units in brackets.
    rows : tuple of tuple
        Cells in the order of the columns; None is an empty one.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def of(self, method: str) -> list[tuple[Cell, ...]]:
        """The rows that begin with this method."""
        return [row for row in self.rows if row[0] == method]


def timed(run: BenchmarkRun, method: str) -> list[Record]:
    """The records of a method that were timed and whose result may be used."""
    usable = ("ok", "inaccurate")
    return [r for r in run.records if r["method"] == method and r["median_s"] and r["status"] in usable]


def timed_methods(run: BenchmarkRun, baseline: bool = False) -> list[tuple[int, str]]:
    """Numbers (for colours) and names of the methods that were timed.

    Raises
    ------
    OptionError
        If there is none.
    """
    names = [*run.methods(), *([BY_HAND] if baseline else [])]
    found = [(number, name) for number, name in enumerate(names) if timed(run, name)]
    if not found:
        raise OptionError("no record of this run was timed, so there is nothing to draw.")
    return found


def work_precision(run: BenchmarkRun) -> Numbers:
    """For every timed record: time over that of the gradient by hand, and relative error."""
    by_hand = {_case(r): r["median_s"] for r in run.records if r["method"] == BY_HAND and r["median_s"]}
    rows = []
    for _, method in timed_methods(run):
        for r in timed(run, method):
            error = r["rel_error"]
            if error is not None and math.isfinite(error) and _case(r) in by_hand:
                cost = r["median_s"] / by_hand[_case(r)]
                rows.append((method, r["problem"], r["point"], r["dtype"], r["status"], cost, float(error)))
    if not rows:
        raise OptionError("no record of this run has both a time beside that by hand and an error.")
    titles = ("method", "problem", "point", "data type", "status", "time over by-hand [1]", "relative error [1]")
    return Numbers(titles, tuple(rows))


def scaling(run: BenchmarkRun, problem: str | None = None) -> Numbers:
    """Size, time and exponent of growth of every method, for one problem (by default that with most sizes)."""
    chosen = growing(run, problem)
    rows: list[tuple[Cell, ...]] = []
    for _, method in timed_methods(run, baseline=True):
        found = [r for r in timed(run, method) if r["problem"] == chosen]
        for dtype in dict.fromkeys(r["dtype"] for r in found):
            records = sorted((r for r in found if r["dtype"] == dtype), key=lambda r: r["size"])
            slope = exponent([r["size"] for r in records], [r["median_s"] for r in records])
            rows += [(method, dtype, r["size"], r["median_s"], slope) for r in records]
    return Numbers(("method", "data type", "size [entries]", "median time [s]", "exponent [1]"), tuple(rows))


def growing(run: BenchmarkRun, problem: str | None = None) -> str:
    """The problem whose growth with size is shown.

    Raises
    ------
    OptionError
        If it, or every problem of the run, was timed at fewer than two sizes.
    """
    sizes: dict[str, set[int]] = {}
    for r in run.records:
        if r["median_s"] and r["method"] not in BASELINES:
            sizes.setdefault(r["problem"], set()).add(r["size"])
    chosen = problem or max(sizes, key=lambda name: len(sizes[name]), default="")
    if len(sizes.get(chosen, ())) < 2:
        raise OptionError(f"growth needs two sizes or more of a problem; this run has fewer of {chosen or 'any'!r}.")
    return chosen


def profile_lines(run: BenchmarkRun) -> dict[str, tuple[list[float], list[float]]]:
    """Corners of each timed method's performance profile over the cases of the run; a method that was `ok` solved."""
    cases = []
    for rows in run.cases().values():
        sound = [r.record for r in rows if r.record["status"] == "ok" and r.record["method"] not in BASELINES]
        cases.append({r["method"]: r["median_s"] for r in sound if r["median_s"]})
    return {method: profile_steps(cases, method, LARGEST_RATIO) for _, method in timed_methods(run)}


def profile(run: BenchmarkRun) -> Numbers:
    """Share of the cases that each method solved within some ratios of the fastest."""
    rows: list[tuple[Cell, ...]]
    rows = [(method, *(share_within(x, y, ratio) for ratio in WITHIN)) for method, (x, y) in profile_lines(run).items()]
    return Numbers(("method", *(f"within {ratio:,g} × [share]" for ratio in WITHIN)), tuple(rows))


def ratio(run: BenchmarkRun) -> Numbers:
    """Least, mean and largest cost of a gradient in values of the function."""
    rows: list[tuple[Cell, ...]] = []
    for _, method in timed_methods(run, baseline=True):
        costs = [r["gradient_to_value"] for r in timed(run, method) if r["gradient_to_value"]]
        if costs:
            rows.append((method, len(costs), min(costs), geometric_mean(costs), max(costs)))
    return Numbers(("method", "cases", "least [× f]", "geometric mean [× f]", "largest [× f]"), tuple(rows))


def break_even(run: BenchmarkRun, problem: str | None = None, point: str | None = None) -> Numbers:
    """Preparation and time a call of every method, for one case (by default the largest)."""
    key = largest_case(run, problem, point)
    rows = [
        (r["method"], preparation(r), r["median_s"], r["break_even_calls"])
        for _, method in timed_methods(run)
        for r in timed(run, method)
        if _case(r) == key
    ]
    return Numbers(("method", "preparation [s]", "median time [s]", "pays after [calls]"), tuple(rows))


def largest_case(run: BenchmarkRun, problem: str | None = None, point: str | None = None) -> Case:
    """The case with most entries among those of a problem and a point.

    Raises
    ------
    OptionError
        If none of them was timed.
    """
    found = [
        r
        for _, method in timed_methods(run)
        for r in timed(run, method)
        if problem in (None, r["problem"]) and point in (None, r["point"])
    ]
    if not found:
        raise OptionError(f"this run timed no case of {problem or 'any problem'} at {point or 'any point'}.")
    return _case(max(found, key=lambda r: r["size"] or 0))


def first_and_later(run: BenchmarkRun) -> Numbers:
    """Time to the first gradient and median time of one more, for every timed record."""
    rows = [
        (method, r["problem"], r["point"], r["dtype"], preparation(r), r["median_s"])
        for _, method in timed_methods(run)
        for r in timed(run, method)
        if preparation(r) > 0
    ]
    titles = ("method", "problem", "point", "data type", "to the first gradient [s]", "median time [s]")
    return Numbers(titles, tuple(rows))


def _case(record: Record) -> Case:
    return (record["problem"], record["point"], record["dtype"])


BEHIND: dict[str, Callable[..., Numbers]] = {
    "work-precision": work_precision,
    "profile": profile,
    "ratio": ratio,
    "scaling": scaling,
    "break-even": break_even,
    "preparation": first_and_later,
}


def numbers_behind(run: BenchmarkRun, kind: str, **options: str | None) -> Numbers:
    """The numbers that a picture shows.

    Parameters
    ----------
    run : BenchmarkRun
        What `diffcompare.benchmark` gave.
    kind : str
        One of `BEHIND`.
    **options
        As for `diffcompare.plot.benchmark.plot_benchmark`.

    Returns
    -------
    Numbers

    Raises
    ------
    OptionError
        If there is no such picture, or the run has nothing to show in it.
    """
    if kind not in BEHIND:
        raise OptionError(f"there is no picture {kind!r}; there are {', '.join(BEHIND)}.")
    return BEHIND[kind](run, **options)
