"""Every problem traces, and its pullback gives the gradient written by hand."""

import numpy as np
import pytest

from diffcompare import problems
from diffcompare.core.evaluate import evaluator
from diffcompare.core.trace import trace
from diffcompare.problems.problem import Problem
from diffcompare.transform.pullback import pullback
from tests.problems.digits import assert_within, regression_scale

LONG = ("lstm", "l2_c1024")  # 40,000 nodes; on this point the gradient by hand meets ADBench's own in test_recurrent
EVERY = [(name, size) for name in problems.names() for size in problems.get(name).sizes]
POINTS = [point for point in EVERY if point != LONG]


def scales(problem: Problem, arguments: tuple, gradient: tuple) -> list:
    """For each derivative, the size of the terms that cancel in it, as an argument of `assert_within`."""
    if "nist" in problem.tags:
        return [regression_scale(problem, *arguments)]
    if {"polynomial", "ill-conditioned"} <= set(problem.tags):
        return list(problem.gradient(*map(np.abs, arguments)))  # a sum of powers, here one in which nothing cancels
    if problem.name in ("banded-quadratic", "combustion"):
        # The rows of A add up to 16 in absolute value, those of the five-point stencil to 8.
        return [(16.0 if problem.name == "banded-quadratic" else 8.0) * np.max(np.abs(arguments[0]))]
    largest = max(np.max(np.abs(part)) for part in gradient)
    if problem.name == "trigonometric":
        # Rounding n - sum cos x shifts all n residuals alike, by EPS n; the derivative in x_i of residual k is sin x_i,
        # of residual i another -1: 2 (sum_k sin x_i + 1) n, with n sin(1 / n) = 1 at the start.
        return [4.0 * arguments[0].size]
    return [largest] * len(gradient)


@pytest.mark.parametrize("name, size", POINTS)
def test_the_traced_function_has_the_functions_value(name, size):
    """The graph, evaluated operation by operation, gives bit for bit what the function gives on arrays."""
    problem = problems.get(name)
    arguments = problem.point(size)
    (value,) = evaluator(trace(problem.function, *arguments))(*arguments)
    assert value == problem.function(*arguments)


@pytest.mark.parametrize("name, size", POINTS)
def test_the_pullback_is_the_gradient_by_hand(name, size):
    """Reverse accumulation over the graph and the hand-written formula agree but for rounding."""
    problem = problems.get(name)
    arguments = problem.point(size)
    _, *cotangents = evaluator(pullback(trace(problem.function, *arguments), problem.wrt))(*arguments)
    by_hand = problem.gradient(*arguments)
    assert len(cotangents) == len(by_hand)
    # Sums over the longest axis of the arguments, or products along a chain that is as long.
    roundings = 40 + 2 * max(max(np.shape(argument), default=1) for argument in arguments)
    if "expression-swell" in problem.tags:
        roundings *= 4  # each iteration multiplies an earlier error by up to 4, on the way to slopes of that size
    for cotangent, expected, scale in zip(cotangents, by_hand, scales(problem, arguments, by_hand), strict=True):
        assert_within(cotangent, expected, roundings, scale)
