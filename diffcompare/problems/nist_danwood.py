"""DanWood: energy radiated by a lamp against its temperature, two parameters."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def danwood_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A multiple of a power."""
    return b[0] * x ** b[1]


def danwood_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `danwood_model` in b, shape (2, n)."""
    power = x ** b[1]
    return np.stack((power, b[0] * power * np.log(x)))


PROBLEM = regression_problem(
    dataset="DanWood",
    title="Power law of radiation, 6 observations",
    formula="b1 x^b2",
    source="Daniel and Wood 1980, Fitting Equations to Data, 2nd ed., pp. 428-431",
    model=danwood_model,
    jacobian=danwood_jacobian,
)
