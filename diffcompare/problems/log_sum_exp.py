"""The logarithm of a sum of exponentials, written out with its shift by the maximum."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size


def log_sum_exp(x: np.ndarray) -> float:
    """Max + log sum exp(x - max), which no large entry makes overflow."""
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def log_sum_exp_gradient(x: np.ndarray) -> tuple[np.ndarray]:
    """The softmax of x: what passes through the maximum cancels."""
    powers = np.exp(x - x.max())
    return (powers / powers.sum(),)


def scores_of(n: Size = 10) -> tuple[np.ndarray]:
    """Normally distributed numbers, from a generator seeded by n."""
    count = require_size(n, "log-sum-exp")
    return (np.random.Generator(np.random.PCG64(count)).normal(size=count),)


PROBLEM = Problem(
    name="log-sum-exp",
    title="Logarithm of a sum of exponentials, shifted by hand",
    formula="m + ln sum_i exp(x_i - m), m = max_i x_i",
    function=log_sum_exp,
    point=scores_of,
    gradient=log_sum_exp_gradient,
    sizes=(10, 1_000, 100_000),
    tags=("scalable", "machine-learning", "kink"),
    source="GradBench, github.com/gradbench/gradbench, eval `lse`; Blanchard, Higham and Higham 2021, "
    "doi:10.1093/imanum/draa038",
)
