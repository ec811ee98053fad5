"""A linear support vector machine on real digits, by the hinge loss of ten classes."""

from functools import partial

import numpy as np

from diffcompare.problems.digits_data import LICENCE, SIZES, SOURCE
from diffcompare.problems.digits_softmax import which_digit
from diffcompare.problems.problem import Problem

PENALTY = 1e-3


def support_vectors(weights: np.ndarray, bias: np.ndarray, images: np.ndarray, targets: np.ndarray) -> float:
    """Mean of sum_{j != y} max(0, s_j - s_y + 1) over images, scores X W + b, and half the penalty times |W|^2.

    Parameters
    ----------
    weights : ndarray, shape (64, 10)
    bias : ndarray, shape (10,)
    images : ndarray, shape (n, 64)
    targets : ndarray, shape (n, 10)
        1.0 at each image's digit, else 0.0.
    """
    scores = images @ weights + bias
    right = np.sum(targets * scores, axis=1, keepdims=True)
    missing = np.maximum(0.0, scores - right + 1.0) * (1.0 - targets)
    return np.sum(missing) / targets.shape[0] + 0.5 * PENALTY * np.sum(weights**2)


def support_vectors_gradient(
    weights: np.ndarray, bias: np.ndarray, images: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """1 / n for each wrong class inside the margin, minus their number / n for the right one, carried to W and b."""
    scores = images @ weights + bias
    right = np.sum(targets * scores, axis=1, keepdims=True)
    inside = (scores - right + 1.0 > 0.0) * (1.0 - targets)
    scores_bar = (inside - targets * np.sum(inside, axis=1, keepdims=True)) / targets.shape[0]
    return images.T @ scores_bar + PENALTY * weights, np.sum(scores_bar, axis=0)


PROBLEM = Problem(
    name="digits-svm",
    title="Linear support vector machine on handwritten digits",
    formula="mean_i sum_{j != y} max(0, s_ij - s_iy + 1) + |W|^2 / 2000, s_i = x_i W + b",
    function=support_vectors,
    point=partial(which_digit, problem="digits-svm"),
    gradient=support_vectors_gradient,
    wrt=(0, 1),
    sizes=SIZES,
    tags=("regression", "machine-learning", "kink", "data"),
    source=f"Weston and Watkins 1999, ESANN; {SOURCE}",
    licence=LICENCE,
)
