"""How results are printed: one way to a terminal, to a file and to a text, and how texts are kept."""

from __future__ import annotations

import io
import sys
from abc import abstractmethod
from pathlib import Path
from typing import Any

USUAL_WIDTH = 118  # characters in a line, where no terminal says


class Printable:
    """A result that draws itself on a `rich.console.Console`; from that it has `print` and `str`."""

    __slots__ = ()

    @abstractmethod
    def print_on(self, console: Any) -> None:
        """Print on a `rich.console.Console`."""

    def print(self, file: Any = None, width: int | None = None) -> None:
        """Print the result, in colour where `file` is a terminal.

        Parameters
        ----------
        file : text file, default standard output
        width : int, optional
            Characters in a line; by default those of the terminal, or 118.
        """
        from rich.console import Console

        file = file or sys.stdout
        if width is None and not file.isatty():
            width = USUAL_WIDTH
        self.print_on(Console(file=file, width=width, highlight=False, soft_wrap=False))

    def __str__(self) -> str:
        return self.as_text()

    def as_text(self, width: int = USUAL_WIDTH) -> str:
        """What is printed, as text without colours, in lines of so many characters."""
        from rich.console import Console

        text = io.StringIO()
        self.print_on(Console(file=text, width=width, color_system=None, force_terminal=False, highlight=False))
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).rstrip()


def keep(text: str, path: str | Path | None) -> str:
    """`text`, also written to `path` if one is given."""
    if path is not None:
        Path(path).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    return text
