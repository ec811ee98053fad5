"""The eleven-line network of 3, 4 and 1 sigmoid units on exclusive or."""

import numpy as np

from diffcompare.ops.exponential import sigmoid
from diffcompare.problems.problem import PUBLISHED, Problem, published_point

INPUTS = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
TARGETS = np.array([[0.0], [1.0], [1.0], [0.0]])
# 2 numpy.random.RandomState(1).random_sample(shape) - 1, the well-known start.
START = (
    np.array(
        [
            [-0.165955990594852, 0.4406489868843162, -0.9997712503653102, -0.39533485473632046],
            [-0.7064882183657739, -0.8153228104624044, -0.6274795772446582, -0.3088785459139045],
            [-0.20646505153866013, 0.07763346800671389, -0.1616109711934104, 0.370439000793519],
        ]
    ),
    np.array([[-0.5910955005369651], [0.7562348727818908], [-0.9452248136041477], [0.34093502035680445]]),
)


def xor_loss(w1: np.ndarray, w2: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> float:
    """Half the sum of squared errors; the third column of `inputs` is 1 and stands for a bias."""
    return 0.5 * np.sum((sigmoid(sigmoid(inputs @ w1) @ w2) - targets) ** 2)


def xor_gradient(
    w1: np.ndarray, w2: np.ndarray, inputs: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Back-propagation of both weight matrices, as the eleven lines do it."""
    hidden = 1.0 / (1.0 + np.exp(-(inputs @ w1)))
    outputs = 1.0 / (1.0 + np.exp(-(hidden @ w2)))
    output_bar = (outputs - targets) * outputs * (1.0 - outputs)
    hidden_bar = output_bar @ w2.T * hidden * (1.0 - hidden)
    return inputs.T @ hidden_bar, hidden.T @ output_bar


PROBLEM = Problem(
    name="xor-3-4-1",
    title="Exclusive or in eleven lines",
    formula="sum_i (sigmoid(sigmoid(x_i W1) W2) - y_i)^2 / 2",
    function=xor_loss,
    point=published_point(*START, INPUTS, TARGETS),
    gradient=xor_gradient,
    wrt=(0, 1),
    sizes=(PUBLISHED,),
    tags=("loss", "machine-learning"),
    source="Trask 2015, A neural network in 11 lines of Python, https://iamtrask.github.io/2015/07/12/basic-python-network/",
)
