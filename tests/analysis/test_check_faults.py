"""The fault that a check names: what the numbers show, and nothing where they do not."""

from __future__ import annotations

import numpy as np
import pytest

import diffcompare as dc

RNG = np.random.default_rng(4)
A, B, X, Y = (RNG.standard_normal(shape) for shape in ((4, 4), (4, 4), 12, 12))


def matrices(a, b):
    return np.sum(np.tanh(a @ b))


def matrices_gradient(a, b):
    slope = 1.0 - np.tanh(a @ b) ** 2
    return slope @ b.T, a.T @ slope


def waves(x):
    return np.sum(np.sin(x) * np.arange(1.0, 13.0))


def waves_gradient(x):
    return np.cos(x) * np.arange(1.0, 13.0)


def with_entry(number, factor):
    gradient = waves_gradient(X)
    gradient[number] *= factor
    return gradient


def with_swap(i, j):
    gradient = waves_gradient(X)
    gradient[[i, j]] = gradient[[j, i]]
    return gradient


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (-waves_gradient(X), "the gradient has the wrong sign"),
        (2.0 * waves_gradient(X), "twice the right one"),
        (0.5 * waves_gradient(X), "half the right one"),
        (12.0 * waves_gradient(X), "12 times the right one, as by a sum in place of a mean"),
        (waves_gradient(X) / 12.0, "1/12 of the right one, as by a mean in place of a sum"),
        (1.25 * waves_gradient(X), "1.25 times the right one"),
        (np.roll(waves_gradient(X), 1), "off by one"),
        (np.append(waves_gradient(X)[1:], 0.7), "off by one"),
        (waves_gradient(X)[::-1], "reverse order"),
        (waves_gradient(X) + 0.01, "a constant was added: every entry is 0.01 too large"),
        (waves_gradient(X).astype(np.float32).astype(np.float64), "single precision"),
        (with_entry(5, 0.0), "one entry is claimed to be 0 and is not: a term was dropped"),
        (with_entry(5, -1.0), "one entry has the wrong sign"),
        (with_entry(5, 1.25), "one entry is 1.25 times the right one"),
        (with_swap(2, 9), "two entries are swapped"),
    ],
)
def test_faults_of_one_argument(claim, words):
    """Each by its own words."""
    found = dc.check_gradient(waves, claim, X)
    assert found.verdict == "wrong" and words in found.likely_fault


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ((matrices_gradient(A, B)[0].T, matrices_gradient(A, B)[1]), "the gradient of a is transposed"),
        (matrices_gradient(A, B)[::-1], "the gradients of a and b are swapped"),
        ((matrices_gradient(A, B)[0], -matrices_gradient(A, B)[1]), "the gradient of b alone has the wrong sign"),
        ((1.5 * matrices_gradient(A, B)[0], matrices_gradient(A, B)[1]), "of a alone is 1.5 times"),
    ],
)
def test_faults_of_one_among_several_arguments(claim, words):
    """The argument is named."""
    found = dc.check_gradient(matrices, claim, (A, B))
    assert found.verdict == "wrong" and words in found.likely_fault


def test_a_claim_where_nothing_changes():
    """A constant function has the derivative 0."""
    assert "every derivative is 0" in dc.check_gradient(lambda x: 5.0, lambda x: 1e-3, 1.0).likely_fault


def test_a_claim_that_is_wrong_in_no_simple_way_gets_no_name():
    """Random numbers are no fault that could be named."""
    found = dc.check_gradient(waves, np.random.default_rng(0).standard_normal(12), X)
    assert found.verdict == "wrong" and found.likely_fault == ""


def test_entries_come_worst_first():
    """By the size of the error, with the claim beside the estimate."""
    claim = waves_gradient(X) + np.where(np.arange(12) == 3, 0.5, 0.0) + np.where(np.arange(12) == 8, -2.0, 0.0)
    found = dc.check_gradient(waves, claim, X)
    assert [entry.name for entry in found.entries] == ["x[8]", "x[3]"] and found.worst == found.entries[0]
    for entry, error in zip(found.entries, (-2.0, 0.5), strict=True):
        assert abs(entry.error - error) <= entry.bound + 4 * np.finfo(np.float64).eps * abs(entry.claimed)
