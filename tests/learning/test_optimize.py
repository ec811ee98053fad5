"""Optimisers against their rules worked by hand, and what stops them."""

import itertools
import math

import numpy as np
import pytest
import scipy.optimize

import diffcompare as dc
from diffcompare import optimize

CLOSE = 4e-16


def slope(x):
    """x squared, halved: the gradient is x itself."""
    return 0.5 * x * x, x


@pytest.mark.parametrize(
    ("minimise", "path"),
    [
        # x1 = x0 - r x0; r = 0.1, x0 = 1
        (lambda **o: optimize.gradient_descent(slope, 1.0, **o), [0.9, 0.81, 0.729]),
        # v = 0.9 v + x: 1, 0.9 + 0.9, 1.62 + 0.72
        (lambda **o: optimize.momentum(slope, 1.0, **o), [0.9, 0.72, 0.486]),
        # g + 0.9 v: 1.9, 0.81 + 0.9 * 1.71, 0.5751 + 0.9 * 2.1141
        (lambda **o: optimize.nesterov(slope, 1.0, **o), [0.81, 0.5751, 0.327321]),
    ],
)
def test_the_first_steps_by_hand(minimise, path):
    points = []
    history = minimise(learning_rate=0.1, steps=3, callback=lambda step, x, loss: points.append(x))
    np.testing.assert_allclose(points[:3], path, rtol=4 * CLOSE)
    assert history.x == points[-1] and history.steps == 3


def test_rmsprop_by_hand():
    history = optimize.rmsprop(slope, 1.0, learning_rate=0.1, steps=1, decay=0.9, epsilon=0.0)
    np.testing.assert_allclose(history.x, 1.0 - 0.1 / math.sqrt(0.1), rtol=CLOSE)


def test_the_first_step_of_adam_has_the_length_of_the_learning_rate():
    x0 = np.array([1e-3, -2.0, 50.0])
    history = optimize.adam(lambda x: (0.5 * x @ x, x), x0, learning_rate=0.1, steps=1, epsilon=0.0)
    np.testing.assert_allclose(history.x, x0 - 0.1 * np.sign(x0), rtol=1e-13)  # (1 - 0.9) / (1 - 0.9) rounds


def test_the_second_step_of_adam_by_hand():
    history = optimize.adam(slope, 1.0, learning_rate=0.1, steps=2, epsilon=0.0)
    g1, g2 = 1.0, 0.9
    mean = (0.9 * 0.1 * g1 + 0.1 * g2) / (1 - 0.9**2)
    square = (0.999 * 0.001 * g1**2 + 0.001 * g2**2) / (1 - 0.999**2)
    np.testing.assert_allclose(history.x, 0.9 - 0.1 * mean / math.sqrt(square), rtol=1e-13)


def test_adamw_shrinks_the_point_beside_the_step():
    plain = optimize.adam(slope, 1.0, learning_rate=0.1, steps=1)
    decayed = optimize.adamw(slope, 1.0, learning_rate=0.1, steps=1, weight_decay=0.5)
    np.testing.assert_allclose(decayed.x, plain.x - 0.1 * 0.5 * 1.0, rtol=4 * CLOSE)


@pytest.mark.parametrize("name", ["gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("method", ["reverse", "central-difference", "symbolic"])
def test_every_optimiser_reaches_the_minimum_with_every_gradient(name, method):
    gradient = dc.value_and_gradient(lambda x, b: (x[0] - 1.0) ** 2 + 4.0 * (x[1] + 2.0) ** 2 + b * b, method=method)
    options = {"weight_decay": 0.0} if name == "adamw" else {}
    history = getattr(optimize, name)(
        gradient, (np.zeros(2), 1.0), learning_rate=0.02, steps=1500, schedule=optimize.cosine(1500), **options
    )
    x, b = history.x
    # The steps of RMSProp and Adam have the length of the learning rate, which the schedule takes to zero.
    np.testing.assert_allclose(x, [1.0, -2.0], atol=1e-3)
    assert abs(b) < 1e-3 and isinstance(b, float)


def test_histories_count_calls_and_name_norms():
    history = optimize.gradient_descent(lambda x: (x @ x, 2 * x), np.array([3.0, 4.0]), learning_rate=0.25, steps=2)
    assert history.losses == [25.0, 6.25, 1.5625]
    assert history.gradient_norms == [10.0, 5.0, 2.5]
    assert history.calls == [1, 2, 3] and history.learning_rates == [0.25, 0.25]
    assert history.seconds == sorted(history.seconds)
    assert len(history.to_pandas()) == 3
    assert "all 2 steps" in history.stopped and "25" in repr(history)


@pytest.mark.parametrize(
    ("stop", "steps", "words"),
    [
        (optimize.Stop(gradient_norm=0.3), 2, "norm"),
        (optimize.Stop(loss=0.2), 1, "loss"),
        (optimize.Stop(seconds=0.0), 0, "passed"),
    ],
)
def test_what_ends_a_descent(stop, steps, words):
    history = optimize.gradient_descent(slope, 1.0, learning_rate=0.5, steps=50, stop=stop)
    assert history.steps == steps and words in history.stopped


def test_patience_ends_what_does_not_improve():
    history = optimize.gradient_descent(slope, 1.0, learning_rate=2.0, steps=50, stop=optimize.Stop(patience=4))
    assert history.steps == 4 and "no smaller loss" in history.stopped


def test_what_becomes_infinite_ends_with_a_reason():
    history = optimize.gradient_descent(slope, 1.0, learning_rate=1e200, steps=50)
    assert "not finite" in history.stopped and history.steps < 4


def test_batches_are_the_same_from_run_to_run_and_every_sample_is_taken():
    t, y = np.arange(10.0), 3.0 * np.arange(10.0)
    first, again = (list(itertools.islice(optimize.minibatches(t, y, size=4, generator=7), 6)) for _ in range(2))
    for (a, b), (c, d) in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)
        np.testing.assert_array_equal(b, 3.0 * a)
    assert sorted(np.concatenate([a for a, _ in first[:3]])) == list(t)
    assert sorted(np.concatenate([a for a, _ in first[3:]])) == list(t)
    assert [len(a) for a, _ in first] == [4, 4, 2] * 2
    dropped = list(itertools.islice(optimize.minibatches(t, size=4, generator=7, drop_last=True), 4))
    assert [len(a) for (a,) in dropped] == [4] * 4


def test_float32_stays_float32():
    x0 = np.ones(3, np.float32)
    for name in ("gradient_descent", "momentum", "adam"):
        assert getattr(optimize, name)(lambda x: (x @ x, 2 * x), x0, steps=3).x.dtype == np.float32
    np.testing.assert_array_equal(x0, 1.0)


def test_schedules_by_hand():
    assert [optimize.warmup(2, optimize.stepwise(2, 0.5))(s) for s in range(6)] == [0.5, 1.0, 1.0, 1.0, 0.5, 0.5]
    history = optimize.gradient_descent(slope, 1.0, learning_rate=0.5, steps=3, schedule=optimize.exponential(0.5))
    assert history.learning_rates == [0.5, 0.25, 0.125] and history.x == 0.5 * 0.75 * 0.875


def test_scipy_takes_our_gradient_in_one_line():
    rosenbrock = dc.problems.get("rosenbrock")
    result = scipy.optimize.minimize(dc.value_and_gradient(rosenbrock.function), np.full(10, 1.2), jac=True)
    np.testing.assert_allclose(result.x, np.ones(10), atol=1e-4)  # the optimiser's own tolerance on the gradient


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("positive learning rate", lambda: optimize.adam(slope, 1.0, learning_rate=0.0)),
        ("no option", lambda: optimize.adam(slope, 1.0, decay=0.5)),
        ("lie in", lambda: optimize.momentum(slope, 1.0, decay=1.0)),
        ("gradient has shapes", lambda: optimize.adam(lambda x: (1.0, np.ones(2)), np.ones(3))),
        ("real numbers", lambda: optimize.adam(slope, 1j)),
        ("between 1 and", lambda: optimize.minibatches(np.ones(3), size=4)),
        ("as many samples", lambda: optimize.minibatches(np.ones(3), np.ones(2), size=1)),
        ("positive", lambda: optimize.cosine(0)),
    ],
)
def test_what_makes_no_sense_is_told(words, call):
    with pytest.raises(dc.errors.DiffCompareError, match=words):
        call()


def test_numbers_of_a_float32_start_stay_float32():
    """A float32 number among the arguments reaches the function as one, so that nothing is prepared twice."""
    seen = []

    def squares(x, b):
        seen.append(type(b))
        return x @ x + b * b, (2 * x, 2 * b)

    x, b = optimize.adam(squares, (np.ones(2, np.float32), np.float32(1.0)), steps=2).x
    assert set(seen) == {np.float32} and b.dtype == np.float32 and x.dtype == np.float32
