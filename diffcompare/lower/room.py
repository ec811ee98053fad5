"""Whether the arrays of a compiled call have room in this machine's memory, asked before any is made."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from ..core.node import Node
from ..errors import SizeLimitError


def memory_bytes() -> int | None:
    """The machine's physical memory in bytes; None where the system does not tell."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def check_room(outputs: Sequence[Node], workspace_bytes: int) -> None:
    """Refuse results and workspace that are larger than the machine's memory.

    A system that promises more memory than it has would otherwise let them be made, and kill the process that fills
    them.

    Parameters
    ----------
    outputs : sequence of Node
        The results; each call makes them anew.
    workspace_bytes : int
        Size of all temporaries together.

    Raises
    ------
    SizeLimitError
        With the sizes, in bytes and GiB, and the largest result.
    """
    results = sum(math.prod(node.shape) * node.dtype.itemsize for node in outputs if node.shape)
    memory, needed = memory_bytes(), results + workspace_bytes
    if memory is None or needed <= memory:
        return
    largest = max(outputs, key=lambda node: math.prod(node.shape) * node.dtype.itemsize)
    raise SizeLimitError(
        f"A call needs {_in_words(needed)}, this machine has {_in_words(memory)}: {_in_words(results)} of results "
        f"(the largest of shape {largest.shape}, {largest.dtype}) and {_in_words(workspace_bytes)} of temporaries.\n"
        "  Reduce before storing (np.sum of a product instead of the product), or take smaller pieces."
    )


def _in_words(count: int) -> str:
    return f"{count} bytes ({count / 2**30:.1f} GiB)"
