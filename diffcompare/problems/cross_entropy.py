"""Cross-entropy of one example, the twin of `hinge` on the same scores, by logsumexp."""

import numpy as np

from diffcompare.ops.statistics import logsumexp
from diffcompare.problems.hinge import LABEL, SCORES, SOURCE
from diffcompare.problems.problem import PUBLISHED, Problem, published_point


def cross_entropy(s: np.ndarray) -> float:
    """Logsumexp(s) - s_label, natural logarithm."""
    return logsumexp(s) - s[LABEL]


def cross_entropy_gradient(s: np.ndarray) -> tuple[np.ndarray]:
    """Softmax(s) less the one-hot label."""
    powers = np.exp(s - np.max(s))
    softmax = powers / np.sum(powers)
    softmax[LABEL] = -(np.sum(powers) - powers[LABEL]) / np.sum(powers)
    return (softmax,)


PROBLEM = Problem(
    name="cross-entropy",
    title="Cross-entropy of one example",
    formula="log sum_j exp(s_j) - s_y",
    function=cross_entropy,
    point=published_point(SCORES),
    gradient=cross_entropy_gradient,
    sizes=(PUBLISHED,),
    tags=("loss", "machine-learning"),
    source=SOURCE,
)
