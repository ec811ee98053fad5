"""The command line: `commands` holds most commands, the other files one each, entered by importing them here."""

from diffcompare.cli import bench, check, draw, sizes, sweep, swell
from diffcompare.cli.commands import app, main

__all__ = ["app", "bench", "check", "draw", "main", "sizes", "sweep", "swell"]
