"""Bundle adjustment's residual of one observation, on ADBench's test file: two numbers of 5e2 that leave 0.6."""

from typing import Any

import numpy as np

from diffcompare.problems.adbench_files import read_observation
from diffcompare.problems.problem import Problem, Size, require_known

FILES = {"test": "adbench/ba_test.txt"}
ROTATION, CENTRE, FOCAL, PRINCIPAL, DISTORTION = slice(0, 3), slice(3, 6), slice(6, 7), slice(7, 9), slice(9, 11)


def rotate(r: Any, x: Any) -> Any:
    """`x`, shape (..., 3), turned about the axis `r` by the angle |r|: Rodrigues' formula."""
    angle = np.sqrt(np.sum(r**2, axis=-1, keepdims=True))
    axis = r / angle
    turned = np.stack([
        axis[..., 1] * x[..., 2] - axis[..., 2] * x[..., 1],
        axis[..., 2] * x[..., 0] - axis[..., 0] * x[..., 2],
        axis[..., 0] * x[..., 1] - axis[..., 1] * x[..., 0],
    ], axis=-1)  # fmt: skip
    along = np.sum(axis * x, axis=-1, keepdims=True)
    return x * np.cos(angle) + turned * np.sin(angle) + axis * along * (1.0 - np.cos(angle))


def projection_error(camera: Any, x: Any, weight: Any, feature: Any) -> Any:
    """The weighted difference in pixels of where a camera shows a point and where it was seen, shape (..., 2).

    Parameters
    ----------
    camera : ndarray, shape (..., 11)
        Rotation (3), centre (3), focal length in pixels, principal point (2, pixels), radial distortion (2).
    x : ndarray, shape (..., 3)
        The point in space.
    weight : float or ndarray of shape (..., 1)
    feature : ndarray, shape (..., 2)
        Where the point was seen, in pixels.
    """
    seen = rotate(camera[..., ROTATION], x - camera[..., CENTRE])
    flat = seen[..., :2] / seen[..., 2:]
    square = np.sum(flat**2, axis=-1, keepdims=True)
    stretch = 1.0 + camera[..., 9:10] * square + camera[..., 10:] * square**2
    return weight * (flat * stretch * camera[..., FOCAL] + camera[..., PRINCIPAL] - feature)


def residual(camera: Any, x: Any, weight: Any, feature: Any) -> Any:
    """The error of projection of one observation and the error 1 - w^2 of its weight, shape (3,)."""
    error = projection_error(camera, x, weight, feature)
    return np.stack([error[0], error[1], 1.0 - weight**2])


def bundle_adjustment(camera: Any, x: Any, weight: Any, feature: Any) -> Any:
    """Sum of squares of the residual."""
    return np.sum(residual(camera, x, weight, feature) ** 2)


def _cross(a: np.ndarray) -> np.ndarray:
    """The matrices that form the cross product with `a`, shape (..., 3), from the left."""
    zero = np.zeros(a.shape[:-1])
    entries = [zero, -a[..., 2], a[..., 1], a[..., 2], zero, -a[..., 0], -a[..., 1], a[..., 0], zero]
    return np.stack(entries, axis=-1).reshape(*a.shape, 3)


def rotation_by_vector(r: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The matrices of the rotations `r`, shape (..., 3), and how what they make of `y` moves with r, both (..., 3, 3).

    References
    ----------
    Gallego and Yezzi 2015, doi:10.1007/s10851-014-0528-x, result 1: the derivative of a rotation in its vector.
    """
    angle = np.sqrt((r**2).sum(axis=-1))[..., np.newaxis, np.newaxis]
    k = _cross(r / angle[..., 0])
    turn = np.eye(3) + np.sin(angle) * k + (1.0 - np.cos(angle)) * k @ k
    inner = _outer(r, r) + (np.swapaxes(turn, -1, -2) - np.eye(3)) @ _cross(r)
    return turn, -turn @ _cross(y) @ inner / angle**2


def projection_jacobian(
    camera: np.ndarray, x: np.ndarray, weight: float | np.ndarray, feature: np.ndarray
) -> np.ndarray:
    """Derivatives of the error of projection in camera, point and weight, by hand, shape (..., 2, 15)."""
    y, focal = x - camera[..., CENTRE], camera[..., FOCAL]
    turn, by_r = rotation_by_vector(camera[..., ROTATION], y)
    seen = (turn @ y[..., np.newaxis])[..., 0]
    flat = seen[..., :2] / seen[..., 2:]
    square = (flat**2).sum(axis=-1, keepdims=True)
    stretch = 1.0 + camera[..., 9:10] * square + camera[..., 10:] * square**2
    growth = 2.0 * (camera[..., 9:10] + 2.0 * camera[..., 10:] * square)
    by_flat = focal[..., np.newaxis] * (
        stretch[..., np.newaxis] * np.eye(2) + growth[..., np.newaxis] * _outer(flat, flat)
    )
    falling = np.concatenate([np.broadcast_to(np.eye(2), (*flat.shape, 2)), -flat[..., np.newaxis]], axis=-1)
    by_seen = by_flat @ falling / seen[..., 2:, np.newaxis]
    found = np.zeros((*flat.shape, 15))
    found[..., ROTATION], found[..., CENTRE] = by_seen @ by_r, -by_seen @ turn
    found[..., 6], found[..., PRINCIPAL] = flat * stretch, np.eye(2)
    found[..., DISTORTION] = focal[..., np.newaxis] * _outer(flat, np.concatenate([square, square**2], axis=-1))
    found[..., 11:14] = by_seen @ turn
    found *= np.asarray(weight)[..., np.newaxis]
    found[..., 14] = flat * stretch * focal + camera[..., PRINCIPAL] - feature
    return found


def _outer(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The outer products of vectors in the last axes."""
    return a[..., :, np.newaxis] * b[..., np.newaxis, :]


def residual_jacobian(camera: np.ndarray, x: np.ndarray, weight: float, feature: np.ndarray) -> np.ndarray:
    """Derivatives of the residual in camera, point and weight, by hand, shape (3, 15)."""
    return np.vstack([projection_jacobian(camera, x, weight, feature), [*np.zeros(14), -2.0 * weight]])


def bundle_adjustment_gradient(
    camera: np.ndarray, x: np.ndarray, weight: float, feature: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Derivatives of the sum of squares in camera, point and weight: 2 J^T r."""
    entries = 2.0 * residual(camera, x, weight, feature) @ residual_jacobian(camera, x, weight, feature)
    return entries[:11], entries[11:14], float(entries[14])


def observation_point(size: Size = "test") -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    """Camera, point, weight and feature of one of ADBench's files."""
    require_known(size, tuple(FILES), "ADBench bundle-adjustment file")
    return read_observation(FILES[str(size)])


PROBLEM = Problem(
    name="bundle-adjustment",
    title="Bundle adjustment, one observation",
    formula="|w (project(camera, X) - feature)|^2 + (1 - w^2)^2, with Rodrigues' rotation and radial distortion",
    function=bundle_adjustment,
    point=observation_point,
    gradient=bundle_adjustment_gradient,
    wrt=(0, 1, 2),
    sizes=tuple(FILES),
    tags=("adbench", "data", "cancellation", "badly-scaled"),
    source="Srajer, Kukelova and Fitzgibbon 2018, doi:10.1080/10556788.2018.1435651, objective BA",
    licence="MIT, Copyright (c) Microsoft Corporation; github.com/microsoft/ADBench, data/ba at commit 38cb793",
)
