"""The command line: `commands` holds most commands, the modules of `ENTERED` the others, entered when imported.

The program imports only the one that the first word names, so that an answer such as ``diffcompare bench --help`` does
not wait for the options of every other command.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from diffcompare.cli import commands

# Command -> the module that enters it.
ENTERED = {
    "bench": "bench",
    "check": "check",
    "diff": "bench",
    "draw": "draw",
    "gradbench": "gradbench",
    "report": "bench",
    "sizes": "sizes",
    "sweep": "sweep",
    "swell": "swell",
}


def main() -> None:
    """Run the command of this process; mistakes end it with exit code 2, failures with exit code 1."""
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    enter([ENTERED[first]] if first in ENTERED else sorted(set(ENTERED.values())))
    commands.main()


def enter(modules: list[str]) -> None:
    """Import modules of this package, which adds their commands."""
    for name in modules:
        importlib.import_module(f"diffcompare.cli.{name}")


def __getattr__(name: str) -> Any:
    """`app`, with every command."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    enter(sorted(set(ENTERED.values())))
    return commands.app
