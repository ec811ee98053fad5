"""Cross-entropy of one example (the cat), by the logarithm of a softmax."""

import numpy as np

from diffcompare.ops.statistics import log_softmax
from diffcompare.problems.problem import PUBLISHED, Problem, published_point


def softmax_cross_entropy(s: np.ndarray) -> float:
    """-log softmax(s)[0], natural logarithm."""
    return -log_softmax(s)[0]


def softmax_cross_entropy_gradient(s: np.ndarray) -> tuple[np.ndarray]:
    """Softmax(s) less (1, 0, 0)."""
    powers = np.exp(s - np.max(s))
    return (np.concatenate(([-np.sum(powers[1:])], powers[1:])) / np.sum(powers),)


PROBLEM = Problem(
    name="softmax-cross-entropy",
    title="Cross-entropy through log-softmax",
    formula="-log softmax(s)_0",
    function=softmax_cross_entropy,
    point=published_point(np.array([3.2, 5.1, -1.7])),
    gradient=softmax_cross_entropy_gradient,
    sizes=(PUBLISHED,),
    tags=("loss", "machine-learning"),
    source="Stanford CS231n, lecture 3 (with the natural logarithm)",
)
