"""Kirby2: line widths in a scanning electron microscope, five parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def kirby2_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A quotient of two quadratics in x."""
    return (b[0] + b[1] * x + b[2] * x**2) / (1.0 + b[3] * x + b[4] * x**2)


def kirby2_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `kirby2_model` in b, shape (5, n)."""
    lower = 1.0 + b[3] * x + b[4] * x**2
    falling = -(b[0] + b[1] * x + b[2] * x**2) / lower**2
    return np.stack((1.0 / lower, x / lower, x**2 / lower, falling * x, falling * x**2))


PROBLEM = regression_problem(
    dataset="Kirby2",
    title="Quotient of quadratics, 151 observations",
    formula="(b1 + b2 x + b3 x^2) / (1 + b4 x + b5 x^2)",
    source="Kirby, NIST, Scanning electron microscope line width standards",
    model=kirby2_model,
    jacobian=kirby2_jacobian,
    tags=("badly-scaled",),
)
