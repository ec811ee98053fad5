"""What is checked: a black box bound to a point, its differentiated entries packed into one vector."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from diffcompare.analysis.check_arrays import Caller, library, to_numpy
from diffcompare.core.arguments import Static, normalise, positions
from diffcompare.core.trace import Function, function
from diffcompare.errors import OptionError, ShapeError

LEAST_SCALE = 1e-305  # steps relative to a smaller number would leave the range of float64


class CheckSubject:
    """A function of which only values are known, at a point.

    Parameters
    ----------
    f : callable, Function, text or SymPy expression
        What is checked.
    at : tuple, dict, float or array
        The point, as in `diffcompare.compare`.
    wrt : int, sequence of int or None
        Positions that are differentiated.
    cotangent : ndarray, optional
        Makes an array of outputs a number: the sum of their products with it. Without it the output must be a scalar.

    Attributes
    ----------
    x : ndarray, shape (n,)
        The differentiated entries.
    value : float
        The function there.
    unit : float
        Unit round-off of the data type of its values; larger once values show a coarser one.
    evaluations : int
        Calls so far.
    """

    def __init__(
        self, f: Any, at: Any, wrt: int | Sequence[int] | None = None, cotangent: np.ndarray | None = None
    ) -> None:
        self.original = f
        call = function(f) if isinstance(f, (str, Function)) or hasattr(f, "free_symbols") else f
        if not callable(call):
            raise OptionError(f"f must be a callable, a text or a SymPy expression, not {type(call).__name__}.")
        self.name = f if isinstance(f, str) else str(getattr(call, "__name__", type(call).__name__))
        raw = arguments(call, at)
        self.kind = library(raw)
        self.form = wrt
        self.wrt = positions(wrt, len(raw))
        self.args = normalise(tuple(to_numpy(arg) for arg in raw), self.wrt)
        self.names = argument_names(call, len(raw))
        self.shapes = [np.shape(self.args[i]) for i in self.wrt]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.cotangent = cotangent
        self.call = Caller(call, self.kind)
        self.failures: list[str] = []
        self.overwrites: list[str] = []
        self.evaluations = 0
        self.dtypes = [np.asarray(self.args[i]).dtype for i in self.wrt]
        self.x = self.pack([self.args[i] for i in self.wrt])
        self._first_value()

    def _first_value(self) -> None:
        if not self.x.size:
            raise ShapeError("there is nothing to differentiate: every differentiated argument is empty.")
        if not np.all(np.isfinite(self.x)):
            bad = self.entry(int(np.flatnonzero(~np.isfinite(self.x))[0]))
            raise OptionError(f"the point has an entry that is not finite: {bad}.\n  Choose a point of numbers.")
        result = self._result(self.x)
        self.kind = self.call.kind if self.call.kind != "numpy" else library(result)
        output = np.asarray(to_numpy(result))
        self._require_numbers(output)
        kind = output.dtype if output.dtype.kind == "f" else np.dtype(np.float64)
        self.unit = float(np.finfo(kind).eps) / 2.0
        if self.kind == "jax" and kind == np.float32:  # JAX rounds float64 arguments to float32 unless told otherwise
            self.dtypes = [np.dtype(np.float32)] * len(self.dtypes)
            self.x = self.rounded(self.x)
        self.output_shape = output.shape
        self.value = self._number(result)
        if not np.isfinite(self.value):
            raise OptionError(
                f"{self.name} is {self.value} at the point, so it has no gradient there.\n"
                "  Choose a point inside its domain."
            )

    def _require_numbers(self, output: np.ndarray) -> None:
        if output.dtype.kind not in "fiub":
            raise ShapeError(f"{self.name} gives {output.dtype} where a real number is needed.")
        if self.cotangent is None and output.size != 1:
            raise ShapeError(
                f"a gradient is that of a scalar, but {self.name} gives shape {output.shape}.\n"
                "  Sum it, or use check_jvp or check_vjp."
            )

    @property
    def gradient_kind(self) -> str:
        """The library whose arrays a gradient of this function is called with: that of the point."""
        return self.call.kind

    def pack(self, parts: Sequence[Any]) -> np.ndarray:
        """The entries of one array a differentiated argument, one after the other."""
        return np.concatenate([np.asarray(part, np.float64).reshape(-1) for part in parts])

    def unpack(self, vector: np.ndarray) -> list[Any]:
        """One float or array a differentiated argument, in its shape and data type."""
        parts, start = [], 0
        for shape, size, dtype in zip(self.shapes, self.sizes, self.dtypes, strict=True):
            part = vector[start : start + size].astype(dtype)
            parts.append(part.reshape(shape) if shape else part[0].item() if dtype == np.float64 else part[0])
            start += size
        return parts

    def arguments_at(self, vector: np.ndarray) -> list[Any]:
        """Every argument, freshly made, with `vector` in the differentiated ones."""
        made = [arg.value if isinstance(arg, Static) else _copy(arg) for arg in self.args]
        for position, part in zip(self.wrt, self.unpack(vector), strict=True):
            made[position] = part
        return made

    def rounded(self, vector: np.ndarray) -> np.ndarray:
        """`vector` as the arguments' data types hold it."""
        return self.pack(self.unpack(vector))

    def _result(self, vector: np.ndarray) -> Any:
        self.evaluations += 1
        made = self.arguments_at(vector)
        with np.errstate(all="ignore"):
            if self.overwrites:
                return self.call(*made)
            before = [_copy(arg) for arg in made]
            result = self.call(*made)
        self.overwrites = [
            name for name, old, new in zip(self.names, before, made, strict=True)
            if isinstance(old, np.ndarray) and not np.array_equal(old, new, equal_nan=old.dtype.kind == "f")
        ]  # fmt: skip
        return result

    def _number(self, result: Any) -> float:
        output = np.asarray(to_numpy(result), np.float64)
        return float(output.reshape(-1)[0] if self.cotangent is None else np.sum(self.cotangent * output))

    def outputs(self, vector: np.ndarray) -> np.ndarray:
        """All outputs at a vector of entries."""
        return np.asarray(to_numpy(self._result(vector)), np.float64)

    def value_at(self, vector: np.ndarray) -> float:
        """The function at a vector of entries; nan where it raises an error, which `failures` keeps."""
        try:
            return self._number(self._result(vector))
        except Exception as error:  # noqa: BLE001 - beside the edge of its domain a user's function may raise anything
            self.failures.append(f"{type(error).__name__}: {error}")
            return float("nan")

    def entry(self, number: int) -> str:
        """What an entry of the packed vector is called: ``x`` or ``x[0, 2]``."""
        which, index = self.place(number)
        name = self.names[self.wrt[which]]
        return f"{name}[{', '.join(map(str, index))}]" if index else name

    def place(self, number: int) -> tuple[int, tuple[int, ...]]:
        """Which differentiated argument an entry belongs to, and its index there."""
        for which, (shape, size) in enumerate(zip(self.shapes, self.sizes, strict=True)):
            if number < size:
                return which, tuple(int(i) for i in np.unravel_index(number, shape)) if shape else ()
            number -= size
        raise IndexError(number)

    def blocks(self) -> list[slice]:
        """The part of the packed vector that belongs to each differentiated argument."""
        ends = np.cumsum(self.sizes).tolist()
        return [slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True)]

    def scale(self, typical: bool) -> np.ndarray:
        """By how much each entry can be moved: its own size, or with `typical` at least the median of its argument.

        A zero is moved by the median of its argument's other entries; by 1 where all are zero.
        """
        scales = []
        for block in self.blocks():
            size = np.abs(self.x[block])
            usual = float(np.median(size[size > LEAST_SCALE])) if np.any(size > LEAST_SCALE) else 1.0
            scales.append(np.maximum(size, usual) if typical else np.where(size > LEAST_SCALE, size, usual))
        return np.concatenate(scales)


def arguments(f: Callable[..., Any], at: Any) -> tuple[Any, ...]:
    """The point as one entry an argument."""
    if at is None:
        raise OptionError("the point is missing.\n  Give it by at=..., a tuple with one entry an argument.")
    if isinstance(at, Mapping):
        names = argument_names(f, len(at))
        if set(names) != set(at):
            raise ShapeError(f"the point names {', '.join(map(str, at))}, the arguments are {', '.join(names)}.")
        return tuple(at[name] for name in names)
    return at if isinstance(at, tuple) else (at,)


def argument_names(f: Callable[..., Any], count: int) -> tuple[str, ...]:
    """Names of the first `count` arguments: the function's own, or x0, x1 and so on."""
    if isinstance(f, Function):
        known = list(f.names)
    else:
        try:
            kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            known = [p.name for p in inspect.signature(f).parameters.values() if p.kind in kinds]
        except (TypeError, ValueError):  # builtins have no signature
            known = []
    return tuple(known[:count]) if len(known) >= count else tuple(f"x{i}" for i in range(count))


def _copy(arg: Any) -> Any:
    return arg.copy() if isinstance(arg, np.ndarray) else arg
