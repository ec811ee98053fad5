"""Unrolled recurrences become loops again, and compute the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.bind import bind
from diffcompare.core.graph import Graph
from diffcompare.core.node import variable
from diffcompare.core.trace import function
from diffcompare.lower.flat_loops import segments
from diffcompare.lower.flat_tape import flat_tape
from diffcompare.lower.numba_interpreter import interpret
from diffcompare.lower.numba_rolled import roll
from diffcompare.transform.pullback import pullback
from diffcompare.transform.simplify import simplify


def gradient_tape(f, *at):
    """The flat tape of value and gradient."""
    bound = bind(function(f), at, None, {})
    graph = bound.graph()
    return flat_tape(simplify(pullback(graph, range(len(at)))))


def logistic(steps):
    def f(x):
        for _ in range(steps):
            x = 2.9 * x * (1.0 - x)
        return x

    return f


def lorenz(steps):
    def slope(x, y, z):
        return 10.0 * (y - x), x * (28.0 - z) - y, x * y - 2.5 * z

    def f(x, y, z):
        for _ in range(steps):
            a, b, c = slope(x, y, z)
            d, e, g = slope(x + 0.005 * a, y + 0.005 * b, z + 0.005 * c)
            x, y, z = x + 0.01 * d, y + 0.01 * e, z + 0.01 * g
        return x * y + z

    return f


def three_terms(steps):
    def f(x, y):
        for k in range(1, steps):
            x, y = y, 2.0 * np.cos(0.3) * y - x + 1e-3 * np.sin(float(k)) * y
        return y

    return f


def branches(steps):
    def f(x):
        total = 0.0
        for k in range(steps):
            x = np.where(x > 0.5, 1.9 * (1.0 - x), 1.9 * x) + 0.01 * (k % 3)
            total = total + x * x
        return total

    return f


def many_inputs(*xs):
    total = xs[0]
    for left, right in zip(xs[:-1], xs[1:], strict=True):
        total = total + 100.0 * (right - left**2) ** 2 + (1.0 - left) ** 2
    return total


def two_loops(x):
    for _ in range(100):
        x = np.sin(x) + 0.1
    y = x * x
    for _ in range(70):
        y = np.sqrt(y + x) * 0.9
    return y * x


CASES = {
    "logistic": (logistic(300), 0.3),
    "lorenz": (lorenz(60), 1.0, 2.0, 3.0),
    "three terms": (three_terms(120), 0.3, 0.4),
    "branches": (branches(100), 0.3),
    "many inputs": (many_inputs, *np.linspace(-1.0, 1.0, 80).tolist()),
    "two loops": (two_loops, 0.7),
}


@pytest.mark.parametrize("name", CASES)
def test_loops_compute_the_same_bits(name):
    """Value and gradient of a rolled tape are those of the interpreter, which runs it statement by statement."""
    f, *at = CASES[name]
    tape = gradient_tape(f, *at)
    rolled = roll(tape)
    assert rolled is not None and rolled.loops >= 1
    for factor in (1.0, 0.9, -0.3):
        point = [factor * x for x in at]
        np.testing.assert_array_equal(np.hstack(rolled.call(*point)), np.hstack(interpret(tape).call(*point)))


def random_tape(rng):
    """Repeated statements that read values near and far; any value may be an output."""
    inputs = [variable("x"), variable("y")]
    values: list[Any] = list(inputs)
    body, count = int(rng.integers(2, 9)), int(rng.integers(100, 200))
    block = [(int(rng.integers(5)), *rng.integers(1, 3 * body, 2), rng.random(2) < 0.15) for _ in range(body)]
    for _ in range(int(rng.integers(0, 2 * body))):
        values.append(values[-1] * 0.5 + values[-2])
    for _ in range(count):
        for way, a, b, outside in block:
            near: list[Any] = [values[-min(int(n), len(values))] for n in (a, b)]
            x, y = (inputs[0] if far else value for value, far in zip(near, outside, strict=True))
            values.append((x + y, x * y, np.sin(x), x - 0.5, np.maximum(x, y))[way])
    chosen = [values[-1], *(values[i] for i in rng.integers(0, len(values), 4))]
    return flat_tape(Graph(tuple(inputs), tuple(chosen)))


@pytest.mark.parametrize("seed", range(30))
def test_random_recurrences_compute_the_same_bits(seed):
    """Whatever a repeated statement reads, its value is the interpreter's; the parts of a tape cover it in order."""
    tape = random_tape(np.random.default_rng(seed))
    found = segments(tape, len(tape.codes))
    assert [s.start for s in found[1:]] == [s.stop for s in found[:-1]] and found[-1].stop == len(tape.codes)
    rolled = roll(tape)
    if rolled is not None:
        np.testing.assert_array_equal(np.hstack(rolled.call(0.3, 0.7)), np.hstack(interpret(tape).call(0.3, 0.7)))


def test_most_random_recurrences_are_rolled():
    """The test above compares something: loops are found in most of its graphs."""
    assert sum(roll(random_tape(np.random.default_rng(seed))) is not None for seed in range(30)) >= 15


def test_another_length_compiles_nothing():
    """The text does not depend on the number of repetitions."""
    first, second = (roll(gradient_tape(logistic(n), 0.3)) for n in (200, 333))
    assert first.source == second.source and second.cached


def test_what_does_not_repeat_is_not_rolled():
    """A tape without a pattern is left to the interpreter."""

    def f(x):
        for way in np.random.default_rng(1).integers(0, 4, 500):
            x = (x * 0.5 + 0.1, np.sin(x), np.cos(x) * x, 1.0 - x * x)[way]
        return x

    assert roll(gradient_tape(f, 0.3)) is None


def test_the_executor_says_so():
    """A long recurrence runs as loops, and its source is shown."""
    run = dc.prepare(logistic(500), 0.3, method="reverse")
    assert "loops over repeated statements" in run.executor
    value, slope = run.value_and_gradient(0.3)
    x, d = 0.3, 1.0
    for _ in range(500):
        d, x = d * 2.9 * (1.0 - 2.0 * x), 2.9 * x * (1.0 - x)
    # 500 factors of d, each with its own few roundings: (1 + 4 EPS)**500.
    assert value == x and slope == pytest.approx(d, rel=500 * 8 * 2.0**-52)
