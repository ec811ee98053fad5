"""Chwirut2: ultrasonic response against the distance of the metal, three parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def chwirut2_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A decay over a straight line."""
    return np.exp(-b[0] * x) / (b[1] + b[2] * x)


def chwirut2_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `chwirut2_model` in b, shape (3, n)."""
    line = b[1] + b[2] * x
    decay = np.exp(-b[0] * x) / line
    return np.stack((-x * decay, -decay / line, -x * decay / line))


PROBLEM = regression_problem(
    dataset="Chwirut2",
    title="Decay over a straight line, 54 observations",
    formula="exp(-b1 x) / (b2 + b3 x)",
    source="Chwirut, NIST, Ultrasonic Reference Block Study",
    model=chwirut2_model,
    jacobian=chwirut2_jacobian,
)
