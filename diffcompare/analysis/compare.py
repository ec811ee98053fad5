"""Every method on one function at one point: checked first, then timed in turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffcompare.analysis.comparison import Comparison
from diffcompare.analysis.device import device_note
from diffcompare.analysis.environment import environment
from diffcompare.analysis.nonfinite import origin
from diffcompare.analysis.progress import Report
from diffcompare.analysis.records import break_even
from diffcompare.analysis.run import Run, certified, kinks_of, take_times
from diffcompare.analysis.subject import Subject, subject
from diffcompare.analysis.timing import Budget
from diffcompare.errors import MethodUnavailableError
from diffcompare.methods import PEERS, available, resolve
from diffcompare.methods.protocol import Method


def compare(
    f: Any,
    at: Any = None,
    methods: Sequence[str | Method] | str | Method | None = None,
    wrt: int | Sequence[int] | None = None,
    time: bool = True,
    *,
    size: int | str | None = None,
    budget: Budget | None = None,
    progress: Report | bool | None = None,
) -> Comparison:
    """Every method's gradient at one point, with its certified error, its work and its times.

    Parameters
    ----------
    f : callable, Function, text, SymPy expression or Problem
        Gives a scalar.
    at : tuple, dict, float or array
        The point: a tuple with one entry an argument, a dict by the arguments' names, or the only argument itself. A
        benchmark problem has points of its own.
    methods : sequence of str or Method, optional
        Which methods, in order; by default this package's own, as far as they can run here. "all" adds every peer
        library that is installed.
    wrt : int or sequence of int, optional
        Positions of the arguments to differentiate; by default all, or a problem's own.
    time : bool, default True
        Measure times and memory too.
    size : int or str, optional
        Which point of a benchmark problem.
    budget : Budget, optional
        How long to measure; by default about half a second a method.
    progress : callable or bool, optional
        Told how far the certified reference is; see `reference_gradient`.

    Returns
    -------
    Comparison
        One record a method. A method that cannot run, fails, or misses the accuracy that theory allows it has its
        record too, with a status and a reason. At a kink, a value that is right by another convention than ours is ok,
        and its reason says "by convention"; `Comparison.kinks` lists the operations that are at their kinks.

    Raises
    ------
    UnknownNameError
        If no method has a given name.
    ShapeError
        If the output is not a scalar, or the point does not fit the function.

    Examples
    --------
    >>> import diffcompare as dc
    >>> result = dc.compare("x * exp(y)", at={"x": 2.0, "y": 0.0}, methods=["reverse", "forward"], time=False)
    >>> [(record["method"], record["status"], record["gradient"]) for record in result]
    [('reverse', 'ok', (1.0, 2.0)), ('forward', 'ok', (1.0, 2.0))]
    """
    about, here = subject(f, at, wrt, size), environment()
    lost = origin(about.graph, about.args) if about.graph is not None else ""
    reference, no_reference = certified(about, lost, progress)
    kinks, sides = kinks_of(about, reference, lost)
    runs = [Run(about, reference, lost, name, here, kinks, sides) for name in chosen_methods(methods)]
    for run in runs:
        run.check()
    if time:
        take_times(about, [run for run in runs if run.call is not None], budget)
    records = [run.record for run in runs]
    if time:
        break_even(records)
    return Comparison(
        records=records,
        reference=reference,
        environment=here,
        problem=about.name,
        at=about.args,
        names=about.names,
        no_reference=no_reference,
        notes=(*_notes(about, reference), *(_device_notes(runs) if time else ())),
        kinks=kinks,
    )


def _device_notes(runs: Sequence[Run]) -> tuple[str, ...]:
    """What each method that ran on a CUDA device spent where."""
    there = [run for run in runs if run.program is not None and run.call is not None]
    return tuple(f"{run.record['method']}: {device_note(run.program, run.about.args)[0]}" for run in there)


def chosen_methods(methods: Sequence[str | Method] | str | Method | None) -> list[str | Method]:
    """The methods asked for, by default all that can run here; a name that does not exist is an error."""
    if methods is None or methods == "all":
        runnable = [name for name, (can_run, _) in available().items() if can_run]
        return [name for name in runnable if methods == "all" or name not in PEERS]
    chosen = [methods] if isinstance(methods, (str, Method)) else list(methods)
    for method in chosen:
        try:
            resolve(method)
        except MethodUnavailableError:
            pass  # its record says so
    return chosen


def _notes(about: Subject, reference: Any) -> tuple[str, ...]:
    if about.graph is None:
        return (f"The function cannot be traced; methods that see only values run.\n{about.untraceable}",)
    if reference is not None and reference.reason:
        return (f"The reference is {reference.status}: {reference.reason}",)
    return ()
