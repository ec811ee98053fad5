"""The Taylor test along one line: whether f(x + h d) follows the claimed derivative as the step h shrinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from diffcompare.analysis.check_noise import quantum
from diffcompare.analysis.check_subject import CheckSubject
from diffcompare.analysis.check_tableau import Limit, grows, limit, observed_rate

RATIO = 8.0
LARGEST = 2.0**-3  # of the scale of each entry
LEAST_STEP = 2.0**-48  # of the scale of each entry; nearer points differ in a few last places only
# Errors of a gradient's own arithmetic, in unit round-offs of its largest terms: the square root of 4,096 roundings (a
# random walk; Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., SIAM 2002, section 2.8).
GRADIENT_UNITS = 64.0
# A bound of noise from its standard deviation; with the safety of `limit` on top, wrong for one noise in 1e12.
DEVIATIONS = 4.0
SUSPECT = 8.0  # go on to smaller steps while what is suspected is this many times the noise
MOST_EXTRA = 12  # steps


@dataclass(frozen=True, slots=True, eq=False)
class LineTest:
    """What one direction showed.

    Attributes
    ----------
    label : str
        Which direction: ``random``, ``balanced``, ``weak entries`` or an entry's name.
    direction : ndarray, shape (n,)
        d, packed as the differentiated entries.
    steps : ndarray, shape (k,)
        h, from large to small, in units of d.
    remainders : ndarray, shape (k,)
        Quotient minus claimed derivative: central, or one-sided where f has values on one side only. nan where f has no
        value.
    jumps : ndarray, shape (k,)
        Forward minus backward quotient; nan where one of them does not exist.
    floors : ndarray, shape (k,)
        Bound of the noise in each remainder.
    claimed : float
        The claimed derivative along d.
    size : float
        How large a derivative along d is: the sum of the sizes of its terms, or the change of f over the largest step.
    error, bound : float
        True minus claimed derivative along d, as extrapolated, and how far that may be off.
    rate : float or None
        Power of h with which the remainders shrink; None where they do not rise above the noise.
    outcome : str
        ``agrees``, ``differs``, ``kink`` or ``unresolved``.
    one_sided : bool
        Whether f has values on one side only.
    quantised : bool
        Whether the values share a quantum far above their last place: they were rounded before something cancelled, or
        in a shorter format.
    first_step, last_step : int
        Number of the first and last step that the estimate comes from.
    remark : str
        What else was seen, in words.
    """

    label: str
    direction: np.ndarray
    steps: np.ndarray
    remainders: np.ndarray
    jumps: np.ndarray
    floors: np.ndarray
    claimed: float
    size: float
    error: float
    bound: float
    rate: float | None
    outcome: str
    one_sided: bool = False
    quantised: bool = False
    remark: str = ""
    first_step: int = 0
    last_step: int = 0

    @property
    def derivative(self) -> float:
        """The estimated derivative along d."""
        return self.claimed + self.error


@dataclass(slots=True, eq=False)
class Line:
    """A direction, and what was evaluated along it so far.

    Parameters
    ----------
    subject : CheckSubject
        The function at its point.
    direction : ndarray, shape (n,)
        d.
    linear : callable
        The claimed derivative as a linear map: displacement to number. It is applied to the displacement that rounding
        left, so that the rounding of x + h d costs nothing.
    noise : float
        Standard deviation of the noise in values.
    unit : float
        Unit round-off of the claimed derivative.
    weight : ndarray, shape (n,)
        |gradient|, for the size of the terms.
    """

    subject: CheckSubject
    direction: np.ndarray
    linear: Callable[[np.ndarray], float]
    noise: float
    unit: float
    weight: np.ndarray
    label: str = "random"
    steps: list[float] = field(default_factory=list)
    forward: list[float] = field(default_factory=list)
    backward: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def evaluate(self, step: float) -> None:
        """Values on both sides at one more step."""
        gaps, largest = [], abs(self.subject.value)
        for sign in (1.0, -1.0):
            moved = self.subject.rounded(self.subject.x + sign * step * self.direction)
            value = self.subject.value_at(moved)
            gaps.append((value - self.subject.value) - self.linear(moved - self.subject.x))
            if np.isfinite(value):
                largest = max(largest, abs(value))
                self.values.append(value)
            else:
                gaps[-1] = float("nan")
        self.steps.append(step)
        self.forward.append(gaps[0] / step)
        self.backward.append(-gaps[1] / step)
        self.sizes.append(largest)

    def test(self, steps: Sequence[float], extend: bool = True, budget: Callable[[], int] = lambda: 1_000) -> LineTest:
        """Evaluate at `steps`, then at smaller ones while they can tell more and the budget lasts."""
        for step in steps:
            self.evaluate(step)
        result = self.judge()
        for _ in range(MOST_EXTRA if extend else 0):
            if not self._worth_another(result) or budget() < 2:
                break
            self.evaluate(self.steps[-1] ** 2 / self.steps[-2])
            result = self.judge()
        return result

    def _worth_another(self, result: LineTest) -> bool:
        """Whether a smaller step can still decide: what is suspected stands clear of the noise there."""
        if self.steps[-1] / RATIO < LEAST_STEP:
            return False
        floor = float(result.floors[-1])
        if not np.isfinite(result.remainders[-1]):
            return True
        if result.outcome == "differs":
            return abs(result.error) > SUSPECT * RATIO * floor
        if result.outcome == "kink" or _jumps_stand_out(result):
            return not max(abs(result.jumps[-1]) / 4.0, abs(result.remainders[-1])) <= SUSPECT * floor
        if result.outcome == "unresolved" or result.bound > 1e-6 * result.size:
            return result.bound > SUSPECT * RATIO * floor
        return False

    def judge(self) -> LineTest:
        """What the values so far show."""
        steps, forward, backward = np.array(self.steps), np.array(self.forward), np.array(self.backward)
        shared = self._shared_digits()
        unit = max(self.subject.unit, shared)
        error = np.maximum(DEVIATIONS * self.noise, 2.0 * unit * np.array(self.sizes))
        # Rounding of x + h d moves f by more than the claim explains where its slope has changed.
        error += 2.0 * self.subject.unit * np.nan_to_num(np.abs(forward - backward), posinf=0.0)
        central, floors, one_sided = 0.5 * (forward + backward), error / steps, False
        if np.sum(np.isfinite(central)) < 2:
            sides = [side for side in (forward, backward) if np.sum(np.isfinite(side)) >= 2]
            if sides:
                central, floors, one_sided = sides[0], 2.0 * floors, True
        jumps = forward - backward
        found = limit(steps, central, floors, 1 if one_sided else 2)
        size = self._size(forward, backward)
        outcome, remark, found = self._outcome(steps, central, jumps, floors, found, size, one_sided)
        first = found.finest - found.order
        return LineTest(
            label=self.label,
            direction=self.direction,
            steps=steps,
            remainders=central,
            jumps=jumps,
            floors=floors,
            claimed=self.linear(self.direction),
            size=size,
            error=found.value,
            bound=found.bound,
            rate=observed_rate(steps[first:], central[first:], floors[first:]),
            outcome=outcome,
            one_sided=one_sided,
            quantised=shared > SUSPECT * self.subject.unit,
            remark=remark,
            first_step=first,
            last_step=found.finest,
        )

    def _shared_digits(self) -> float:
        """Unit round-off that the values themselves show: half their common quantum over the largest of them."""
        if 2 * len(set(self.values)) <= len(self.values):  # a constant, or a count, is not rounded
            return 0.0
        return 0.5 * quantum(self.values) / max(abs(value) for value in self.values)

    def _size(self, forward: np.ndarray, backward: np.ndarray) -> float:
        """How large the derivative is: its terms, or the change of f over the largest step; |f| where both are 0."""
        terms = float(np.sum(self.weight * np.abs(self.direction)))
        claimed = self.linear(self.direction)
        slopes = np.abs(np.concatenate([forward + claimed, backward + claimed]))
        change = float(np.max(slopes[np.isfinite(slopes)][:1], initial=0.0))
        return max(terms, change) or abs(self.subject.value) or 1.0

    def _outcome(
        self,
        steps: np.ndarray,
        remainders: np.ndarray,
        jumps: np.ndarray,
        floors: np.ndarray,
        found: Limit,
        size: float,
        one_sided: bool,
    ) -> tuple[str, str, Limit]:
        """Outcome, remark, and the limit with the rounding of the claim itself in its bound.

        A claim in the same arithmetic as f loses what f loses: noise above round-off is taken as its loss too.
        """
        terms = float(np.sum(self.weight * np.abs(self.direction)))
        amplified = max(1.0, self.noise / (self.subject.unit * max(self.sizes)) if max(self.sizes) else 1.0)
        own = GRADIENT_UNITS * self.unit * amplified * terms
        found = Limit(found.value, found.bound + own, found.finest, found.order)
        if not one_sided:
            if grows(jumps, 4.0 * floors) or grows(remainders, floors):
                return "kink", "the difference quotient grows without limit as the step shrinks", found
            jump = limit(steps, jumps, 4.0 * floors, 1)
            if abs(jump.value) > 2.0 * jump.bound and abs(jump.value) > 2.0 * own and _persists(jump, jumps, floors):
                return self._at_kink(jump, found, size)
        elif grows(remainders, floors):
            return "kink", "the one-sided difference quotient grows without limit as the step shrinks", found
        if not np.isfinite(found.bound):
            return "unresolved", "", found
        if abs(found.value) <= found.bound:
            return "agrees", "", found
        if self._oscillates(remainders, floors):
            return "unresolved", "", Limit(found.value, float("inf"), found.finest, found.order)
        return "differs", "", found

    def _oscillates(self, remainders: np.ndarray, floors: np.ndarray) -> bool:
        """Whether the quotient itself still changes by half and more from step to step.

        f then varies faster than the steps so far; a large claim less a small quotient looks like a plateau.
        """
        claimed = self.linear(self.direction)
        before, last = (remainders[np.isfinite(remainders)] + claimed)[-2:]
        hidden = float(floors[np.isfinite(remainders)][-1]) + GRADIENT_UNITS * self.subject.unit * abs(claimed)
        return max(abs(before), abs(last)) > hidden and abs(last - before) > 0.5 * max(abs(before), abs(last))

    def _at_kink(self, jump: Limit, found: Limit, size: float) -> tuple[str, str, Limit]:
        """The claim belongs to no subgradient if it lies outside of the two one-sided derivatives."""
        if abs(found.value) > 0.5 * abs(jump.value) + jump.bound + found.bound:
            return "differs", "there is a kink, and the claim lies outside of both one-sided derivatives", found
        part = 100.0 * abs(jump.value) / size
        return "kink", f"the one-sided derivatives differ by {part:.3g} % of the size of the derivative", found


def _persists(jump: Limit, jumps: np.ndarray, floors: np.ndarray) -> bool:
    """Whether the jump is still there at the smallest step at which it could be seen."""
    clear = np.flatnonzero(np.isfinite(jumps) & (np.abs(jumps) > SUSPECT * floors))
    return len(clear) >= 3 and abs(jumps[clear[-1]]) > 0.5 * abs(jump.value)


def _jumps_stand_out(result: LineTest) -> bool:
    """Whether the last jumps no longer fall with the step: a kink, or a bend sharper than the steps so far."""
    if len(result.jumps) < 2 or result.one_sided:
        return False
    last, before = abs(result.jumps[-1]), abs(result.jumps[-2])
    return bool(last > SUSPECT * 4.0 * result.floors[-1] and last > 0.5 * before)


def best_steps(test: LineTest) -> list[float]:
    """The steps that the estimate of a test comes from, and a larger or smaller one where they are fewer than three."""
    last = max(test.last_step, min(2, len(test.steps) - 1))
    return [float(step) for step in test.steps[max(0, min(test.first_step, last - 2)) : last + 1]]
