"""Long loops on several threads: the same bits as on one, whoever calls."""

import multiprocessing
import os
import threading

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.lower.numba_nest import WIDE
from diffcompare.lower.threads import spread

LENGTH = WIDE + 1000


def function(x):
    return np.sum(np.sin(x) * x) + np.log(np.sum(x * x))


@pytest.fixture(scope="module")
def prepared():
    return dc.prepare(function, np.ones(LENGTH))


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("length", [0, 1, 255, 256, 257, 10_000])
def test_every_element_is_in_one_range(threads, length):
    """Ranges cover a loop once, and each starts at a multiple of the step."""
    seen, starts = np.zeros(length, int), []

    def work(first, last):
        seen[first:last] += 1
        starts.append(first)

    spread(work, length, 256, threads)
    assert np.all(seen == 1)
    assert all(start % 256 == 0 for start in starts)


def test_an_error_on_a_thread_reaches_the_caller():
    """What a range raises, the caller gets."""

    def work(first, last):
        if last == 10_000:
            raise ArithmeticError("here")

    with pytest.raises(ArithmeticError, match="here"):
        spread(work, 10_000, 256, 3)


def test_the_same_bits_on_one_thread_and_on_several(prepared):
    """`Reverse(parallel=False)` changes no bit of value or gradient, and both are NumPy's."""
    x = np.random.default_rng(3).normal(size=LENGTH)
    alone = dc.prepare(function, x, method=dc.methods.Reverse(parallel=False))
    (value, x_bar), (expected, expected_bar) = prepared.value_and_gradient(x), alone.value_and_gradient(x)
    assert (prepared.executor != alone.executor, value) == (True, expected)
    assert x_bar.tobytes() == expected_bar.tobytes()
    exact = np.cos(x) * x + np.sin(x) + 2.0 * x / np.sum(x * x)
    np.testing.assert_allclose(x_bar, exact, rtol=0, atol=64 * np.finfo(float).eps * np.max(np.abs(exact)))
    np.testing.assert_allclose(value, function(x), rtol=1e-13)


def test_several_python_threads_at_once(prepared):
    """Callers on several Python threads get the same bits."""
    x, found = np.linspace(-1.0, 1.0, LENGTH), []
    callers = [threading.Thread(target=lambda: found.append(prepared.value_and_gradient(x)[0])) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert set(found) == {prepared.value_and_gradient(x)[0]}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(prepared):
    """A fork after a threaded call computes as its parent does."""
    x = np.linspace(-1.0, 1.0, LENGTH)
    value = prepared.value_and_gradient(x)[0]

    def child():
        os._exit(0 if prepared.value_and_gradient(x)[0] == value else 1)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60.0)
    assert process.exitcode == 0
