"""How a compiled tape is called from Python: results and workspace are found for it here, not in compiled code.

NumPy's allocator asks the system for large pages, and compiled code would pay more for handing arrays over than Python
does for making them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
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
        space[f"shape{k}"] = outputs[k].shape if outputs[k].ndim > 1 else outputs[k].size
        space[f"dtype{k}"] = outputs[k].dtype
    plain = {k: outputs[k].dtype.char == "d" for k in arrays}  # NumPy makes arrays of its default type faster
    made = [f" o{k} = empty(shape{k})" if plain[k] else f" o{k} = empty(shape{k}, dtype{k})" for k in arrays]
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


def inside(kernel: Any, writer: Writer) -> Any:
    """The tape as a function for other compiled code: ``inner(*inputs, *arrays)`` returns output 0, a number.

    Every further output is written to an array: of its shape, or of one element for a number. The arrays must share no
    memory with the inputs. Each call makes a workspace of its own.

    Raises
    ------
    ValueError
        In compiled code, when an argument has another shape than the tape was made for.
    """
    inputs, outputs = writer.graph.inputs, writer.graph.outputs
    given = [f"o{k}" for k in range(1, len(outputs))]
    shapes = {f"x{k}": node.shape for k, node in enumerate(inputs) if node.shape}
    shapes.update({f"o{k}": node.shape or (1,) for k, node in enumerate(outputs) if k})
    lines = [f"def inner({', '.join([*(f'x{k}' for k in range(len(inputs))), *given])}):"]
    for name, shape in shapes.items():
        message = f"argument {list(shapes).index(name)} must have the shape {shape} that it was prepared for"
        lines += [f" if {name}.shape != {shape}:", f"  raise ValueError({message!r})"]
    lines += [f" w = np.empty({writer.words})"] * bool(writer.words)
    scalars = [k for k, node in enumerate(outputs) if not node.shape]
    arrays = len(scalars) < len(outputs)
    lines.append(f" r = tape({', '.join(writer.names())})")
    if arrays:
        lines += [f" o{k}[0] = r[{place}]" for place, k in enumerate(scalars) if k]
        lines.append(" return r" if len(scalars) == 1 else " return r[0]")
    else:
        lines += [f" o{k}[0] = r[1][{k - 1}]" for k in scalars if k]
        lines.append(" return r[0]")
    space: dict[str, Any] = {"tape": kernel, "np": np, "__name__": __name__, **writer.constants}
    space.update({name: value for value, name in writer.sizes.passed.items()})
    exec("\n".join(lines), space)  # noqa: S102 - our own names and numbers only
    return numba.njit(error_model="numpy", nogil=True)(space["inner"])
