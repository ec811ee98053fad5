"""The timer, driven by a clock that the tests turn themselves."""

import gc

import numpy as np
import pytest

from diffcompare.analysis.timing import Budget, Timing, is_faster, time_in_turns, time_once
from diffcompare.errors import OptionError


class FakeClock:
    """Seconds that pass only when a call says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []

    def __call__(self) -> float:
        return self.now

    def call(self, name: str, *seconds: float):
        """A call that takes each of `seconds` in turn, the last one from then on."""
        left = list(seconds)

        def run():
            self.log.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return run


def test_loops_double_until_a_sample_is_long_enough():
    """Calls of 2**-10 s need 32 loops to reach 20 ms: 16 loops are 15.6 ms."""
    clock = FakeClock()
    timing = time_in_turns({"a": clock.call("a", 2.0**-10)}, Budget(rounds=1), clock)["a"]
    assert timing.loops == 32
    assert timing.samples == (2.0**-10,)


def test_every_sample_is_kept_in_order():
    """A call of 1, 2, 3, 4 s (after one for calibration) has those samples, median 2.5 and quartiles 1.75 and 3.25."""
    clock = FakeClock()
    timing = time_in_turns({"a": clock.call("a", 9.0, 1.0, 2.0, 3.0, 4.0)}, Budget(rounds=4, each_s=100.0), clock)["a"]
    assert timing.samples == (1.0, 2.0, 3.0, 4.0)
    assert (timing.min_s, timing.median_s, timing.iqr_s, timing.rounds) == (1.0, 2.5, 1.5, 4)


def test_contenders_take_turns():
    """After calibration the rounds go a b c, c b a, a b c."""
    clock = FakeClock()
    calls = {name: clock.call(name, 0.03) for name in "abc"}
    time_in_turns(calls, Budget(rounds=3), clock)
    assert "".join(clock.log) == "abc" + "abc" + "cba" + "abc"


def test_a_slow_contender_leaves_after_its_least_rounds():
    """With 1 s to spend, calls of 0.5 s are sampled three times and calls of 2 s once; quick ones in all rounds."""
    clock = FakeClock()
    calls = {"slow": clock.call("slow", 0.5), "slower": clock.call("slower", 2.0), "quick": clock.call("quick", 0.03)}
    times = time_in_turns(calls, Budget(rounds=10, each_s=1.0), clock)
    assert {name: timing.rounds for name, timing in times.items()} == {"slow": 3, "slower": 1, "quick": 10}


def test_a_failing_contender_is_reported_and_the_others_are_timed():
    """An exception ends only its own contender, and is kept."""
    clock = FakeClock()

    def fail():
        raise ZeroDivisionError("by the contender")

    times = time_in_turns({"bad": fail, "good": clock.call("good", 0.03)}, Budget(rounds=2), clock)
    assert isinstance(times["bad"].failure, ZeroDivisionError)
    assert times["bad"].samples == () and np.isnan(times["bad"].median_s)
    assert times["good"].rounds == 2


def test_a_call_that_takes_no_time_is_calibrated_in_the_end(monkeypatch):
    """A clock that stands still ends at the largest loop instead of never."""
    monkeypatch.setattr("diffcompare.analysis.timing.LARGEST_LOOP", 8)
    assert time_in_turns({"a": lambda: None}, Budget(rounds=1), lambda: 0.0)["a"].loops == 8


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_off_inside_and_restored_outside(enabled):
    """The collector never runs inside a sample and is afterwards what it was before."""
    was_on = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        assert time_once(gc.isenabled)[0] is False
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_on else gc.disable)()


def test_a_difference_within_the_spread_ranks_nobody():
    """1.0 against 1.5 is faster with a spread of 0.4, and undecided with 0.5 on either side."""
    assert is_faster(1.0, 0.1, 1.5, 0.4)
    assert not is_faster(1.0, 0.5, 1.5, 0.1)
    assert not is_faster(1.0, 0.1, 1.5, 0.5)
    assert not is_faster(1.5, 0.1, 1.0, 0.1)


def test_a_budget_without_rounds_is_refused():
    """No rounds, or no seconds, is a mistake of the caller."""
    with pytest.raises(OptionError, match="at least one round"):
        Budget(rounds=0)
    with pytest.raises(OptionError, match="positive seconds"):
        Budget(sample_s=0.0)


def test_a_timing_without_samples_is_nan():
    """Nothing measured is nan, never zero seconds."""
    empty = Timing((), 1)
    assert np.isnan([empty.min_s, empty.median_s, empty.iqr_s]).all() and empty.rounds == 0
