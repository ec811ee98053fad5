"""Random graphs: forward and reverse, by NumPy and compiled, agree with the certified gradient.

`python -m pytest tests/agreement/test_random_graphs.py --hypothesis-profile=many` tries 10,000 graphs.
"""

import numpy as np
from hypothesis import assume, given, settings

import diffcompare as dc
from diffcompare.analysis.accuracy import accuracy
from diffcompare.analysis.reference import reference_gradient
from diffcompare.core.node import ROWS
from diffcompare.methods import Forward, Reverse
from tests import strategies

# Roundings of the longest formula among the rows, and the few units of each function it calls; the certified condition
# says what one rounding of each intermediate result does to an entry, in units of half of EPS.
UNITS = 2 * 16
FEWER = max(1, settings.default.max_examples // 20)  # a compilation takes half a second


def check(case, *methods):
    """Assert that each method's gradient is the certified one within UNITS roundings of each intermediate result."""
    graph, wrt = case.graph, tuple(range(len(case.graph.inputs)))
    f = dc.Function.from_expression(graph.output, graph.inputs)
    reference = reference_gradient(f, case.point, wrt=wrt, route="series")
    assume(reference.status == "certified")
    assume(reference.sums is not None)
    for method in methods:
        value, gradient = method.prepare(graph, wrt).value_and_gradient(*case.point)
        assert [np.shape(g) for g in gradient] == [x.shape for x in graph.inputs]
        found = accuracy(tuple(gradient), reference, str(graph.output.dtype))
        fine = found.condition_error <= UNITS or found.abs_error <= 2.0**-1022
        assert fine, f"{method}: {gradient}, not {reference.arrays}: {found}\n{case}"


def test_the_strategy_knows_every_row():
    """Random graphs may hold any row of the table."""
    sources = {"input", "constant"}
    assert set(strategies.ELEMENTWISE) | set(strategies.STRUCTURED) | sources == set(ROWS)


@given(case=strategies.cases())
def test_forward_and_reverse_are_certified(case):
    """Both modes, statement by statement, have the derivative by power series but for rounding."""
    check(case, Reverse(executor="numpy"), Forward(executor="numpy"))


@settings(max_examples=FEWER)
@given(case=strategies.cases(most=6))
def test_compiled_code_is_certified(case):
    """Compiled reverse mode has the derivative by power series but for rounding."""
    check(case, Reverse(executor="numba"))


@settings(max_examples=FEWER)
@given(case=strategies.cases(dtype="float32", most=6))
def test_single_precision_is_certified_to_its_own_rounding(case):
    """float32 graphs stay float32, and are right to float32's rounding."""
    assert case.graph.output.dtype == np.float32
    check(case, Reverse(executor="numpy"), Forward(executor="numpy"))
