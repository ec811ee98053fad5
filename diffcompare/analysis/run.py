"""One method on one subject: prepared, called once, judged, and timed in turns with others."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from diffcompare.analysis.accuracy import accuracy
from diffcompare.analysis.environment import Environment
from diffcompare.analysis.judge import verdict
from diffcompare.analysis.kinks import Kink, find
from diffcompare.analysis.progress import Report
from diffcompare.analysis.records import Record, new_record
from diffcompare.analysis.reference import reference_gradient
from diffcompare.analysis.sides import Sides
from diffcompare.analysis.subject import Subject
from diffcompare.analysis.timing import Budget, Timing, time_in_turns, time_once
from diffcompare.errors import DiffCompareError, MethodUnavailableError, SizeLimitError, UnsupportedOpError
from diffcompare.methods import METHODS, resolve
from diffcompare.methods.protocol import Method, Prepared

REFUSALS = (MethodUnavailableError, SizeLimitError, UnsupportedOpError)  # by design, before any work: "skipped"
THE_VALUE = "the value itself"  # among the contenders of a timing; no method is called so
USABLE = ("certified", "loose")  # statuses of a reference that knows every entry


def certified(about: Subject, lost: str, progress: Report | bool | None = None) -> tuple[Any, str]:
    """The certified gradient, or None and why there is none."""
    if about.graph is None:
        return None, "the function cannot be traced, so there is no graph to certify"
    if lost:
        return None, f"the value is not finite at this point: {lost}"
    try:
        found = reference_gradient(about.function, about.at, about.form, progress=progress)
    except DiffCompareError as error:
        return None, str(error)
    return (found, "") if found.status in USABLE else (None, f"{found.status}: {found.reason}")


def kinks_of(about: Subject, reference: Any, lost: str) -> tuple[tuple[Kink, ...], Sides | None]:
    """The operations at their kinks, and the derivatives beside the point."""
    if about.graph is None or lost:
        return (), None
    kinks, sides = find(about.graph, about.args, about.wrt, undecided=reference is None)
    return tuple(kinks), sides


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""


def label(method: Method) -> str:
    """The name of a method, with the options in which it differs from the method of that name.

    Examples
    --------
    >>> from diffcompare.methods import FiniteDifference
    >>> label(FiniteDifference("central", order=4)), label(FiniteDifference("forward"))
    ('central-difference (order=4)', 'forward-difference')
    """
    if not is_dataclass(method) or method.name not in METHODS:
        return method.name
    usual = resolve(method.name)
    options = [(f.name, getattr(method, f.name), getattr(usual, f.name)) for f in fields(method)]
    changed = ", ".join(f"{name}={value!r}" for name, value, default in options if value != default)
    return f"{method.name} ({changed})" if changed else method.name


@dataclass(slots=True)
class Run:
    """One method on the subject: its record, filled stage by stage."""

    about: Subject
    reference: Any
    lost: str  # where the value stops being finite
    asked: str | Method
    here: Environment
    kinks: tuple[Kink, ...] = ()  # operations at their kinks
    sides: Sides | None = None  # the derivatives beside the point, where there are kinks
    record: Record = field(init=False)
    call: Callable[[], Any] | None = None  # one gradient, if the method gives one
    timing: Timing | None = None  # every sample, once taken
    program: Any = None  # on a CUDA device, its kernels

    def __post_init__(self) -> None:
        name = self.asked.strip().lower().replace("_", "-") if isinstance(self.asked, str) else label(self.asked)
        about = self.about
        self.record = new_record(
            problem=about.name, size=about.size, dtype=about.dtype, method=name, status="ok", trace_s=about.trace_s,
            host=self.here.host,
        )  # fmt: skip

    def check(self) -> None:
        """Prepare, call once, and measure the error."""
        try:
            method = resolve(self.asked)
            if method.needs_graph and self.about.graph is None:
                why = _first_line(self.about.untraceable)
                raise MethodUnavailableError(f"needs the function's graph, but it cannot be traced: {why}")
            prepared = self._prepare(method)
            parts = self._first_call(prepared)
            self._judge(method, prepared, parts)
        except REFUSALS as error:
            self.stop("skipped", str(error))
        except Exception as error:  # noqa: BLE001 - whatever a method raises is its result, and a row
            self.stop("failed", _in_words(error))

    def stop(self, status: str, reason: str) -> None:
        """End with a status that is not ok; nothing is timed after a failure."""
        self.record.update(status=status, reason=reason)
        if status in ("failed", "skipped"):
            self.call = None

    def _prepare(self, method: Method) -> Prepared:
        target = self.about.opaque if self.about.graph is None else self.about.graph
        prepared, seconds = time_once(lambda: method.prepare(target, self.about.wrt))
        assert isinstance(prepared, Prepared)
        self.program = prepared.program
        compiling = prepared.seconds.get("compile_s", 0.0)
        self.record.update(
            cached=prepared.cached,
            compile_s=compiling,
            # Whatever preparing takes beyond compilation is derivation, whether the method names it or not.
            derive_s=max(prepared.seconds.get("derive_s", 0.0), seconds - compiling, 0.0),
            evaluations=prepared.evaluations,
            operations=prepared.operations,
        )
        return prepared

    def _first_call(self, prepared: Prepared) -> tuple[Any, ...]:
        gradient, args = prepared.value_and_gradient, self.about.args
        if gradient is None:
            raise UnsupportedOpError(f"method {prepared.method!r} gives no gradient of this function.")

        def call() -> Any:
            return gradient(*args)

        with np.errstate(all="ignore"):
            result, seconds = time_once(call)
        value, parts = result  # type: ignore[misc]
        self.call = call
        self.record.update(value=value, gradient=self.about.gradient(tuple(parts)), first_s=seconds)
        return tuple(parts)

    def _judge(self, method: Method, prepared: Prepared, parts: tuple[Any, ...]) -> None:
        if not np.isfinite(self.record["value"]):
            why = self.lost or "the point lies outside the real domain, or the function overflows"
            return self.stop("failed", f"the value is {self.record['value']}: {why}")
        if self.reference is None:
            return self._judge_alone(parts)
        found = accuracy(parts, self.reference, self.about.dtype)
        self.record.update(found.record())
        self.record["worst_entry"] = self.about.entry(*found.worst_entry) if found.worst_entry else None
        if not all(np.all(np.isfinite(part)) for part in parts):
            return self.stop("failed", f"the gradient is not finite at entry {_where(self.about, parts)}")
        status, reason = verdict(
            method, prepared, self.record, parts, self.reference, self.about, self.kinks, self.sides
        )
        self.record.update(status=status, reason=reason)
        return None

    def _judge_alone(self, parts: tuple[Any, ...]) -> None:
        if not all(np.all(np.isfinite(part)) for part in parts):
            self.stop("failed", f"the gradient is not finite at entry {_where(self.about, parts)}")
        else:
            at = f": {self.kinks[0].place} is at its kink" if self.kinks else ""
            self.record["reason"] = f"not checked: there is no certified gradient{at}"

    def fill(self, timing: Timing, value: Timing) -> None:
        """Take over the samples, and the ratio to those of the value."""
        self.timing = timing
        if timing.failure is not None:
            self.stop("failed", f"a repeated call failed: {_in_words(timing.failure)}")
            return
        self.record.update(
            median_s=timing.median_s,
            min_s=timing.min_s,
            iqr_s=timing.iqr_s,
            rounds=timing.rounds,
            gradient_to_value=timing.median_s / value.median_s if value.samples else math.nan,
        )


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, DiffCompareError) else f"{type(error).__name__}: {error}"


def _where(about: Subject, parts: tuple[Any, ...]) -> str:
    """Name and index of the first entry that is not finite."""
    for position, part in zip(about.wrt, parts, strict=True):
        bad = np.argwhere(~np.isfinite(part))
        if len(bad):
            return about.entry(position, *bad[0].tolist())
    return ""


def take_times(
    about: Subject, runs: Sequence[Run], budget: Budget | None, others: Mapping[str, Callable[[], Any]] | None = None
) -> dict[str, Timing]:
    """Fill the runs' times and memory: memory of one call first, then samples in turns.

    The value itself takes part as the measure of cost, and so do `others`; their timings come back by name.
    """
    for run in runs:
        assert run.call is not None
        run.record["peak_bytes"] = peak_bytes(run.call)
    calls: dict[str, Callable[[], Any]] = {THE_VALUE: about.value, **(others or {})}
    numbered = {str(i): run.call for i, run in enumerate(runs) if run.call is not None}
    with np.errstate(all="ignore"):
        times = time_in_turns({**calls, **numbered}, budget)
    for i, run in enumerate(runs):
        run.fill(times[str(i)], times[THE_VALUE])
    return {name: times[name] for name in calls}


def peak_bytes(call: Callable[[], Any]) -> int:
    """Most memory that one call holds at once above what was held before, in bytes, as Python and NumPy allocate it.

    Memory that compiled code takes from the C library itself is not seen.
    """
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        call()
        return max(0, tracemalloc.get_traced_memory()[1] - before)
    finally:
        if not was_tracing:
            tracemalloc.stop()


assert THE_VALUE not in METHODS
