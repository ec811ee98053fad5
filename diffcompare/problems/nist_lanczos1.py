"""Lanczos1: three decaying exponentials to 14 digits, six parameters; nothing is left at the minimum."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem

FORMULA = "b1 exp(-b2 x) + b3 exp(-b4 x) + b5 exp(-b6 x)"
SOURCE = "Lanczos 1956, Applied Analysis, pp. 272-280"


def lanczos_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A sum of three decays."""
    return b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-b[3] * x) + b[4] * np.exp(-b[5] * x)


def lanczos_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `lanczos_model` in b, shape (6, n)."""
    rows: list[np.ndarray] = []
    for height, rate in (b[:2], b[2:4], b[4:]):
        decay = np.exp(-rate * x)
        rows += [decay, -height * x * decay]
    return np.stack(rows)


PROBLEM = regression_problem(
    dataset="Lanczos1",
    title="Three decays with 14 digits, 24 observations",
    formula=FORMULA,
    source=SOURCE,
    model=lanczos_model,
    jacobian=lanczos_jacobian,
)
