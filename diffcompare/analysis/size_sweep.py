"""Time and error against problem size, method by method, with fitted growth exponents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diffcompare.analysis.agreement import agree
from diffcompare.analysis.compare import chosen_methods
from diffcompare.analysis.device import device_note
from diffcompare.analysis.environment import Environment, environment
from diffcompare.analysis.growth import fit_growth
from diffcompare.analysis.nonfinite import origin
from diffcompare.analysis.records import Record
from diffcompare.analysis.reference import reference_gradient
from diffcompare.analysis.run import USABLE, Run, kinks_of, take_times
from diffcompare.analysis.size_sweep_result import MEASURES, SizeSweep
from diffcompare.analysis.subject import ProblemLike, Subject, subject
from diffcompare.analysis.timing import Budget
from diffcompare.core.faces import face
from diffcompare.errors import DiffCompareError, OptionError
from diffcompare.methods.protocol import Method

USUAL_SIZES = (2, 10, 100, 1_000)  # of a function; a problem has its own
SHORT = Budget(each_s=0.1)
KEPT_ENTRIES = 1_000  # longer gradients are not kept in the records
USUAL_GROWTH, LEAST_GROWTH, MOST_GROWTH = 2.0, 1.0, 6.0  # of predicted times: until two sizes show it, and its limits


def sweep_sizes(
    problem_or_function: Any,
    sizes: Sequence[int | str] | None = None,
    methods: Sequence[str | Method] | str | Method | None = None,
    *,
    point: Callable[[Any], Any] | None = None,
    dtype: Any = None,
    wrt: int | Sequence[int] | None = None,
    budget: Budget | None = None,
    most_s: float = 10.0,
    reference_s: float = 20.0,
) -> SizeSweep:
    """Time and error of every method at several sizes, and how they grow.

    Parameters
    ----------
    problem_or_function : str, Problem, callable, Function or text
        The name of a problem in `diffcompare.problems`, a problem, or a function that gives a scalar.
    sizes : sequence of int or str, optional
        In rising order. By default a problem's own, or 2, 10, 100 and 1,000.
    methods : sequence of str or Method, optional
        By default all that can run here.
    point : callable, optional
        ``point(size)`` gives the arguments, a tuple or the only one; a problem has its own.
    dtype : data type, optional
        The floating arguments are cast to it, such as ``np.float32``.
    wrt : int or sequence of int, optional
        Positions of the arguments to differentiate; by default all, or a problem's own.
    budget : Budget, optional
        How long to measure each record; by default a tenth of a second.
    most_s : float, default 10
        Seconds that deriving a method and calling it once may take. What took t at a size n is predicted to take
        t (m / n)**p at size m, p from its two last sizes (2 before there are two, between 1 and 6); a method whose
        prediction is longer is skipped, and its record says so. Compiling is left out: it does not grow with arrays.
    reference_s : float, default 20
        Seconds that certifying a gradient may take, predicted in the same way. Beyond, errors are against what the
        exact methods agree on.

    Returns
    -------
    SizeSweep
        One record for each size and method.

    Raises
    ------
    OptionError
        If there is no point for a function, or no size.
    UnknownNameError
        If no problem or method has a given name.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> sweep = dc.sweep_sizes(lambda x: np.sum(x**3), [2, 4], ["reverse"], point=lambda n: np.ones(n))
    >>> [(record["size"], record["status"], record["abs_error"]) for record in sweep.records]
    [(2, 'ok', 0.0), (4, 'ok', 0.0)]
    """
    problem = face("problem")(problem_or_function) if _is_name(problem_or_function, point) else problem_or_function
    name, function = problem, problem
    if isinstance(problem, ProblemLike):
        name, function, point = problem.name, problem.function, point or problem.point
        sizes, wrt = sizes or problem.sizes, problem.wrt if wrt is None else wrt
    if point is None:
        raise OptionError("a function has no points of its own.\n  Give point=lambda n: np.ones(n), or a problem.")
    chosen = tuple(USUAL_SIZES if sizes is None else sizes)
    if not chosen:
        raise OptionError("there is no size; give some, such as sizes=(10, 100, 1000).")
    sweep = _Sweep(name if isinstance(name, str) else None, chosen_methods(methods), environment(), budget or SHORT,
                   most_s, reference_s)  # fmt: skip
    sweep.warm_up()
    for size in chosen:
        sweep.measure(subject(function, _cast(point(size), dtype), wrt, None), size)
    return sweep.result()


def _is_name(given: Any, point: Any) -> bool:
    return isinstance(given, str) and point is None


def _cast(at: Any, dtype: Any) -> tuple[Any, ...]:
    args = at if isinstance(at, tuple) else (at,)
    if dtype is None:
        return args
    kind = np.dtype(dtype)
    return tuple(_as(kind, a) for a in args)


def _as(kind: np.dtype, argument: Any) -> Any:
    if isinstance(argument, float) or np.asarray(argument).dtype.kind == "f":
        return np.asarray(argument, kind)[()]
    return argument


@dataclass(slots=True)
class _Sweep:
    """The records so far, and what they predict."""

    name: str | None
    methods: list[str | Method]
    here: Environment
    budget: Budget
    most_s: float
    reference_s: float
    records: list[Record] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    sizes: list[Any] = field(default_factory=list)
    axis: list[float] = field(default_factory=list)
    against: dict[Any, str] = field(default_factory=dict)
    kernels: dict[str, list[float | None]] = field(default_factory=dict)  # by method, at each size
    took: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # by method: (size, seconds)

    def warm_up(self) -> None:
        """Load what methods load when they are first used, so that the first size is not charged for it."""
        about = subject("x*x", (1.0,), None, None)
        for method in self.methods:
            Run(about, None, "", method, self.here).check()

    def measure(self, about: Subject, size: Any) -> None:
        """Every method at one size."""
        at = float(size) if isinstance(size, int) else float(about.size)
        self.name = self.name or about.name
        lost = origin(about.graph, about.args) if about.graph is not None else ""
        reference, why = self._reference(about, lost, at)
        kinks, sides = kinks_of(about, reference, lost)
        runs = [Run(about, reference, lost, method, self.here, kinks, sides) for method in self.methods]
        for run in runs:
            self._check(run, at)
        take_times(about, [run for run in runs if run.call is not None], self.budget)
        for run in runs:
            found = (
                device_note(run.program, about.args)[1] if run.program is not None and run.call is not None else None
            )
            self.kernels.setdefault(run.record["method"], []).append(found)
        records = [run.record for run in runs]
        for record in records:
            if record["median_s"] is not None:
                self.took.setdefault(record["method"], []).append((at, record["derive_s"] + record["median_s"]))
        self.against[size] = agree(records, why) if reference is None else f"{reference.digits} certified digits"
        for record in records:
            record.update(problem=self.name, point=str(size))
            if about.size > KEPT_ENTRIES:
                record["gradient"] = None
        self.records += records
        self.sizes.append(size)
        self.entries.append(about.size)
        self.axis.append(at)

    def _check(self, run: Run, at: float) -> None:
        method = run.record["method"]
        seconds = self._predict(method, at)
        if seconds > self.most_s:
            size, before = self.took[method][-1]
            run.stop(
                "skipped",
                f"too slow: {before:.2g} s at size {size:,.0f} predict more than the {self.most_s:g} s allowed",
            )
            return
        run.check()

    def _predict(self, what: str, at: float) -> float:
        """Seconds that deriving and one call will take, by the sizes before; 0 before there is any."""
        known = self.took.get(what, [])
        if not known:
            return 0.0
        size, seconds = known[-1]
        growth = USUAL_GROWTH
        if len(known) > 1 and known[-2][0] < size and known[-2][1] > 0:
            (before, earlier), _ = known[-2:]
            growth = float(np.log(seconds / earlier) / np.log(size / before))
        return seconds * max(1.0, at / size) ** min(max(growth, LEAST_GROWTH), MOST_GROWTH)

    def _reference(self, about: Subject, lost: str, at: float) -> tuple[Any, str]:
        """The certified gradient, or None and why there is none."""
        what = "the reference"
        if about.graph is None:
            return None, "the function cannot be traced"
        if lost:
            return None, f"the value is not finite: {lost}"
        seconds = self._predict(what, at)
        if seconds > self.reference_s:
            return None, f"certifying would take about {seconds:.2g} s"
        try:
            found = reference_gradient(about.function, about.at, about.form, seconds=self.reference_s)
        except DiffCompareError as error:
            return None, str(error).splitlines()[0]
        self.took.setdefault(what, []).append((at, found.seconds))
        return (found, "") if found.status in USABLE else (None, f"{found.status}: {found.reason}")

    def result(self) -> SizeSweep:
        """The records, with exponents fitted."""
        exponents: dict[str, dict[str, Any]] = {}
        for record in self.records:
            exponents.setdefault(record["method"], {})
        for method, fitted in exponents.items():
            rows = [r for r in self.records if r["method"] == method]
            for measure, (key, _) in MEASURES.items():
                fitted[measure] = fit_growth(self.axis, [r[key] for r in rows])
        return SizeSweep(
            self.name or "", tuple(self.sizes), tuple(self.entries), tuple(self.axis), self.records, exponents,
            self.against, self.here, {m: tuple(found) for m, found in self.kernels.items() if any(found)},
        )  # fmt: skip
