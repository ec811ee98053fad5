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
    name, lines = _filled(source)
    if not lines:
        raise DataError(f"{name}: the file is empty; its first line is `D K n`.")
    dimension, components, count = _header(name, *lines[0], "D K n")
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


def _filled(source: str | Path) -> tuple[str, list[tuple[int, str]]]:
    """Name of a file, and its lines that are not blank with their numbers."""
    name, texts = read_lines(source)
    return name, [(number, text) for number, text in enumerate(texts, start=1) if text.strip()]


def _header(name: str, number: int, text: str, what: str) -> tuple[int, int, int]:
    """The three whole numbers of the first line, such as dimension, components and number of points: ``"D K n"``."""
    header = read_numbers(text, 3, f"{name}, line {number}", f"the header ({what})")
    if any(entry != int(entry) or entry < 1 for entry in header):
        raise DataError(f"{name}, line {number}: the header `{what}` takes whole numbers from 1, not {text.strip()!r}.")
    first, second, third = (int(entry) for entry in header)
    return first, second, third


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
    name, lines = _filled(source)
    widths = (("the header (n m p)", 3), ("a camera", 11), ("a point", 3), ("a weight", 1), ("a feature", 2))
    if len(lines) != len(widths):
        raise DataError(f"{name}: a bundle adjustment takes {len(widths)} lines, the file has {len(lines)}.")
    _, camera, x, weight, feature = (
        np.array(read_numbers(text, width, f"{name}, line {number}", what))
        for (number, text), (what, width) in zip(lines, widths, strict=True)
    )
    return camera, x, float(weight[0]), feature


def read_scene_size(source: str | Path) -> tuple[int, int, int]:
    """Cameras, points and observations of one of ADBench's ``ba`` files: the numbers of its first line.

    Raises
    ------
    DataError
        If the file is empty, or its first line does not hold three whole numbers from 1.
    """
    name, lines = _filled(source)
    if not lines:
        raise DataError(f"{name}: the file is empty; its first line is `n m p`.")
    return _header(name, *lines[0], "n m p")


def read_recurrent(source: str | Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read one of ADBench's ``lstm`` files.

    Parameters
    ----------
    source : str or Path
        A path, or ``"adbench/lstm_l2_c1024.txt"`` for a file that the package ships. Blank lines do not count.

    Returns
    -------
    tuple of ndarray
        Of l layers, c characters and b bits: main parameters of shape (2 l, 4 b), extra ones (3, b), the state
        (2 l, b), the sequence (c, b).

    Raises
    ------
    DataError
        If the file does not hold what its first line promises.
    """
    name, lines = _filled(source)
    if not lines:
        raise DataError(f"{name}: the file is empty; its first line is `l c b`.")
    layers, characters, bits = _header(name, *lines[0], "l c b")
    lengths = (2 * layers, 3, 2 * layers, characters)
    if len(lines) != 1 + sum(lengths):
        raise DataError(
            f"{name}: {layers} layers and {characters} characters take {1 + sum(lengths)} lines, the file has "
            f"{len(lines)}."
        )
    rows = iter(lines[1:])
    widths = ((4 * bits, "a layer"), (bits, "an extra parameter"), (bits, "a state"), (bits, "a character"))
    main, extra, state, sequence = (
        np.array([
            read_numbers(text, width, f"{name}, line {number}", what)
            for number, text in (next(rows) for _ in range(length))
        ])
        for length, (width, what) in zip(lengths, widths, strict=True)
    )  # fmt: skip
    return main, extra, state, sequence
