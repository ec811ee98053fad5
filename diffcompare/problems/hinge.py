"""Multiclass hinge loss of one example, the twin of `cross-entropy` on the same scores."""

import numpy as np

from diffcompare.problems.problem import PUBLISHED, Problem, published_point

SCORES = np.array([-2.85, 0.86, 0.28])
LABEL = 2
SOURCE = "Stanford CS231n, notes on linear classification, https://cs231n.github.io/linear-classify/"


def hinge(s: np.ndarray) -> float:
    """Sum over the wrong classes of max(0, s_j - s_label + 1)."""
    wrong = np.arange(s.shape[0]) != LABEL
    return np.sum(np.maximum(0.0, s[wrong] - s[LABEL] + 1.0))


def hinge_gradient(s: np.ndarray) -> tuple[np.ndarray]:
    """1 for each wrong class inside the margin, minus their number for the label."""
    inside = (s - s[LABEL] + 1.0 > 0.0).astype(np.float64)
    inside[LABEL] -= inside.sum()
    return (inside,)


PROBLEM = Problem(
    name="hinge",
    title="Hinge loss of one example",
    formula="sum_{j != y} max(0, s_j - s_y + 1)",
    function=hinge,
    point=published_point(SCORES),
    gradient=hinge_gradient,
    sizes=(PUBLISHED,),
    tags=("loss", "machine-learning", "kink"),
    source=SOURCE,
)
