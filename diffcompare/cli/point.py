"""The point of a comparison, and lists of names, as they are written in a shell."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from diffcompare.errors import OptionError

NAMED = re.compile(r"\s*([^\W\d]\w*)\s*=(.*)", re.DOTALL)


def read_point(text: str) -> tuple[Any, ...] | dict[str, Any]:
    """The point that a text describes.

    Parameters
    ----------
    text : str
        ``x=3,y=-4``, with arrays as ``x=[1,2,3]``, or the same without names, in the order of the arguments.

    Returns
    -------
    dict or tuple
        By name if every entry has one, else in order. Numbers are floats, arrays are float64.

    Raises
    ------
    OptionError
        If an entry is not a number or an array of numbers; the message shows it.

    Examples
    --------
    >>> read_point("x=3,y=-4")
    {'x': 3.0, 'y': -4.0}
    """
    entries = [NAMED.fullmatch(part) or part for part in _split(text)]
    named = [entry for entry in entries if isinstance(entry, re.Match)]
    if not named:
        return tuple(_number(str(part), text) for part in entries)
    if len(named) < len(entries):
        raise OptionError(f"the point {text!r} names some of its entries; name all of them (x=3,y=-4) or none (3,-4).")
    point = {entry[1]: _number(entry[2], text) for entry in named}
    if len(point) < len(named):
        raise OptionError(f"the point {text!r} gives a name twice.")
    return point


def read_names(text: str | None) -> list[str] | None:
    """The names in a text that joins them by commas; None stays None."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def read_positions(text: str | None, names: Sequence[str]) -> int | tuple[int, ...] | None:
    """Positions of the arguments that a text lists by number or by name, joined by commas; one alone is an integer.

    Raises
    ------
    OptionError
        If a name is not an argument's.
    """
    parts = read_names(text)
    if parts is None:
        return None
    found = [_position(part, names) for part in parts]
    return found[0] if len(found) == 1 else tuple(found)


def read_size(text: str | None) -> int | str | None:
    """A size: a whole number, or the name of one of a problem's points."""
    return int(text) if text is not None and text.isdecimal() else text


def _position(part: str, names: Sequence[str]) -> int:
    if re.fullmatch(r"-?\d+", part):
        return int(part)
    if part in names:
        return list(names).index(part)
    raise OptionError(f"--wrt names {part!r}, which is not an argument; they are {', '.join(names)}.")


def _split(text: str) -> list[str]:
    """The parts between commas that stand outside of brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "[") - (sign == "]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _number(text: str, whole: str) -> Any:
    try:
        value = ast.literal_eval(text.strip()) if "[" in text else float(text)
        array = np.asarray(value, dtype=np.float64)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise OptionError(
            f"{text.strip()!r} in the point {whole!r} is neither a number nor an array of numbers.\n"
            "  Write --at x=3,y=-4, with arrays as --at 'x=[1,2,3]'."
        ) from None
    return float(array) if array.ndim == 0 else array
