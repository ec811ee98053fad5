"""A scalar tape that repeats itself as compiled loops, each over one repetition's statements.

Values of the same repetition, and of the one before, are variables; others are in a workspace, one row of cells for a
statement whose values are read elsewhere. Places and numbers of repetitions are arguments of the code, so that a
recurrence of another length compiles nothing.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field

import numpy as np
from numba import types

from .flat_loops import Segment, segments
from .flat_tape import FlatTape, arities, template
from .numba_interpreter import OPTIONS, Interpreted, in_workspace
from .numba_special import named, translate
from .numba_store import entry_point, jit

MOST_WRITTEN = 300  # statements; LLVM takes 1 to 3 ms for each
LEAST_SAVED = 4  # times as many statements must run as are written
_SIGNATURE = (types.int64[::1], types.int64[::1], types.float64[::1])


@dataclass(frozen=True, slots=True)
class Rolled(Interpreted):
    """A scalar tape ready to run as loops; see `Interpreted`.

    Attributes
    ----------
    source : str
        The compiled text.
    loops : int
        How many loops there are.
    """

    source: str
    loops: int


def roll(tape: FlatTape) -> Rolled | None:
    """`tape` as loops; None where it does not repeat itself enough to be short."""
    start = time.perf_counter()
    most = min(MOST_WRITTEN, len(tape.codes) // LEAST_SAVED)
    parts = segments(tape, most)
    if parts is None:
        return None
    writer = _Writer(tape, parts)
    source = writer.write()
    function, cached, _ = jit(source, "run", _SIGNATURE, {"as_u": np.uintp, **named(source)}, OPTIONS)
    values = np.zeros(writer.cells)
    values[tape.inputs : tape.first] = tape.constants
    numbers = np.array(writer.numbers, np.int64)
    table = np.concatenate([np.zeros(1, np.int64), *writer.tables])
    call = in_workspace(tape, values, writer.outputs, functools.partial(entry_point(function), numbers, table))
    return Rolled(call, time.perf_counter() - start, cached, source, sum(p.count > 1 for p in parts))


@dataclass(slots=True)
class _Writer:
    """Places in the workspace, and the text."""

    tape: FlatTape
    parts: list[Segment]
    numbers: list[int] = field(default_factory=list)
    tables: list[np.ndarray] = field(default_factory=list)
    cells: int = 0
    outputs: np.ndarray = field(init=False)
    _place: np.ndarray = field(init=False)  # cell of each slot, -1 where it is in no cell
    _starts: np.ndarray = field(init=False)
    _arity: np.ndarray = field(init=False)
    _lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = np.array([part.start for part in self.parts])
        self._arity = arities(self.tape.names)[self.tape.codes]
        self._lay_out()

    # Where values are.
    def _where(self, slot: int) -> tuple[int, int, int]:
        """The part, the statement in it and the repetition that make a slot's value."""
        statement = slot - self.tape.first
        part = int(np.searchsorted(self._starts, statement, side="right")) - 1
        k, j = divmod(statement - self.parts[part].start, self.parts[part].period)
        return part, j, k

    def _variable(self, slot: int) -> str | None:
        """The variable that still holds a value when its part has run."""
        if slot < self.tape.first:
            return None
        part, j, k = self._where(slot)
        return f"v{part}_{j}" if k == self.parts[part].count - 1 else None

    def _read(self, part: int, j: int, place: int) -> tuple[str, int, int]:
        """How statement j of a part reads an operand: by what means, the first slot, and the step of slots."""
        p = self.parts[part]
        first = int(self.tape.operands[p.start + j, place])
        base = self.tape.first + p.start
        if p.count == 1:
            return ("variable" if first >= base else "once"), first, 0
        step = int(self.tape.operands[p.start + p.period + j, place]) - first
        if step == p.period and first >= base:
            return "variable", first, step
        if step == p.period and first >= base - p.period:
            return "carried", first, step
        return ("once" if step == 0 and first < base else "stream"), first, step

    def _reads(self) -> list[tuple[int, int, int]]:
        return [
            (part, j, place)
            for part, p in enumerate(self.parts)
            for j in range(p.period)
            for place in range(self._arity[p.start + j])
        ]

    def _slots(self, part: int, first: int, step: int) -> np.ndarray:
        return first + step * np.arange(self.parts[part].count)

    def _lay_out(self) -> None:
        """Give cells to leaves, and to statements whose values no variable hands over."""
        first = self.tape.first
        self._place = np.full(first + len(self.tape.codes), -1, np.int64)
        self._place[:first] = np.arange(first)
        self.cells = first
        self._keep(np.array([s for s in self.tape.outputs if self._variable(int(s)) is None], np.int64))
        for part, j, place in self._reads():
            how, slot, step = self._read(part, j, place)
            if how == "stream":
                self._keep(self._slots(part, slot, step))
            elif how != "variable" and self._variable(slot) is None:
                self._keep(np.array([slot]))

    def _keep(self, slots: np.ndarray) -> None:
        """Give cells to these slots, with all repetitions of the statements that make them."""
        missing = slots[self._place[slots] < 0]
        while len(missing):
            part, j, _ = self._where(int(missing[0]))
            p = self.parts[part]
            row = self.tape.first + p.start + j
            self._place[row : row + p.period * p.count : p.period] = self.cells + np.arange(p.count)
            self.cells += p.count
            missing = missing[self._place[missing] < 0]

    # The text.
    def _number(self, value: int) -> str:
        self.numbers.append(int(value))
        return f"q[{len(self.numbers) - 1}]"

    def _once(self, slot: int) -> str:
        """A value as it is read outside of loops."""
        variable = self._variable(slot)
        return variable if variable is not None else f"s[as_u({self._number(self._place[slot])})]"

    def write(self) -> str:
        """The text of the tape; fills `numbers`, `tables` and `outputs`."""
        for part, p in enumerate(self.parts):
            if p.count == 1:
                self._straight(part, p)
            else:
                self._loop(part, p)
        self.outputs = np.zeros(len(self.tape.outputs), np.int64)
        for i, slot in enumerate(map(int, self.tape.outputs)):
            if self._place[slot] < 0:
                self._place[slot], self.cells = self.cells, self.cells + 1
                self._lines.append(f"s[as_u({self._number(self._place[slot])})] = {self._variable(slot)}")
            self.outputs[i] = self._place[slot]
        return "def run(q, t, s):\n" + "".join(f" {line}\n" for line in [*self._lines, "return"])

    def _statement(self, part: int, j: int, operands: list[str]) -> str:
        name = self.tape.names[self.tape.codes[self.parts[part].start + j]]
        return f"v{part}_{j} = {translate(template(name)).format(*operands)}"

    def _straight(self, part: int, p: Segment) -> None:
        for j in range(p.period):
            i = p.start + j
            operands = []
            for place in range(self._arity[i]):
                text = self._once(int(self.tape.operands[i, place]))
                if text.startswith("s["):
                    self._lines.append(f"x{place} = {text}")
                    text = f"x{place}"
                operands.append(text)
            self._lines.append(self._statement(part, j, operands))
            cell = self._place[self.tape.first + i]
            if cell >= 0:
                self._lines.append(f"s[as_u({self._number(cell)})] = v{part}_{j}")

    def _loop(self, part: int, p: Segment) -> None:
        body, last, known = list[str](), dict[str, str](), dict[tuple, str]()
        for j in range(p.period):
            operands = []
            for place in range(self._arity[p.start + j]):
                read = self._read(part, j, place)
                if read not in known:
                    known[read] = self._operand(part, read, len(known), body, last)
                operands.append(known[read])
            body.append(self._statement(part, j, operands))
            cell = self._place[self.tape.first + p.start + j]
            if cell >= 0:
                self._lines.append(f"o{part}_{j} = {self._number(cell)}")
                body.append(f"s[as_u(o{part}_{j} + k)] = v{part}_{j}")
        body += [f"{name} = {value}" for name, value in last.items()]
        self._lines.append(f"for k in range({self._number(p.count)}):")
        self._lines += [f" {line}" for line in body]

    def _operand(
        self, part: int, read: tuple[str, int, int], number: int, body: list[str], last: dict[str, str]
    ) -> str:
        """The name of an operand in a loop; what must be done before the loop goes to the text, the rest to `body`."""
        how, slot, step = read
        j = slot - self.tape.first - self.parts[part].start
        if how == "variable":
            return f"v{part}_{j}"
        name = f"w{part}_{number}"
        if how != "stream":
            self._lines.append(f"{name} = {self._once(slot)}")
            if how == "carried":
                last[name] = f"v{part}_{j + self.parts[part].period}"
            return name
        places = self._place[self._slots(part, slot, step)]
        steps = np.unique(np.diff(places))
        if len(steps) == 1:
            self._lines += [f"a{name} = {self._number(places[0])}", f"b{name} = {self._number(steps[0])}"]
            body.append(f"{name} = s[as_u(a{name} + b{name} * k)]")
        else:
            self._lines.append(f"a{name} = {self._number(1 + sum(map(len, self.tables)))}")
            self.tables.append(places)
            body.append(f"{name} = s[as_u(t[as_u(a{name} + k)])]")
        return name
