"""The forward and the backward pass, one operation at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .cells import Circuit
from .labels import formula, join, number
from .passes import Passes, Wire


@dataclass(frozen=True, slots=True)
class Step:
    """What is known after one step.

    Attributes
    ----------
    phase : str
        "inputs", "forward", "seed" or "backward".
    cell : int
        Place of the cell at work; -1 at the inputs.
    text : str
        What happens, as a sentence.
    valued, pulled : frozenset of int
        Cells whose value, whose cotangent, is known.
    crossed : frozenset of (int, int)
        Wires that the backward pass has crossed.
    """

    phase: str
    cell: int
    text: str
    valued: frozenset[int]
    pulled: frozenset[int]
    crossed: frozenset[Wire]


@dataclass(frozen=True, slots=True)
class View:
    """Which labels a picture shows: all; those known after `step`; all, with the step of `marked` that knows them."""

    step: Step | None = None
    marked: tuple[Step, ...] = ()

    def shows(self, kind: str, key: Any) -> bool:
        """Whether the label is there; `kind` is "valued", "pulled" or "crossed"."""
        return self.step is None or key in getattr(self.step, kind)

    def mark(self, kind: str, key: Any) -> str:
        """The attribute that says from which step on the label is known."""
        known = next((i for i, step in enumerate(self.marked) if key in getattr(step, kind)), None)
        return "" if known is None else f' data-known="{known}"'

    def now(self, place: int) -> str:
        """The class of what is at work."""
        return " now" if self.step is not None and self.step.cell == place else ""


def steps(circuit: Circuit, numbers: Passes) -> list[Step]:
    """First the inputs, then a step an operation forward; then the seed, and a step an operation backward."""
    cells = circuit.cells
    names = [cell.name or cell.label for cell in cells]
    valued = {i for i, cell in enumerate(cells) if not cell.args}
    none: frozenset[Wire] = frozenset()
    found = [Step("inputs", -1, "The inputs.", frozenset(valued), frozenset(), none)]
    work = [i for i, cell in enumerate(cells) if cell.args]
    for i in work:
        valued.add(i)
        found.append(Step("forward", i, forward_text(circuit, numbers, names, i), frozenset(valued), frozenset(), none))
    if len(circuit.outputs) == 1 and numbers.cotangents[circuit.outputs[0]] is not None:
        return [*found, *_backward(circuit, numbers, names, work)]
    # Inputs that the output does not depend on have a derivative, 0, without a pass.
    known = frozenset(i for i, cotangent in enumerate(numbers.cotangents) if cotangent is not None)
    return [*found[:-1], replace(found[-1], pulled=known)]


def _backward(circuit: Circuit, numbers: Passes, names: list[str], work: list[int]) -> list[Step]:
    cells, (last,) = circuit.cells, circuit.outputs
    every, waiting = frozenset(range(len(cells))), circuit.readers()
    pulled = {i for i in every if not waiting[i]}
    found = [Step("seed", last, _seed_text(numbers.cotangents[last]), every, frozenset(pulled), frozenset())]
    crossed: set[Wire] = set()
    received: dict[int, list[str]] = {}
    for i in reversed(work):
        complete = []
        for k, source in enumerate(cells[i].args):
            crossed.add((i, k))
            waiting[source] -= 1
            if (i, k) in numbers.contributions:
                received.setdefault(source, []).append(join(numbers.contributions[i, k]))
            if waiting[source] == 0:
                pulled.add(source)
                complete.append(source)
        text = backward_text(circuit, numbers, names, i)
        for source in complete:
            if len(received.get(source, [])) > 1:
                total = " + ".join(map(_bracket, received[source]))
                text += f" Together, {names[source]} has {total} = {join(numbers.cotangents[source])}."
        if text:
            found.append(Step("backward", i, text.strip(), every, frozenset(pulled), frozenset(crossed)))
    # Where nothing flows there is no step, but what is known by then belongs to the picture.
    found[-1] = replace(found[-1], pulled=frozenset(pulled), crossed=frozenset(crossed))
    return found


def _seed_text(seed: Any) -> str:
    if np.ndim(seed) == 0 and seed == 1.0:
        return "Backward: the derivative of the output with respect to itself is 1."
    return f"Backward: the pass starts from {join(seed)} at the output."


def forward_text(circuit: Circuit, numbers: Passes, names: list[str], i: int) -> str:
    """What a gate computes: `Forward: v1 = x + y = -2 + 5 = 3`."""
    cell = circuit.cells[i]
    if cell.kind == "fold":
        return f"Forward: {cell.name} is {join(numbers.values[i])}, after {cell.label.strip('… ')}."
    parts = [f"{cell.name} = {formula(cell.op, cell.label, [names[a] for a in cell.args])}"]
    if all(np.ndim(numbers.values[a]) == 0 for a in cell.args):
        written = [number(numbers.values[a]) for a in cell.args]
        bracketed = [w if k == 0 or not w.startswith("-") else f"({w})" for k, w in enumerate(written)]
        parts.append(formula(cell.op, cell.label, bracketed))
    return f"Forward: {' = '.join([*parts, join(numbers.values[i])])}."


def backward_text(circuit: Circuit, numbers: Passes, names: list[str], i: int) -> str:
    """What a gate sends back: `Backward through v2: v1 receives 1 · (-4) = -4`; empty where nothing flows."""
    cell, told = circuit.cells[i], []
    for k, source in enumerate(cell.args):
        if (i, k) not in numbers.contributions or circuit.cells[source].kind == "constant":
            continue
        flow = join(numbers.contributions[i, k])
        partial = numbers.partials.get((i, k))
        if partial is not None and np.ndim(partial) == 0 and np.ndim(numbers.cotangents[i]) == 0:
            product = f"{number(numbers.cotangents[i])} \u00b7 {_bracket(number(partial))} = {flow}"
        else:
            product = flow
        more = " (one of several that add)" if circuit.readers()[source] > 1 else ""
        told.append(f"{names[source]} receives {product}{more}")
    return f"Backward through {cell.name}: {'; '.join(told)}." if told else ""


def _bracket(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
