"""The command line: `diffcompare compare`, `draw`, `info`, `ops`, `methods`, `problems`."""

from diffcompare.cli import draw  # noqa: F401 - enters its command
from diffcompare.cli.commands import app, main

__all__ = ["app", "main"]
