"""Readers of ADBench's model of a hand and of its poses."""

from dataclasses import dataclass

import numpy as np

from diffcompare.errors import DataError
from diffcompare.problems.files import read_lines, read_numbers

BONES, VERTICES = "adbench/hand_bones.txt", "adbench/hand_vertices.txt"
POSE = 26


@dataclass(frozen=True, slots=True)
class Hand:
    """A hand at rest.

    Attributes
    ----------
    parents : tuple of int
        Of each bone; -1 at the root.
    base, inverse : ndarray, shape (bones, 4, 4)
        Transforms from a bone to its parent, and from the world to each bone, at rest.
    places : ndarray, shape (vertices, 4)
        In homogeneous coordinates.
    weights : ndarray, shape (vertices, bones)
        How much each bone moves each vertex.
    """

    parents: tuple[int, ...]
    base: np.ndarray
    inverse: np.ndarray
    places: np.ndarray
    weights: np.ndarray


def read_hand() -> Hand:
    """The model that the package ships.

    Raises
    ------
    DataError
        If a line does not hold its numbers; the message names the line.
    """
    name, lines = read_lines(BONES)
    bones = [_numbers(line, f"{name}, line {number}", "a bone", 1) for number, line in enumerate(lines, start=1)]
    if any(len(bone) != 33 for bone in bones):
        raise DataError(f"{name}: a bone takes its name, its parent and two matrices of 16 numbers.")
    table = np.array(bones)
    name, lines = read_lines(VERTICES)
    places, weights = np.ones((len(lines), 4)), np.zeros((len(lines), len(bones)))
    for i, line in enumerate(lines):
        entries = _numbers(line, f"{name}, line {i + 1}", "a vertex", 0)
        if len(entries) < 9 or len(entries) != 9 + 2 * int(entries[8]):
            raise DataError(f"{name}, line {i + 1}: a vertex takes 8 numbers, a count, and so many bones and weights.")
        places[i, :3] = entries[:3]
        weights[i, np.array(entries[9::2], dtype=int)] = entries[10::2]
    matrices = table[:, 1:].reshape(-1, 2, 4, 4)
    return Hand(tuple(int(parent) for parent in table[:, 0]), matrices[:, 0], matrices[:, 1], places, weights)


def read_pose(source: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One of ADBench's simple ``hand`` files.

    Returns
    -------
    pose : ndarray, shape (26,)
    vertices : ndarray of int, shape (n,)
        Which vertex each measured place belongs to.
    targets : ndarray, shape (n, 3)
        The measured places.

    Raises
    ------
    DataError
        If a line does not hold its numbers.
    """
    name, texts = read_lines(source)
    lines = [(number, text) for number, text in enumerate(texts, start=1) if text.strip()]
    count, length = (int(entry) for entry in read_numbers(lines[0][1], 2, f"{name}, line 1", "the header (n 26)"))
    if length != POSE or len(lines) != 1 + count + POSE:
        raise DataError(f"{name}: {count} places and a pose of {POSE} take {1 + count + POSE} lines, not {len(lines)}.")
    rows = [read_numbers(text, 4, f"{name}, line {n}", "a measured place") for n, text in lines[1 : 1 + count]]
    pose = [read_numbers(text, 1, f"{name}, line {n}", "the pose")[0] for n, text in lines[1 + count :]]
    table = np.array(rows)
    return np.array(pose), table[:, 0].astype(int), table[:, 1:].copy()


def _numbers(line: str, where: str, what: str, skipped: int) -> list[float]:
    """The numbers of a line that colons divide, without its first words."""
    words = line.split(":")[skipped:]
    return read_numbers(" ".join(words), len(words), where, what)
