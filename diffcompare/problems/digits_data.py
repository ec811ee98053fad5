"""The handwritten digits of the University of California's repository, as scikit-learn bundles them."""

from functools import cache

import numpy as np

from diffcompare.errors import DataError
from diffcompare.problems.files import read_lines
from diffcompare.problems.problem import Size, require_size

FILE = "digits/digits.txt"
PIXELS, CLASSES, IMAGES = 64, 10, 1797
SPELLING = "0123456789abcdefg"
SIZES = (10, 100, 500, IMAGES)
SOURCE = "Alpaydin and Kaynak 1998, UCI Optical Recognition of Handwritten Digits, doi:10.24432/C50P49"
LICENCE = "CC BY 4.0, Copyright (c) 1998 E. Alpaydin and C. Kaynak; doi:10.24432/C50P49, its 1797 test images"


def digits(count: Size, problem: str) -> tuple[np.ndarray, np.ndarray]:
    """The first images and what they show.

    Parameters
    ----------
    count : int
        How many, 1 to 1797.
    problem : str
        Who asks, for the message.

    Returns
    -------
    images : ndarray, shape (count, 64)
        Darkness of each pixel, row by row, from 0 to 1 in sixteenths.
    labels : ndarray of int, shape (count,)
        The digits 0 to 9.

    Raises
    ------
    OptionError
        If there are not so many images.
    """
    images, labels = _read()
    number = require_size(count, problem, most=IMAGES)
    return images[:number].copy(), labels[:number].copy()


def one_hot(labels: np.ndarray) -> np.ndarray:
    """A row of ten for each label, with 1.0 in its place and zeros elsewhere."""
    return np.eye(CLASSES)[labels]


@cache
def _read() -> tuple[np.ndarray, np.ndarray]:
    """All images and labels of the file."""
    name, lines = read_lines(FILE)
    rows = []
    for number, line in enumerate(lines, start=1):
        pixels, _, label = line.partition(" ")
        if len(pixels) != PIXELS or set(pixels) - set(SPELLING) or label not in tuple("0123456789"):
            raise DataError(f"{name}, line {number}: an image is {PIXELS} of {SPELLING}, a blank and a digit.")
        rows.append([*map(SPELLING.index, pixels), int(label)])
    table = np.array(rows)
    return table[:, :PIXELS] / 16.0, table[:, PIXELS].copy()
