"""Thurber: electron mobility in a semiconductor, seven parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def thurber_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Mobility at the natural logarithm x of the density."""
    upper = b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3
    lower = 1.0 + b[4] * x + b[5] * x**2 + b[6] * x**3
    return upper / lower


def thurber_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `thurber_model` in b, shape (7, n)."""
    upper = ((b[3] * x + b[2]) * x + b[1]) * x + b[0]
    lower = ((b[6] * x + b[5]) * x + b[4]) * x + 1.0
    powers = x ** np.arange(4)[:, np.newaxis]
    return np.concatenate((powers / lower, -upper / lower**2 * powers[1:]))


PROBLEM = regression_problem(
    dataset="Thurber",
    title="Quotient of cubics, 37 observations",
    formula="(b1 + b2 x + b3 x^2 + b4 x^3) / (1 + b5 x + b6 x^2 + b7 x^3)",
    source="Thurber, NIST (197?)",
    model=thurber_model,
    jacobian=thurber_jacobian,
)
