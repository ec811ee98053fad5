"""A network of two layers on real digits: 64 pixels, 16 units, 10 classes."""

import numpy as np

from diffcompare.ops.statistics import logsumexp
from diffcompare.problems.digits_data import CLASSES, LICENCE, PIXELS, SIZES, SOURCE, digits, one_hot
from diffcompare.problems.problem import Problem, Size

HIDDEN = 16
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def network_loss(
    w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray, images: np.ndarray, targets: np.ndarray
) -> float:
    """Mean cross-entropy of the scores tanh(X W1 + b1) W2 + b2.

    Parameters
    ----------
    w1, b1 : ndarray, shapes (64, 16) and (16,)
    w2, b2 : ndarray, shapes (16, 10) and (10,)
    images : ndarray, shape (n, 64)
    targets : ndarray, shape (n, 10)
        1.0 at each image's digit, else 0.0.
    """
    scores = np.tanh(images @ w1 + b1) @ w2 + b2
    return (np.sum(logsumexp(scores, axis=1)) - np.sum(targets * scores)) / targets.shape[0]


def network_gradient(
    w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray, images: np.ndarray, targets: np.ndarray
) -> Arrays:
    """Back-propagation through both layers, as textbooks write it."""
    hidden = np.tanh(images @ w1 + b1)
    scores = hidden @ w2 + b2
    powers = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    scores_bar = (powers / np.sum(powers, axis=1, keepdims=True) - targets) / targets.shape[0]
    hidden_bar = scores_bar @ w2.T * (1.0 - hidden**2)
    return images.T @ hidden_bar, np.sum(hidden_bar, axis=0), hidden.T @ scores_bar, np.sum(scores_bar, axis=0)


def network_point(count: Size = SIZES[0]) -> tuple[np.ndarray, ...]:
    """Arguments on the first images: weights drawn with the scale 1 / sqrt(inputs), biases with 1/8."""
    images, labels = digits(count, "digits-network")
    normal = np.random.Generator(np.random.PCG64(1)).normal
    first = normal(scale=PIXELS**-0.5, size=(PIXELS, HIDDEN)), normal(scale=0.125, size=HIDDEN)
    second = normal(scale=HIDDEN**-0.5, size=(HIDDEN, CLASSES)), normal(scale=0.125, size=CLASSES)
    return *first, *second, images, one_hot(labels)


PROBLEM = Problem(
    name="digits-network",
    title="Network of 64, 16 and 10 units on handwritten digits",
    formula="mean_i (ln sum_j exp(s_ij) - s_iy), s_i = tanh(x_i W1 + b1) W2 + b2",
    function=network_loss,
    point=network_point,
    gradient=network_gradient,
    wrt=(0, 1, 2, 3),
    sizes=SIZES,
    tags=("machine-learning", "data"),
    source=f"Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0; {SOURCE}",
    licence=LICENCE,
)
