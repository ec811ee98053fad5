"""The cost of k-means: squared distances of points to their nearest centre."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size

CENTRES, DIMENSION = 5, 3


def k_means(centres: np.ndarray, points: np.ndarray) -> float:
    """Sum over the points, shape (n, d), of the smallest |C_j - P_i|^2, for centres of shape (k, d)."""
    apart = points[:, np.newaxis, :] - centres[np.newaxis, :, :]
    return np.sum(np.min(np.sum(apart**2, axis=2), axis=1))


def k_means_gradient(centres: np.ndarray, points: np.ndarray) -> tuple[np.ndarray]:
    """2 (C_j - P_i) summed over the points nearest to centre j, where none is as near to two."""
    squared = ((points[:, np.newaxis, :] - centres) ** 2).sum(axis=2)
    owners = np.eye(centres.shape[0])[np.argmin(squared, axis=1)]
    return (2.0 * (owners.sum(axis=0)[:, np.newaxis] * centres - owners.T @ points),)


def clouds(n: Size = 20) -> tuple[np.ndarray, np.ndarray]:
    """Five centres, and n normally distributed points, in three dimensions, from a generator seeded by n."""
    count = require_size(n, "k-means")
    normal = np.random.Generator(np.random.PCG64(count)).normal
    return normal(size=(CENTRES, DIMENSION)), normal(size=(count, DIMENSION))


PROBLEM = Problem(
    name="k-means",
    title="Cost of five centres among points",
    formula="sum_i min_j |C_j - P_i|^2",
    function=k_means,
    point=clouds,
    gradient=k_means_gradient,
    sizes=(20, 200, 2_000, 20_000),
    tags=("scalable", "machine-learning", "kink"),
    source="Lloyd 1982, doi:10.1109/TIT.1982.1056489",
)
