"""ADBench's hand tracking, the simple form: 26 numbers of a pose that move the vertices of a hand.

A pose is (r, t, four angles for each of five fingers). Bone b stands at G_b = G_parent B_b R_b, with R_b = Rz(z) Rx(x)
of its angles; a vertex is the weighted sum of its places under each bone, turned by r and moved by t::

    v = R(r) sum_b w_b (G_b A_b^-1 v_0) + t,   f = sum over measured places |x_i - v_i|^2

A finger's first bone stays, its second is bent by the first angle and spread by the second, its third and fourth are
bent by the other two.
"""

from typing import Any

import numpy as np

from diffcompare.problems.bundle_adjustment import rotate, rotation_by_vector
from diffcompare.problems.hand_files import read_hand, read_pose
from diffcompare.problems.problem import Problem, Size, require_known

FILES = {"test": "adbench/hand_test.txt", "hand1": "adbench/hand1.txt", "hand2": "adbench/hand2.txt"}
PARENTS = (-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19, 0)
BENT = {4 * finger + bone: 6 + 4 * finger + angle for finger in range(5) for bone, angle in ((2, 0), (3, 2), (4, 3))}
SPREAD = {4 * finger + 2: 7 + 4 * finger for finger in range(5)}


def bend(x: Any, z: Any) -> Any:
    """The homogeneous matrix of Rz(z) Rx(x)."""
    a, b, c, d = np.cos(x), np.sin(x), np.cos(z), np.sin(z)
    zero = 0.0 * x
    return np.stack([
        np.stack([c, -d * a, d * b, zero]), np.stack([d, c * a, -c * b, zero]), np.stack([zero, b, a, zero]),
        np.stack([zero, zero, zero, zero + 1.0]),
    ])  # fmt: skip


def hand_error(pose: Any, base: Any, skin: Any, targets: Any) -> Any:
    """Sum of squared distances between measured places and vertices.

    Parameters
    ----------
    pose : ndarray, shape (26,)
    base : ndarray, shape (22, 4, 4)
        The matrices B_b.
    skin : ndarray, shape (22, n, 4)
        w_b A_b^-1 v_0 of each bone and measured vertex, in homogeneous coordinates.
    targets : ndarray, shape (n, 3)
    """
    moved = 0.0
    standing: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        local = base[bone]
        if bone in BENT:
            local = local @ bend(pose[BENT[bone]], pose[SPREAD[bone]] if bone in SPREAD else 0.0 * pose[0])
        standing.append(local if parent < 0 else standing[parent] @ local)
        moved = moved + skin[bone] @ np.swapaxes(standing[bone][:3], 0, 1)
    return np.sum((targets - (rotate(pose[:3], moved) + pose[3:6])) ** 2)


def hand_gradient(pose: np.ndarray, base: np.ndarray, skin: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray]:
    """From the vertices back to r and t, then from the tips of the fingers to the wrist."""
    angles = np.zeros((len(PARENTS), 2))
    for column, places in enumerate((BENT, SPREAD)):
        for bone, place in places.items():
            angles[bone, column] = pose[place]
    local = np.array([base[bone] @ bend(*angles[bone]) for bone in range(len(PARENTS))])
    standing: list[np.ndarray] = []
    for bone, parent in enumerate(PARENTS):
        standing.append(local[bone] if parent < 0 else standing[parent] @ local[bone])
    moved = np.einsum("bij,bnj->ni", np.array(standing)[:, :3], skin)
    turn, by_r = rotation_by_vector(np.tile(pose[:3], (len(moved), 1)), moved)
    places_bar = 2.0 * (moved @ turn[0].T + pose[3:6] - targets)
    pose_bar = np.zeros_like(pose)
    pose_bar[:3], pose_bar[3:6] = np.einsum("ni,nij->j", places_bar, by_r), places_bar.sum(axis=0)
    standing_bar = np.zeros_like(local)
    standing_bar[:, :3] = np.einsum("ni,bnj->bij", places_bar @ turn[0], skin)
    for bone in reversed(range(1, len(PARENTS))):
        above = PARENTS[bone]
        standing_bar[above] += standing_bar[bone] @ local[bone].T
        turn_bar = base[bone].T @ standing[above].T @ standing_bar[bone]
        for places, slope in ((BENT, _bend_slopes(*angles[bone])[0]), (SPREAD, _bend_slopes(*angles[bone])[1])):
            if bone in places:
                pose_bar[places[bone]] = np.sum(turn_bar * slope)
    return (pose_bar,)


def _bend_slopes(x: float, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of `bend` in x and in z."""
    a, b, c, d = np.cos(x), np.sin(x), np.cos(z), np.sin(z)
    by_x, by_z = np.zeros((4, 4)), np.zeros((4, 4))
    by_x[:3, 1:3] = [[d * b, d * a], [-c * b, -c * a], [a, -b]]
    by_z[:2, :3] = [[-d, -c * a, c * b], [c, -d * a, d * b]]
    return by_x, by_z


def tracked_hand(size: Size = "test") -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arguments (pose, base, skin, targets) of one of ADBench's files."""
    require_known(size, tuple(FILES), "ADBench hand file")
    pose, vertices, targets = read_pose(FILES[str(size)])
    hand = read_hand()
    rest = np.einsum("bij,nj->bni", hand.inverse, hand.places[vertices])
    return pose, hand.base, hand.weights[vertices].T[:, :, np.newaxis] * rest, targets


PROBLEM = Problem(
    name="hand",
    title="Hand tracking, a skinned mesh on 22 bones",
    formula="sum_i |x_i - R(r) sum_b w_ib G_b(pose) A_b^-1 v_i - t|^2",
    function=hand_error,
    point=tracked_hand,
    gradient=hand_gradient,
    sizes=tuple(FILES),
    tags=("adbench", "data", "least-squares", "badly-scaled"),
    source="Srajer, Kukelova and Fitzgibbon 2018, doi:10.1080/10556788.2018.1435651, objective Hand (simple)",
    licence="MIT, Copyright (c) Microsoft Corporation; github.com/microsoft/ADBench, data/hand at commit 38cb793",
)
