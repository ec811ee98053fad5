"""`benchmark`: case after case, method after method, and whatever goes wrong is a row."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from diffcompare.analysis.compare import chosen_methods
from diffcompare.analysis.environment import environment
from diffcompare.analysis.records import Record, break_even, new_record
from diffcompare.analysis.run import label
from diffcompare.analysis.timing import Budget
from diffcompare.bench.isolation import Apart, Failed, Here, Limits, Place, Stopped
from diffcompare.bench.progress import Progress, progress_of
from diffcompare.bench.results import BenchmarkRun, load
from diffcompare.bench.session import BASELINES, Row
from diffcompare.bench.suites import Case, Suite, cases_of, suite_of
from diffcompare.errors import OptionError
from diffcompare.methods.protocol import Method
from diffcompare.problems import MODULES
from diffcompare.problems.problem import Problem, Size

INTERRUPTED = "interrupted before it was measured"
Asked = str | Method


def benchmark(
    suite: str | Suite | Sequence[str | Problem] = "quick",
    methods: str | Sequence[Asked] | None = None,
    *,
    problems: Sequence[str] | None = None,
    sizes: Sequence[Size] | None = None,
    dtypes: Sequence[str] = ("float64",),
    budget: Budget | float | None = None,
    repeat: int | None = None,
    limits: Limits | None = None,
    isolate: bool | None = None,
    resume: BenchmarkRun | str | Path | None = None,
    keep: str | Path | None = None,
    progress: bool | None = None,
) -> BenchmarkRun:
    """Every chosen method on every chosen problem: checked against certified gradients first, then timed in turns.

    The steps run in a process of their own with limits of time and memory, so that a method that hangs or explodes
    becomes a row with its reason. An interruption (Ctrl-C) ends the run and keeps what is done.

    Parameters
    ----------
    suite : str, Suite or sequence, default "quick"
        Name of a suite (see `diffcompare.bench.suites.suites`), or problems: by name, or your own `Problem` objects.
    methods : str or sequence of str or Method, optional
        Which methods; by default this package's own. "all" adds every peer library that is installed. A peer asked
        for by name that is missing has rows that tell how to install it.
    problems : sequence of str, optional
        Only these problems.
    sizes : sequence of int or str, optional
        Only these sizes.
    dtypes : sequence of str, default ("float64",)
        "float64", "float32" or both.
    budget : Budget or float, optional
        How long a contender is measured; a number is the seconds each may spend. By default the suite's.
    repeat : int, optional
        Samples of each contender.
    limits : Limits, optional
        What one step may take.
    isolate : bool, optional
        Whether to use a process of its own; by default where the problems are registered ones.
    resume : BenchmarkRun, str or Path, optional
        A run, or its file, whose finished cases are taken over.
    keep : str or Path, optional
        File to which the run is saved after every case.
    progress : bool, optional
        Whether to show a progress bar on standard error; by default where that is a terminal.

    Returns
    -------
    BenchmarkRun
        One record for each problem, size, data type and method, with the baselines "value" (the function itself) and
        "by-hand" (its gradient written by hand in NumPy).

    Raises
    ------
    UnknownNameError
        If a suite, problem or method does not exist; the nearest names are told.
    OptionError
        If an option makes no sense.

    Examples
    --------
    >>> import diffcompare as dc
    >>> run = dc.benchmark(["product-of-sum"], methods=["reverse"], isolate=False, progress=False)
    >>> [(record["method"], record["status"]) for record in run.records]
    [('value', 'ok'), ('by-hand', 'ok'), ('reverse', 'ok')]
    """
    chosen = suite_of(suite)
    own = [] if isinstance(suite, (str, Suite)) else [p for p in suite if isinstance(p, Problem)]
    cases = cases_of(chosen, problems, sizes, dtypes, own)
    asked = methods_of(methods)
    apart = all(case.problem.name in MODULES and case.problem not in own for case in cases)
    if isolate and not apart:
        raise OptionError("isolate=True needs registered problems: a problem of your own cannot be sent to a process.")
    limits = limits or Limits()
    place: Place = Apart(limits) if (apart if isolate is None else isolate) else Here()
    before = load(resume) if isinstance(resume, (str, Path)) else resume
    run = BenchmarkRun(
        suite=chosen.name,
        environment=environment().to_dict(),
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        options={
            "methods": [_label(method) for method in asked],
            "budget": asdict(_budget(budget, repeat, chosen)),
            "limits": asdict(limits) if isinstance(place, Apart) else None,
        },
    )
    with progress_of(progress, len(cases) * len(asked)) as shown:
        _measure(run, cases, asked, place, _budget(budget, repeat, chosen), before, keep, shown)
    return run


def _budget(budget: Budget | float | None, repeat: int | None, suite: Suite) -> Budget:
    found = suite.budget if budget is None else budget
    if not isinstance(found, Budget):
        found = replace(suite.budget, each_s=float(found), sample_s=min(suite.budget.sample_s, float(found)))
    if repeat is None:
        return found
    return replace(found, rounds=repeat, least_rounds=min(repeat, found.least_rounds))


def methods_of(asked: str | Sequence[Asked] | None) -> list[Asked]:
    """The methods asked for, each once; by default this package's own."""
    chosen = chosen_methods(asked)
    names = [m.strip().lower().replace("_", "-") if isinstance(m, str) else m for m in chosen]
    return list(dict.fromkeys(names))


def _label(method: Asked) -> str:
    return method if isinstance(method, str) else label(method)


def _measure(
    run: BenchmarkRun,
    cases: Sequence[Case],
    methods: Sequence[Asked],
    place: Place,
    budget: Budget,
    before: BenchmarkRun | None,
    keep: str | Path | None,
    shown: Progress,
) -> None:
    """Fill the run; on an interruption what is left becomes rows that say so."""
    began = time.monotonic()
    left = list(cases)
    try:
        while left:
            known = _taken_over(before, left[0], methods)
            run.add(known if known is not None else _case(left[0], methods, place, budget, shown))
            left.pop(0)
            run.seconds = time.monotonic() - began
            if keep is not None:
                run.save(keep)
    except KeyboardInterrupt:
        for case in left:
            run.add(Row(_empty(case, _label(method), "skipped", INTERRUPTED)) for method in methods)
        run.notes.append(f"interrupted: {len(left)} of {len(cases)} cases were not measured")
    finally:
        place.close()
    run.complete, run.seconds = not left, time.monotonic() - began
    if keep is not None:
        run.save(keep)


def _taken_over(before: BenchmarkRun | None, case: Case, methods: Sequence[Asked]) -> list[Row] | None:
    """The rows of an earlier run, if it finished the case with all these methods."""
    if before is None:
        return None
    rows = [row for row in before.rows() if _key(row.record) == case.key and row.record["reason"] != INTERRUPTED]
    wanted = {*BASELINES, *map(_label, methods)}
    found = {row.record["method"]: row for row in rows if row.record["method"] in wanted}
    return list(found.values()) if found.keys() == wanted else None


def _key(record: Record) -> tuple[str, str, str]:
    return (record["problem"], record["point"], record["dtype"])


def _case(case: Case, methods: Sequence[Asked], place: Place, budget: Budget, shown: Progress) -> list[Row]:
    """All rows of one case: the baselines, then the methods in their order."""
    problem: Any = case.problem.name if isinstance(place, Apart) else case.problem
    identity = (problem, case.point, case.dtype)
    shown.say(f"{case}: certified gradient")
    try:
        place.run("open", *identity)
    except (Stopped, Failed) as error:
        shown.advance(len(methods))
        names = [*BASELINES, *map(_label, methods)]
        return [Row(_empty(case, name, "failed", f"the problem could not be opened: {error}")) for name in names]
    checked = _check(case, methods, lambda: place.run("open", *identity), place, shown)
    shown.say(f"{case}: timing")
    seconds = place.limits.seconds + 4 * (len(methods) + 2) * budget.each_s if isinstance(place, Apart) else None
    try:
        timed = {row.record["method"]: row for row in place.run("time", budget, seconds=seconds)}
    except (Stopped, Failed) as error:
        timed = {name: Row(_empty(case, name, "failed", f"not timed: {error}")) for name in BASELINES}
        for record in checked.values():
            record["reason"] = record["reason"] or f"not timed: {error}"
    rows = [timed[name] for name in BASELINES]
    rows += [timed.get(name, Row(record)) for name, record in checked.items()]
    break_even([row.record for row in rows[len(BASELINES) :]])
    return rows


def _check(
    case: Case, methods: Sequence[Asked], reopen: Callable[[], object], place: Place, shown: Progress
) -> dict[str, Record]:
    """Each method's record before it is timed. One that had to be stopped took the session with it: it is made anew."""
    found: dict[str, Record] = {}
    sound: list[Asked] = []
    for number, method in enumerate(methods):
        name = _label(method)
        shown.say(f"{case}: {name}")
        try:
            found[name] = place.run("check", method)
            sound.append(method)
        except Failed as error:
            found[name] = _empty(case, name, "failed", str(error))
        except Stopped as error:
            found[name] = _empty(case, name, "skipped", str(error))
            lost = _restore(sound, reopen, place)
            if lost:
                names = map(_label, methods[number + 1 :])
                return found | {n: _empty(case, n, "failed", f"not reached: {lost}") for n in names}
        shown.advance(1)
    return found


def _restore(methods: Sequence[Asked], reopen: Callable[[], object], place: Place) -> str:
    """Bring a new session to where the stopped one was; why that failed, or nothing."""
    try:
        reopen()
        for method in methods:
            place.run("check", method)
    except (Stopped, Failed) as error:
        return f"the case could not be opened again after a method was stopped: {error}"
    return ""


def _empty(case: Case, method: str, status: str, reason: str) -> Record:
    """The record of a method that did not get to its end."""
    return new_record(
        problem=case.problem.name,
        point=str(case.point),
        size=case.problem.inputs(case.point),
        dtype=case.dtype,
        method=method,
        status=status,
        reason=reason,
    )
