"""Differences between runs, on samples made by hand."""

import copy

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.records import new_record
from diffcompare.bench.difference import compare_runs
from diffcompare.bench.noise import undisturbed
from diffcompare.bench.results import BenchmarkRun
from diffcompare.bench.session import Row

METHODS = ("reverse", "forward", "symbolic")


def made(seed, machine=1.0, slower=(), digits=(), statuses=(), methods=METHODS):
    """A run with 20 samples a method, 3 % noise of its own and 20 % that all share in a round."""
    generator = np.random.default_rng(seed)
    shared = machine * (1.0 + 0.2 * generator.random(20))
    run = BenchmarkRun("made", {}, "2026-01-01T00:00:00+00:00", complete=True)
    rows = []
    for method, seconds in (("value", 1e-6), ("by-hand", 2e-6), *((m, 3e-6) for m in methods)):
        samples = seconds * shared * (1.0 + 0.03 * generator.standard_normal(20)) * dict(slower).get(method, 1.0)
        record = new_record(
            problem="p", point="1", dtype="float64", method=method, size=1, host="h", rounds=20,
            status=dict(statuses).get(method, "ok"), digits=dict(digits).get(method, 15.0),
            median_s=float(np.median(samples)),
        )  # fmt: skip
        rows.append(Row(record, tuple(samples.tolist()), 1))
    run.add(rows)
    return run


@pytest.mark.parametrize("seed", range(20))
def test_two_runs_of_the_same_show_nothing(seed):
    found = compare_runs(made(seed), made(1000 + seed))
    assert not found.regressions and not found.improvements and len(found.changes) == 3


def test_a_machine_three_times_slower_is_no_regression():
    assert not compare_runs(made(0), made(1, machine=3.0)).regressions


def test_the_slower_and_the_less_exact_method_are_found_and_nothing_else():
    found = compare_runs(made(0), made(1, slower={"forward": 1.5}, digits={"symbolic": 14.2}))
    assert [(c.method, c.what) for c in found.regressions] == [("forward", "speed"), ("symbolic", "digits")]
    (slow, _) = found.regressions
    assert slow.low is not None and slow.high is not None and slow.low < 1.5 < slow.high
    assert "1.5" in str(found) and "14.2" in str(found)


def disturbed(run, method, seed):
    """The run in which other programs delayed every sample of a method, on average by twice its time."""
    generator = np.random.default_rng(seed)
    place = next(i for i, r in enumerate(run.records) if r["method"] == method)
    run.samples[place] = tuple((np.array(run.samples[place]) * (1.0 + generator.exponential(2.0, 20))).tolist())
    return run


@pytest.mark.parametrize("seed", range(20))
def test_a_method_that_was_only_disturbed_is_no_regression(seed):
    """Samples that were delayed have a median and an interval that tell of a change; the shortest do not."""
    assert not compare_runs(made(seed), disturbed(made(1000 + seed), "forward", seed)).regressions


def test_a_baseline_that_was_disturbed_moves_nobody():
    """With the hand-written gradient delayed all the time, everyone else looks faster in its units, and is not."""
    old = made(0, slower={"by-hand": 2.0})
    assert not compare_runs(old, made(1)).regressions and not compare_runs(made(1), old).improvements


def test_runs_that_scatter_hide_changes_of_that_size_and_say_so():
    """Twelve methods that each differ by tens of per cent between the runs: 1.5 is no change, 20 is."""
    generator = np.random.default_rng(0)
    names = [f"m{i}" for i in range(12)]
    scatter = dict(zip(names, np.exp(0.3 * generator.standard_normal(12)), strict=True))
    old = made(0, methods=names)
    new = made(1, methods=names, slower=scatter | {"m3": 1.5, "m5": 20.0})
    found = compare_runs(old, new)
    assert [c.method for c in found.regressions] == ["m5"] and "The runs scatter" in found.notes[-1]
    quiet = compare_runs(old, made(1, methods=names, slower={"m3": 1.5, "m5": 20.0}))
    assert [c.method for c in quiet.regressions] == ["m3", "m5"] and not quiet.notes


def test_few_samples_that_scatter_prove_nothing():
    """Three samples leave the undisturbed time open; twenty that lie within 4 % do not."""
    assert undisturbed([1.0, 1.5]) == 0.0 and undisturbed([1.0, 1.5, 2.0]) == 0.0
    assert 0.98 < undisturbed([1.0 + 0.002 * i for i in range(20)]) < 1.0


def test_the_bound_holds_for_exponential_delays():
    """The bound is above the threshold with a probability of DOUBT: of 40,000 that is 40, with a deviation of 6.3."""
    generator = np.random.default_rng(1)
    samples = 1.0 + generator.exponential(0.3, (40_000, 12))
    above = sum(undisturbed(row) > 1.0 for row in samples)
    assert 40 - 5 * 6.3 < above < 40 + 5 * 6.3


def test_better_is_an_improvement():
    found = compare_runs(made(0, slower={"forward": 1.5}, digits={"reverse": 12.0}), made(1))
    assert [(c.method, c.what) for c in found.improvements] == [("reverse", "digits"), ("forward", "speed")]


def test_a_method_that_fails_now_is_a_regression_whatever_its_time():
    found = compare_runs(made(0), made(1, statuses={"reverse": "failed"}))
    assert [(c.method, c.what) for c in found.regressions] == [("reverse", "status")]


def test_rows_of_one_run_only_are_listed():
    old, new = made(0), made(1)
    short = copy.copy(new)
    short.records, short.samples, short.loops = new.records[:-1], new.samples[:-1], new.loops[:-1]
    assert [c.kind for c in compare_runs(old, short).changes] == ["unchanged", "unchanged", "missing"]
    assert [c.kind for c in compare_runs(short, old).changes] == ["unchanged", "unchanged", "new"]


def test_options_without_a_meaning_are_refused():
    with pytest.raises(dc.errors.OptionError):
        compare_runs(made(0), made(1), effect=0.0)
