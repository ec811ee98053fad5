"""Logistic regression of real digits, even or odd."""

import numpy as np

from diffcompare.ops.exponential import softplus
from diffcompare.problems.digits_data import LICENCE, PIXELS, SIZES, SOURCE, digits
from diffcompare.problems.problem import Problem, Size

PENALTY = 1e-3


def logistic_regression(weights: np.ndarray, bias: float, images: np.ndarray, signs: np.ndarray) -> float:
    """Mean of log(1 + exp(-t_i s_i)) with scores s = X w + b, and half the penalty times |w|^2.

    Parameters
    ----------
    weights : ndarray, shape (64,)
    bias : float
    images : ndarray, shape (n, 64)
    signs : ndarray, shape (n,)
        The targets t_i, -1 or 1.
    """
    scores = images @ weights + bias
    return np.sum(softplus(-signs * scores)) / signs.shape[0] + 0.5 * PENALTY * np.sum(weights**2)


def logistic_regression_gradient(
    weights: np.ndarray, bias: float, images: np.ndarray, signs: np.ndarray
) -> tuple[np.ndarray, float]:
    """X^T s_bar and the sum of s_bar = -t / (1 + exp(t s)) / n, with the penalty's share."""
    scores_bar = -signs / (1.0 + np.exp(signs * (images @ weights + bias))) / signs.size
    return images.T @ scores_bar + PENALTY * weights, float(np.sum(scores_bar))


def even_or_odd(count: Size = SIZES[0]) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """Arguments on the first images: weights drawn with scale 1/8, bias 1/8, images, 1 where the digit is odd."""
    images, labels = digits(count, "digits-logistic")
    weights = np.random.Generator(np.random.PCG64(1)).normal(scale=0.125, size=(PIXELS,))
    return weights, 0.125, images, 2.0 * (labels % 2) - 1.0


PROBLEM = Problem(
    name="digits-logistic",
    title="Logistic regression on handwritten digits, even or odd",
    formula="mean_i ln(1 + exp(-t_i (x_i.w + b))) + |w|^2 / 2000",
    function=logistic_regression,
    point=even_or_odd,
    gradient=logistic_regression_gradient,
    wrt=(0, 1),
    sizes=SIZES,
    tags=("regression", "machine-learning", "data"),
    source=SOURCE,
    licence=LICENCE,
)
