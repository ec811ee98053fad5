"""The commands. What they need is loaded when one runs, so that `diffcompare --help` answers at once."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from diffcompare.analysis.environment import environment, versions
from diffcompare.analysis.records import to_json
from diffcompare.cli import lists
from diffcompare.cli.point import read_names, read_point, read_positions, read_size
from diffcompare.cli.writing import PAGES, PICTURES, Writers, require_place, write
from diffcompare.core.parse import parse
from diffcompare.core.trace import function
from diffcompare.errors import (
    DiffCompareError,
    DTypeError,
    OptionError,
    ParseError,
    ShapeError,
    TraceError,
    UnknownNameError,
)
from diffcompare.lower.store_folder import clear, contents
from diffcompare.problems import get

FAILURE, USAGE = 1, 2
# What the one who typed the command can mend by typing another.
MISTAKES = (DTypeError, OptionError, ParseError, ShapeError, TraceError, UnknownNameError)

app = typer.Typer(
    name="diffcompare",
    help="Differentiate one expression every way, and compare errors and times.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Wide = Annotated[int | None, typer.Option("--width", help="Characters in a line; by default the terminal's.", min=60)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def compare(
    expression: Annotated[
        str | None, typer.Argument(help="A text such as 'sin(x)*exp(y)'.", show_default=False)
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="The point: x=3,y=-4, arrays as 'x=[1,2,3]'.", show_default=False)
    ] = None,
    problem: Annotated[
        str | None, typer.Option(help="A benchmark problem instead of a text; `diffcompare problems` lists them.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="Which point of the problem.")] = None,
    methods: Annotated[str | None, typer.Option(help="Methods joined by commas; by default all that can run.")] = None,
    wrt: Annotated[str | None, typer.Option(help="Arguments to differentiate, by name or position.")] = None,
    no_time: Annotated[bool, typer.Option("--no-time", help="Errors only, no times.")] = False,
    json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write to a file by its suffix: json, md, csv, html, svg, png, pdf."),
    ] = None,
    width: Wide = None,
) -> None:
    """Every method's gradient of a text or a problem at a point: errors against a certified value, and times."""
    if sum((json, markdown, csv)) > 1:
        raise OptionError("give one of --json, --markdown and --csv.")
    require_place(output, WRITERS)
    subject, names = _subject(expression, problem, at)
    point, positions = None if at is None else read_point(at), read_positions(wrt, names)
    from diffcompare.analysis.compare import compare as run  # loads ball arithmetic

    result = run(
        subject,
        point,
        methods=read_names(methods),
        wrt=positions,
        time=not no_time,
        size=read_size(size),
        progress=sys.stderr.isatty(),
    )
    if output is not None:
        write(result, output, WRITERS)
    text = result.to_json() if json else result.to_markdown() if markdown else result.to_csv() if csv else None
    if text is not None:
        typer.echo(text.rstrip("\n"))
    elif output is None:
        result.print(width=width)
    if not any(record["status"] in ("ok", "inaccurate") for record in result):
        raise typer.Exit(FAILURE)


def _subject(expression: str | None, problem: str | None, at: str | None) -> tuple[Any, tuple[str, ...]]:
    if (expression is None) == (problem is None):
        raise OptionError("give a text to differentiate, such as 'sin(x)*exp(y)', or --problem NAME (one of the two).")
    if problem is not None:
        found = get(problem)
        return found, function(found.function).names
    if at is None:
        raise OptionError("the point is missing: give it by --at x=3,y=-4.")
    parsed = parse(expression or "")
    return parsed, parsed.names


WRITERS: Writers = {
    ".json": lambda result, path: result.to_json(path),
    ".md": lambda result, path: result.to_markdown(path),
    ".csv": lambda result, path: result.to_csv(path),
    **PAGES,
    **PICTURES,
}


@app.command()
def info(json: Json = False) -> None:
    """What runs here: versions, processor, threads, vector mathematics, GPU, peers, and why others do not."""
    here = environment()
    if json:
        typer.echo(here.to_json())
        return
    typer.echo(str(here))


@app.command()
def methods(json: Json = False, width: Wide = None) -> None:
    """The ways of differentiating, and why some cannot run here."""
    lists.show("methods", lists.methods(), json, width)


@app.command()
def ops(
    name: Annotated[
        str | None, typer.Argument(help="Only the operations whose name holds this.", show_default=False)
    ] = None,
    json: Json = False,
    width: Wide = None,
) -> None:
    """The operations: derivative, domain, kinks with the value chosen there, and source."""
    rows = [row for row in lists.operations() if name is None or name in row["name"]]
    if not rows:
        raise UnknownNameError(f"no operation has {name!r} in its name; `diffcompare ops` lists all.")
    lists.show("operations", rows, json, width)


@app.command()
def problems(json: Json = False, width: Wide = None) -> None:
    """The benchmark problems: formula, sizes, entries of the gradient, and source."""
    found = lists.problems()
    lists.show("problems", found if json else lists.stacked(found), json, width)


@app.command()
def cache(
    action: Annotated[str, typer.Argument(help="info: what is kept, and where. clear: remove it.")] = "info",
    json: Json = False,
) -> None:
    """Compiled code kept on disk, so that what was compiled once is loaded from then on."""
    if action not in ("info", "clear"):
        raise OptionError(
            f"cache {action!r} does not exist; write `diffcompare cache info` or `diffcompare cache clear`."
        )
    found = contents()
    removed = clear() if action == "clear" else 0
    if json:
        typer.echo(to_json({**asdict(found), "removed": removed}))
    elif action == "clear":
        typer.echo(f"removed {_counted(removed)} from {found.folder}")
    else:
        off = "" if found.enabled else f"\noff: {found.reason}"
        typer.echo(f"{_counted(found.entries)}, {found.size_bytes / 1e6:.1f} MB, in {found.folder}{off}")


def _counted(functions: int) -> str:
    return f"{functions} compiled function{'s' * (functions != 1)}"


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"diffcompare {versions()['diffcompare']}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Differentiate one expression every way, and compare errors and times."""


def main() -> None:
    """Run the command; mistakes are told in a sentence, with exit code 2, and failures with exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that cannot show "µ" shows "?" instead of ending the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except DiffCompareError as error:
        typer.echo(f"diffcompare: {error}", err=True)
        raise SystemExit(USAGE if isinstance(error, MISTAKES) else FAILURE) from None
    except BrokenPipeError:
        # The reader (`| head`) has left; without this, Python complains once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(FAILURE) from None
