"""Sums of Gaussian kernels: each of n places feels each of n masses."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size


def kernel_sums(places: np.ndarray, masses: np.ndarray, width: float, sources: np.ndarray) -> float:
    """Sum over i and j of m_j exp(-|x_i - s_j|^2 / (2 w^2)).

    Parameters
    ----------
    places, sources : ndarray, shapes (n, d) and (m, d)
    masses : ndarray, shape (m,)
    width : float
    """
    apart = places[:, np.newaxis, :] - sources[np.newaxis, :, :]
    squared = np.sum(apart**2, axis=2) / width**2
    return np.sum(masses * np.exp(-0.5 * squared))


def kernel_sums_gradient(
    places: np.ndarray, masses: np.ndarray, width: float, sources: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """With terms t_ij: -sum_j t_ij (x_i - s_j) / w^2, column sums without masses, and sum t_ij |x_i - s_j|^2 / w^3."""
    apart = places[:, np.newaxis, :] - sources
    squared = (apart**2).sum(axis=2)
    kernels = np.exp(-0.5 * squared / width**2)
    terms = masses * kernels
    places_bar = -np.einsum("ij,ijk->ik", terms, apart) / width**2
    return places_bar, kernels.sum(axis=0), float(np.sum(terms * squared) / width**3)


def neighbours(n: Size = 10) -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    """n places, n masses, the width 0.7 and n sources, in three dimensions, from a generator seeded by n."""
    count = require_size(n, "kernel-sums")
    draw = np.random.Generator(np.random.PCG64(count))
    return draw.normal(size=(count, 3)), draw.uniform(0.5, 1.5, count), 0.7, draw.normal(size=(count, 3))


PROBLEM = Problem(
    name="kernel-sums",
    title="Sums of Gaussian kernels over all pairs",
    formula="sum_ij m_j exp(-|x_i - s_j|^2 / (2 w^2))",
    function=kernel_sums,
    point=neighbours,
    gradient=kernel_sums_gradient,
    wrt=(0, 1, 2),
    sizes=(10, 50, 200, 1_000),
    tags=("scalable", "pairs"),
    source="Greengard and Strain 1991, doi:10.1137/0912004",
)
