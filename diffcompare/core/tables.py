"""The two tables everything is found in; filled when `diffcompare.ops` is imported, and never changed afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ROWS: dict[str, Any] = {}
"""Name of an operation -> its row."""

DISPATCH: dict[Any, Callable] = {}
"""NumPy or SciPy function (or the name of a piece of Python syntax) -> what builds its node."""
