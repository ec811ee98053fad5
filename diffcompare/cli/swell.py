"""`diffcompare swell`: operations of a derivative, form by form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from diffcompare.analysis.swell import expression_swell
from diffcompare.cli.commands import Json, app
from diffcompare.cli.writing import PICTURES, require_place, write
from diffcompare.errors import OptionError

RANGE = re.compile(r"\s*(\d+)\s*(?:\.\.\s*(\d+)\s*)?")


@app.command()
def swell(
    expression: Annotated[str, typer.Argument(help="A text such as '4*x*(1-x)'.", show_default=False)],
    iterate: Annotated[
        str | None, typer.Option(help="Count its iterates, such as 2..7 or 2,4,6; the first is x itself.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long one form may take to write.", min=0.1)] = 10.0,
    plot: Annotated[Path | None, typer.Option(help="Write the picture to this file: svg, png or pdf.")] = None,
    json: Json = False,
) -> None:
    """Operations of a text's derivative: written out, shared, expanded, factored, and as tapes."""
    require_place(plot, PICTURES)
    found = expression_swell(expression, iterate=None if iterate is None else read_range(iterate), seconds=seconds)
    if plot is not None:
        write(found, plot, PICTURES)
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
