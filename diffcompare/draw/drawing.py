"""Drawings of functions and graphs: made, shown in notebooks, and saved."""

from __future__ import annotations

import importlib
import inspect
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.subject import arguments_at
from ..core.arguments import Static, normalise, positions
from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..core.trace import Function
from ..errors import DiffCompareError, MissingPackageError, OptionError, ShapeError
from . import exports
from .cells import Circuit, circuit
from .groups import EXPANSIONS, MODES, opened
from .passes import Passes, passes
from .rules import Rules, rules
from .stepper import page, stepper
from .steps import Step, View
from .steps import steps as all_steps
from .svg import Look, Picture

FOLD = 8  # gates: longer chains are folded
_AGREE = 1e-8  # relative: what parts that are written out may lose against the stable gate


@dataclass(frozen=True, eq=False)
class Drawing:
    """A circuit, with values above its wires and derivatives of the output below them.

    Shows itself in a notebook. Each node of the SVG carries ``data-op``, ``data-name``, ``data-value`` and
    ``data-cotangent`` for programs, and a sentence for screen readers.

    Attributes
    ----------
    circuit : Circuit
        What is drawn: gates, wires, notes on what is left out.
    numbers : Passes or None
        Values and cotangents; None without a point.
    stepwise : bool
        Whether a notebook shows the passes step by step.
    """

    circuit: Circuit
    numbers: Passes | None
    look: Look
    stepwise: bool

    @cached_property
    def _picture(self) -> Picture:
        return Picture(self.circuit, self.numbers, self.look)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG text; the same bytes for the same drawing."""
        return self._picture.write()

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The forward and the backward pass, one operation a step.

        Raises
        ------
        OptionError
            If the drawing has no point.
        """
        if self.numbers is None:
            raise OptionError("steps need numbers: give the point, f.draw(at=(-2.0, 5.0, -4.0), steps=True).")
        return tuple(all_steps(self.circuit, self.numbers))

    @cached_property
    def frames(self) -> tuple[str, ...]:
        """One SVG a step; all have the same size and places."""
        return tuple(self._picture.write(View(step)) for step in self.steps)

    def stepper(self) -> str:
        """Self-contained HTML with buttons, arrow keys and a sentence a step."""
        return stepper(self._picture.write(View(marked=self.steps)), self.steps)

    def rules(self) -> Rules:
        """The rule of each gate and the chain rule at it, in LaTeX, with the numbers of this point."""
        return rules(self.circuit, self.numbers)

    def to_mermaid(self) -> str:
        """The circuit as a Mermaid flowchart."""
        return exports.mermaid(self.circuit, self.numbers)

    def to_dot(self) -> str:
        """The circuit in Graphviz's language."""
        return exports.dot(self.circuit, self.numbers)

    def to_html(self) -> str:
        """A whole HTML document: the stepper if `steps` was asked for, else the picture."""
        return page(self.look.title, self.stepper() if self.stepwise else self.svg)

    def save(self, path: str | Path) -> None:
        """Write to a file; its suffix says how.

        Parameters
        ----------
        path : str or Path
            .svg, .html, .mmd (Mermaid), .dot, or .png, which needs CairoSVG or rsvg-convert.

        Raises
        ------
        OptionError
            For another suffix.
        MissingPackageError
            For .png, when there is nothing that can convert it.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".png":
            path.write_bytes(_png(self.svg))
        elif suffix in WRITERS:
            path.write_text(WRITERS[suffix](self), encoding="utf-8")
        else:
            raise OptionError(f"cannot write {path.name!r}: its suffix must be one of {', '.join([*WRITERS, '.png'])}.")

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return self.stepper() if self.stepwise else self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = {"image/svg+xml": self.svg, "text/plain": str(self)}
        return {"text/html": self.stepper(), **shown} if self.stepwise else shown

    def __str__(self) -> str:
        return exports.plain(self.look.title, self.circuit, self.numbers)

    def __repr__(self) -> str:
        return f"Drawing({self.look.title}, {len(self.circuit.cells)} nodes)"


WRITERS: dict[str, Callable[[Drawing], str]] = {
    ".svg": lambda drawing: drawing.svg,
    ".html": Drawing.to_html,
    ".mmd": Drawing.to_mermaid,
    ".dot": Drawing.to_dot,
}


def draw(f: Function, at: Any = None, **options: Any) -> Drawing:
    """The drawing of a function; see `Function.draw`."""
    given = (1.0,) * len(_required(f)) if at is None else arguments_at(f, at)
    numeric = tuple(i for i, a in enumerate(given) if not isinstance(a, (str, bytes, bool)) and a is not None)
    args = normalise(given, positions(numeric, len(given)))
    try:
        graph = f.graph(args)
    except DiffCompareError as error:
        if at is None:
            error.add_note("Without a point, draw takes every argument for a number; give arrays by at=(...).")
        raise
    dynamic = None if at is None else [a for a in args if not isinstance(a, Static)]
    return draw_graph(graph, dynamic, name=f.__name__, **options)


def draw_graph(
    graph: Graph,
    at: Sequence[Any] | None = None,
    *,
    gradients: bool = True,
    partials: bool = False,
    groups: str = "written",
    open: str | Sequence[str] = (),
    fold: int | None = FOLD,
    constants: bool = False,
    names: bool = False,
    cotangent: Any = None,
    steps: bool = False,
    width: float | None = None,
    name: str = "",
) -> Drawing:
    """The drawing of a graph; see `Function.draw`."""
    if groups not in MODES:
        raise OptionError(f"groups={groups!r} does not exist; it is one of {', '.join(map(repr, MODES))}.")
    if fold is not None and fold < 1:
        raise OptionError(f"fold={fold!r}: give the number of gates above which a chain is folded, or None.")
    parts = set(EXPANSIONS) if groups == "open" else {open} if isinstance(open, str) else set(open)
    shown = circuit(opened(graph, parts), groups, parts, fold, constants)
    numbers, notes = None, list(shown.notes)
    if at is not None:
        if len(at) != len(graph.inputs):
            raise ShapeError(f"the point has {len(at)} entries, but the graph has {len(graph.inputs)} inputs.")
        back, why = _backward(graph, gradients, cotangent)
        notes += [why] if why else []
        numbers = passes(shown, at, back, cotangent)
        notes += _lost(graph, shown, at)
    elif steps:
        raise OptionError("steps=True needs a point: f.draw(at=(-2.0, 5.0, -4.0), steps=True).")
    shown = Circuit(shown.graph, shown.cells, shown.outputs, tuple(notes))
    return Drawing(shown, numbers, Look(_title(graph, name), partials, names or steps, width), steps)


def _backward(graph: Graph, gradients: bool, cotangent: Any) -> tuple[bool, str]:
    """Whether to go backward, and why not where that was asked for."""
    if not gradients:
        return False, ""
    if len(graph.outputs) != 1:
        return False, "The graph has several outputs, so no derivatives are shown."
    if cotangent is None and graph.output.shape != ():
        return (
            False,
            f"The output has shape {graph.output.shape}: derivatives need a scalar, or cotangent= to start from.",
        )
    return True, ""


def _lost(graph: Graph, shown: Circuit, at: Sequence[Any]) -> list[str]:
    """A note where the parts of a stable gate, written out, lose digits or overflow."""
    if shown.graph is graph:
        return []
    pairs = zip(evaluator(shown.graph)(*at), evaluator(graph)(*at), strict=True)
    same = all(np.allclose(parts, whole, rtol=_AGREE, atol=0.0, equal_nan=True) for parts, whole in pairs)
    return [] if same else ["The parts lose digits here: unopened, the gates give another value."]


def _title(graph: Graph, name: str) -> str:
    inputs = ", ".join(node.name for node in graph.inputs)
    if not name or name == "<lambda>":
        return f"Circuit of a function of {inputs}"
    return f"Circuit of {name}({inputs})" if name.isidentifier() else f"Circuit of {name}"


def _required(f: Function) -> tuple[str, ...]:
    """Arguments without a default."""
    try:
        parameters = inspect.signature(f.call).parameters.values()
    except (TypeError, ValueError):
        return f.names
    given = {p.name for p in parameters if p.default is not inspect.Parameter.empty}
    return tuple(n for n in f.names if n not in given)


def _png(svg: str) -> bytes:
    if shutil.which("rsvg-convert"):
        done = subprocess.run(["rsvg-convert", "--zoom=2"], input=svg.encode(), capture_output=True, check=True)
        return done.stdout
    try:
        converter = importlib.import_module("cairosvg")
    except ImportError:
        raise MissingPackageError(
            "PNG needs a converter, and neither CairoSVG (pip install cairosvg) nor rsvg-convert is here.\n"
            "  Save as .svg or .html instead; browsers and word processors show both."
        ) from None
    return converter.svg2png(bytestring=svg.encode(), scale=2.0)
