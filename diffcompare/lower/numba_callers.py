"""How a compiled tape is called from Python: results and workspace are found for it here, not in compiled code.

NumPy's allocator asks the system for large pages, and compiled code would pay more for handing arrays over than Python
does for making them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .numba_writer import Writer


def callers(kernel: Any, writer: Writer) -> tuple[Callable, Callable]:
    """`Compiled.call` and `Compiled.into`.

    Workspaces that are not in use wait in a list: a call takes one, or makes one where there is none, so that there are
    as many as calls have run at the same time. Taking and giving back are atomic.
    """
    outputs, inputs = writer.graph.outputs, [f"x{k}" for k in range(len(writer.graph.inputs))]
    arrays = [k for k, node in enumerate(outputs) if node.shape]
    if not arrays and not writer.words and not writer.constants and not writer.sizes.passed:
        return kernel, kernel
    space: dict[str, Any] = {"tape": kernel, "empty": np.empty, "spare": [], **writer.constants}
    space.update({name: value for value, name in writer.sizes.passed.items()})
    for k in arrays:
        space[f"shape{k}"] = outputs[k].shape
        space[f"dtype{k}"] = outputs[k].dtype
    made = [f" o{k} = empty(shape{k}, dtype{k})" for k in arrays]
    body = _body(writer, arrays)
    given = [f"o{k}" for k in arrays]
    source = [f"def call({', '.join(inputs)}):", *made, *body, f"def into({', '.join(inputs + given)}):", *body]
    exec("\n".join(source), space)  # noqa: S102 - our own names and numbers only
    return space["call"], space["into"]


def _body(writer: Writer, arrays: list[int]) -> list[str]:
    scalars = [f"v{k}" for k in range(len(writer.graph.outputs)) if k not in arrays]
    names = writer.names()
    lines = [f" r = tape({', '.join(names)})"]
    if writer.words:
        take = [" try:", "  w = spare.pop()", " except IndexError:", f"  w = empty({writer.words})"]
        lines = [*take, *lines, " spare.append(w)"]
    if not arrays:
        return [*lines, " return r"]
    if len(scalars) == 1:
        lines[lines.index(next(line for line in lines if line.startswith(" r = ")))] = (
            f" {scalars[0]} = tape({', '.join(names)})"
        )
    elif scalars:
        lines.append(f" {', '.join(scalars)} = r")
    first, *rest = [f"o{k}" if k in arrays else f"v{k}" for k in range(len(writer.graph.outputs))]
    return [*lines, f" return {first}, ({''.join(f'{name}, ' for name in rest)})"]
