"""Energy of steady combustion on a grid: differences to four neighbours, a stencil of five points."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size

HEAT = 2.0


def combustion_energy(u: np.ndarray) -> float:
    """Half the squared differences of neighbours, less h^2 lambda exp(u), for u of shape (n, n), 0 on the border.

    The grid covers the unit square, h = 1 / (n + 1); the discrete energy of -Laplace u = lambda exp(u), lambda = 2.
    """
    heat = HEAT / (u.shape[0] + 1) ** 2
    padded = np.pad(u, 1)
    down, right = padded[1:, :] - padded[:-1, :], padded[:, 1:] - padded[:, :-1]
    return 0.5 * (np.sum(down**2) + np.sum(right**2)) - heat * np.sum(np.exp(u))


def combustion_gradient(u: np.ndarray) -> tuple[np.ndarray]:
    """4 u less its four neighbours, less h^2 lambda exp(u)."""
    padded = np.pad(u, 1)
    around = padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2]
    return (4.0 * u - around - HEAT / (u.shape[0] + 1) ** 2 * np.exp(u),)


def hill(n: Size = 4) -> tuple[np.ndarray]:
    """x (1 - x) y (1 - y) 4 at the n x n inner points of the unit square."""
    count = require_size(n, "combustion")
    x = np.arange(1, count + 1) / (count + 1)
    return (4.0 * np.outer(x * (1.0 - x), x * (1.0 - x)),)


PROBLEM = Problem(
    name="combustion",
    title="Energy of steady combustion, five-point stencil",
    formula="sum over neighbours (u_i - u_j)^2 / 2 - h^2 lambda sum_i exp(u_i)",
    function=combustion_energy,
    point=hill,
    gradient=combustion_gradient,
    sizes=(4, 10, 30, 100, 300),
    tags=("scalable", "stencil", "physics", "optimisation"),
    source="Averick, Carter, More and Xue 1992, The MINPACK-2 test problem collection, ANL/MCS-P153-0694",
)
