"""Time several calls fairly: in turns, with calibrated loops, every sample kept.

The rules are those of `timeit` (a loop long enough for the clock, garbage collection off) and of pyperf (calibration by
doubling, samples kept), with one addition: the contenders take turns in rounds, so a machine that slows down slows all.
"""

import contextlib
import gc
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from diffcompare.errors import OptionError

Clock = Callable[[], float]

# A loop of so many calls, one of this part of a sample, tells the rest: the last doublings would take as long as a
# tenth of the samples. With fewer calls, a first one that is slow would count for too much.
JUDGED_LOOPS, JUDGED_PART = 8, 8
LARGEST_LOOP = 2**30  # a call that a clock cannot see at all must not calibrate forever


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to measure.

    Parameters
    ----------
    sample_s : float, default 0.02
        Least length of one sample in seconds; loops are doubled until it is reached.
    rounds : int, default 20
        Samples taken of each contender, one a round.
    each_s : float, default 0.5
        Seconds one contender may spend on its samples. A slow one leaves after `least_rounds` rounds or later.
    least_rounds : int, default 3
        Samples taken even above `each_s`, unless a single call is longer than `each_s`: then there is one.
    """

    sample_s: float = 0.02
    rounds: int = 20
    each_s: float = 0.5
    least_rounds: int = 3

    def __post_init__(self) -> None:
        if not (self.sample_s > 0 and self.each_s > 0 and self.rounds >= 1 and self.least_rounds >= 1):
            raise OptionError(f"a Budget needs positive seconds and at least one round, not {self}.")


@dataclass(frozen=True, slots=True)
class Timing:
    """Every sample of one contender, in seconds a call and in the order taken.

    Attributes
    ----------
    samples : tuple of float
        Seconds a call; empty if the call failed.
    loops : int
        Calls in one sample.
    failure : Exception or None
        What a call raised; no sample was taken after it.
    """

    samples: tuple[float, ...]
    loops: int
    failure: Exception | None = None

    @property
    def rounds(self) -> int:
        """Number of samples."""
        return len(self.samples)

    @property
    def min_s(self) -> float:
        """Shortest sample, in seconds a call; nan without samples."""
        return min(self.samples, default=math.nan)

    @property
    def median_s(self) -> float:
        """Median sample, in seconds a call; nan without samples."""
        return float(np.median(self.samples)) if self.samples else math.nan

    @property
    def iqr_s(self) -> float:
        """Interquartile range of the samples, in seconds a call; nan without samples."""
        if not self.samples:
            return math.nan
        low, high = np.percentile(self.samples, (25.0, 75.0))
        return float(high - low)


def is_faster(median_s: float, iqr_s: float, other_median_s: float, other_iqr_s: float) -> bool:
    """Whether the first of two timings is shorter by more than the larger of their spreads (seconds)."""
    return other_median_s - median_s > max(iqr_s, other_iqr_s)


def time_in_turns(
    calls: Mapping[str, Callable[[], object]], budget: Budget | None = None, clock: Clock = time.perf_counter
) -> dict[str, Timing]:
    """Timing of each call, taken in interleaved rounds.

    Parameters
    ----------
    calls : mapping of str to callable
        The contenders; each is called without arguments.
    budget : Budget, optional
        How long to measure.
    clock : callable, default `time.perf_counter`
        Gives seconds; monotonic.

    Returns
    -------
    dict of str to Timing
        In the order of `calls`. A contender that raises has its exception in `failure`.
    """
    budget = budget or Budget()
    contenders = {name: _Contender(call, clock) for name, call in calls.items()}
    with collection_off():
        for contender in contenders.values():
            contender.calibrate(budget.sample_s)
        for number in range(budget.rounds):
            # Every other round runs backwards, so that nobody always follows the same neighbour.
            turn = list(contenders.values())[:: -1 if number % 2 else 1]
            for contender in turn:
                if contender.takes_part(budget):
                    contender.sample()
    return {name: contender.timing() for name, contender in contenders.items()}


def time_once(call: Callable[[], object], clock: Clock = time.perf_counter) -> tuple[object, float]:
    """The result of one call, and the seconds it took, without garbage collection in between."""
    with collection_off():
        start = clock()
        result = call()
        return result, clock() - start


@contextlib.contextmanager
def collection_off() -> Iterator[None]:
    """Keep the garbage collector out of a measurement, and leave it as it was found."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Contender:
    """One call with its loop count and samples so far."""

    __slots__ = ("call", "clock", "failure", "loops", "samples", "spent_s")

    def __init__(self, call: Callable[[], object], clock: Clock) -> None:
        self.call, self.clock = call, clock
        self.loops, self.spent_s = 1, 0.0
        self.samples: list[float] = []
        self.failure: Exception | None = None

    def calibrate(self, sample_s: float) -> None:
        """Double the loop until it takes `sample_s` seconds; once it is long enough to judge by, in one step."""
        while self.failure is None:
            elapsed = self.run()
            if elapsed >= sample_s or self.loops >= LARGEST_LOOP:
                return
            if self.loops >= JUDGED_LOOPS and elapsed >= sample_s / JUDGED_PART:
                self.loops *= 2 ** math.ceil(math.log2(sample_s / elapsed))
                return
            self.loops *= 2

    def run(self) -> float:
        """Seconds of one loop; nan, and the failure kept, if the call raises."""
        call = self.call
        try:
            start = self.clock()
            for _ in itertools.repeat(None, self.loops):
                call()
            return self.clock() - start
        except Exception as error:  # noqa: BLE001 - what a contender raises is its result
            self.failure = error
            return math.nan

    def takes_part(self, budget: Budget) -> bool:
        if self.failure is not None:
            return False
        if self.samples and self.samples[0] > budget.each_s:
            return False
        return self.spent_s < budget.each_s or len(self.samples) < budget.least_rounds

    def sample(self) -> None:
        elapsed = self.run()
        if self.failure is None:
            self.spent_s += elapsed
            self.samples.append(elapsed / self.loops)

    def timing(self) -> Timing:
        return Timing(() if self.failure else tuple(self.samples), self.loops, self.failure)
