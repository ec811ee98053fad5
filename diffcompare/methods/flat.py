"""A function of several arrays as one of a single vector: the form of other libraries' difference quotients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Graph
from .protocol import Opaque, Prepared, Products, Value
from .values import ValueFunction, size, value_function


@dataclass(frozen=True, slots=True)
class FlatFunction:
    """Values over all differentiated entries in one vector.

    Attributes
    ----------
    values : ValueFunction
        The function of the arguments themselves.
    wrt : tuple of int
        Positions of the arguments whose entries are in the vector, in this order.
    """

    values: ValueFunction
    wrt: tuple[int, ...]

    def start(self, args: tuple) -> np.ndarray:
        """The vector that stands for `args`, in float64."""
        return np.concatenate([np.zeros(0), *(np.reshape(args[i], -1).astype(np.float64) for i in self.wrt)])

    def at(self, args: tuple) -> Callable[[np.ndarray], np.ndarray]:
        """The function of the vector: its output as a vector, the other arguments and detached values as at `args`."""
        near = self.values.near(args)

        def flat(x: np.ndarray) -> np.ndarray:
            moved, begin = list(args), 0
            for i in self.wrt:
                shape = self.values.shapes[i]
                piece = x[begin : begin + size(shape)].astype(np.asarray(args[i]).dtype)
                moved[i] = np.ascontiguousarray(piece).reshape(shape) if shape else piece.item()
                begin += size(shape)
            return np.reshape(near(*moved), -1).astype(np.float64)

        return flat

    def parts(self, rows: np.ndarray, args: tuple) -> tuple[Any, ...]:
        """A matrix (outputs, entries) cut into one array an argument, of the output's shape followed by its own."""
        outer, parts, begin = np.shape(self.values.value(*args)), [], 0
        rows = np.asarray(rows, np.float64).reshape(size(outer), -1)
        for i in self.wrt:
            shape = self.values.shapes[i]
            part = rows[:, begin : begin + size(shape)].reshape(outer + shape)
            parts.append(np.ascontiguousarray(part) if part.ndim else part.item())
            begin += size(shape)
        return tuple(parts)


def flat_function(target: Graph | Opaque, wrt: tuple[int, ...]) -> FlatFunction:
    """The values of a graph or callable, over one vector."""
    return FlatFunction(value_function(target), wrt)


def by_rows(name: str, flat: FlatFunction, rows: Callable[[tuple], tuple], executor: str) -> Prepared:
    """The products of a library that finds such matrices: ``rows(args)`` gives one, and how far off it may be."""

    def jacobian(*args: Any) -> Products:
        return value(*args), flat.parts(rows(args)[0], args)

    def value(*args: Any) -> Value:
        return flat.values.value(*args)

    return Prepared(
        method=name,
        value=value,
        value_and_gradient=jacobian,
        jacobian=jacobian,
        error_estimate=lambda *args: flat.parts(rows(args)[1], args),
        executor=f"{executor}, over {flat.values.executor}",
    )
