"""Numbers from outside, and the comparison that all tests of problems share."""

import json
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parents[1] / "data"
EPS = float(np.finfo(np.float64).eps)


def load(name: str) -> dict[str, Any]:
    """A JSON file of `tests/data`."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def assert_within(actual, expected, roundings, scale=None) -> None:
    """`actual` is `expected` but for this number of roundings, each at most EPS / 2 of `scale`; nan never passes.

    `scale` is the size of the largest term that a result was added up from, by default the largest expected entry.
    """
    actual = np.asarray(actual, dtype=np.float64)
    expected = np.asarray(expected, dtype=np.float64)
    assert actual.shape == expected.shape
    bound = roundings * EPS / 2 * (np.max(np.abs(expected)) if scale is None else scale)
    excess = np.abs(actual - expected)
    assert np.all(excess <= bound), f"off by {np.max(excess):.3g}, bound {np.max(bound):.3g}: {actual} for {expected}"


def regression_scale(problem, b, x, y) -> np.ndarray:
    """Size of the terms that the gradient of a regression adds up: 2 |J|^T (|y| + |model|), shape of `b`.

    Model and Jacobian come from the problem's own function and gradient, one observation at a time: with y = 0 the sum
    of squares is the model's square, and the gradient is linear in y with slope -2 J.
    """
    scale = np.zeros_like(b)
    for i in range(y.size):
        one = slice(i, i + 1)
        model = np.sqrt(problem.function(b, x[one], np.zeros(1)))
        at_zero, at_one = (problem.gradient(b, x[one], np.array([value]))[0] for value in (0.0, 1.0))
        scale += np.abs(at_one - at_zero) * (abs(y[i]) + model)
    return scale
