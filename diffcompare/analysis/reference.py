"""The certified gradient that every method is measured against."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..core.arguments import Static, normalise, positions
from ..core.trace import function
from ..errors import OptionError, ShapeError
from ..lower.ball_arrays import filled
from .certify import (
    NAN_PRECISION,
    Enclosure,
    Task,
    by_pullback,
    by_series,
    certify,
    decimal_digits,
    first_not_finite,
    generator_of,
    nearest,
)
from .progress import Report, reporting
from .rounding import sums_of_terms

SERIES_ENTRIES = 8  # up to here one power series an entry costs no more than a pullback with its checks
MOST_BITS = 16_384
ROUTES = ("auto", "series", "pullback")


@dataclass(frozen=True, eq=False)
class Reference:
    """Value and gradient of a function at a point, enclosed by ball arithmetic.

    The function is the exact one: its float64 arguments and constants are taken as they are, its operations without
    rounding.

    Attributes
    ----------
    value : float
        Nearest float64 to the certified value.
    gradient : float, ndarray or tuple
        Nearest float64 to each certified entry, in the form that `gradient(f, wrt)` gives; nan where it is not known.
    digits : int
        Decimal digits that the worst entry's enclosure guarantees (entries that are exact or 0 are not counted).
    condition : float
        Condition number of the value: sum of ``|x_i df/dx_i|`` over ``|f|``, over the differentiated entries [1]_.
    arrays : tuple of ndarray
        `gradient` as one array for each differentiated argument.
    sums : tuple of ndarray or None
        For each entry, the sum of the absolute terms that rounding acts on: what rounding in the reverse
        sweep may cost, in units of round-off [2]_; None where it is not defined. Found when it is first asked for.
    value_ball : arb
        Enclosure of the value.
    gradient_balls : tuple of ndarray
        Enclosures of the entries (object arrays; None where undecided), one array for each differentiated argument.
    precision_bits : int
        Working precision of the last pass.
    route : str
        "series" (power series in one direction an entry, free of derivative rules) or "pullback" (the reverse sweep
        in balls, checked against power series in random directions).
    status : str
        "certified", "undecided" (a comparison too close to call), "not-finite" (outside the domain, or infinite) or
        "loose" (the largest precision, or the time, did not suffice).
    reason : str
        Why the status is not "certified", with the node; empty otherwise.
    wrt : tuple of int
        Positions of the differentiated arguments.
    seconds : float
        Time it took.
    task : Task
        The graph, the point, and which inputs are differentiated.

    References
    ----------
    .. [1] Trefethen and Bau, *Numerical Linear Algebra*, SIAM 1997, lecture 12, with componentwise relative errors.
    .. [2] `diffcompare.analysis.rounding.sums_of_terms`; Bauer 1974, doi:10.1137/0711010.
    """

    value: float
    gradient: Any
    digits: int
    condition: float
    arrays: tuple[np.ndarray, ...] = field(repr=False)
    value_ball: Any = field(repr=False)
    gradient_balls: tuple[np.ndarray, ...] = field(repr=False)
    precision_bits: int
    route: str
    status: str
    reason: str
    wrt: tuple[int, ...]
    seconds: float = field(repr=False)
    task: Task = field(repr=False)

    @cached_property
    def sums(self) -> tuple[np.ndarray, ...] | None:
        """For each entry, the sum of the absolute terms that rounding acts on; see the class."""
        return sums_of_terms(self.task.graph, self.task.args, self.task.wrt)


def reference_gradient(
    f: Any,
    at: Any,
    wrt: int | Sequence[int] | None = None,
    *,
    route: str = "auto",
    most_bits: int = MOST_BITS,
    seconds: float = 60.0,
    seed: int = 0,
    progress: Report | bool | None = None,
) -> Reference:
    """Certified value and gradient of `f` at a point.

    Parameters
    ----------
    f : callable, Function, str or SymPy expression
        A function with a scalar value.
    at : tuple, float or ndarray
        The arguments; anything but a tuple is the only argument.
    wrt : int, sequence of int or None
        Which arguments to differentiate, as in `gradient`.
    route : str, default "auto"
        "series", "pullback", or "auto": series up to 8 differentiated entries, else the pullback.
    most_bits : int, default 16384
        Largest working precision in bits.
    seconds : float, default 60
        No pass is begun that would probably end later than this.
    seed : int, default 0
        Of the random directions in which a pullback is checked.
    progress : callable or bool, optional
        Called with (bits, done, total) as each pass goes on: steps done, of all steps of the pass at this precision
        (entries, or operations of the reverse sweep). True draws a bar on standard error.

    Returns
    -------
    Reference
        See there; a point that cannot be certified gives nan entries and says why, it does not raise.

    Raises
    ------
    ShapeError
        If the value is not a scalar.
    OptionError
        If `route` is none of the three, or `progress` neither True nor a callable.

    Examples
    --------
    >>> import numpy as np
    >>> from diffcompare.analysis.reference import reference_gradient
    >>> r = reference_gradient(lambda x, y: np.sin(x) * y, at=(1.0, 2.0))
    >>> r.gradient, r.status
    ((1.0806046117362795, 0.8414709848078965), 'certified')
    """
    began = time.perf_counter()
    if route not in ROUTES:
        raise OptionError(f"route={route!r} does not exist; it is one of {', '.join(ROUTES)}.")
    args = at if isinstance(at, tuple) else (at,)
    asked = positions(wrt, len(args))
    task = _task(f, args, asked)
    chosen = route
    if chosen == "auto":
        chosen = "series" if sum(task.sizes) <= SERIES_ENTRIES else "pullback"
    with reporting(progress) as report:
        run = by_series(task, report) if chosen == "series" else by_pullback(task, generator_of(seed), report)
        found, stopped = certify(run, most_bits, seconds)
    status, reason = _judge(found, stopped, task)
    balls = _split(found.entries, task)
    real = found.value is not None and not found.value.is_nan()
    arrays = tuple(np.array([nearest(e if real else None) for e in b.ravel()], float).reshape(b.shape) for b in balls)
    parts = tuple(a if a.ndim else a.item() for a in arrays)
    single = isinstance(wrt, (int, np.integer)) or (wrt is None and len(parts) == 1)
    return Reference(
        value=nearest(found.value),
        gradient=parts[0] if single else parts,
        digits=decimal_digits(found.entries) if status == "certified" else 0,
        condition=_condition(found, task),
        arrays=arrays,
        value_ball=found.value,
        gradient_balls=balls,
        precision_bits=found.bits,
        route=chosen,
        status=status,
        reason=reason,
        wrt=asked,
        seconds=time.perf_counter() - began,
        task=task,
    )


def _task(f: Any, args: tuple[Any, ...], wrt: tuple[int, ...]) -> Task:
    normal = normalise(args, wrt)
    graph = function(f).graph(normal)
    shape = graph.output.shape
    if shape != ():
        raise ShapeError(
            f"A certified gradient needs a function with a scalar value, but its value has shape {shape}.\n"
            "  Reduce it, for example with np.sum."
        )
    dynamic = [i for i, a in enumerate(normal) if not isinstance(a, Static)]
    return Task(graph, tuple(normal[i] for i in dynamic), tuple(dynamic.index(i) for i in wrt))


def _split(entries: list[Any], task: Task) -> tuple[np.ndarray, ...]:
    parts, start = [], 0
    for i, size in zip(task.wrt, task.sizes, strict=True):
        parts.append(filled(entries[start : start + size], np.shape(task.args[i])))
        start += size
    return tuple(parts)


def _judge(found: Enclosure, stopped: str, task: Task) -> tuple[str, str]:
    if found.reasons or found.value is None:
        told = next(iter(found.reasons.values()), "undecided: the value itself")
        return "undecided", f"{told}; {stopped}" if stopped else told
    known = [found.value, *found.entries]
    if not all(x.is_finite() for x in known):
        place = first_not_finite(task, min(found.bits, NAN_PRECISION))
        what = "the value" if not found.value.is_finite() else "a derivative"
        return "not-finite", f"{what} is nan or infinite" + (f"; first at {place}" if place else "")
    return ("loose", stopped) if stopped else ("certified", "")


def _condition(found: Enclosure, task: Task) -> float:
    """Sum of |x_i df/dx_i| over |f|; nan where an entry is unknown, inf where the value is 0."""
    point = np.concatenate([np.ravel(np.asarray(task.args[i], float)) for i in task.wrt] or [np.zeros(0)])
    if found.value is None or any(e is None for e in found.entries):
        return float("nan")
    value = abs(nearest(found.value))
    with np.errstate(all="ignore"):
        total = float(np.sum(np.abs(point * np.array([nearest(e) for e in found.entries], float))))
    return total / value if value else float("inf") if total else 0.0
