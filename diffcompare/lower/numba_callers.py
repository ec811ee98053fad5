"""How a compiled tape is called from Python: results and workspace are found for it here, not in compiled code.

NumPy's allocator asks the system for large pages, and compiled code would pay more for handing arrays over than Python
does for making them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np

from ..core.arguments import ALIGNED, CONTIGUOUS, OWNED, WRITEABLE, abstract, array_test, look
from .numba_store import entry_point
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
    space = _space(kernel, writer)
    first, *rest = _results(writer)
    body = [*_body(writer), f" return {first}, {_tuple(rest)}"]
    given = [f"o{k}" for k in arrays]
    source = [
        f"def call({', '.join(inputs)}):",
        *_made(writer),
        *body,
        f"def into({', '.join(inputs + given)}):",
        *body,
    ]
    exec("\n".join(source), space)  # noqa: S102 - our own names and numbers only
    return space["call"], space["into"]


Direct = tuple[Callable[[tuple], Any], Callable[[tuple, Any], Any] | None]
MakeDirect = Callable[[Sequence[Any], bool, bool], Direct | None]  # `direct` of one tape


def direct(kernel: Any, writer: Writer, example: Sequence[Any], single: bool, alone: bool) -> Direct | None:
    """Calls that look at their arguments and go straight to the machine code, past Numba's own look at them.

    Parameters
    ----------
    kernel, writer : dispatcher, Writer
        A tape whose outputs are a number and its gradients.
    example : sequence
        Normalised arguments, of the shapes and dtypes of the tape's inputs.
    single : bool
        Whether to hand over the first gradient instead of the tuple of them.
    alone : bool
        Whether to leave the value out.

    Returns
    -------
    call : callable
        ``call(args)`` gives (value, gradients), or None where the arguments are not like the example.
    into : callable or None
        ``into(args, out)`` writes the gradients to `out` and gives (value, out), or None where the arguments or `out`
        ask for a closer look. None where a gradient is a number.
    """
    found = look(example)
    if found is None:
        return None
    outputs = writer.graph.outputs
    space = {**found.space, **_space(kernel if writer.wide else entry_point(kernel), writer)}
    value, *gradients = _results(writer)
    answer = gradients[0] if single else _tuple(gradients)
    answer = answer if alone else f"{value}, {answer}"
    closer = " return None"  # somebody else must look
    source = ["def call(args):", *found.opening, f" if not ({found.test}):", f" {closer}", *_made(writer)]
    body = [*_body(writer), f" return {answer}"]
    if not (single or alone or writer.words or any(node.shape for node in outputs)):
        body = [f" return tape({', '.join(writer.names())})"]  # which makes this very tuple
    source += body
    writes = all(node.shape for node in outputs[1:]) and not outputs[0].shape
    if writes:
        source += [
            "def into(args, out):",
            *_opened(writer, example),
            f" {closer}",
            *_body(writer),
            f" return {value}, out",
        ]
    exec("\n".join(source), space)  # noqa: S102 - our own names and numbers only
    return space["call"], space["into"] if writes else None


def _opened(writer: Writer, example: Sequence[Any]) -> list[str]:
    """Lines that name the arrays of `out`, and open a block for when machine code may not write to them at once.

    It may where all arrays, of `args` and of `out`, own their memory and none is another.
    """
    found = look(example, owned=True)
    assert found is not None
    given = [f"o{k}" for k, node in enumerate(writer.graph.outputs) if node.shape]
    names = "".join(f"{name}, " for name in given)
    lines = [*found.opening, " if type(out) is tuple or type(out) is list:", f"  if len(out) != {len(given)}:"]
    lines += [
        "   return None",
        f"  [{names}] = out",
        " else:",
        f"  {given[0]} = out" if len(given) == 1 else "  return None",
    ]
    met = [f"x{i}" for i, a in enumerate(example) if abstract(a)[0]]
    tests = [found.test]
    for name in given:
        tests += [array_test(name, f"dtype_{name}", f"shape_{name}", CONTIGUOUS | OWNED | ALIGNED | WRITEABLE)]
        tests += [f"{name} is not {other}" for other in met]
        met.append(name)
    return [*lines, f" if not ({' and '.join(tests)}):"]


def _space(tape: Callable, writer: Writer) -> dict[str, Any]:
    """What the generated lines name."""
    space: dict[str, Any] = {"tape": tape, "empty": np.empty, "spare": [], **writer.constants}
    space.update({name: value for value, name in writer.sizes.passed.items()})
    for k, node in enumerate(writer.graph.outputs):
        if node.shape:
            space[f"shape_o{k}"], space[f"dtype_o{k}"] = node.shape, node.dtype
            space[f"size_o{k}"] = node.shape if node.ndim > 1 else node.size
    return space


def _made(writer: Writer) -> list[str]:
    """Lines that make the arrays for results."""
    lines = []
    for k, node in enumerate(writer.graph.outputs):
        if node.shape:
            default = node.dtype.char == "d"  # NumPy makes arrays of its default type faster
            lines.append(f" o{k} = empty(size_o{k})" if default else f" o{k} = empty(size_o{k}, dtype_o{k})")
    return lines


def _results(writer: Writer) -> list[str]:
    """The name of each result after the lines of `_body`."""
    return [f"o{k}" if node.shape else f"v{k}" for k, node in enumerate(writer.graph.outputs)]


def _body(writer: Writer) -> list[str]:
    """Lines that run the tape."""
    names = _results(writer)
    scalars = [name for name in names if name[0] == "v"]
    if len(scalars) == len(names):
        left = f"{names[0]}, {_tuple(names[1:])}"
    else:
        left = ", ".join(scalars) or "_"
    lines = [f" {left} = tape({', '.join(writer.names())})"]
    if not writer.words:
        return lines
    take = [" try:", "  w = spare.pop()", " except IndexError:", f"  w = empty({writer.words})"]
    return [*take, *lines, " spare.append(w)"]


def _tuple(names: Sequence[str]) -> str:
    return f"({''.join(f'{name}, ' for name in names)})"


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
