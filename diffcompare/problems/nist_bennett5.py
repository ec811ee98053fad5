"""Bennett5: magnetisation of a superconductor against the logarithm of time, three parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def bennett5_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A power of x moved along its axis."""
    return b[0] * (b[1] + x) ** (-1.0 / b[2])


def bennett5_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `bennett5_model` in b, shape (3, n)."""
    moved = b[1] + x
    power = moved ** (-1.0 / b[2])
    return np.stack((power, -b[0] * power / (b[2] * moved), b[0] * power * np.log(moved) / b[2] ** 2))


PROBLEM = regression_problem(
    dataset="Bennett5",
    title="Power law of magnetism, 154 observations",
    formula="b1 (b2 + x)^(-1 / b3)",
    source="Bennett, Swartzendruber and Brown, NIST 1994",
    model=bennett5_model,
    jacobian=bennett5_jacobian,
    tags=("badly-scaled",),
)
