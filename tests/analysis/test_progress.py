"""Certification tells how far it is, and threads at different precisions do not disturb each other."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from diffcompare.analysis.reference import reference_gradient
from diffcompare.errors import OptionError


def logistic(n):
    def f(x):
        for _ in range(n - 1):
            x = 4 * x * (1 - x)
        return x

    return f


@pytest.mark.parametrize(
    ("f", "at", "route", "steps"),
    [(logistic(80), 0.7, "series", 1), (lambda x: np.sum(np.sin(x)), np.arange(40.0), "series", 40)],
)
def test_every_pass_is_reported_from_start_to_end(f, at, route, steps):
    """With series a step is an entry; each precision starts at 0 and ends with all its steps done."""
    told = []
    found = reference_gradient(f, at, route=route, progress=lambda *step: told.append(step))
    passes = sorted({bits for bits, _, _ in told})
    assert passes[0] == 128 and passes[-1] == found.precision_bits
    for bits in passes:
        assert [done for b, done, _ in told if b == bits] == list(range(steps + 1))
    assert {total for _, _, total in told} == {steps}


def test_a_sweep_is_reported_by_its_nodes():
    """A reverse sweep reports rising numbers of nodes, at most about a hundred times, and all of them at the end."""
    told = []
    reference_gradient(
        lambda x: np.sum(logistic(200)(x)), np.linspace(0.1, 0.2, 10), progress=lambda *s: told.append(s)
    )
    first = [(done, total) for bits, done, total in told if bits == 128]
    assert first == sorted(first) and first[-1][0] == first[-1][1] > 200
    assert len(first) <= 2 * 100


def test_true_draws_a_bar_and_changes_nothing(capsys):
    """The result is the same, and standard output stays empty."""
    plain = reference_gradient(logistic(50), 0.7)
    shown = reference_gradient(logistic(50), 0.7, progress=True)
    assert shown.gradient == plain.gradient
    assert capsys.readouterr().out == ""


def test_anything_else_is_refused():
    """A number is no callable."""
    with pytest.raises(OptionError, match="progress=3"):
        reference_gradient(np.sin, 1.0, progress=3)  # type: ignore[arg-type]  # the mistake that is tested


def certified(job):
    """All that a certification finds, digit by digit."""
    n, bits = job
    found = reference_gradient(logistic(n), 0.7, most_bits=bits)
    balls = (found.value_ball, found.gradient_balls[0][()])
    return [(b.mid().str(100), b.rad().str(10)) for b in balls], found.precision_bits, found.status, found.digits


def test_threads_at_different_precisions_find_what_each_finds_alone():
    """FLINT has one precision for all threads; eight threads at three precisions give the same balls as one."""
    jobs = [(n, bits) for n in (10, 40, 80, 120) for bits in (256, 2048)]
    alone = [certified(job) for job in jobs]
    assert len({bits for _, bits, _, _ in alone}) >= 3  # else the threads would not disturb each other anyway
    found = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def work(place):
        start.wait()
        found[place] = certified(jobs[place])

    for _ in range(3):
        threads = [threading.Thread(target=work, args=(place,)) for place in range(len(jobs))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == alone
