"""Straight lines through the base point, along which a function of many arguments has an ordinary derivative."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import ShapeError
from .protocol import Prepared, Products, Value
from .values import FLOAT64, ValueFunction, dtype_of, finish, private, scalar, size


@dataclass(frozen=True, slots=True)
class Line:
    """A function of one real number.

    Attributes
    ----------
    origin : float
        Where to differentiate.
    at : callable
        Value there, a float array.
    dtype : dtype
        What the argument is rounded to.
    """

    origin: float
    at: Callable[[float], np.ndarray]
    dtype: np.dtype = FLOAT64

    def point(self, displacement: float) -> float:
        """The representable number nearest to `origin + displacement`."""
        moved = self.origin + displacement
        return moved if self.dtype == FLOAT64 else float(self.dtype.type(moved))


class Place(NamedTuple):
    """One component of one differentiated argument."""

    position: int
    """Position among the arguments."""
    entry: int
    """Index into the flattened argument."""


def component(f: Callable, args: tuple, place: Place) -> Line:
    """The function of one component, the others at rest; every evaluation gets an array of its own."""
    position, entry = place
    base, dtype = args[position], dtype_of(args[position])
    before, after = args[:position], args[position + 1 :]
    if np.ndim(base) == 0:
        return Line(float(base), lambda v: f(*before, scalar(v, dtype), *after), dtype)

    def at(v: float) -> np.ndarray:
        moved = base.copy()
        moved.reshape(-1)[entry] = v
        return f(*before, moved, *after)

    return Line(float(base.reshape(-1)[entry]), at, dtype)


def direction(f: Callable, args: tuple, wrt: tuple[int, ...], tangents: tuple) -> Line:
    """The function of t at `args + t tangents`."""

    def at(t: float) -> np.ndarray:
        moved = list(args)
        for position, tangent in zip(wrt, tangents, strict=True):
            base, dtype = args[position], dtype_of(args[position])
            with np.errstate(all="ignore"):
                shifted = base + np.multiply(t, tangent, dtype=np.float64)
                moved[position] = scalar(shifted, dtype) if np.ndim(base) == 0 else shifted.astype(dtype)
        return f(*moved)

    return Line(0.0, at)


def places(args: tuple, wrt: tuple[int, ...]) -> Iterator[Place]:
    """Every component to be moved, in order."""
    for position in wrt:
        for entry in range(np.size(args[position])):
            yield Place(position, entry)


Columns = Iterator[tuple[Place, np.ndarray]]
Sweep = Callable[[tuple], tuple[np.ndarray, Callable[[], Columns]]]
Directional = Callable[[tuple, tuple], tuple[np.ndarray, np.ndarray]]


def prepared(
    method: str, values: ValueFunction, wrt: tuple[int, ...], sweep: Sweep, directional: Directional, evaluations: int
) -> Prepared:
    """Every product, from one derivative a component and one along a direction.

    Parameters
    ----------
    method : str
        Name of the method.
    values : ValueFunction
        What is differentiated.
    wrt : tuple of int
        Positions of the differentiated arguments.
    sweep : callable
        ``sweep(args)`` gives the value and a callable that yields, component by component, d value / d component.
    directional : callable
        ``directional(args, tangents)`` gives the value and its derivative along the tangents.
    evaluations : int
        Evaluations one full sweep takes.
    """

    def jacobian(*args: Any) -> Products:
        args = private(args, wrt)
        value, columns = sweep(args)
        return finish(value), assemble(value.shape, args, wrt, columns())

    def value_and_gradient(*args: Any) -> Products:
        args = private(args, wrt)
        value, columns = sweep(args)
        if value.shape != ():
            raise ShapeError(
                f"a gradient needs a scalar output, but the function returned shape {value.shape}.\n"
                "  Sum it, or ask for the jacobian."
            )
        return finish(value), assemble((), args, wrt, columns())

    def jvp(args: tuple, tangents: tuple) -> tuple[Value, Value]:
        args = private(args, wrt)
        for position, tangent in zip(wrt, tangents, strict=True):
            _same_shape(f"the tangent of argument {position}", np.shape(tangent), np.shape(args[position]))
        value, tangent = directional(args, tangents)
        return finish(value), finish(tangent)

    def vjp(args: tuple, cotangent: Any) -> Products:
        args = private(args, wrt)
        value, columns = sweep(args)
        _same_shape("the cotangent", np.shape(cotangent), value.shape)
        return finish(value), contract(np.asarray(cotangent, np.float64), args, wrt, columns())

    return Prepared(
        method, values.value, value_and_gradient, jacobian, jvp, vjp, evaluations=evaluations, executor=values.executor
    )


def _same_shape(what: str, given: tuple[int, ...], needed: tuple[int, ...]) -> None:
    if given != needed:
        raise ShapeError(f"{what} has shape {given}, but it must have shape {needed}.")


def assemble(shape: tuple[int, ...], args: tuple, wrt: tuple[int, ...], columns: Columns) -> tuple[Value, ...]:
    """Jacobians, one an argument, out of their columns; `shape` is the output's."""
    found = {p: np.empty((*shape, np.size(args[p])), dtype_of(args[p])) for p in wrt}
    for (position, entry), column in columns:
        found[position][..., entry] = column
    return tuple(finish(found[p].reshape((*shape, *np.shape(args[p])))) for p in wrt)


def contract(cotangent: np.ndarray, args: tuple, wrt: tuple[int, ...], columns: Columns) -> tuple[Value, ...]:
    """Products of a cotangent with the columns, each dropped after use."""
    found = {p: np.empty(np.size(args[p]), dtype_of(args[p])) for p in wrt}
    for (position, entry), column in columns:
        found[position][entry] = np.vdot(cotangent, column)
    return tuple(finish(found[p].reshape(np.shape(args[p]))) for p in wrt)


def components(shapes: tuple[tuple[int, ...], ...], wrt: tuple[int, ...]) -> int:
    """Number of components that one sweep moves."""
    return sum(size(shapes[position]) for position in wrt)
