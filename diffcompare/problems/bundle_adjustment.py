"""Bundle adjustment's residual of one observation, on ADBench's test file: two numbers of 5e2 that leave 0.6."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from diffcompare.problems.adbench_files import read_observation
from diffcompare.problems.problem import Problem, Size, require_known

FILES = {"test": "adbench/ba_test.txt"}
ROTATION, CENTRE, FOCAL, PRINCIPAL, DISTORTION = slice(0, 3), slice(3, 6), 6, slice(7, 9), slice(9, 11)


def rotate(r: Any, x: Any) -> Any:
    """`x`, shape (3,), turned about the axis `r` by the angle |r|: Rodrigues' formula."""
    angle = np.sqrt(np.sum(r**2))
    axis = r / angle
    turned = np.stack([
        axis[1] * x[2] - axis[2] * x[1], axis[2] * x[0] - axis[0] * x[2], axis[0] * x[1] - axis[1] * x[0]
    ])  # fmt: skip
    return x * np.cos(angle) + turned * np.sin(angle) + axis * np.sum(axis * x) * (1.0 - np.cos(angle))


def residual(camera: Any, x: Any, weight: Any, feature: Any) -> Any:
    """The weighted error of projection and the error of the weight, shape (3,).

    Parameters
    ----------
    camera : ndarray, shape (11,)
        Rotation (3), centre (3), focal length in pixels, principal point (2, pixels), radial distortion (2).
    x : ndarray, shape (3,)
        The point in space.
    weight : float
    feature : ndarray, shape (2,)
        Where the point was seen, in pixels.
    """
    seen = rotate(camera[ROTATION], x - camera[CENTRE])
    flat = seen[:2] / seen[2]
    square = np.sum(flat**2)
    stretch = 1.0 + camera[9] * square + camera[10] * square**2
    error = weight * (flat * stretch * camera[FOCAL] + camera[PRINCIPAL] - feature)
    return np.stack([error[0], error[1], 1.0 - weight**2])


def bundle_adjustment(camera: Any, x: Any, weight: Any, feature: Any) -> Any:
    """Sum of squares of the residual."""
    return np.sum(residual(camera, x, weight, feature) ** 2)


def _cross(a: Sequence[float] | np.ndarray) -> np.ndarray:
    """The matrix that forms the cross product with `a` from the left."""
    return np.array([[0.0, -a[2], a[1]], [a[2], 0.0, -a[0]], [-a[1], a[0], 0.0]])


def residual_jacobian(camera: np.ndarray, x: np.ndarray, weight: float, feature: np.ndarray) -> np.ndarray:
    """Derivatives of the residual in camera, point and weight, by hand, shape (3, 15).

    References
    ----------
    Gallego and Yezzi 2015, doi:10.1007/s10851-014-0528-x, result 1: the derivative of a rotation in its vector.
    """
    r, y = camera[ROTATION], x - camera[CENTRE]
    angle = math.sqrt(float(r @ r))
    k = _cross(r / angle)
    turn = np.eye(3) + math.sin(angle) * k + (1.0 - math.cos(angle)) * k @ k
    by_r = -turn @ _cross(y) @ (np.outer(r, r) + (turn.T - np.eye(3)) @ _cross(r)) / angle**2
    seen = turn @ y
    flat = seen[:2] / seen[2]
    square = float(flat @ flat)
    stretch = 1.0 + camera[9] * square + camera[10] * square**2
    by_flat = camera[FOCAL] * (
        stretch * np.eye(2) + 2.0 * (camera[9] + 2.0 * camera[10] * square) * np.outer(flat, flat)
    )
    by_seen = by_flat @ np.column_stack([np.eye(2), -flat]) / seen[2]
    found = np.zeros((3, 15))
    found[:2, ROTATION], found[:2, CENTRE] = by_seen @ by_r, -by_seen @ turn
    found[:2, FOCAL], found[:2, PRINCIPAL] = flat * stretch, np.eye(2)
    found[:2, DISTORTION] = camera[FOCAL] * np.outer(flat, [square, square**2])
    found[:2, 11:14] = by_seen @ turn
    found[:2] *= weight
    found[:2, 14] = flat * stretch * camera[FOCAL] + camera[PRINCIPAL] - feature
    found[2, 14] = -2.0 * weight
    return found


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
