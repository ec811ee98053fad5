"""Misra1c: monomolecular adsorption, another law for the data of Misra1a, two parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def misra1c_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Saturation with an inverse square root."""
    return b[0] * (1.0 - (1.0 + 2.0 * b[1] * x) ** -0.5)


def misra1c_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `misra1c_model` in b, shape (2, n)."""
    root = (1.0 + 2.0 * b[1] * x) ** -0.5
    return np.stack((1.0 - root, b[0] * x * root**3))


PROBLEM = regression_problem(
    dataset="Misra1c",
    title="Adsorption with an inverse square root, 14 observations",
    formula="b1 (1 - (1 + 2 b2 x)^(-1/2))",
    source="Misra, NIST 1978, Dental Research Monomolecular Adsorption",
    model=misra1c_model,
    jacobian=misra1c_jacobian,
    tags=("badly-scaled",),
)
