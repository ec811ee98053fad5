"""A scalar tape as straight-line code: one statement a line, names v0, v1 … of our own, in chunks that share memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .sympy_numeric import INLINE, numpy_functions
from .sympy_tape import Scalar, Tape

CHUNK = {"numpy": 4_000, "numba": 400}  # statements a function; LLVM's time grows faster than its input


@dataclass(slots=True)
class Compiled:
    """Code for some outputs of a tape.

    Attributes
    ----------
    call : callable
        ``call(flat)``: the float64 vector of all outputs for the float64 vector of all inputs.
    source : str
        The code.
    operations : int
        Statements that compute something.
    seconds : float
        Time to emit and compile.
    """

    call: Callable[[np.ndarray], np.ndarray]
    source: str
    operations: int
    seconds: float


def compile_outputs(tape: Tape, outputs: Sequence[Scalar], backend: str) -> Compiled:
    """Emit what `outputs` need of `tape`, as NumPy scalar code or for Numba."""
    start = time.perf_counter()
    needed = _needed(tape, outputs)
    statements = [p for p in needed if tape.names[p] not in ("input", "constant")]
    size = CHUNK[backend]
    chunks = [statements[i : i + size] for i in range(0, len(statements), size)] or [[]]
    emitter = _Emitter(tape, [o.place for o in outputs], chunks)
    source = emitter.source()
    call = _numpy_call(emitter, source) if backend == "numpy" else _numba_call(emitter, source)
    return Compiled(call, source, len(statements), time.perf_counter() - start)


def _needed(tape: Tape, outputs: Sequence[Scalar]) -> list[int]:
    wanted = bytearray(len(tape))
    for output in outputs:
        wanted[output.place] = 1
    for place in range(len(tape) - 1, -1, -1):
        if wanted[place] and tape.names[place] != "input":
            for argument in tape.arguments[place]:
                wanted[argument] = 1
    return [place for place in range(len(tape)) if wanted[place]]


class _Emitter:
    def __init__(self, tape: Tape, outputs: list[int], chunks: list[list[int]]) -> None:
        self.tape, self.outputs, self.chunks = tape, outputs, chunks
        self.globals: dict[str, Any] = {}
        self.functions: dict[str, str] = {}
        home = {place: k for k, chunk in enumerate(chunks) for place in chunk}
        shared = {p for k, chunk in enumerate(chunks) for q in chunk for p in tape.arguments[q] if home.get(p, k) != k}
        shared.update(p for p in outputs if home.get(p, -1) not in (-1, len(chunks) - 1))
        self.slots = {place: i for i, place in enumerate(sorted(shared))}

    def source(self) -> str:
        return "\n\n".join(self._chunk(k, chunk) for k, chunk in enumerate(self.chunks)) + "\n"

    def _chunk(self, number: int, chunk: list[int]) -> str:
        own = set(chunk)
        last = number == len(self.chunks) - 1
        reads = {p for q in chunk for p in self.tape.arguments[q]} | (set(self.outputs) if last else set())
        lines = [f"def part{number}(x, w, out):"]
        for place in sorted(reads - own):
            if self.tape.names[place] == "input":
                lines.append(f"    v{place} = x[{self.tape.arguments[place][0]}]")
            elif place in self.slots:
                lines.append(f"    v{place} = w[{self.slots[place]}]")
        for place in chunk:
            lines.append(f"    v{place} = {self._statement(place)}")
            if place in self.slots:
                lines.append(f"    w[{self.slots[place]}] = v{place}")
        if last:
            lines += [f"    out[{i}] = {self._operand(p)}" for i, p in enumerate(self.outputs)]
        return "\n".join([*lines, "    return None"])

    def _statement(self, place: int) -> str:
        name = self.tape.names[place]
        words = [self._operand(p) for p in self.tape.arguments[place]]
        if name in INLINE:
            return INLINE[name].format(*words)
        self.functions[f"f_{name}"] = name
        return f"f_{name}({', '.join(words)})"

    def _operand(self, place: int) -> str:
        value = self.tape.constants.get(place)
        if value is None:
            return f"v{place}"
        # A name, not a literal: a float64 scalar divides by zero as IEEE 754 says, a Python float raises.
        self.globals[f"c{place}"] = np.float64(value)
        return f"c{place}"

    def workspace(self) -> int:
        return max(1, len(self.slots))


def _numpy_call(emitter: _Emitter, source: str) -> Callable[[np.ndarray], np.ndarray]:
    table = numpy_functions()
    space: dict[str, Any] = {**emitter.globals, "ONE": np.float64(1.0), "ZERO": np.float64(0.0)}
    space.update({alias: table[name] for alias, name in emitter.functions.items()})
    exec(compile(source, "<symbolic>", "exec"), space)  # noqa: S102 - our own names and numbers only
    parts = [space[f"part{k}"] for k in range(len(emitter.chunks))]
    slots, count = emitter.workspace(), len(emitter.outputs)

    def call(x: np.ndarray) -> np.ndarray:
        workspace, out = np.empty(slots), np.empty(count)
        with np.errstate(all="ignore"):
            for part in parts:
                part(x, workspace, out)
        return out

    return call


def _numba_call(emitter: _Emitter, source: str) -> Callable[[np.ndarray], np.ndarray]:
    from .numba_scalars import compile_parts  # loads Numba

    names = [f"part{k}" for k in range(len(emitter.chunks))]
    parts = compile_parts(source, names, emitter.globals, emitter.functions)
    slots, count = emitter.workspace(), len(emitter.outputs)

    def call(x: np.ndarray) -> np.ndarray:
        workspace, out = np.empty(slots), np.empty(count)
        for part in parts:
            part(x, workspace, out)
        return out

    return call
