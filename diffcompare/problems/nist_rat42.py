"""Rat42: sigmoidal growth of a pasture, three parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def rat42_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Yield after growing time x."""
    return b[0] / (1.0 + np.exp(b[1] - b[2] * x))


def rat42_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `rat42_model` in b, shape (3, n)."""
    power = np.exp(b[1] - b[2] * x)
    share = 1.0 / (1.0 + power)
    slope = b[0] * power * share**2
    return np.stack((share, -slope, slope * x))


PROBLEM = regression_problem(
    dataset="Rat42",
    title="Logistic growth, 9 observations",
    formula="b1 / (1 + exp(b2 - b3 x))",
    source="Ratkowsky 1983, Nonlinear Regression Modeling, pp. 61 and 88",
    model=rat42_model,
    jacobian=rat42_jacobian,
)
