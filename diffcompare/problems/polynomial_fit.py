"""Least squares by the powers of one variable: the polynomial nearest to a step."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size


def polynomial_fit(x: np.ndarray, t: np.ndarray) -> float:
    """Half the sum of (sign t_i - sum_k x_k t_i^k)^2, for coefficients of shape (m,) and places of shape (n,)."""
    powers = t[:, np.newaxis] ** np.arange(x.shape[0])
    return 0.5 * np.sum((np.sign(t) - powers @ x) ** 2)


def polynomial_fit_gradient(x: np.ndarray, t: np.ndarray) -> tuple[np.ndarray]:
    """The matrix of powers, transposed, times the residuals."""
    powers = np.vander(t, x.size, increasing=True)
    return (powers.T @ (powers @ x - np.sign(t)),)


def places(n: int) -> np.ndarray:
    """n equally spaced numbers from -1 to 1: -1 + 2 i / (n - 1)."""
    return -1.0 + 2.0 * np.arange(n) / (n - 1)


def step_of(n: Size = 20) -> tuple[np.ndarray, np.ndarray]:
    """Five coefficients 1, 1/2, 1/3 ... and n places."""
    return 1.0 / np.arange(1.0, 6.0), places(require_size(n, "polynomial-fit", least=2))


PROBLEM = Problem(
    name="polynomial-fit",
    title="Polynomial of degree four, fitted to a step",
    formula="sum_i (sign t_i - sum_k x_k t_i^k)^2 / 2, t_i = -1 + 2 i / (n - 1)",
    function=polynomial_fit,
    point=step_of,
    gradient=polynomial_fit_gradient,
    sizes=(20, 1_000, 100_000),
    tags=("scalable", "least-squares", "regression", "polynomial"),
    source="GradBench, github.com/gradbench/gradbench, eval `llsq`",
)
