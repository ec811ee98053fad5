"""One case at a time: opened, each method checked by itself, then all that passed timed in turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffcompare.analysis.accuracy import accuracy
from diffcompare.analysis.device import device_note
from diffcompare.analysis.environment import environment
from diffcompare.analysis.nonfinite import origin
from diffcompare.analysis.records import Record, new_record
from diffcompare.analysis.run import THE_VALUE, Run, certified, kinks_of, take_times
from diffcompare.analysis.subject import Subject, subject
from diffcompare.analysis.timing import Budget, Timing, time_once
from diffcompare.bench.suites import Case
from diffcompare.methods.protocol import Method
from diffcompare.problems import get
from diffcompare.problems.problem import Problem, Size

VALUE, BY_HAND = "value", "by-hand"  # the baselines: rows of every case beside the methods
BASELINES = (VALUE, BY_HAND)


@dataclass(slots=True)
class Row:
    """A record with the samples its times come from.

    Attributes
    ----------
    record : dict
        The record.
    samples : tuple of float
        Seconds a call, in the order taken; empty where nothing was timed.
    loops : int
        Calls in one sample.
    """

    record: Record
    samples: tuple[float, ...] = ()
    loops: int = 0


class Session:
    """The steps of a case, each of which can be given a limit from outside."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._baselines: dict[str, tuple[Record, Callable[[], Any]]] = {}
        self._here = environment()

    def open(self, problem: str | Problem, point: Size, dtype: str) -> None:
        """Trace the function, certify the gradient, and check the baselines."""
        case = Case(get(problem) if isinstance(problem, str) else problem, point, dtype)
        self._case, self._runs = case, {}
        function = case.problem.function
        arguments = tuple(_as(argument, dtype) for argument in case.problem.point(point))
        self._about = subject(function, arguments, case.problem.wrt, None)
        self._lost = origin(self._about.graph, self._about.args) if self._about.graph is not None else ""
        self._reference, self._why = certified(self._about, self._lost)
        self._kinks = kinks_of(self._about, self._reference, self._lost)
        self._baselines = {VALUE: self._value(), BY_HAND: self._by_hand(arguments)}

    def check(self, method: str | Method) -> Record:
        """Prepare a method, call it once and judge it; the record, without times."""
        run = Run(self._about, self._reference, self._lost, method, self._here, *self._kinks)
        run.check()
        self._runs[_name(method)] = run
        return self._tidy(run.record)

    def drop(self, method: str | Method) -> None:
        """Leave a method out of the timing."""
        self._runs.pop(_name(method), None)

    def time(self, budget: Budget) -> list[Row]:
        """Time the baselines and every method that was checked and may run, in turns; one row for each.

        The reason of a row that a CUDA device ran tells its kernels' seconds, its copies' and its bytes a second.
        """
        able = [run for run in self._runs.values() if run.call is not None]
        others = {name: call for name, (_, call) in self._baselines.items() if name != VALUE}
        times = take_times(self._about, able, budget, others)
        for run in able:
            if run.program is not None and run.call is not None:
                words = device_note(run.program, self._about.args)[0]
                run.record["reason"] = "\n".join(filter(None, (run.record["reason"], words)))
        rows = [self._baseline(VALUE, times[THE_VALUE], times[THE_VALUE])]
        rows += [self._baseline(name, times[name], times[THE_VALUE]) for name in others]
        for run in self._runs.values():
            timing = run.timing
            samples, loops = (timing.samples, timing.loops) if timing is not None else ((), 0)
            rows.append(Row(self._tidy(run.record), samples, loops))
        return rows

    def _tidy(self, record: Record) -> Record:
        return record | {"problem": self._case.problem.name, "point": str(self._case.point)}

    def _value(self) -> tuple[Record, Callable[[], Any]]:
        value, seconds = time_once(self._about.value)
        return self._new(VALUE, value=value, first_s=seconds, evaluations=1), self._about.value

    def _by_hand(self, point: tuple[Any, ...]) -> tuple[Record, Callable[[], Any]]:
        gradient = self._case.problem.gradient

        def call() -> Any:
            return gradient(*point)

        with np.errstate(all="ignore"):
            parts, seconds = time_once(call)
        shown = tuple(np.asarray(part) if np.ndim(part) else part for part in parts)  # type: ignore[attr-defined]
        record = self._new(BY_HAND, gradient=shown, first_s=seconds)
        if self._reference is not None:
            found = accuracy(shown, self._reference, self._about.dtype)
            record.update(found.record())
            record["worst_entry"] = self._about.entry(*found.worst_entry) if found.worst_entry else None
        return record, call

    def _new(self, name: str, **known: Any) -> Record:
        about: Subject = self._about
        return self._tidy(
            new_record(size=about.size, dtype=about.dtype, method=name, status="ok", host=self._here.host, **known)
        )

    def _baseline(self, name: str, timing: Timing, value: Timing) -> Row:
        record, _ = self._baselines[name]
        record = dict(record)
        if timing.failure is not None:
            record.update(status="failed", reason=f"{type(timing.failure).__name__}: {timing.failure}")
        else:
            record.update(
                median_s=timing.median_s,
                min_s=timing.min_s,
                iqr_s=timing.iqr_s,
                rounds=timing.rounds,
                gradient_to_value=timing.median_s / value.median_s,
            )
        return Row(record, timing.samples, timing.loops)


def _name(method: str | Method) -> str:
    return method if isinstance(method, str) else repr(method)


def _as(argument: Any, dtype: str) -> Any:
    """The argument in another floating-point type, where it is one."""
    array = np.asarray(argument)
    if array.dtype.kind != "f" or array.dtype == dtype:
        return argument
    return array.astype(dtype) if array.ndim else array.astype(dtype)[()]
