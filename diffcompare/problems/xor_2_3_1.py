"""A network of 2, 3 and 1 sigmoid units on exclusive or, with weights exact in binary."""

import numpy as np

from diffcompare.ops.exponential import sigmoid
from diffcompare.problems.problem import PUBLISHED, Problem, published_point

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([0.0, 1.0, 1.0, 0.0])
START = (
    np.array([[0.5, -0.75, 0.25], [-0.5, 0.25, 1.0]]),
    np.array([0.125, -0.25, 0.5]),
    np.array([0.75, -1.0, 0.5]),
    -0.125,
)


def xor_loss(
    w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: float, inputs: np.ndarray, targets: np.ndarray
) -> float:
    """Half the sum of squared errors over the rows of `inputs`, shape (4, 2)."""
    hidden = sigmoid(inputs @ w1 + b1)
    outputs = sigmoid(hidden @ w2 + b2)
    return 0.5 * np.sum((outputs - targets) ** 2)


def xor_gradient(
    w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: float, inputs: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Back-propagation of the four weights, as textbooks write it."""
    hidden = 1.0 / (1.0 + np.exp(-(inputs @ w1 + b1)))
    outputs = 1.0 / (1.0 + np.exp(-(hidden @ w2 + b2)))
    output_bar = (outputs - targets) * outputs * (1.0 - outputs)
    hidden_bar = output_bar[:, np.newaxis] * w2 * hidden * (1.0 - hidden)
    return inputs.T @ hidden_bar, hidden_bar.sum(axis=0), output_bar @ hidden, float(output_bar.sum())


PROBLEM = Problem(
    name="xor-2-3-1",
    title="Exclusive or with 2, 3 and 1 units",
    formula="sum_i (sigmoid(sigmoid(x_i W1 + b1) W2 + b2) - y_i)^2 / 2",
    function=xor_loss,
    point=published_point(*START, INPUTS, TARGETS),
    gradient=xor_gradient,
    wrt=(0, 1, 2, 3),
    sizes=(PUBLISHED,),
    tags=("loss", "machine-learning"),
    source="Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0; weights chosen here",
)
