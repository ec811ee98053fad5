"""Differences between runs, on samples made by hand."""

import copy

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.records import new_record
from diffcompare.bench.difference import compare_runs
from diffcompare.bench.results import BenchmarkRun
from diffcompare.bench.session import Row

METHODS = ("reverse", "forward", "symbolic")


def made(seed, machine=1.0, slower=(), digits=(), statuses=()):
    """A run with 20 samples a method, 3 % noise of its own and 20 % that all share in a round."""
    generator = np.random.default_rng(seed)
    shared = machine * (1.0 + 0.2 * generator.random(20))
    run = BenchmarkRun("made", {}, "2026-01-01T00:00:00+00:00", complete=True)
    rows = []
    for method, seconds in (("value", 1e-6), ("by-hand", 2e-6), *((m, 3e-6) for m in METHODS)):
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
