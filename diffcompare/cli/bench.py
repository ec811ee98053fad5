"""`diffcompare bench`, `diff` and `report`: measure suites, compare two results files, make a page of one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from diffcompare.bench.isolation import Limits
from diffcompare.cli.commands import FAILURE, Json, Wide, app
from diffcompare.cli.point import read_names, read_size
from diffcompare.errors import DataError, OptionError

EXPORTS = {
    ".pyperf.json": lambda run, path: run.to_pyperf(path),
    ".csv": lambda run, path: run.to_csv(path),
    ".md": lambda run, path: run.to_markdown(path),
    ".tex": lambda run, path: run.to_latex(path),
    ".html": lambda run, path: run.report(path),
}


@app.command()
def bench(
    suite: Annotated[str, typer.Option(help="quick, classic, nist, adbench, scaling, learning or all.")] = "quick",
    problems: Annotated[str | None, typer.Option(help="Only these problems, joined by commas.")] = None,
    methods: Annotated[
        str | None, typer.Option(help="Methods joined by commas; 'all' adds every installed peer library.")
    ] = None,
    sizes: Annotated[str | None, typer.Option(help="Only these sizes, joined by commas.")] = None,
    dtype: Annotated[str, typer.Option(help="float64, float32, or both joined by a comma.")] = "float64",
    repeat: Annotated[int | None, typer.Option(help="Samples of each contender.", min=1)] = None,
    budget: Annotated[float | None, typer.Option(help="Seconds each contender may spend on its samples.")] = None,
    limit: Annotated[float, typer.Option(help="Seconds one step may take before it is stopped.")] = 60.0,
    memory: Annotated[float, typer.Option(help="Gigabytes the measuring process may hold.")] = 4.0,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Results file (JSON) to write.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a results file that exists.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Take over what the results file holds already.")] = False,
    export: Annotated[
        list[Path] | None,
        typer.Option(help="Write this too: .csv, .md, .tex, .html or .pyperf.json; may be given several times."),
    ] = None,
    full: Annotated[
        bool | None,
        typer.Option("--full/--short", help="Print a table a case, or a line a case; by default by their number."),
    ] = None,
    width: Wide = None,
) -> None:
    """Every method on a suite of problems: checked against certified gradients, then timed in turns."""
    exports = [(_exporter(path), path) for path in export or ()]
    if output is not None and not resume and not overwrite and output.exists() and not output.is_dir():
        raise OptionError(f"{str(output)!r} exists: give --overwrite to replace it, or --resume to complete it.")
    if resume and output is None:
        raise OptionError("--resume takes over what a results file holds: name it by --output.")
    for path in [*([output] if output is not None else []), *(export or ())]:
        _writable(path)
    from diffcompare.bench.runner import benchmark  # loads ball arithmetic

    chosen = read_names(methods)
    run = benchmark(
        suite,
        "all" if chosen == ["all"] else chosen,
        problems=read_names(problems),
        sizes=[read_size(size) for size in read_names(sizes) or ()] or None,  # type: ignore[misc]
        dtypes=read_names(dtype) or (),
        repeat=repeat,
        budget=budget,
        limits=Limits(seconds=limit, memory_bytes=int(memory * 1e9)),
        resume=output if resume and output is not None and output.exists() else None,
        keep=output,
    )
    run.print_on(_console(width), full)
    for write, path in exports:
        write(run, path)
        typer.echo(f"wrote {path}", err=True)
    if output is not None:
        typer.echo(f"wrote {output}", err=True)
    if not run.complete or not any(record["status"] in ("ok", "inaccurate") for record in run.records):
        raise typer.Exit(FAILURE)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Results file of before.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="Results file of after.", show_default=False)],
    effect: Annotated[float, typer.Option(help="Smallest relative change of time that counts.")] = 0.25,
    digits: Annotated[float, typer.Option(help="Correct digits whose loss is a regression.")] = 0.5,
    confidence: Annotated[float, typer.Option(help="Of the bootstrap interval of a ratio of times.")] = 0.999,
    json: Json = False,
    width: Wide = None,
) -> None:
    """What changed between two runs: lost digits, statuses, times; exit code 1 if anything became worse."""
    from diffcompare.bench.difference import compare_runs
    from diffcompare.bench.results import load

    found = compare_runs(load(old), load(new), effect=effect, lost_digits=digits, confidence=confidence)
    if json:
        typer.echo(found.to_json())
    else:
        found.print(width=width)
    if found.regressions:
        raise typer.Exit(FAILURE)


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="A results file of `diffcompare bench`.", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="The page to write.")] = Path("report.html"),
    title: Annotated[str | None, typer.Option(help="What stands at its top.")] = None,
) -> None:
    """One self-contained page of a results file: summary, sortable table, pictures with their numbers."""
    from diffcompare.bench.results import load

    load(results).report(output, title=title)
    typer.echo(f"wrote {output}", err=True)


def _writable(path: Path) -> None:
    """Complain before the work, not after it."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise DataError(f"cannot write {str(path)!r}: there is no folder {str(folder)!r}.")
    if path.is_dir():
        raise DataError(f"cannot write {str(path)!r}: it is a folder.")
    if not os.access(folder, os.W_OK):
        raise DataError(f"cannot write {str(path)!r}: the folder {str(folder)!r} allows no writing.")


def _exporter(path: Path) -> Any:
    for suffix, write in EXPORTS.items():
        if path.name.lower().endswith(suffix):
            return write
    raise OptionError(f"cannot write {path.name!r}: its suffix must be one of {', '.join(EXPORTS)}.")


def _console(width: int | None) -> Any:
    from rich.console import Console

    if width is None and not sys.stdout.isatty():
        width = 118
    return Console(width=width, highlight=False, soft_wrap=False)
