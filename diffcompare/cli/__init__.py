"""The command line: `diffcompare compare`, `info`, `ops`, `methods`, `problems`."""

from diffcompare.cli.commands import app, main

__all__ = ["app", "main"]
