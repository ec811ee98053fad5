"""Misra1a: adsorption of a single molecular layer, two parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def misra1a_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Volume adsorbed at pressure x."""
    return b[0] * (1.0 - np.exp(-b[1] * x))


def misra1a_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `misra1a_model` in b, shape (2, n)."""
    return np.stack((-np.expm1(-b[1] * x), b[0] * x * np.exp(-b[1] * x)))


PROBLEM = regression_problem(
    dataset="Misra1a",
    title="Exponential adsorption, 14 observations",
    formula="b1 (1 - exp(-b2 x))",
    source="Misra 1978",
    model=misra1a_model,
    jacobian=misra1a_jacobian,
    tags=("badly-scaled",),
)
