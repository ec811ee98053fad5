"""How far a long certification is, told to a callable or drawn as a bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from diffcompare.errors import OptionError

Report = Callable[[int, int, int], object]  # (bits of the pass, steps done, steps in all)
LATEST = 100  # reports a pass at most, so that the telling costs nothing


@contextmanager
def reporting(progress: Report | bool | None) -> Iterator[Report | None]:
    """What to report to within the block: nothing, the caller's callable, or, for True, a bar on standard error.

    Raises
    ------
    OptionError
        If `progress` is none of these.
    """
    if progress is None or progress is False:
        yield None
    elif progress is True:
        with _bar() as report:
            yield report
    elif callable(progress):
        yield progress
    else:
        raise OptionError(f"progress={progress!r}: give True, for a bar, or a callable of (bits, done, total).")


@contextmanager
def _bar() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        passes: dict[int, Any] = {}

        def report(bits: int, done: int, total: int) -> None:
            if bits not in passes:
                passes[bits] = bar.add_task(f"certifying at {bits} bits", total=total)
            bar.update(passes[bits], completed=done)

        yield report


def sparse(report: Report | None, bits: int, total: int) -> Callable[[int], None]:
    """A callable that takes the number of steps done, and reports the first, the last and some between."""
    every = max(1, total // LATEST)

    def told(done: int) -> None:
        if report is not None and (done % every == 0 or done == total):
            report(bits, done, total)

    return told
