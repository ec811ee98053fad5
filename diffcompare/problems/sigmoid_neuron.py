"""One neuron with two inputs, a bias and a sigmoid."""

import math

import numpy as np

from diffcompare.ops.exponential import sigmoid
from diffcompare.problems.problem import PUBLISHED, Problem, published_point


def sigmoid_neuron(w: np.ndarray, x: np.ndarray) -> float:
    """Activation for weights and bias w, shape (3,), and inputs x, shape (2,)."""
    return sigmoid(w[0] * x[0] + w[1] * x[1] + w[2])


def sigmoid_neuron_gradient(w: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives in w and x: s (1 - s) times the other factor, with s (1 - s) = 1 / (2 + 2 cosh)."""
    slope = 1.0 / (2.0 + 2.0 * math.cosh(w[0] * x[0] + w[1] * x[1] + w[2]))
    return slope * np.array([x[0], x[1], 1.0]), slope * w[:2]


PROBLEM = Problem(
    name="sigmoid-neuron",
    title="One sigmoid neuron",
    formula="1 / (1 + exp(-(w0 x0 + w1 x1 + w2)))",
    function=sigmoid_neuron,
    point=published_point(np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])),
    gradient=sigmoid_neuron_gradient,
    wrt=(0, 1),
    sizes=(PUBLISHED,),
    tags=("circuit", "machine-learning"),
    source="Stanford CS231n, notes on backpropagation, https://cs231n.github.io/optimization-2/",
)
