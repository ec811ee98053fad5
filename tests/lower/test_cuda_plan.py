"""Which launches run a graph, and what is refused; nothing is run."""

from __future__ import annotations

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import variable
from diffcompare.errors import UnsupportedOpError
from diffcompare.lower.cuda_plan import Grid, check, counted, plan
from diffcompare.transform.pullback import pullback
from diffcompare.transform.simplify import simplify


@pytest.mark.parametrize("x", [[True, False], [True, True], [False, False], []])
def test_any_and_all_are_counts(x):
    """The counted forms have the values of the conditions, also of none."""
    for reduce in (np.any, np.all):
        graph = dc.trace(lambda x, reduce=reduce: reduce(x > 0.5), np.ones(len(x)))
        found = counted(graph)
        check(found)
        assert evaluator(found)(np.array(x, float))[0] == reduce(x)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: np.sum(x[1:] * x[:-1]), "slice"), (lambda x: np.prod(x), "prod"), (lambda x: np.max(x), "max"),
        (lambda x: np.sum(np.cumsum(x) ** 2), "cumsum"), (lambda x: np.sum(x.reshape(2, 3).T), "reshape"),
        (lambda x: np.dot(x, np.outer(x, x) @ x), "matmul"), (lambda x: np.sum(dc.digamma(x)), "digamma"),
    ],
)  # fmt: skip
def test_what_no_kernel_runs_is_named(function, name):
    """The error names the operation, and what to use instead."""
    with pytest.raises(UnsupportedOpError, match=f"op '{name}'") as raised:
        check(dc.trace(function, np.ones(6)))
    assert "device='cpu'" in str(raised.value)


def test_grids_depend_on_sizes_alone():
    """Blocks cover the elements four at a time, up to the most; a few take one warp."""
    for n, blocks, threads in ((2, 1, 32), (1000, 1, 256), (10_000, 10, 256), (10**8, 1024, 256)):
        x = variable("x", (n,), np.float32)
        first, second = plan(Graph((x,), (np.sum(np.sin(x)),)), Grid()).steps
        assert (first.blocks, first.threads, first.lanes) == (blocks, threads, 4)
        assert second.blocks == 1 and second.threads <= 256


def test_few_long_sums_are_cut_into_parts():
    """Eight sums of a million numbers use the whole device, and a second kernel adds their parts."""
    for shape, axis in (((8, 10**6), 1), ((10**6, 8), 0)):
        x = variable("x", shape)
        first, second = plan(Graph((x,), (np.sum(x * x, axis=axis),)), Grid()).steps
        assert first.blocks >= 8 and first.blocks * first.threads >= 2048
        assert second.blocks == 8


def test_long_expressions_take_one_element_at_a_time():
    """Beyond the limit of statements arithmetic binds, and a kernel has no lanes."""

    def long(x):
        for _ in range(60):
            x = np.sin(x) + x
        return np.sum(x)

    graph = dc.trace(long, np.ones(10))
    gradient = simplify(pullback(graph, (0,)))
    check(gradient)
    assert plan(gradient, Grid()).steps[0].lanes == 1
