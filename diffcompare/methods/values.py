"""A target seen through its values alone: what finite differences and the complex step are allowed to know."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..errors import DTypeError, ShapeError
from ..transform.stopped import split_stopped
from .protocol import Opaque, Value

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class ValueFunction:
    """A function to be evaluated near base points.

    Attributes
    ----------
    near : callable
        ``near(args)`` gives the function around these arguments: a callable of the same arguments that returns a float
        array. What `stop_gradient` holds constant keeps its value at `args`.
    shapes : tuple of tuple of int
        Shape of each argument.
    executor : str
        What evaluates it, in words.
    """

    near: Callable[[tuple], Callable[..., np.ndarray]]
    shapes: tuple[tuple[int, ...], ...]
    executor: str

    def value(self, *args: Any) -> Value:
        """The value at `args`: a float for shape ()."""
        return finish(self.near(args)(*args))


def value_function(target: Graph | Opaque) -> ValueFunction:
    """The values of a graph or of a callable that cannot be traced."""
    if isinstance(target, Opaque):
        return ValueFunction(
            _near_opaque(target), tuple(map(np.shape, target.example)), "the function itself, in Python"
        )
    return ValueFunction(_near_graph(target), tuple(node.shape for node in target.inputs), "NumPy, row by row")


def _near_graph(graph: Graph) -> Callable[[tuple], Callable[..., np.ndarray]]:
    frozen, main = split_stopped(graph)
    run = evaluator(main)
    held = None if frozen is None else evaluator(frozen)

    def near(args: tuple) -> Callable[..., np.ndarray]:
        constants = () if held is None else held(*args)
        return lambda *moved: as_float_array(run(*moved, *constants)[0])

    return near


def _near_opaque(target: Opaque) -> Callable[[tuple], Callable[..., np.ndarray]]:
    # Copied on both sides: a function may overwrite its arguments, and return the same work array from every call.
    def call(*args: Any) -> np.ndarray:
        own = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        return np.array(as_float_array(target.function(*own)))

    return lambda args: call


def as_float_array(result: Any) -> np.ndarray:
    """What a function returned, as an array of float64 or float32.

    Raises
    ------
    DTypeError
        When it is not real numbers.
    ShapeError
        When it is ragged.
    """
    try:
        array = np.asarray(result)
    except ValueError as error:
        raise ShapeError(f"the function returned {type(result).__name__} that is not an array: {error}.") from error
    if array.dtype in (FLOAT64, FLOAT32):
        return array
    if array.dtype.kind not in "biufO" or (array.dtype.kind == "O" and any(entry is None for entry in array.flat)):
        raise DTypeError(
            f"the function returned {result!r:.60}, of dtype {array.dtype}; a difference quotient needs real numbers.\n"
            "  Return a float or an array of floats (of a complex result the real part, or both parts stacked)."
        )
    try:
        return array.astype(FLOAT64)
    except (TypeError, ValueError) as error:
        raise DTypeError(f"the function returned {type(result).__name__}, which is not numbers: {error}.") from error


def private(args: tuple, wrt: tuple[int, ...]) -> tuple[Any, ...]:
    """The arguments with those in the positions `wrt` as native, C-contiguous floating arrays of our own.

    Scalars there become a float, or a NumPy scalar where they are float32.
    """
    return tuple(_private(a, i in wrt, i) for i, a in enumerate(args))


def _private(arg: Any, differentiated: bool, position: int) -> Any:
    if not differentiated:
        return arg
    array = np.asarray(arg)
    if array.dtype.kind not in "iuf":
        raise DTypeError(f"argument {position} has dtype {array.dtype}, which cannot be differentiated.")
    dtype = FLOAT32 if array.dtype == FLOAT32 else FLOAT64
    if array.ndim == 0:
        return scalar(array, dtype)
    return np.array(array, dtype=dtype, order="C", subok=False)


def scalar(value: Any, dtype: np.dtype) -> Any:
    """One number as functions get it: a float, or np.float32 where the argument is float32."""
    return float(value) if dtype == FLOAT64 else dtype.type(value)


def dtype_of(arg: Any) -> np.dtype:
    """float32 for a float32 scalar or array, else float64."""
    return FLOAT32 if getattr(arg, "dtype", None) == FLOAT32 else FLOAT64


def noise_of(arg: Any, value: np.ndarray) -> float:
    """Relative error to expect of values: the coarser machine epsilon of argument and value."""
    return float(max(np.finfo(dtype_of(arg)).eps, np.finfo(value.dtype).eps))


def same_shape(value: np.ndarray, base: np.ndarray) -> None:
    """Raise `ShapeError` when a function's output has another shape at a neighbouring point than at the base point."""
    if value.shape != base.shape:
        raise ShapeError(
            f"the function returned shape {base.shape} at the point, but {value.shape} near it.\n"
            "  Its output must keep one shape to be differentiated."
        )


def finish(array: Any) -> Value:
    """An array as the operators hand it out: a float for shape (), else a C-contiguous array."""
    return float(array) if np.ndim(array) == 0 else np.ascontiguousarray(array)


def size(shape: tuple[int, ...]) -> int:
    """Number of entries."""
    return math.prod(shape)
