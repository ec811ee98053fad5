"""Gradients in ball arithmetic at rising precision, until every entry is certified or shown to be out of reach."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.random import Generator, default_rng

from ..core.graph import Graph
from ..core.node import Node
from ..errors import InternalError
from ..lower.ball_arrays import box, to_balls
from ..lower.ball_base import Undecided, head, precision
from ..lower.balls import ball_evaluator, dependent, finite, seeded
from ..transform.pullback import pullback
from .progress import Report, sparse

BITS = 60  # an entry is certified when its radius is below 2**-BITS of its size
START = 128  # bits of the first pass: 53 of a float64, and as many again for cancellation
ZERO_PRECISION = 512  # an enclosure of 0 that is not exact counts as 0 only from this precision on
NAN_PRECISION = 1024  # what is nan at this precision is nan by its domain, not by a wide enclosure
ROUND_PRECISION = 1024  # an entry on the boundary between two float64 is not pursued beyond this precision
CHECKS = 2  # random directions in which a pullback must agree with a power series


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What one pass, or the last of several, knows.

    Attributes
    ----------
    value : arb or None
        The function's value; None where a question was undecided.
    entries : list of (arb or None)
        The gradient, all differentiated arguments in one row.
    reasons : dict of int to str
        Why an entry is not known.
    bits : int
        Working precision of the pass.
    """

    value: Any
    entries: list[Any]
    bits: int
    reasons: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A graph with a scalar output, a point, and which inputs are differentiated."""

    graph: Graph
    args: tuple[Any, ...]
    wrt: tuple[int, ...]

    @property
    def sizes(self) -> list[int]:
        """Entries of each differentiated input."""
        return [int(np.size(self.args[i])) for i in self.wrt]

    def balls(self) -> list[Any]:
        """The point as exact balls."""
        return [to_balls(a) for a in self.args]


def by_series(task: Task, report: Report | None = None) -> Callable[[int], Enclosure]:
    """One evaluation in power series for each entry; no rule of differentiation is used. A step is an entry."""
    evaluate = ball_evaluator(task.graph)
    points = task.balls()
    places = [(i, k) for i, size in zip(task.wrt, task.sizes, strict=True) for k in range(size)]

    def run(bits: int) -> Enclosure:
        with precision(bits):
            value: Any = None
            entries: list[Any] = []
            reasons: dict[int, str] = {}
            told = sparse(report, bits, len(places))
            told(0)
            for n, (i, k) in enumerate(places):
                args = list(points)
                args[i] = seeded(points[i], {k: 1})
                try:
                    (y,) = evaluate(*args)
                except Undecided as undecided:
                    entries.append(None)
                    reasons[n] = _told(undecided, task.graph)
                    continue
                value = head(y)
                entries.append(dependent(y))
                told(n + 1)
            if value is None:
                value = _value_alone(evaluate, points)
            return Enclosure(value, entries, bits, reasons)

    return run


def _value_alone(evaluate: Callable, points: list[Any]) -> Any:
    try:
        return evaluate(*points)[0]
    except Undecided:
        return None


def by_pullback(task: Task, generator: Generator, report: Report | None = None) -> Callable[[int], Enclosure]:
    """The reverse sweep in balls, checked against power series in random directions on the first pass that decides.

    A step is an operation of the sweep.
    """
    derived = pullback(task.graph, task.wrt)
    told: Callable[[int], None] = sparse(None, 0, 1)
    done = 0

    def counted(_: Node, value: Any) -> Any:
        nonlocal done
        done += 1
        told(done)
        return value

    sweep = ball_evaluator(derived, widened=None if report is None else counted)
    steps = sum(node.op.name not in ("input", "constant") for node in derived.nodes)
    plain = ball_evaluator(task.graph)
    points = task.balls()
    directions = [generator.integers(-8, 9, size=sum(task.sizes)).tolist() for _ in range(CHECKS)]
    checked = False

    def run(bits: int) -> Enclosure:
        nonlocal checked, told, done
        told, done = sparse(report, bits, steps), 0
        with precision(bits):
            try:
                value, *parts = sweep(*points)
            except Undecided as undecided:
                reason = _told(undecided, derived)
                count = sum(task.sizes)
                return Enclosure(_value_alone(plain, points), [None] * count, bits, dict.fromkeys(range(count), reason))
            entries = [head(e) for part in parts for e in box(part).ravel()]
            if not checked:
                for direction in directions:
                    _check(task, plain, points, direction, entries)
                checked = True
            return Enclosure(head(value), entries, bits)

    return run


def _check(task: Task, evaluate: Callable, points: list[Any], direction: list[int], entries: list[Any]) -> None:
    args, start = list(points), 0
    for i, size in zip(task.wrt, task.sizes, strict=True):
        args[i] = seeded(points[i], dict(enumerate(direction[start : start + size])))
        start += size
    try:
        (y,) = evaluate(*args)
    except Undecided:
        return
    series = dependent(y)
    swept = sum((e * d for e, d in zip(entries, direction, strict=True)), to_balls(0))
    if series.is_finite() and swept.is_finite() and not series.overlaps(swept):
        rows = ", ".join(sorted({n.op.name for n in task.graph.nodes} - {"input", "constant"}))
        raise InternalError(
            f"the pullback and the power series of one function disagree: {swept.str(12)} against {series.str(12)}.\n"
            f"  The partials of one of the rows {rows} are wrong.\n"
            "  This is a defect of diffcompare; please report it with the function and the point."
        )


def _told(undecided: Undecided, graph: Graph) -> str:
    node = undecided.node
    place = f" at {graph.where_is(node)}" if isinstance(node, Node) else ""
    return f"undecided{place}: {undecided}"


def _scale(enclosure: Enclosure) -> Any:
    """What a zero entry is measured against: the largest entry, else the value, else 1."""
    sizes = [abs(e).lower() for e in enclosure.entries if e is not None and e.is_finite()]
    if sizes and max(sizes) > 0:
        return max(sizes)
    value = enclosure.value
    return abs(value).lower() if value is not None and value.is_finite() and not value.contains(0) else to_balls(1)


def settled(x: Any, scale: Any, bits: int) -> bool:
    """Whether one ball is certified: small enough, of certain sign or zero, and of one nearest float64."""
    if x is None:
        return False
    if x.is_exact():
        return True
    if not x.is_finite():
        return bits >= NAN_PRECISION
    if x.contains(0):
        return bits >= ZERO_PRECISION and x.rad() < scale * 2.0**-BITS
    if not x.rad() < abs(x).lower() * 2.0**-BITS:
        return False
    return bits >= ROUND_PRECISION or float(x.lower()) == float(x.upper())


def _all_settled(found: Enclosure) -> bool:
    scale, own = _scale(found), _scale(replace(found, entries=[]))
    return settled(found.value, own, found.bits) and all(settled(e, scale, found.bits) for e in found.entries)


def certify(run: Callable[[int], Enclosure], most: int, seconds: float, start: int = START) -> tuple[Enclosure, str]:
    """Double the precision until everything is settled.

    Parameters
    ----------
    run : callable
        One pass at a precision in bits.
    most : int
        Largest precision in bits.
    seconds : float
        No pass is begun that would probably end after this many seconds.
    start : int
        First precision in bits.

    Returns
    -------
    tuple of Enclosure and str
        The last pass, and why it is the last in words; empty if everything is settled.
    """
    bits, began = start, time.perf_counter()
    while True:
        lap = time.perf_counter()
        with precision(bits):  # the bounds of a ball are rounded to the precision in force, too
            found = run(bits)
            if _all_settled(found):
                return found, ""
        now = time.perf_counter()
        if bits * 2 > most:
            return found, f"at {bits} bits, the largest precision allowed"
        if now - began + 3 * (now - lap) > seconds:  # twice the bits cost two to three times the time
            return found, f"at {bits} bits, after {now - began:.0f} s of the {seconds:g} s allowed"
        bits *= 2


def first_not_finite(task: Task, bits: int) -> str:
    """Which node first has a value or a derivative that is not finite, in words; empty where none has."""
    with precision(bits):
        try:
            points = task.balls()
            for i, size in zip(task.wrt, task.sizes, strict=True):
                points[i] = seeded(points[i], dict.fromkeys(range(size), 1))
            values = ball_evaluator(task.graph, keep=True)(*points)
        except Undecided:
            return ""
    known = {id(node): value for node, value in zip(task.graph.nodes, values, strict=True)}
    for node in task.graph.nodes:
        if node.args and not finite(known[id(node)]) and all(finite(known[id(a)]) for a in node.args):
            return task.graph.where_is(node)
    return ""


def nearest(x: Any) -> float:
    """The float64 nearest to a ball's midpoint; 0 for an enclosure of 0, nan for None."""
    if x is None or x.is_nan():
        return math.nan
    if not x.is_exact() and x.is_finite() and x.contains(0):
        return 0.0
    if not x.is_finite() and not x.is_exact():
        return math.nan
    return float(x)


def decimal_digits(entries: Sequence[Any]) -> int:
    """Decimal digits that the enclosure of the worst entry guarantees; 0 where an entry is unknown."""
    digits = []
    for x in entries:
        if x is None or not x.is_finite():
            return 0
        if not x.is_exact() and not x.contains(0):
            digits.append(int(x.rel_accuracy_bits() * math.log10(2)))
    return min(digits, default=0) if digits else int(START * math.log10(2))


def generator_of(seed: int) -> Generator:
    """The generator that the directions of the cross-check come from."""
    return default_rng(seed)
