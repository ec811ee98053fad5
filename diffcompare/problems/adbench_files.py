"""Readers of ADBench's input files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffcompare.errors import DataError
from diffcompare.problems.files import read_lines, read_numbers


@dataclass(frozen=True, slots=True)
class MixtureData:
    """One input of the Gaussian mixture problem: K components in D dimensions, n points.

    Attributes
    ----------
    alpha : ndarray, shape (K,)
        Unnormalised logarithms of the weights.
    means : ndarray, shape (K, D)
    icf : ndarray, shape (K, D + D (D - 1) / 2)
        Square roots of the inverse covariances: logarithms of the diagonal, then the strict lower triangle by columns.
    x : ndarray, shape (n, D)
    gamma, m : float, int
        Parameters of the Wishart prior.
    """

    alpha: np.ndarray
    means: np.ndarray
    icf: np.ndarray
    x: np.ndarray
    gamma: float
    m: int


def read_mixture(source: str | Path) -> MixtureData:
    """Read one of ADBench's ``gmm`` files.

    Parameters
    ----------
    source : str or Path
        A path, or ``"adbench/test.txt"`` for a file that the package ships. Blank lines do not count.

    Raises
    ------
    DataError
        If the file does not hold what its first line promises; the message names the line.
    """
    name, texts = read_lines(source)
    lines = [(number, text) for number, text in enumerate(texts, start=1) if text.strip()]
    if not lines:
        raise DataError(f"{name}: the file is empty; its first line is `D K n`.")
    dimension, components, count = _header(name, *lines[0])
    expected = 2 + 3 * components + count
    if len(lines) != expected:
        raise DataError(
            f"{name}: {components} components and {count} points take {expected} lines, the file has {len(lines)}."
        )
    rows = iter(lines[1:])

    def block(length: int, width: int, what: str) -> np.ndarray:
        taken = (next(rows) for _ in range(length))
        return np.array([read_numbers(text, width, f"{name}, line {number}", what) for number, text in taken])

    alpha = block(components, 1, "alpha")[:, 0]
    means = block(components, dimension, "a mean")
    icf = block(components, dimension * (dimension + 1) // 2, "an icf")
    x = block(count, dimension, "a point")
    gamma, m = block(1, 2, "the prior (gamma m)")[0]
    if m != int(m) or m < 0 or gamma <= 0:
        raise DataError(f"{name}, line {lines[-1][0]}: the prior takes gamma > 0 and a whole m >= 0, not {gamma}, {m}.")
    return MixtureData(alpha, means, icf, x, float(gamma), int(m))


def _header(name: str, number: int, text: str) -> tuple[int, int, int]:
    """Dimension, components and number of points from the first line."""
    header = read_numbers(text, 3, f"{name}, line {number}", "the header (D K n)")
    if any(entry != int(entry) or entry < 1 for entry in header):
        raise DataError(f"{name}, line {number}: the header `D K n` takes whole numbers from 1, not {text.strip()!r}.")
    dimension, components, count = (int(entry) for entry in header)
    return dimension, components, count


def read_observation(source: str | Path) -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    """Read one of ADBench's ``ba`` files: the one camera, point, weight and feature that all observations share.

    Parameters
    ----------
    source : str or Path
        A path, or ``"adbench/ba_test.txt"`` for a file that the package ships.

    Returns
    -------
    tuple
        Camera of shape (11,), point of shape (3,), weight, feature of shape (2,).

    Raises
    ------
    DataError
        If a line does not hold its numbers.
    """
    name, texts = read_lines(source)
    lines = [(number, text) for number, text in enumerate(texts, start=1) if text.strip()]
    widths = (("the header (n m p)", 3), ("a camera", 11), ("a point", 3), ("a weight", 1), ("a feature", 2))
    if len(lines) != len(widths):
        raise DataError(f"{name}: a bundle adjustment takes {len(widths)} lines, the file has {len(lines)}.")
    _, camera, x, weight, feature = (
        np.array(read_numbers(text, width, f"{name}, line {number}", what))
        for (number, text), (what, width) in zip(lines, widths, strict=True)
    )
    return camera, x, float(weight[0]), feature
