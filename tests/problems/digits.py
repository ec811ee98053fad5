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
