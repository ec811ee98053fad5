"""Data files of the package: where they are, and numbers out of their lines with errors that name file and line."""

import math
from importlib.resources import files
from pathlib import Path

from diffcompare.errors import DataError


def read_lines(source: str | Path) -> tuple[str, list[str]]:
    """Name and lines of a data file: a path, or ``"adbench/test.txt"`` for one that the package ships.

    Raises
    ------
    DataError
        If there is no such file, or it is not text.
    """
    place = source if isinstance(source, Path) else files("diffcompare.problems").joinpath("data", *source.split("/"))
    try:
        return str(source), place.read_text(encoding="ascii").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: byte {error.start} is not ASCII; a data file is plain text.") from error
    except OSError as error:
        raise DataError(f"{source}: cannot be read ({error.strerror}).") from error


def read_numbers(line: str, count: int, where: str, what: str) -> list[float]:
    """Exactly `count` finite numbers of a line.

    Raises
    ------
    DataError
        If the line holds another number of words, or a word that is not a finite number; it says `where` and `what`.
    """
    words = line.split()
    if len(words) != count:
        raise DataError(f"{where}: {what} takes {count} numbers, the line holds {len(words)}: {line.strip()[:60]!r}")
    numbers = []
    for word in words:
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"{where}: {what} takes finite numbers, not {word!r}.")
        numbers.append(number)
    return numbers
