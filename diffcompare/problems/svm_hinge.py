"""Multiclass hinge loss, mean over three examples (cat, car and frog)."""

import numpy as np

from diffcompare.problems.problem import PUBLISHED, Problem, published_point

LABELS = np.array([0, 1, 2])
SCORES = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])


def svm_hinge(scores: np.ndarray) -> float:
    """Mean over the rows of the sum over the wrong classes of max(0, s_j - s_label + 1)."""
    count, classes = scores.shape
    correct = scores[np.arange(count), LABELS][:, np.newaxis]
    wrong = np.arange(classes) != LABELS[:, np.newaxis]
    return np.sum(np.where(wrong, np.maximum(0.0, scores - correct + 1.0), 0.0)) / count


def svm_hinge_gradient(scores: np.ndarray) -> tuple[np.ndarray]:
    """1 / n for each wrong class inside the margin, minus their number / n for the label."""
    rows = np.arange(scores.shape[0])
    inside = (scores - scores[rows, LABELS][:, np.newaxis] + 1.0 > 0.0).astype(np.float64)
    inside[rows, LABELS] -= inside.sum(axis=1)
    return (inside / scores.shape[0],)


PROBLEM = Problem(
    name="svm-hinge",
    title="Hinge loss of three examples",
    formula="mean_i sum_{j != y_i} max(0, s_ij - s_iy + 1)",
    function=svm_hinge,
    point=published_point(SCORES),
    gradient=svm_hinge_gradient,
    sizes=(PUBLISHED,),
    tags=("loss", "machine-learning", "kink"),
    source="Stanford CS231n, lecture 3 (losses 2.9, 0 and 12.9, as corrected in later editions)",
)
