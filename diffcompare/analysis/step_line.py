"""A function along a line through its point: its values in one data type, and the exact function beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.dtypes import FLOAT32, FLOAT64
from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..core.node import Node, building, constant, make, topological, variable
from ..core.trace import Function
from ..errors import MethodUnavailableError, OptionError, ShapeError, TraceError, UnsupportedOpError
from ..lower.ball_arrays import to_balls
from ..lower.ball_base import Undecided, head, precision
from ..lower.balls import ball_evaluator, seeded
from ..methods.complex_graph import complex_evaluator
from ..methods.lines import Line, Place, component, direction
from ..methods.values import private, value_function
from ..transform.stopped import split_stopped
from .certify import nearest
from .kinks import find
from .reference import Reference, reference_gradient
from .subject import Subject

TERMS = 26  # of the power series: Richardson extrapolation over ten levels has its error in the 21st derivative
TAYLOR_BITS = 1024  # of the power series: far beyond any cancellation in float64
VALUE_BITS = 320  # of exact values: point, direction and step have 53 bits each, and their products must be exact
COMPLEX = {"float64": np.complex128, "float32": np.complex64}


@dataclass(frozen=True, slots=True, eq=False)
class Along:
    """A function of the distance t from its point, in one data type.

    Attributes
    ----------
    dtype : str
        "float64" or "float32": what arguments and values are rounded to.
    line : Line
        The rounded function.
    single : bool
        Whether it is a function of one number, so that `line` moves that number and not t.
    moves : callable
        Whether the arguments at distance t differ, in their data type, from those at 0.
    grain : float
        Largest distance between neighbouring numbers among the differentiated arguments.
    exact : callable
        The certified value at distance t, a ball; None where a comparison cannot be decided.
    imaginary : callable or str
        Imaginary part of the value at i t; why there is none, if an operation has no complex form.
    reference : Reference
        Of the derivative at t = 0.
    taylor : tuple of (float or None)
        f^(k) / k! along the line; None where it is not finite, and at a kink.
    notes : tuple of str
        What a reader should know: a kink at the point, an evaluation in another data type.
    """

    dtype: str
    line: Line
    single: bool
    moves: Callable[[float], bool]
    grain: float
    exact: Callable[[float], Any]
    imaginary: Callable[[float], float] | str
    reference: Reference
    taylor: tuple[float | None, ...]
    notes: tuple[str, ...]

    @property
    def derivative(self) -> float:
        """The certified derivative, to the nearest float64."""
        return float(self.reference.gradient)

    def error(self, estimate: float) -> float:
        """Distance of an estimate from the certified derivative."""
        return abs(difference(estimate, self.reference.gradient_balls[0].item()))


def difference(number: float, true: Any) -> float:
    """A number less a ball, without cancellation; a ball that is 0 in truth counts as 0."""
    with precision(VALUE_BITS):
        return float(to_balls(float(number)) - (to_balls(0.0) if true.contains(0) else true))


def unit_direction(about: Subject, given: Any, seed: int) -> tuple[np.ndarray, ...]:
    """The direction of a sweep, of Euclidean length 1: one array a differentiated argument.

    Parameters
    ----------
    about : Subject
        The function at its point.
    given : float, ndarray, tuple or None
        One entry a differentiated argument, of any length; None draws it from `numpy.random.default_rng(seed)`,
        normally distributed, hence uniformly on the sphere. A single number is moved upward.
    seed : int
        Of the draw.

    Raises
    ------
    ShapeError
        If an entry has not the shape of its argument.
    OptionError
        If the direction is zero or not finite.
    """
    shapes = [np.shape(about.args[i]) for i in about.wrt]
    if given is None and about.size == 1:
        return tuple(np.ones(shape) for shape in shapes)
    if given is None:
        generator = np.random.default_rng(seed)
        parts = [generator.standard_normal(shape) for shape in shapes]
    else:
        parts = [np.asarray(part, np.float64) for part in (given if isinstance(given, tuple) else (given,))]
        if [part.shape for part in parts] != shapes:
            raise ShapeError(
                f"direction has entries of shapes {[part.shape for part in parts]}, but the differentiated arguments "
                f"have shapes {shapes}.\n  Give one entry an argument, as a tuple."
            )
    length = float(np.sqrt(sum(np.sum(part**2) for part in parts)))
    if not (np.isfinite(length) and length > 0):
        raise OptionError(f"direction={given!r} has length {length}: give a finite direction that is not zero.")
    return tuple(np.asarray(part / length) for part in parts)


def along(about: Subject, towards: tuple[np.ndarray, ...], dtype: str) -> Along:
    """The function along a line, in one data type.

    Parameters
    ----------
    about : Subject
        The function in float64, at a point whose numbers are representable in `dtype`.
    towards : tuple of ndarray
        The direction, see `unit_direction`.
    dtype : str
        "float64" or "float32".

    Raises
    ------
    TraceError, MethodUnavailableError, OptionError
        If there is no certified derivative to measure against, with the reason.
    """
    if about.graph is None:
        raise TraceError(
            f"sweep_steps measures errors against a certified derivative, which {about.name} does not have, because it "
            f"cannot be traced: {about.untraceable}\n"
            "  Write it with NumPy functions; for a function that nothing can look into, `Richardson` estimates its "
            "own error."
        )
    exact = _exact(about, towards)
    reference = _certified(exact, about, dtype)
    graph = about.graph if dtype == "float64" else in_single(about.graph)
    args = private(tuple(rounded(arg, dtype) for arg in about.args), about.wrt)
    f = value_function(graph).near(args)
    single = about.size == 1 and bool(np.all(towards[0] == 1.0))
    line = component(f, args, Place(about.wrt[0], 0)) if single else direction(f, args, about.wrt, towards)
    spacings = [np.spacing(np.abs(np.asarray(args[i]))) for i in about.wrt]
    kink = _kink(exact)
    return Along(
        dtype=dtype,
        line=line,
        single=single,
        moves=_moves(args, about.wrt, towards),
        grain=float(max(np.max(s, initial=0.0) for s in spacings)),
        exact=_value(exact),
        imaginary=_imaginary(graph, args, about.wrt, towards, dtype),
        reference=reference,
        taylor=(None,) * TERMS if kink else _taylor(exact),
        notes=tuple(filter(None, (kink, _wider(graph, dtype)))),
    )


def rounded(arg: Any, dtype: str) -> Any:
    """A floating number or array in a data type, rounded to nearest (too large is inf); anything else as it is."""
    if not isinstance(arg, (float, np.floating)) and not (isinstance(arg, np.ndarray) and arg.dtype.kind == "f"):
        return arg
    with np.errstate(over="ignore"):
        return np.asarray(arg).astype(dtype)[()]


def in_single(graph: Graph) -> Graph:
    """The same operations in float32: inputs and constants of float64 are rounded to it, as literals of a program are.

    An operation that asks for float64 by name (`astype`) still gives it.
    """
    new: dict[int, Node] = {}
    with building():
        for node in graph.nodes:
            if node.op.name == "input":
                new[id(node)] = variable(node.name or "x", node.shape, _single(node.dtype))
            elif node.op.name == "constant":
                new[id(node)] = constant(node.value, _single(node.dtype))
            else:
                new[id(node)] = make(node.op, tuple(new[id(a)] for a in node.args), node.attributes)
        return Graph(tuple(new[id(i)] for i in graph.inputs), tuple(new[id(o)] for o in graph.outputs))


def _single(dtype: np.dtype) -> np.dtype:
    return FLOAT32 if dtype == FLOAT64 else dtype


def _exact(about: Subject, towards: tuple[np.ndarray, ...]) -> Graph:
    """The function of t alone; in ball arithmetic, which does not round, it is f(x + t d) itself."""
    assert about.graph is not None
    with building():
        t = variable("t")
        nodes = [constant(arg) for arg in about.args]
        for position, part in zip(about.wrt, towards, strict=True):
            nodes[position] = (t if np.all(part == 1.0) else t * part) + np.asarray(about.args[position], np.float64)
        return Graph((t,), about.graph.replay(nodes))


def _certified(exact: Graph, about: Subject, dtype: str) -> Reference:
    name = "derivative along the line"
    reference = reference_gradient(Function.from_expression(exact.output, exact.inputs, name), at=(0.0,))
    if reference.status == "certified":
        return reference
    place = f"{about.name} at {', '.join(map(str, about.args))} ({dtype})"
    if reference.status == "not-finite":
        raise OptionError(
            f"{place} has no finite derivative to measure against: {reference.reason}.\n"
            "  Choose a point inside the domain, or leave this data type out of dtypes."
        )
    raise MethodUnavailableError(
        f"the derivative of {place} could not be certified: {reference.reason}.\n"
        "  A kink at the point has no derivative to measure against; choose a point beside it."
    )


def _kink(exact: Graph) -> str:
    """What to know of a kink or jump at the point, in words; empty where the function is smooth."""
    kinks, sides = find(exact, (0.0,), (0,))
    if sides is None or sides.smooth:
        return ""
    jump = ", and the value jumps" if sides.jumps[0] else ""
    return (
        f"{kinks[0].op} is at its kink at this point ({kinks[0].convention}): the derivative is {sides.left[0]:.6g} "
        f"below and {sides.right[0]:.6g} above{jump}. So errors are measured against a convention, and no theory of "
        "smooth functions applies"
    )


def _wider(graph: Graph, dtype: str) -> str:
    found = str(graph.output.dtype)
    if found == dtype or not any(node.op.name == "input" for node in topological(graph.outputs)):
        return ""
    return f"{dtype} arguments give a {found} value: some operation computes in {found}"


def _moves(args: Sequence[Any], wrt: Sequence[int], towards: Sequence[np.ndarray]) -> Callable[[float], bool]:
    def moves(t: float) -> bool:
        for position, part in zip(wrt, towards, strict=True):
            base = np.asarray(args[position])
            if np.any((base + t * part).astype(base.dtype) != base):
                return True
        return False

    return moves


def _value(exact: Graph) -> Callable[[float], Any]:
    """The certified value at distance t, with what `stop_gradient` holds at its value for t = 0."""
    frozen, main = split_stopped(exact)
    run = ball_evaluator(main)
    hold = None if frozen is None else ball_evaluator(frozen)

    def value(t: float) -> Any:
        with precision(VALUE_BITS):
            try:
                held = () if hold is None else hold(to_balls(0.0))
                return head(run(to_balls(float(t)), *held)[0])
            except Undecided:
                return None

    return value


def _taylor(exact: Graph) -> tuple[float | None, ...]:
    with precision(TAYLOR_BITS, TERMS):
        try:
            (y,) = ball_evaluator(exact)(seeded(to_balls(0.0), {0: 1}))
        except Undecided:
            return (None,) * TERMS
        if y is head(y):
            return (nearest(y), *(0.0,) * (TERMS - 1))
        return tuple(nearest(y[k]) if y[k].is_finite() else None for k in range(TERMS))


def _imaginary(
    graph: Graph, args: tuple, wrt: tuple[int, ...], towards: tuple[np.ndarray, ...], dtype: str
) -> Callable[[float], float] | str:
    frozen, main = split_stopped(graph)
    try:
        run = complex_evaluator(main, wrt)
    except UnsupportedOpError as error:
        return str(error)
    held: tuple = () if frozen is None else evaluator(frozen)(*args)

    def imaginary(t: float) -> float:
        moved = list(args)
        for position, part in zip(wrt, towards, strict=True):
            point: np.ndarray = np.asarray(args[position]).astype(COMPLEX[dtype])
            point.imag = t * part
            moved[position] = point
        return float(run(*moved, *held).imag)

    return imaginary
