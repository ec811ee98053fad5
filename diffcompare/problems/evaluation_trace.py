"""The running example of Baydin et al.'s survey, whose evaluation traces it prints."""

import math

import numpy as np

from diffcompare.problems.problem import PUBLISHED, Problem, published_point


def evaluation_trace(x1: float, x2: float) -> float:
    """ln x1 + x1 x2 - sin x2."""
    return np.log(x1) + x1 * x2 - np.sin(x2)


def evaluation_trace_gradient(x1: float, x2: float) -> tuple[float, float]:
    """Derivatives in x1 and x2."""
    return 1.0 / x1 + x2, x1 - math.cos(x2)


PROBLEM = Problem(
    name="evaluation-trace",
    title="The survey's evaluation trace",
    formula="ln x1 + x1 x2 - sin x2",
    function=evaluation_trace,
    point=published_point(2.0, 5.0),
    gradient=evaluation_trace_gradient,
    wrt=(0, 1),
    sizes=(PUBLISHED,),
    tags=("scalar", "trace"),
    source="Baydin, Pearlmutter, Radul and Siskind 2018, JMLR 18(153), tables 2 and 3",
)
