"""Gauss1: two Gaussians on a decaying baseline, eight parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def gauss1_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """An exponential and two well-separated peaks."""
    baseline = b[0] * np.exp(-b[1] * x)
    first = b[2] * np.exp(-((x - b[3]) ** 2) / b[4] ** 2)
    second = b[5] * np.exp(-((x - b[6]) ** 2) / b[7] ** 2)
    return baseline + first + second


def gauss1_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `gauss1_model` in b, shape (8, n)."""
    decay = np.exp(-b[1] * x)
    return np.stack((decay, -b[0] * x * decay, *_peak(b[2], b[3], b[4], x), *_peak(b[5], b[6], b[7], x)))


def _peak(height: float, centre: float, width: float, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Derivative of one peak in its height, centre and width."""
    distance = (x - centre) / width
    shape = np.exp(-(distance**2))
    slope = 2.0 * height / width * distance * shape
    return shape, slope, slope * distance


PROBLEM = regression_problem(
    dataset="Gauss1",
    title="Two Gaussian peaks on an exponential, 250 observations",
    formula="b1 exp(-b2 x) + b3 exp(-(x - b4)^2 / b5^2) + b6 exp(-(x - b7)^2 / b8^2)",
    source="Rust 1996",
    model=gauss1_model,
    jacobian=gauss1_jacobian,
    tags=("badly-scaled",),
)
