"""Paths between two numbers: which are found, and that gradients are right where they are added first."""

from __future__ import annotations

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.graph import Graph
from diffcompare.core.node import Node, variable
from diffcompare.transform.preaccumulation import Paths
from diffcompare.transform.pullback import pullback
from diffcompare.transform.simplify import simplify

INPUT = variable("x", ())


def _found(output: Node) -> tuple[int, str] | None:
    """Number of statements between and the name of the start, for the last statement of a graph of x."""
    graph = Graph((INPUT,), (output,))
    live = {id(node) for node in graph.nodes if node.op.name != "constant"}
    found = Paths(graph.nodes, live).between(output)
    return None if found is None else (len(found[0]), found[1].op.name)


def _shared(x: Node) -> Node:
    half = 0.5 * x
    return (half * (1.0 - x)) * np.sin(half)


EXAMPLES = {
    "a step of the logistic map": ((2.9 * INPUT) * (1.0 - INPUT), (3, "input")),
    "a product with itself": (INPUT * INPUT, (1, "input")),
    "a quotient": (np.exp(INPUT) / (1.0 + np.exp(INPUT)), (2, "exp")),
    "one path": (np.sin(2.0 * INPUT), None),
    "one path by a product with a constant": (2.0 * np.sin(INPUT), None),
    "something in between that is read twice": (_shared(INPUT), (5, "input")),
}


@pytest.mark.parametrize(("output", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_what_lies_between(output, expected):
    """All statements between one number and another are found, and nothing where there is one path only."""
    assert _found(output) == expected


def test_what_is_read_elsewhere_is_not_between():
    """A factor that another statement reads as well has a cotangent of its own."""
    factor = 2.0 * INPUT
    output = (factor * (1.0 - INPUT)) + np.sin(factor)
    graph = Graph((INPUT,), (output,))
    live = {id(node) for node in graph.nodes if node.op.name != "constant"}
    product = output.args[0]
    assert Paths(graph.nodes, live).between(product) is None


def test_two_numbers_are_no_start():
    """Where two inputs lead to a statement, its cotangent goes to each."""
    y = variable("y", ())
    output = INPUT * y
    graph = Graph((INPUT, y), (output,))
    live = {id(node) for node in graph.nodes}
    assert Paths(graph.nodes, live).between(output) is None


# Exact in floating point: powers of two and small integers. By hand, at x = 2.
BY_HAND = {
    "(3 x) (1 - x)": (lambda x: (3.0 * x) * (1.0 - x), -9.0),  # 3 - 6 x
    "x x x x": (lambda x: x * x * x * x, 32.0),  # 4 x**3
    "floor has slope 0": (lambda x: np.floor(x) * x, 2.0),
    "only constants of x": (lambda x: np.floor(x) * np.sign(x), 0.0),
    "held constant": (lambda x: dc.stop_gradient(x) * x, 2.0),
    "a branch that is not taken": (lambda x: np.where(x > 0.0, x * x, np.log(-x)) * x, 12.0),  # 3 x**2
    "a kink": (lambda x: np.maximum(x, 2.0) * (x - 1.0), 2.5),  # half of the slope: 0.5 (x - 1) + x
    "infinite beside 0": (lambda x: np.where(x > 2.0, np.sqrt(x - 2.0), 0.0) * (x - 2.0), 0.0),
}


@pytest.mark.parametrize(("function", "expected"), BY_HAND.values(), ids=BY_HAND)
@pytest.mark.parametrize("executor", ["numba", "numpy"])
def test_gradients_are_those_by_hand(function, expected, executor):
    """Masks, kinks and constants keep their meaning on several paths."""
    assert dc.gradient(function, method=dc.methods.Reverse(executor=executor))(2.0) == expected


def test_two_directions_agree_over_many_steps():
    """Forward and reverse sweeps multiply the same slopes in another order: 4 roundings a step on either side."""

    def logistic(x):
        for _ in range(300):
            x = 3.7 * x * (1.0 - x)
        return x

    one, other = (dc.gradient(logistic, method=method)(0.3) for method in ("forward", "reverse"))
    # A slope 3.7 (1 - 2 x) is a difference, off by 2 eps times 3.7 max(x, 1 - x): relative to it, by its condition.
    x, condition = 0.3, 0.0
    for _ in range(300):
        condition += 3.7 * max(x, 1.0 - x) / abs(3.7 * (1.0 - 2.0 * x))
        x = 3.7 * x * (1.0 - x)
    eps = float(np.finfo(np.float64).eps)
    assert abs(one - other) <= 2 * eps * (300 * 4 + 2 * condition) * abs(one)


def test_a_step_of_a_recurrence_takes_one_multiplication_of_the_cotangent():
    """Beside the value's two, a logistic step has two multiplications in its gradient: of a slope, and of the chain."""
    x = INPUT
    for _ in range(20):
        x = (3.7 * x) * (1.0 - x)
    tape = simplify(pullback(Graph((INPUT,), (x,)), (0,)))
    assert sum(node.op.name == "multiply" for node in tape.nodes) <= 20 * 4
