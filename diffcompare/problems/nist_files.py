"""Reader of the nonlinear regression files of NIST's Statistical Reference Datasets."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffcompare.errors import DataError
from diffcompare.problems.files import read_lines, read_numbers

_RANGE = re.compile(r"^\s*(?:File Format:\s*ASCII\s*)?Data\s+\(lines\s+(\d+)\s+to\s+(\d+)\)", re.MULTILINE)
_PARAMETER = re.compile(r"^\s*b(\d+)\s*=\s*(.*)$", re.MULTILINE)
_RESIDUAL = re.compile(r"^Residual Sum of Squares:\s*(\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RegressionData:
    """One regression: data, two starts, and what NIST certifies.

    Attributes
    ----------
    y, x : ndarray, shape (n,)
        Response and predictor; `x` has shape (n, p) where a file has p > 1 predictors.
    starts : dict of str to ndarray, shape (k,)
        Parameters ``"start1"``, ``"start2"`` and ``"certified"``.
    residual_sum_of_squares : float
        Certified, 11 digits.
    """

    y: np.ndarray
    x: np.ndarray
    starts: dict[str, np.ndarray]
    residual_sum_of_squares: float


def read_regression(source: str | Path) -> RegressionData:
    """Read one of NIST's ``.dat`` files.

    Parameters
    ----------
    source : str or Path
        A path, or ``"nist/Misra1a.dat"`` for a file that the package ships.

    Raises
    ------
    DataError
        If the parameters, the certified sum or the data that the header announces are not there.
    """
    name, lines = read_lines(source)
    text = "\n".join(lines)
    certified = _RESIDUAL.search(text)
    if certified is None:
        raise DataError(f"{name}: no line `Residual Sum of Squares: number`.")
    total = read_numbers(certified[1], 1, name, "the residual sum of squares")[0]
    table = _data(name, lines, text)
    x = table[:, 1] if table.shape[1] == 2 else table[:, 1:]
    return RegressionData(table[:, 0].copy(), x.copy(), _parameters(name, text), total)


def _parameters(name: str, text: str) -> dict[str, np.ndarray]:
    """The columns start 1, start 2 and certified of the lines ``bK = …``."""
    found = _PARAMETER.findall(text)
    if not found or [int(index) for index, _ in found] != list(range(1, len(found) + 1)):
        raise DataError(
            f"{name}: lines `b1 = start1 start2 certified deviation`, `b2 = …` are missing or out of order."
        )
    rows = np.array([read_numbers(rest, 4, name, f"parameter b{index}") for index, rest in found])
    return {key: rows[:, column].copy() for column, key in enumerate(("start1", "start2", "certified"))}


def _data(name: str, lines: list[str], text: str) -> np.ndarray:
    """The table of response and predictors, shape (n, 1 + p)."""
    announced = _RANGE.search(text)
    if announced is None:
        raise DataError(f"{name}: the header has no line `Data (lines A to B)`.")
    first, last = int(announced[1]), int(announced[2])
    if not 1 <= first <= last <= len(lines):
        raise DataError(f"{name}: the header puts the data in lines {first} to {last}, the file has {len(lines)}.")
    width = len(lines[first - 1].split())
    if width < 2:
        raise DataError(f"{name}, line {first}: the data take a response and a predictor, not {lines[first - 1]!r}.")
    numbered = enumerate(lines[first - 1 : last], start=first)
    return np.array([read_numbers(line, width, f"{name}, line {number}", "the data") for number, line in numbered])
