"""One compiled function that runs every scalar tape: a loop over operation codes. Nothing is compiled for a new tape.

There are two of it: one of plain arithmetic and elementary functions, and one that knows the special functions too,
which SciPy must be loaded for. Both come from the store once they were compiled on a machine.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types

from .flat_tape import MOST_OPERANDS, FlatTape, operations, template
from .numba_special import from_scipy, named, translate
from .numba_store import entry_point, jit

OPTIONS = {"error_model": "numpy", "nogil": True}
_FEW = 8  # outputs that are taken from a workspace faster one by one
_SIGNATURE = (types.int32[::1], types.int32[:, ::1], types.float64[::1], types.intp)


@dataclass(frozen=True, slots=True)
class Interpreted:
    """A scalar tape ready to run.

    Attributes
    ----------
    call : callable
        Takes one number an input and gives ``(output 0, (output 1, ...))``.
    seconds : float
        Time that preparing it took, in seconds.
    cached : bool
        Whether nothing was compiled.
    """

    call: Callable[..., tuple[Any, tuple]]
    seconds: float
    cached: bool


def interpret(tape: FlatTape) -> Interpreted:
    """`tape`, to be run by the interpreter."""
    start = time.perf_counter()
    special = any(_is_special(tape.names[code]) for code in np.unique(tape.codes))
    function, cached = _interpreter(special)
    run = entry_point(function)
    codes, operands, first = tape.codes, tape.operands, tape.first
    values = np.zeros(first + len(codes))
    values[tape.inputs : first] = tape.constants
    call = in_workspace(tape, values, tape.outputs, lambda s: run(codes, operands, s, first))
    return Interpreted(call, time.perf_counter() - start, cached)


def in_workspace(
    tape: FlatTape, values: np.ndarray, outputs: np.ndarray, run: Callable[[np.ndarray], Any]
) -> Callable[..., tuple[Any, tuple]]:
    """A callable that puts numbers first in a workspace, runs it and takes the outputs from it.

    Parameters
    ----------
    tape : FlatTape
        Says how many inputs there are, and which outputs are conditions.
    values : ndarray
        The workspace with its constants filled in; each thread works in a copy of its own, which is used again.
    outputs : ndarray
        Places of the outputs.
    run : callable
        Fills the workspace.
    """
    free: list[np.ndarray] = []
    inputs, conditions = tape.inputs, any(tape.conditions)
    places = outputs.tolist() if len(outputs) <= _FEW else None

    def call(*args: Any) -> tuple[Any, tuple]:
        try:
            space = free.pop()
        except IndexError:  # all in use
            space = values.copy()
        if inputs == 1:
            space[0] = args[0]
        else:
            space[:inputs] = args
        run(space)
        found = space[outputs].tolist() if places is None else [*map(space.item, places)]
        free.append(space)
        if conditions:
            found = [bool(f) if c else f for f, c in zip(found, tape.conditions, strict=True)]
        return found[0], tuple(found[1:])

    return call


@functools.cache
def _is_special(name: str) -> bool:
    return from_scipy(translate(template(name)))


@functools.cache
def _interpreter(special: bool) -> tuple[Any, bool]:
    source = interpreter_source(special)
    function, cached, _ = jit(source, "run", _SIGNATURE, {"as_u": np.uintp, **named(source)}, OPTIONS)
    return function, cached


def interpreter_source(special: bool) -> str:
    """The text of the interpreter, with or without special functions."""
    names = "xyz"[:MOST_OPERANDS]
    lines = ["def run(codes, operands, s, first):", " for i in range(codes.size):", "  code = codes[i]"]
    lines += [f"  {name} = s[as_u(operands[i, {k}])]" for k, name in enumerate(names)]
    word = "if"
    for code, name in enumerate(operations()):
        if special or not _is_special(name):
            lines += [f"  {word} code == {code}:", f"   r = {translate(template(name)).format(*names)}"]
            word = "elif"
    lines += ["  else:", "   r = f_nan", "  s[as_u(first + i)] = r"]
    return "\n".join(lines) + "\n"
