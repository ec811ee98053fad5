"""Energy of atoms that attract and repel each other in pairs, all pairs at once by broadcasting."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size

SPACING = 1.1  # in units of the distance at which the energy of a pair vanishes


def lennard_jones(places: np.ndarray) -> float:
    """Sum over pairs of 4 (r^-12 - r^-6), for places of shape (n, 3).

    Every pair stands twice in the square of distances, hence 2 for 4; its diagonal is set to a distance of one, where
    the two powers cancel exactly.
    """
    apart = places[:, np.newaxis, :] - places[np.newaxis, :, :]
    squared = np.sum(apart**2, axis=2) + np.eye(places.shape[0])
    sixth = 1.0 / squared**3
    return 2.0 * np.sum(sixth**2 - sixth)


def lennard_jones_gradient(places: np.ndarray) -> tuple[np.ndarray]:
    """Sum over the others of 24 (r^-8 - 2 r^-14) (x_i - x_j)."""
    apart = places[:, np.newaxis, :] - places[np.newaxis, :, :]
    squared = np.sum(apart**2, axis=2) + np.eye(places.shape[0])
    strength = 24.0 * (squared**-4 - 2.0 * squared**-7)
    return (np.einsum("ij,ijk->ik", strength, apart),)


def crystal(n: Size = 10) -> tuple[np.ndarray]:
    """The first n places of a cubic lattice, each moved a little, from a generator seeded by n."""
    count = require_size(n, "lennard-jones", least=2)
    side = int(np.ceil(round(count ** (1.0 / 3.0), 9)))
    grid = np.stack(np.meshgrid(*[SPACING * np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[:count]
    return (grid + np.random.Generator(np.random.PCG64(count)).normal(scale=0.05, size=(count, 3)),)


PROBLEM = Problem(
    name="lennard-jones",
    title="Lennard-Jones energy of a shaken crystal",
    formula="sum_{i < j} 4 (r_ij^-12 - r_ij^-6)",
    function=lennard_jones,
    point=crystal,
    gradient=lennard_jones_gradient,
    sizes=(10, 50, 100, 500),
    tags=("scalable", "physics", "pairs", "badly-scaled"),
    source="Lennard-Jones 1924, doi:10.1098/rspa.1924.0082",
)
