"""Eckerle4: transmittance against wavelength, three parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def eckerle4_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A normal density, scaled."""
    return b[0] / b[1] * np.exp(-0.5 * ((x - b[2]) / b[1]) ** 2)


def eckerle4_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `eckerle4_model` in b, shape (3, n)."""
    distance = (x - b[2]) / b[1]
    shape = np.exp(-0.5 * distance**2) / b[1]
    slope = b[0] / b[1] * shape
    return np.stack((shape, slope * (distance**2 - 1.0), slope * distance))


PROBLEM = regression_problem(
    dataset="Eckerle4",
    title="One Gaussian peak, 35 observations",
    formula="b1 / b2 exp(-((x - b3) / b2)^2 / 2)",
    source="Eckerle, NIST, Circular Interference Transmittance Study",
    model=eckerle4_model,
    jacobian=eckerle4_jacobian,
    tags=("badly-scaled",),
)
