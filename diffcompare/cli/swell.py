"""`diffcompare swell`: operations of a derivative, form by form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from diffcompare.analysis.swell import expression_swell
from diffcompare.cli.commands import Json, app
from diffcompare.errors import OptionError

RANGE = re.compile(r"\s*(\d+)\s*(?:\.\.\s*(\d+)\s*)?")


@app.command()
def swell(
    expression: Annotated[str, typer.Argument(help="A text such as '4*x*(1-x)'.", show_default=False)],
    iterate: Annotated[
        str | None, typer.Option(help="Count its iterates, such as 2..7 or 2,4,6; the first is x itself.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long one form may take to write.", min=0.1)] = 10.0,
    plot: Annotated[Path | None, typer.Option(help="Write the picture to this file, svg or png.")] = None,
    json: Json = False,
) -> None:
    """Operations of a text's derivative: written out, shared, expanded, factored, and as tapes."""
    checked_picture(plot)
    found = expression_swell(expression, iterate=None if iterate is None else read_range(iterate), seconds=seconds)
    if plot is not None:
        write_picture(found, plot)
    typer.echo(found.to_json() if json else str(found))


def read_range(text: str) -> list[int]:
    """Whole numbers joined by commas, with ``2..7`` for 2, 3 … 7.

    Raises
    ------
    OptionError
        If a part is neither.

    Examples
    --------
    >>> read_range("2..4,10")
    [2, 3, 4, 10]
    """
    found: list[int] = []
    for part in text.split(","):
        match = RANGE.fullmatch(part)
        if match is None:
            raise OptionError(f"{part.strip()!r} is neither a whole number nor a range such as 2..7.")
        first = int(match[1])
        found += range(first, int(match[2] or first) + 1)
    return found


def checked_picture(path: Path | None) -> None:
    """Complain about the place of a picture before the work, not after it.

    Raises
    ------
    OptionError
        If the suffix is neither svg nor png, or the folder does not exist.
    """
    if path is None:
        return
    if path.suffix.lower() not in (".svg", ".png"):
        raise OptionError(f"cannot write {path.name!r}: its suffix must be .svg or .png.")
    if not path.resolve().parent.is_dir():
        raise OptionError(f"cannot write {str(path)!r}: there is no folder {str(path.resolve().parent)!r}.")


def write_picture(result: Any, path: Path) -> None:
    """The plot of a result, in the format that the file's suffix names."""
    result.plot().savefig(path, dpi=150)
    typer.echo(f"wrote {path}", err=True)
