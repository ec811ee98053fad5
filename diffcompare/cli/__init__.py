"""The command line: `commands` holds most commands, the other files one each, entered by importing them here."""

from diffcompare.cli import draw, swell, sweep
from diffcompare.cli.commands import app, main

__all__ = ["app", "draw", "main", "swell", "sweep"]
