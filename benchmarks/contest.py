"""A contest: several ways to the same value and gradient, checked against each other and then timed in turns."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from diffcompare.analysis.timing import Budget, time_in_turns

EPS = float(np.finfo(np.float64).eps)
ULP_OF_VECTOR_MATHEMATICS = 4  # glibc's libmvec promises no more; sums and products are off by at most half
ONE_THREAD = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
NO_STORE = {"DIFFCOMPARE_CACHE": "0"}

Call = Callable[[], Any]


class CannotRunError(Exception):
    """A contender is not installed, or has no way to say a problem; the message tells which."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A function, where to differentiate it, and how far two correct answers may lie apart.

    Attributes
    ----------
    function : callable
        Takes a namespace like NumPy's and the inputs; returns a scalar.
    inputs : list of ndarray or float
        In float64.
    wrt : tuple of int
        Positions to differentiate.
    length : int
        Terms of the longest sum, or links of the longest chain of operations.
    """

    function: Callable[..., Any]
    inputs: Sequence[Any]
    wrt: tuple[int, ...]
    length: int

    @property
    def bound(self) -> float:
        """Most that two correct answers differ, in units of the largest entry: both sum `length` rounding errors."""
        return 2 * ULP_OF_VECTOR_MATHEMATICS * EPS * max(self.length, 64)


Maker = Callable[[Problem], Call]


@dataclass(frozen=True, slots=True)
class Record:
    """One contender on one problem: its times, or the reason why there are none.

    Attributes
    ----------
    problem, contender : str
        Names.
    status : str
        "ok", "inaccurate", "failed" or "skipped"; the last three have a `reason`.
    reason : str
        In words.
    error : float
        Largest difference from the first contender that ran, in units of its largest entry.
    bound : float
        Most that `error` may be.
    first_s : float
        Seconds from the function to its first gradient in this process.
    min_s, median_s, iqr_s : float
        Seconds a call: shortest sample, median and interquartile range.
    rounds : int
        Number of samples.
    """

    problem: str
    contender: str
    status: str
    reason: str = ""
    error: float = math.nan
    bound: float = math.nan
    first_s: float = math.nan
    min_s: float = math.nan
    median_s: float = math.nan
    iqr_s: float = math.nan
    rounds: int = 0

    @property
    def ran(self) -> bool:
        """Whether there are times."""
        return self.status == "ok"

    def to_dict(self) -> dict[str, Any]:
        """The fields; what was not measured is None, as JSON knows no nan."""
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(self).items()}


def contest(name: str, problem: Problem, makers: Mapping[str, Maker], budget: Budget) -> dict[str, Record]:
    """One record a contender: prepared, checked against the first that runs, and timed in turns with the others.

    Parameters
    ----------
    name : str
        Of the problem.
    problem : Problem
        What each maker is called with.
    makers : mapping of str to callable
        Each gives a call without arguments that returns the value, then the gradients.
    budget : Budget
        How long to measure.
    """
    records: dict[str, Record] = {}
    calls: dict[str, Call] = {}
    reference: list[np.ndarray] | None = None
    for contender, make in makers.items():
        call, result, first_s, record = _prepare(name, contender, make, problem)
        if record is None:
            found = leaves(result)
            reference = found if reference is None else reference
            record = _checked(name, contender, found, reference, problem.bound, first_s)
        records[contender] = record
        if record.ran:
            calls[contender] = call
    for contender, timing in time_in_turns(calls, budget).items():
        old = records[contender]
        if timing.failure is not None:
            records[contender] = Record(name, contender, "failed", _words(timing.failure))
            continue
        seconds = (timing.min_s, timing.median_s, timing.iqr_s)
        records[contender] = Record(
            name, contender, "ok", "", old.error, old.bound, old.first_s, *seconds, timing.rounds
        )
    return records


def _prepare(name: str, contender: str, make: Maker, problem: Problem) -> tuple[Call, Any, float, Record | None]:
    start = time.perf_counter()
    try:
        call = make(problem)
        result = call()
    except CannotRunError as error:
        return print, None, math.nan, Record(name, contender, "skipped", str(error))
    except Exception as error:  # noqa: BLE001 - what a contender raises, of whatever library, is its result
        return print, None, math.nan, Record(name, contender, "failed", _words(error))
    return call, result, time.perf_counter() - start, None


def _words(error: Exception) -> str:
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:160]


def _checked(
    name: str, contender: str, found: list[np.ndarray], reference: list[np.ndarray], bound: float, first_s: float
) -> Record:
    if [a.size for a in found] != [a.size for a in reference]:
        reason = f"sizes {[a.size for a in found]} where {[a.size for a in reference]} were found before"
        return Record(name, contender, "inaccurate", reason)
    error = distance(found, reference)
    if not error <= bound:  # nan is no agreement
        reason = f"off by {error:.1e} of the largest entry, {bound:.1e} allowed"
        return Record(name, contender, "inaccurate", reason, error, bound)
    return Record(name, contender, "ok", "", error, bound, first_s)


def leaves(result: Any) -> list[np.ndarray]:
    """Value and gradients as flat arrays, whatever tuples they came in."""
    if isinstance(result, (tuple, list)):
        return [leaf for part in result for leaf in leaves(part)]
    return [np.array(result, np.float64).ravel()]


def distance(found: Iterable[np.ndarray], reference: Iterable[np.ndarray]) -> float:
    """Largest difference, each array in units of its own largest entry; nan if either has a nan."""
    worst = 0.0
    for a, b in zip(found, reference, strict=True):
        if b.size:
            scale = float(np.max(np.abs(b))) or 1.0
            worst = float(np.maximum(worst, np.max(np.abs(a - b)) / scale))
    return worst


def geometric_mean(ratios: Iterable[float]) -> float:
    """Geometric mean; nan of nothing."""
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logarithms) / len(logarithms)) if logarithms else math.nan


def start_afresh() -> None:
    """Start this script again, with one thread for every library and no store of compiled code, unless it runs so.

    The libraries read these variables when they are loaded, which is before this line. Without a store a first gradient
    includes its compilation.
    """
    wanted = ONE_THREAD | NO_STORE
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **wanted})
