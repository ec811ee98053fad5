"""Every method on every problem through the public operator, against the gradient by hand, at its two smallest sizes.

`test_problems` judges the same pairs by their records; here nothing of the judging code takes part.
"""

from functools import cache

import numpy as np
import pytest
from flint import arb_series

import diffcompare as dc
from diffcompare import methods, problems
from diffcompare.analysis.reference import reference_gradient
from diffcompare.errors import SizeLimitError, UnsupportedOpError
from diffcompare.lower import ball_math as B
from diffcompare.lower.balls import ball_evaluator, seeded
from diffcompare.methods.steps import scale

EPS = float(np.finfo(np.float64).eps)
METHODS = [name for name, (can_run, _) in methods.available().items() if can_run and name not in methods.PEERS]
# Order of the truncation error, for methods that have one; the others only round. Richardson's is at least this.
ORDERS = {"forward-difference": 1, "backward-difference": 1, "central-difference": 2, "richardson": 2}
ONE_SIDED = ("forward-difference", "backward-difference")
UNITS = 64  # roundings of a derivative, a few for each of the operations that meet in one entry
MOST_INPUTS = 20  # a difference or a direction an input: larger sizes measure patience
SLOW = {("nist-gauss1", "symbolic"), ("nist-gauss3", "symbolic")}  # 250 observations written out as one expression


def cases():
    """Every problem at up to two sizes, by every method."""
    for name in problems.names():
        problem = problems.get(name)
        for size in problem.sizes[:2]:
            if problem.inputs(size) <= MOST_INPUTS:
                for method in METHODS:
                    if (name, size) == ("absolute-maxima", "ties") and method in ONE_SIDED:
                        continue  # their slopes are others of those that the kinks allow
                    marks = pytest.mark.slow if (name, method) in SLOW else ()
                    yield pytest.param(name, size, method, marks=marks, id=f"{name}-{size}-{method}")


@cache
def by_hand(name, size):
    """Gradient by hand, and for each entry the absolute terms that rounding acts on."""
    problem = problems.get(name)
    args = problem.point(size)
    reference = reference_gradient(problem.function, args, wrt=problem.wrt)
    assert reference.status == "certified"
    return [np.asarray(g, float) for g in problem.gradient(*args)], reference


def largest_value(name, size):
    """The size of the terms that a value is added up from: of a polynomial, its value when nothing cancels."""
    problem = problems.get(name)
    args = problem.point(size)
    cancels = {"polynomial", "ill-conditioned"} <= set(problem.tags)
    return abs(float(problem.function(*(map(np.abs, args) if cancels else args))))


@cache
def theory(name, size, order):
    """What differences of this order may be off by at their step h, an array for each differentiated argument.

    h**p times the Taylor coefficient of order p + 1 (by power series in balls), and the rounding of two values over h.
    """
    task = by_hand(name, size)[1].task
    value, found = largest_value(name, size), []
    evaluate, points = ball_evaluator(task.graph), task.balls()
    rho = EPS ** (1.0 / (order + 1))
    for i in task.wrt:
        h = rho * scale(task.args[i], order, EPS)
        bound = np.empty(h.shape)
        for k in range(h.size):
            with B.precision(256, order + 2):
                moved = list(points)
                moved[i] = seeded(points[i], {k: 1})
                try:
                    y = evaluate(*moved)[0]
                    coefficient = float(abs(y[order + 1]).mid()) if isinstance(y, arb_series) else 0.0
                except B.Undecided:
                    coefficient = 0.0
            step = np.ravel(h)[k]
            np.put(bound, k, step**order * coefficient + UNITS * EPS * value / step)
        found.append(bound)
    return found


@pytest.mark.parametrize("name, size, method", list(cases()))
def test_a_method_gives_the_gradient_by_hand(name, size, method):
    """Value and gradient come in the shapes of the arguments, as near the gradient by hand as theory says."""
    problem = problems.get(name)
    args = problem.point(size)
    gradient, reference = by_hand(name, size)
    allowed = theory(name, size, ORDERS[method]) if method in ORDERS else [0.0] * len(problem.wrt)
    try:
        found_value, found = dc.value_and_gradient(problem.function, wrt=problem.wrt, method=method)(*args)
    except (SizeLimitError, UnsupportedOpError) as refused:
        pytest.skip(f"{type(refused).__name__}: {refused}")
    rounding = UNITS * EPS * 100 * largest_value(name, size)
    assert found_value == pytest.approx(float(problem.function(*args)), rel=0, abs=rounding)
    for position, got, expected, terms, more in zip(problem.wrt, found, gradient, reference.sums, allowed, strict=True):
        assert np.shape(got) == np.shape(args[position])
        # the method's and the hand's own roundings; the step may be 2**1.5 off, which its square makes 8
        bound = UNITS * EPS * np.maximum(terms, np.abs(expected)) + 8.0 * more
        error = np.abs(np.asarray(got) - expected)
        assert np.all(error <= bound), f"{error} is more than {bound}"
