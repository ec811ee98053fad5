"""What a benchmark problem is: a function, its points, its gradient by hand, and where all of it comes from."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from diffcompare.errors import OptionError, UnknownNameError

Size = int | str
PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Problem:
    """A function with points to differentiate it at and a gradient written by hand.

    Parameters
    ----------
    name : str
        Unique, lower case, words joined by hyphens.
    function : callable
        Maps the arguments to a scalar; plain NumPy, so that it can be traced.
    point : callable
        Maps a size to the tuple of arguments, freshly made at each call.
    gradient : callable
        Maps the arguments to a tuple of derivatives aligned with `wrt`: an array in the shape of its argument, or a
        float. It shares no derivative rule with the methods it judges.
    sizes : tuple of int or str
        Sizes worth measuring, smallest first: numbers where the problem scales, else the names of its points.
    source : str
        Where the problem was published.
    title, formula : str
        One line of words, and the function in mathematical notation.
    wrt : tuple of int, default (0,)
        Positions of the arguments to differentiate; the others are data.
    tags : tuple of str
        What the problem is an example of.
    licence : str
        Licence and origin of the data files it reads; empty where it reads none.
    """

    name: str
    function: Callable[..., Any]
    point: Callable[..., tuple]
    gradient: Callable[..., tuple]
    sizes: tuple[Size, ...]
    source: str
    title: str = ""
    formula: str = ""
    wrt: tuple[int, ...] = (0,)
    tags: tuple[str, ...] = ()
    licence: str = ""

    def inputs(self, size: Size) -> int:
        """Number of scalars that are differentiated at this size."""
        arguments = self.point(size)
        return sum(int(np.size(arguments[position])) for position in self.wrt)


def published_point(*arguments: float | np.ndarray) -> Callable[..., tuple]:
    """A `Problem.point` for a problem with one point, whose only size is ``"published"``."""

    def point(size: Size = PUBLISHED) -> tuple:
        require_known(size, (PUBLISHED,), "size")
        return tuple(np.array(argument) if np.ndim(argument) else argument for argument in arguments)

    return point


def require_known(name: Hashable, known: Sequence[Hashable], what: str) -> None:
    """Raise `UnknownNameError` with the nearest names unless `name` is one of `known`."""
    if name in known:
        return
    texts = [str(entry) for entry in known]
    near = get_close_matches(str(name), texts, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(repr(text) for text in near)}?" if near else f"Known: {', '.join(texts)}."
    raise UnknownNameError(f"no {what} is called {name!r}. {hint}")


def require_size(size: Size, problem: str, *, least: int = 1, most: int | None = None, multiple_of: int = 1) -> int:
    """Return `size` as an int, or raise `OptionError` where the problem cannot take it."""
    whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
    if whole and int(size) >= least and (most is None or int(size) <= most) and int(size) % multiple_of == 0:
        return int(size)
    rule = f"a whole number of at least {least}" + (f" and at most {most}" if most is not None else "")
    rule += f", a multiple of {multiple_of}" if multiple_of > 1 else ""
    raise OptionError(f"problem {problem!r} has no size {size!r}: its size is {rule}.")
