"""The sum of absolute terms against hand derivations, and as a bound that float64 results keep."""

import math

import numpy as np
import pytest

from diffcompare.analysis import rounding
from diffcompare.analysis.reference import reference_gradient
from diffcompare.analysis.rounding import sums_of_terms
from diffcompare.core.node import ROWS
from diffcompare.core.trace import trace


def test_product():
    """The gradient of x y is (y, x): only the inputs' own errors count."""
    sums = sums_of_terms(trace(lambda x, y: x * y, 2.0, 3.0), (2.0, 3.0), (0, 1))
    assert [float(s) for s in sums] == [3.0, 2.0]


def test_sine():
    """cos x costs its own rounding and that of x: |cos x| + |x sin x|."""
    (total,) = sums_of_terms(trace(np.sin, 1.0), (1.0,), (0,))
    assert float(total) == pytest.approx(math.cos(1) + math.sin(1), rel=1e-15)  # four roundings


def test_running_bound_is_above_the_first_order_sum(monkeypatch):
    """The one-sweep bound for many entries is never below the exact first-order sum."""
    x = np.random.default_rng(3).normal(size=6)
    graph = trace(lambda x: np.sum(np.exp(np.sin(x))) * np.prod(x) + np.linalg.norm(x), x)
    (exact,) = sums_of_terms(graph, (x,), (0,))
    monkeypatch.setattr(rounding, "FIRST_ORDER_ENTRIES", 0)
    (bound,) = sums_of_terms(graph, (x,), (0,))
    assert np.all(bound >= exact * (1 - 1e-12))  # both are computed in float64


def test_shared_values_are_followed():
    """Twenty iterations of the logistic map lose about 2**20 units, not 4**20 as independent errors would."""

    def f(x):
        for _ in range(19):
            x = 4 * x * (1 - x)
        return x

    r = reference_gradient(f, 0.7)
    assert 1e5 < r.sums[0] / abs(r.gradient) < 1e8


def test_unknown_operation_gives_none():
    """Where an operation has no rule, there is no sum rather than a wrong one."""
    x = np.eye(3) * 2 + 0.1
    graph = trace(lambda a: np.sum(np.linalg.cholesky(a)), x)
    assert sums_of_terms(graph, (x,), (0,)) is None


def test_what_a_mask_leaves_out_counts_nothing():
    """Where a rule leaves out a removable singularity, 0/0 inside it does not make the sum nan."""
    (total,) = sums_of_terms(trace(lambda x: ROWS["j2"](x) + x, 0.0), (0.0,), (0,))
    # the gradient is 1, from the constant 1 alone, which does not round
    assert 0.0 <= total <= 4.0


def test_what_overflows_without_influence_counts_nothing():
    """log_ndtr'(260) is 0, by the inverse of an erfcx that overflows: the sum stays a number."""
    (total,) = sums_of_terms(trace(lambda x: ROWS["log_ndtr"](x * x) + x, 16.1), (16.1,), (0,))
    assert np.isfinite(total)
