"""The determinant by expansion into minors, each of them found once."""

from itertools import combinations

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size


def determinant(a: np.ndarray) -> float:
    """Laplace's expansion along rows, without elimination.

    The minors of the last k rows are the entries of an array, one for each choice of k columns; those of k + 1 rows are
    sums of entries of the row above times minors of the k rows, with alternating signs. So a minor that the recursive
    expansion meets along several ways is found once: n 2^(n - 1) products instead of some e n!.
    """
    n = a.shape[0]
    minors = a[n - 1]
    for size in range(2, n + 1):
        columns, without = _expansions(n, size)
        signs = (-1.0) ** np.arange(size)
        minors = np.sum(signs * a[n - size][columns] * minors[without], axis=1)
    return minors[0]


def _expansions(n: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each choice of `size` of n columns: these columns, and the place of the choice that lacks each of them."""
    smaller = {choice: place for place, choice in enumerate(combinations(range(n), size - 1))}
    choices = list(combinations(range(n), size))
    without = [[smaller[choice[:j] + choice[j + 1 :]] for j in range(size)] for choice in choices]
    return np.array(choices), np.array(without)


def determinant_gradient(a: np.ndarray) -> tuple[np.ndarray]:
    """Jacobi's formula: det(A) A^-T, by elimination."""
    return (np.linalg.det(a) * np.linalg.inv(a).T,)


def dominant(n: Size = 4) -> tuple[np.ndarray]:
    """The identity plus normally distributed numbers of scale 0.2, from a generator seeded by n."""
    count = require_size(n, "determinant")
    return (np.eye(count) + 0.2 * np.random.Generator(np.random.PCG64(count)).normal(size=(count, count)),)


PROBLEM = Problem(
    name="determinant",
    title="Determinant by minors",
    formula="sum_j (-1)^j a_1j det(A without row 1 and column j)",
    function=determinant,
    point=dominant,
    gradient=determinant_gradient,
    sizes=(4, 6, 8, 11),
    tags=("scalable", "polynomial"),
    source="GradBench, github.com/gradbench/gradbench, eval `det`; Laplace 1772",
)
