"""`diffcompare sizes`: time and error of every method at several sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diffcompare.cli.commands import FAILURE, Json, app
from diffcompare.cli.point import read_names, read_size
from diffcompare.cli.writing import PICTURES, require_place, write
from diffcompare.problems import get


@app.command()
def sizes(
    problem: Annotated[str, typer.Argument(help="A benchmark problem; `diffcompare problems` lists them.")],
    sizes: Annotated[
        str | None, typer.Option(help="Sizes joined by commas; by default the problem's own.", show_default=False)
    ] = None,
    methods: Annotated[str | None, typer.Option(help="Methods joined by commas; by default all that can run.")] = None,
    most_s: Annotated[
        float, typer.Option("--most-s", help="Skip what would probably take longer, in seconds.", min=0.01)
    ] = 10.0,
    plot: Annotated[Path | None, typer.Option(help="Write the picture to this file: svg, png or pdf.")] = None,
    json: Json = False,
) -> None:
    """Every method's time and error at several sizes of a problem, with the exponents of their growth."""
    require_place(plot, PICTURES)
    found = get(problem)
    chosen = None if sizes is None else [read_size(size) for size in read_names(sizes) or []]
    from diffcompare.analysis.size_sweep import sweep_sizes  # loads ball arithmetic

    result = sweep_sizes(found, chosen, read_names(methods), most_s=most_s)  # type: ignore[arg-type]
    if plot is not None:
        write(result, plot, PICTURES)
    typer.echo(result.to_json() if json else str(result))
    if not any(record["status"] in ("ok", "inaccurate") for record in result.records):
        raise typer.Exit(FAILURE)
