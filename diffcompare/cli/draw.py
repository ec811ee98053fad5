"""`diffcompare draw`: a text as a circuit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diffcompare.cli.commands import app
from diffcompare.cli.point import read_names, read_point
from diffcompare.core.parse import parse
from diffcompare.draw.drawing import FOLD, WRITERS
from diffcompare.errors import DataError, OptionError

FORMATS = {"svg": ".svg", "html": ".html", "mermaid": ".mmd", "dot": ".dot"}


@app.command()
def draw(
    expression: Annotated[str, typer.Argument(help="A text such as '(x+y)*z'.", show_default=False)],
    at: Annotated[
        str | None, typer.Option(help="The point: x=3,y=-4, arrays as 'x=[1,2,3]'; without it, the structure alone.")
    ] = None,
    partials: Annotated[bool, typer.Option("--partials", help="Show local partial derivatives.")] = False,
    names: Annotated[bool, typer.Option("--names", help="Show the names v1, v2 of the gates.")] = False,
    open_all: Annotated[bool, typer.Option("--open", help="Draw the parts of a sigmoid, a softmax ...")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Draw a written-out sigmoid ... as one gate.")] = False,
    parts: Annotated[str | None, typer.Option(help="Gates to draw in parts, joined by commas: sigmoid,tanh.")] = None,
    fold: Annotated[int, typer.Option(help="Fold chains of more gates than this; 0 folds none.", min=0)] = FOLD,
    steps: Annotated[bool, typer.Option("--steps", help="HTML: both passes step by step, with buttons.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print the chain rule at each gate.")] = False,
    form: Annotated[
        str | None, typer.Option("--format", help=f"Print as one of {', '.join(FORMATS)}; by default a table.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write to a file; its suffix says how: svg, html, png, mmd, dot."),
    ] = None,
) -> None:
    """A text as a circuit: values forward, derivatives backward."""
    if open_all and closed:
        raise OptionError("give one of --open and --closed.")
    if form is not None and form not in FORMATS:
        raise OptionError(f"--format {form!r} does not exist; it is one of {', '.join(FORMATS)}.")
    if steps and form != "html" and (output is None or output.suffix.lower() != ".html"):
        raise OptionError("--steps makes a page with buttons: write it by -o steps.html, or print it by --format html.")
    drawing = parse(expression).draw(
        None if at is None else read_point(at),
        partials=partials,
        names=names,
        groups="open" if open_all else "closed" if closed else "written",
        open=read_names(parts) or (),
        fold=fold or None,
        steps=steps,
    )
    if output is not None:
        try:
            if form is None:
                drawing.save(output)
            else:
                output.write_text(WRITERS[FORMATS[form]](drawing), encoding="utf-8")
        except OSError as error:
            raise DataError(f"cannot write {str(output)!r}: {error.strerror}.") from error
        typer.echo(f"wrote {output}", err=True)
    if latex:
        typer.echo(str(drawing.rules()))
    elif output is None:
        typer.echo(str(drawing) if form is None else WRITERS[FORMATS[form]](drawing).rstrip("\n"))
