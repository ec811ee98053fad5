"""What the scripts of this folder share: a table with its command and machine above it, and a limit in each row."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table; the first column is text, the others are numbers.

    Parameters
    ----------
    title : str
        What is measured.
    columns : sequence of str
        Headings, each with its unit.
    rows : sequence of sequence of str
        One entry a column.
    """
    widths = [max(map(len, entries)) for entries in zip(columns, *rows, strict=True)]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print(f"{title}\n$ python {shlex.join(sys.argv)}\n{machine()}\n")
    for row in (columns, rules, *rows):
        first, *others = row
        cells = [first.ljust(widths[0]), *(o.rjust(w) for o, w in zip(others, widths[1:], strict=True))]
        print(f"| {' | '.join(cells)} |")


def machine() -> str:
    """One line: processor, its cores, and the versions that matter."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba"))
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()
