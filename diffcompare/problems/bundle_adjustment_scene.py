"""Bundle adjustment of whole scenes, as ADBench makes them: all observations at once, their Jacobian block by block."""

from typing import Any

import numpy as np

from diffcompare.problems.adbench_files import read_observation, read_scene_size
from diffcompare.problems.bundle_adjustment import PROBLEM as ONE
from diffcompare.problems.bundle_adjustment import projection_error, projection_jacobian
from diffcompare.problems.problem import Problem, Size, require_known

FILES = {"test": "adbench/ba_test.txt", "ba1": "adbench/ba1.txt", "ba2": "adbench/ba2.txt"}


def seen_by(cameras: Any, points: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which camera sees which point in each of `count` observations: i mod n and i mod m."""
    index = np.arange(count)
    return index % cameras.shape[0], index % points.shape[0]


def scene_error(cameras: Any, points: Any, weights: Any, features: Any) -> Any:
    """Sum of squares of the errors of projection and of 1 - w^2.

    Parameters
    ----------
    cameras : ndarray, shape (n, 11)
    points : ndarray, shape (m, 3)
    weights : ndarray, shape (p,)
    features : ndarray, shape (p, 2)
        Where observation i, of point i mod m by camera i mod n, was seen, in pixels.
    """
    by, of = seen_by(cameras, points, weights.shape[0])
    errors = projection_error(cameras[by], points[of], weights[:, np.newaxis], features)
    return np.sum(errors**2) + np.sum((1.0 - weights**2) ** 2)


def scene_gradient(
    cameras: np.ndarray, points: np.ndarray, weights: np.ndarray, features: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Twice each block's transpose times its two errors, added up by camera, point and weight."""
    by, of = seen_by(cameras, points, weights.size)
    of_one = cameras[by], points[of], weights[:, np.newaxis], features
    entries = 2.0 * np.einsum("pr,prc->pc", projection_error(*of_one), projection_jacobian(*of_one))
    cameras_bar, points_bar = np.zeros_like(cameras), np.zeros_like(points)
    np.add.at(cameras_bar, by, entries[:, :11])
    np.add.at(points_bar, of, entries[:, 11:14])
    return cameras_bar, points_bar, entries[:, 14] - 4.0 * weights * (1.0 - weights**2)


def scene(size: Size = "test") -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cameras, points, weights and features of one of ADBench's files, repeated as its first line says."""
    require_known(size, tuple(FILES), "ADBench bundle-adjustment file")
    n, m, p = read_scene_size(FILES[str(size)])
    camera, x, weight, feature = read_observation(FILES[str(size)])
    return np.tile(camera, (n, 1)), np.tile(x, (m, 1)), np.full(p, weight), np.tile(feature, (p, 1))


PROBLEM = Problem(
    name="bundle-adjustment-scene",
    title="Bundle adjustment, all observations of a scene",
    formula="sum_i |w_i (project(camera_{i mod n}, X_{i mod m}) - feature_i)|^2 + (1 - w_i^2)^2",
    function=scene_error,
    point=scene,
    gradient=scene_gradient,
    wrt=(0, 1, 2),
    sizes=tuple(FILES),
    tags=ONE.tags,
    source=ONE.source,
    licence=ONE.licence,
)
