"""What a long run says while it runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol


class Progress(Protocol):
    """Told what runs now, and how much of it is done."""

    def say(self, what: str) -> None:
        """What runs now."""

    def advance(self, steps: int) -> None:
        """So many more are done."""


class Silent:
    """Shows nothing."""

    def say(self, what: str) -> None:
        """Nothing."""

    def advance(self, steps: int) -> None:
        """Nothing."""


class Bar:
    """A bar on standard error: what runs now, how many are done, time passed and left."""

    def __init__(self, bar: object, task: object) -> None:
        self._bar, self._task = bar, task

    def say(self, what: str) -> None:
        """What runs now."""
        self._bar.update(self._task, description=what)  # type: ignore[attr-defined]

    def advance(self, steps: int) -> None:
        """So many more are done."""
        self._bar.advance(self._task, steps)  # type: ignore[attr-defined]


@contextlib.contextmanager
def progress_of(asked: bool | None, steps: int) -> Iterator[Progress]:
    """A bar where one is wanted: by default where standard error is a terminal."""
    if not (sys.stderr.isatty() if asked is None else asked):
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description:<48.48}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Bar(bar, bar.add_task("", total=steps))
