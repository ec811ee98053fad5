"""Files that commands write: refused before the work, not after it, and written by their suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

from diffcompare.errors import DataError, OptionError

Writers = Mapping[str, Callable[[Any, Path], object]]


def _picture(result: Any, path: Path) -> None:
    result.plot().savefig(path, dpi=150)


def _page(result: Any, path: Path) -> None:
    head = '<!doctype html>\n<meta charset="utf-8">\n<title>diffcompare</title>\n'
    path.write_text(f"{head}{result._repr_html_()}\n", encoding="utf-8")


# Suffix -> what writes a result there.
PICTURES: Writers = {".svg": _picture, ".png": _picture, ".pdf": _picture}
PAGES: Writers = {".html": _page}


def require_place(path: Path | None, writers: Writers) -> None:
    """Complain about a file that could not be written.

    Raises
    ------
    OptionError
        If nothing writes files of this suffix, or the folder does not exist.
    """
    if path is None:
        return
    if path.suffix.lower() not in writers:
        raise OptionError(f"cannot write {path.name!r}: its suffix must be one of {', '.join(writers)}.")
    if not path.resolve().parent.is_dir():
        raise OptionError(f"cannot write {str(path)!r}: there is no folder {str(path.resolve().parent)!r}.")


def write(result: Any, path: Path, writers: Writers) -> None:
    """Write a result, and say so on standard error.

    Raises
    ------
    DataError
        If the system refuses.
    """
    try:
        writers[path.suffix.lower()](result, path)
    except OSError as error:
        raise DataError(f"cannot write {str(path)!r}: {error.strerror}.") from error
    typer.echo(f"wrote {path}", err=True)
