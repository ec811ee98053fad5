"""Softmax regression of real digits into ten classes."""

import numpy as np

from diffcompare.ops.statistics import logsumexp
from diffcompare.problems.digits_data import CLASSES, LICENCE, PIXELS, SIZES, SOURCE, digits, one_hot
from diffcompare.problems.problem import Problem, Size

PENALTY = 1e-3


def softmax_regression(weights: np.ndarray, bias: np.ndarray, images: np.ndarray, targets: np.ndarray) -> float:
    """Mean cross-entropy of the scores X W + b, and half the penalty times |W|^2.

    Parameters
    ----------
    weights : ndarray, shape (64, 10)
    bias : ndarray, shape (10,)
    images : ndarray, shape (n, 64)
    targets : ndarray, shape (n, 10)
        1.0 at each image's digit, else 0.0.
    """
    scores = images @ weights + bias
    loss = np.sum(logsumexp(scores, axis=1)) - np.sum(targets * scores)
    return loss / targets.shape[0] + 0.5 * PENALTY * np.sum(weights**2)


def softmax_regression_gradient(
    weights: np.ndarray, bias: np.ndarray, images: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """X^T S_bar and the column sums of S_bar = (softmax(S) - T) / n, with the penalty's share."""
    scores = images @ weights + bias
    powers = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    scores_bar = (powers / np.sum(powers, axis=1, keepdims=True) - targets) / targets.shape[0]
    return images.T @ scores_bar + PENALTY * weights, np.sum(scores_bar, axis=0)


def which_digit(
    count: Size = SIZES[0], problem: str = "digits-softmax"
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arguments on the first images: weights and biases drawn with scale 1/8, images, targets."""
    images, labels = digits(count, problem)
    normal = np.random.Generator(np.random.PCG64(1)).normal
    weights, bias = normal(scale=0.125, size=(PIXELS, CLASSES)), normal(scale=0.125, size=CLASSES)
    return weights, bias, images, one_hot(labels)


PROBLEM = Problem(
    name="digits-softmax",
    title="Softmax regression on handwritten digits",
    formula="mean_i (ln sum_j exp(s_ij) - s_iy) + |W|^2 / 2000, s_i = x_i W + b",
    function=softmax_regression,
    point=which_digit,
    gradient=softmax_regression_gradient,
    wrt=(0, 1),
    sizes=SIZES,
    tags=("regression", "machine-learning", "data"),
    source=SOURCE,
    licence=LICENCE,
)
