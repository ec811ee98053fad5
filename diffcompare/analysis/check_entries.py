"""Which entries of a gradient are wrong: one by one where they are few, by halving where they are many."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from diffcompare.analysis.check_line import LineTest, best_steps

ONE_BY_ONE = 48  # entries
MOST_FOUND = 16  # wrong entries that are looked for one after the other by halving


@dataclass(frozen=True, slots=True)
class Suspect:
    """A wrong entry of the packed gradient: its number, true minus claimed derivative, and the bound of that."""

    number: int
    error: float
    bound: float


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some entries of a failed direction, with their share of its error."""

    numbers: np.ndarray
    error: float
    bound: float


Measure = Callable[[np.ndarray, LineTest], LineTest]


def wrong_entries(
    failed: LineTest, size: int, scale: np.ndarray, measure: Measure, budget: Callable[[], int]
) -> tuple[list[Suspect], bool]:
    """The wrong entries, and whether all of them were looked for.

    Parameters
    ----------
    failed : LineTest
        The direction whose error stands out most.
    size : int
        Number of entries.
    scale : ndarray, shape (n,)
        How far each entry can be moved.
    measure : callable
        Tests another direction at the best steps of the failed one.
    budget : callable
        Evaluations that are left.
    """
    cost = 2 * len(best_steps(failed))
    if size <= ONE_BY_ONE and budget() >= size * cost:
        tests = ((number, measure(_alone(number, scale), failed)) for number in range(size))
        return list(_clear(tests)), True
    return _by_halves(failed, scale, measure, budget)


def _alone(number: int, scale: np.ndarray) -> np.ndarray:
    direction = np.zeros(len(scale))
    direction[number] = 0.7 * scale[number]  # no power of two, so that rounding is that of usual numbers
    return direction


def _clear(tests: Iterator[tuple[int, LineTest]]) -> Iterator[Suspect]:
    for number, test in tests:
        if abs(test.error) > test.bound:
            length = test.direction[number]
            yield Suspect(number, test.error / length, abs(test.bound / length))


def _by_halves(
    failed: LineTest, scale: np.ndarray, measure: Measure, budget: Callable[[], int]
) -> tuple[list[Suspect], bool]:
    """Halve the part with the largest error an entry; one half is measured, and the other has what is left."""
    direction, cost = failed.direction, 2 * len(best_steps(failed))
    support = np.flatnonzero(direction)
    queue = [(0.0, 0, Part(support, failed.error, failed.bound))]
    found: list[Suspect] = []
    made = 0
    while queue and len(found) < MOST_FOUND and budget() >= cost:
        _, _, part = heapq.heappop(queue)
        if len(part.numbers) == 1:
            test = measure(_alone(int(part.numbers[0]), scale), failed)
            found += _clear(iter([(int(part.numbers[0]), test)]))
            continue
        for half in _halves(part, direction, failed, measure):
            if abs(half.error) > half.bound:
                made += 1
                heapq.heappush(queue, (-abs(half.error) / len(half.numbers), made, half))
    return found, not queue


def _halves(part: Part, direction: np.ndarray, failed: LineTest, measure: Measure) -> tuple[Part, Part]:
    middle = len(part.numbers) // 2
    first, second = part.numbers[:middle], part.numbers[middle:]
    masked = np.zeros_like(direction)
    masked[first] = direction[first]
    test = measure(masked, failed)
    return Part(first, test.error, test.bound), Part(second, part.error - test.error, part.bound + test.bound)
