"""Which directions a check tests, at which steps, and what noise it allows for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from diffcompare.analysis.check_line import LARGEST, RATIO, Line, LineTest, best_steps
from diffcompare.analysis.check_noise import difference_noise
from diffcompare.analysis.check_subject import CheckSubject

FIRST_STEPS, LATER_STEPS = 7, 5  # the first direction finds out where the best steps are
RANDOM_DIRECTIONS = 5
FEW_ENTRIES = 4  # so few entries are tested one by one, each along its own axis
NOISE_POINTS = 4  # on each side
WIDER, WIDEST = 2.0**12, 2.0**-10  # spacings where values stay equal, relative to each entry
NOISY_STEPS = (1.0, 0.5, 0.25, 0.125, 0.0625)  # where noise is what limits: it falls as the step grows
NEAR_NOISE = 16.0  # the bound of an estimate is some times the noise at its finest step
FOLLOW_UPS = 3  # directions for entries that the others hardly moved
SMALL_PART = 1e-3  # of the usual contribution: what an entry that hardly matters is measured by
LEAST_LEFT = 2 * LATER_STEPS


@dataclass(slots=True, eq=False)
class Explorer:
    """Runs the lines of one check.

    Parameters
    ----------
    subject : CheckSubject
        The function at its point.
    linear : callable
        The claimed derivative: displacement to number.
    weight : ndarray, shape (n,)
        |claimed gradient|: how much each entry contributes to a derivative.
    unit : float
        Unit round-off of the claim.
    generator : numpy.random.Generator
        Of the directions.
    rtol : float
        The relative error that has to be visible.
    most_evaluations : int
        No line is begun beyond.
    steps : sequence of float, optional
        The user's steps, relative to the size of each entry.
    noise : float, optional
        The user's standard deviation of the noise.
    """

    subject: CheckSubject
    linear: Callable[[np.ndarray], float]
    weight: np.ndarray
    unit: float
    generator: np.random.Generator
    rtol: float
    most_evaluations: int
    steps: Sequence[float] | None = None
    noise: float | None = None
    deterministic: bool = True
    tests: list[LineTest] = field(default_factory=list)

    def left(self) -> int:
        """Evaluations that are left."""
        return self.most_evaluations - self.subject.evaluations

    def measure_noise(self) -> float:
        """Standard deviation of the noise, from values at very near points, less the claimed change between them.

        The spacing is the unit round-off to the power 2/3, relative to each entry: near enough for the smooth part to
        vanish in the differences. Where most values are equal there, the points are too near, and are spread out.
        """
        subject = self.subject
        self.deterministic = subject.value_at(subject.x) == subject.value
        direction = subject.scale(False) * self.signs()
        spacing = subject.unit ** (2 / 3)
        while True:
            sides = [self._near(sign * spacing * direction) for sign in (1.0, -1.0)]
            equal = sum(int(np.sum(there == 0.0)) for there, _ in sides)
            if equal < NOISE_POINTS or spacing * WIDER > WIDEST:
                break
            spacing *= WIDER
        scatter = difference_noise([there for there, _ in sides])
        # A claim so large that the values drown in its rounding cannot be subtracted.
        drowned = max(float(np.max(np.abs(claimed))) for _, claimed in sides) * subject.unit > scatter
        return scatter if drowned else difference_noise([there - claimed for there, claimed in sides])

    def _near(self, displacement: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Changes of f, and the claimed ones, at equally spaced points on one side; nan where f has no value."""
        subject = self.subject
        moved = [subject.rounded(subject.x + k * displacement) for k in range(1, NOISE_POINTS + 1)]
        changes = np.array([subject.value_at(vector) for vector in moved]) - subject.value
        return changes, np.array([self.linear(vector - subject.x) for vector in moved])

    def signs(self) -> np.ndarray:
        """Random signs, with sizes between 1/2 and 1: errors of two entries do not cancel each other."""
        shape = self.subject.x.shape
        return self.generator.choice([-1.0, 1.0], shape) * self.generator.uniform(0.5, 1.0, shape)

    def ladder(self, count: int) -> list[float]:
        """Steps from large to small; later ladders begin where the first one found its best."""
        if self.steps is not None:
            return sorted((abs(float(step)) for step in self.steps), reverse=True)
        start = LARGEST
        if self.tests and not self.tests[0].bound <= self.rtol * self.tests[0].size and self._noise_limits():
            return list(NOISY_STEPS)
        if self.tests and np.isfinite(self.tests[0].bound):
            start = float(self.tests[0].steps[max(0, self.tests[0].first_step)])
        return [start / RATIO**k for k in range(count)]

    def _noise_limits(self) -> bool:
        """Whether noise is what keeps the first direction from a sharper answer."""
        first = self.tests[0]
        if not np.isfinite(first.bound):
            return bool(len(first.floors) > 1 and first.floors[1] > self.rtol * first.size)
        return bool(NEAR_NOISE * first.floors[first.last_step] > first.bound)

    def run(self, direction: np.ndarray, label: str, count: int = LATER_STEPS) -> LineTest:
        """Test one direction and keep the result."""
        found = self.line(direction, label).test(self.ladder(count), extend=self.steps is None, budget=self.left)
        self.tests.append(found)
        return found

    def line(self, direction: np.ndarray, label: str) -> Line:
        """A line through the point."""
        return Line(self.subject, direction, self.linear, self.noise or 0.0, self.unit, self.weight, label)

    def look(self, direction: np.ndarray, like: LineTest) -> LineTest:
        """Test a direction at the steps that told most about another one; the result is not kept."""
        return self.line(direction, "part").test(best_steps(like), extend=False)

    def explore(self, directions: int | None) -> list[LineTest]:
        """Test the directions of a check: axes where entries are few, random ones, and those for weak entries."""
        if self.noise is None:
            self.noise = self.measure_noise()
        count, scale = len(self.subject.x), self.subject.scale(False)
        contributions = self.weight * scale
        usual = float(np.median(contributions[contributions > 0])) if np.any(contributions > 0) else 1.0
        with np.errstate(divide="ignore"):
            balance = np.where(contributions > usual, usual / contributions, 1.0)
        self.run(scale * self.signs(), "random", FIRST_STEPS)
        if directions is None and count <= FEW_ENTRIES:
            for number in range(count if count > 1 else 0):
                axis = np.where(np.arange(count) == number, scale * self.signs(), 0.0)
                self.run(axis, self.subject.entry(number))
            directions = 2 if count == 1 else 1
        for _ in range((RANDOM_DIRECTIONS if directions is None else directions) - 1):
            if self.left() < LEAST_LEFT:
                break
            self.run(scale * self.signs() * balance, "balanced")
        self._follow_up(scale, contributions)
        return self.tests

    def resolution(self) -> np.ndarray:
        """The smallest error of each entry alone that some direction would have shown; inf where none would."""
        best = np.full(len(self.subject.x), np.inf)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for test in self.tests:
                if np.isfinite(test.bound) and test.outcome in ("agrees", "differs"):
                    best = np.fmin(
                        best, np.where(test.direction != 0, 2.0 * test.bound / np.abs(test.direction), np.inf)
                    )
        return best

    def weak(self, contributions: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Which entries could be wrong by `rtol` without any direction showing it."""
        level = max(float(np.median(contributions)), self.tests[0].size / len(contributions))
        needed = self.rtol * np.maximum(contributions, SMALL_PART * level)
        with np.errstate(over="ignore"):
            return self.resolution() * scale > needed

    def _follow_up(self, scale: np.ndarray, contributions: np.ndarray) -> None:
        for attempt in range(FOLLOW_UPS):
            weak = self.weak(contributions, scale)
            if not np.any(weak) or self.left() < LEAST_LEFT or any(t.outcome != "agrees" for t in self.tests):
                return
            longer = self.subject.scale(attempt > 0)
            part = np.where(weak, self.weight * longer, 0.0)
            usual = float(np.median(part[part > 0])) if np.any(part > 0) else 1.0
            with np.errstate(divide="ignore", invalid="ignore"):
                balance = np.where(part > usual, usual / part, 1.0)
            self.run(np.where(weak, longer * self.signs() * balance, 0.0), "weak entries")
