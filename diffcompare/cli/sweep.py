"""`diffcompare sweep`: error against step, theory beside measurement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from diffcompare.cli.commands import FAILURE, Json, Wide, app
from diffcompare.cli.point import read_names, read_point, read_positions
from diffcompare.cli.writing import PICTURES, require_place, write
from diffcompare.core.node import variable
from diffcompare.core.parse import parse
from diffcompare.core.trace import Function
from diffcompare.errors import OptionError


@app.command()
def sweep(
    expression: Annotated[str, typer.Argument(help="A text such as '4*x*(1-x)'.", show_default=False)],
    at: Annotated[str, typer.Option(help="The point: x=0.2, or x=3,y=-4; arrays as 'x=[1,2,3]'.", show_default=False)],
    iterate: Annotated[
        int, typer.Option(help="Apply the expression, of one argument, so many times to itself.", min=1, max=1000)
    ] = 1,
    wrt: Annotated[str | None, typer.Option(help="Arguments to differentiate, by name or position.")] = None,
    methods: Annotated[
        str | None, typer.Option(help="Joined by commas: forward-difference, central-difference-4, richardson …")
    ] = None,
    dtype: Annotated[str, typer.Option(help="float64, float32, or both joined by a comma.")] = "float64,float32",
    textbook: Annotated[
        bool, typer.Option("--textbook", help="Divide by h itself, not by the step after rounding, (x + h) - x.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the direction, where there are several inputs.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(help=f"Draw it to a file: {', '.join(PICTURES)}.", show_default=False)
    ] = None,
    json: Json = False,
    width: Wide = None,
) -> None:
    """Error of numerical derivatives against their step: measured, predicted, and what libraries choose."""
    require_place(plot, PICTURES)
    parsed = parse(expression)
    f = parsed if iterate == 1 else iterated(parsed, iterate)
    point, positions = read_point(at), read_positions(wrt, parsed.names)
    from diffcompare.analysis.step_sweep import sweep_steps  # loads ball arithmetic

    result = sweep_steps(
        f,
        point,
        positions,
        methods=read_names(methods),
        dtypes=read_names(dtype) or [],
        seed=seed,
        textbook=textbook,
    )
    if plot is not None:
        write(result, plot, PICTURES)
    if json:
        typer.echo(result.to_json())
    else:
        result.print(width=width)
    if not any(record["error"] is not None for record in result.records):
        raise typer.Exit(FAILURE)


def iterated(f: Function, times: int) -> Function:
    """f(f(... f(x))), a function of one number applied to its own value.

    Parameters
    ----------
    f : Function
        Of one number.
    times : int
        How often it is applied, 1 or more.

    Raises
    ------
    OptionError
        If it has not one argument.

    Examples
    --------
    >>> iterated(parse("2*x"), 3)(1.0)
    8.0
    """
    if len(f.names) != 1:
        raise OptionError(
            f"--iterate applies an expression to its own value, so it needs one argument, but {f.__name__} has "
            f"{len(f.names)}: {', '.join(f.names) or 'none'}.\n  Write the composition out, or leave --iterate away."
        )
    x = variable(f.names[0])
    y: Any = x
    for _ in range(times):
        y = f(y)
    return Function.from_expression(y, (x,), f"{f.__name__}, applied {times} times")
