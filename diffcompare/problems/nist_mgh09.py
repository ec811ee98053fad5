"""MGH09: Kowalik and Osborne's enzyme reaction, four parameters, hard from far away."""

import numpy as np

from diffcompare.problems.nist_regression import regression_problem


def mgh09_model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A quotient of two quadratics in x."""
    return b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3])


def mgh09_jacobian(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of `mgh09_model` in b, shape (4, n)."""
    upper = x**2 + x * b[1]
    lower = x**2 + x * b[2] + b[3]
    falling = -b[0] * upper / lower**2
    return np.stack((upper / lower, b[0] * x / lower, falling * x, falling))


PROBLEM = regression_problem(
    dataset="MGH09",
    title="Quotient of quadratics, 11 observations",
    formula="b1 (x^2 + b2 x) / (x^2 + b3 x + b4)",
    source="Kowalik and Osborne 1978; More, Garbow and Hillstrom 1981, doi:10.1145/355934.355936",
    model=mgh09_model,
    jacobian=mgh09_jacobian,
)
