"""`diffcompare check`: whether a gradient is the derivative of its function."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from diffcompare.cli.commands import FAILURE, Json, app
from diffcompare.cli.point import read_point, read_positions
from diffcompare.cli.writing import PAGES, PICTURES, Writers, require_place, write
from diffcompare.core.parse import parse
from diffcompare.core.trace import Function
from diffcompare.errors import OptionError

PLACE = re.compile(r"(?P<module>.+):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")
WRITERS: Writers = {
    ".json": lambda check, path: check.to_json(path),
    ".txt": lambda check, path: path.write_text(f"{check}\n", encoding="utf-8"),
    **PAGES,
    **PICTURES,
}


@app.command()
def check(
    function: Annotated[
        str,
        typer.Argument(
            help="file.py:loss, package.module:loss, or a text such as 'sin(x)*exp(y)'.", show_default=False
        ),
    ],
    at: Annotated[str, typer.Option(help="The point: x=3,y=-4, arrays as 'x=[1,2,3]'.", show_default=False)],
    gradient: Annotated[
        list[str] | None,
        typer.Option(
            help="The claim: a place as above; or texts, one an argument (repeat the option). By default the gradient "
            "of the function's own library.",
            show_default=False,
        ),
    ] = None,
    wrt: Annotated[str | None, typer.Option(help="Arguments to differentiate, by name or position.")] = None,
    rtol: Annotated[float, typer.Option(help="The relative error that must be visible.")] = 1e-4,
    seed: Annotated[int, typer.Option(help="Of the random directions.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write to a file; its suffix says how: json, txt, html, svg, png."),
    ] = None,
    json: Json = False,
) -> None:
    """Whether a gradient is right, from values of its function alone; exit code 0 if so, 1 if not, 2 for a mistake."""
    require_place(output, WRITERS)
    f, names = _function(function)
    point = read_point(at)
    claim = _claim(gradient or [], names)
    from diffcompare.analysis.check import check_gradient  # loads ball arithmetic

    found = check_gradient(f, claim, point, read_positions(wrt, names), rtol=rtol, seed=seed)
    if output is not None:
        write(found, output, WRITERS)
    if json:
        typer.echo(found.to_json())
    elif output is None:
        typer.echo(str(found))
    if found.verdict != "correct":
        raise typer.Exit(FAILURE)


def _function(text: str) -> tuple[Any, tuple[str, ...]]:
    place = PLACE.fullmatch(text)
    if place is None:
        parsed = parse(text)
        return parsed, parsed.names
    found = load(place["module"], place["name"])
    return found, Function(found).names


def _claim(texts: list[str], names: tuple[str, ...]) -> Any:
    """None, a callable from a place, or one made of texts."""
    if not texts:
        return None
    place = PLACE.fullmatch(texts[0])
    if place is not None:
        if len(texts) > 1:
            raise OptionError("--gradient names a callable, so give it once.")
        return load(place["module"], place["name"])
    parts = [parse(text) for text in texts]
    unknown = sorted({name for part in parts for name in part.names} - set(names))
    if unknown:
        raise OptionError(f"--gradient names {', '.join(unknown)}; the arguments are {', '.join(names)}.")

    def claimed(*args: Any) -> tuple[Any, ...]:
        known = dict(zip(names, args, strict=True))
        return tuple(part(*(known[name] for name in part.names)) for part in parts)

    claimed.__name__ = ", ".join(texts)
    return claimed


def load(module: str, name: str) -> Any:
    """The object `name` (dotted) of a module, or of a Python file.

    Parameters
    ----------
    module : str
        ``package.module``, searched in the current folder too, or the path of a file that ends with ``.py``.
    name : str
        ``loss``, or ``Model.loss``.

    Raises
    ------
    OptionError
        If there is no such file, module or name, or it cannot be called.
    """
    found: Any = _file(Path(module)) if module.endswith(".py") else _module(module)
    for part in name.split("."):
        if not hasattr(found, part):  # the user's module, of which nothing is known
            raise OptionError(f"{module} has no {name!r}.")
        found = getattr(found, part)
    if not callable(found):
        raise OptionError(f"{module}:{name} is a {type(found).__name__}, not a function.")
    return found


def _file(path: Path) -> Any:
    if not path.is_file():
        raise OptionError(f"there is no file {str(path)!r}.")
    known = f"diffcompare_checked_{path.resolve().as_posix()}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, path)
        if spec is None or spec.loader is None:
            raise OptionError(f"{str(path)!r} is no Python file.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        if str(path.resolve().parent) not in sys.path:
            sys.path.insert(0, str(path.resolve().parent))  # its own imports of files beside it
        spec.loader.exec_module(module)
    return sys.modules[known]


def _module(name: str) -> Any:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise OptionError(f"there is no module {error.name!r}; write file.py:name for a file.") from error
