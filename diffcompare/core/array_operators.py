"""What makes a node an array to Python and NumPy: operators, methods, protocols, and what a trace must refuse."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..errors import TraceError
from .places import user_line
from .tables import DISPATCH, ROWS

if TYPE_CHECKING:
    from .node import Node


class ArrayOperators:
    """NumPy's operators and methods, found by name in the tables; nodes inherit them."""

    __slots__ = ()
    __array_priority__ = 1000.0
    shape: tuple[int, ...]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def T(self) -> Node:
        """All axes reversed."""
        return DISPATCH[np.transpose](self)

    @property
    def mT(self) -> Node:
        """The last two axes swapped."""
        return DISPATCH[np.swapaxes](self, -1, -2)

    @property
    def real(self) -> Any:
        """The node itself: graphs are real."""
        return self

    @property
    def flat(self) -> Iterator[Node]:
        """Every element in row-major order."""
        return iter(DISPATCH[np.ravel](self))

    def __add__(self, other: Any) -> Node:
        return ROWS["add"](self, other)

    def __radd__(self, other: Any) -> Node:
        return ROWS["add"](other, self)

    def __sub__(self, other: Any) -> Node:
        return ROWS["subtract"](self, other)

    def __rsub__(self, other: Any) -> Node:
        return ROWS["subtract"](other, self)

    def __mul__(self, other: Any) -> Node:
        return ROWS["multiply"](self, other)

    def __rmul__(self, other: Any) -> Node:
        return ROWS["multiply"](other, self)

    def __truediv__(self, other: Any) -> Node:
        return ROWS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return ROWS["divide"](other, self)

    def __floordiv__(self, other: Any) -> Node:
        return ROWS["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Node:
        return ROWS["floor_divide"](other, self)

    def __mod__(self, other: Any) -> Node:
        return ROWS["remainder"](self, other)

    def __rmod__(self, other: Any) -> Node:
        return ROWS["remainder"](other, self)

    def __divmod__(self, other: Any) -> tuple[Node, Node]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Node, Node]:
        return other // self, other % self

    def __pow__(self, other: Any) -> Node:
        return DISPATCH["power"](self, other)

    def __rpow__(self, other: Any) -> Node:
        return DISPATCH["power"](other, self)

    def __matmul__(self, other: Any) -> Node:
        return DISPATCH[np.matmul](self, other)

    def __rmatmul__(self, other: Any) -> Node:
        return DISPATCH[np.matmul](other, self)

    def __and__(self, other: Any) -> Node:
        return ROWS["logical_and"](self, other)

    def __rand__(self, other: Any) -> Node:
        return ROWS["logical_and"](other, self)

    def __or__(self, other: Any) -> Node:
        return ROWS["logical_or"](self, other)

    def __ror__(self, other: Any) -> Node:
        return ROWS["logical_or"](other, self)

    def __xor__(self, other: Any) -> Node:
        return ROWS["logical_xor"](self, other)

    def __rxor__(self, other: Any) -> Node:
        return ROWS["logical_xor"](other, self)

    def __lt__(self, other: Any) -> Node:
        return ROWS["less"](self, other)

    def __le__(self, other: Any) -> Node:
        return ROWS["less_equal"](self, other)

    def __gt__(self, other: Any) -> Node:
        return ROWS["greater"](self, other)

    def __ge__(self, other: Any) -> Node:
        return ROWS["greater_equal"](self, other)

    def __eq__(self, other: Any) -> Node:  # type: ignore[override]
        return ROWS["equal"](self, other)

    def __ne__(self, other: Any) -> Node:  # type: ignore[override]
        return ROWS["not_equal"](self, other)

    __hash__ = object.__hash__

    def __neg__(self) -> Node:
        return ROWS["negative"](self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Node:
        return ROWS["absolute"](self)

    def __invert__(self) -> Node:
        return ROWS["logical_not"](self)

    def __round__(self, digits: int = 0) -> Node:
        return DISPATCH[np.round](self, digits)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a value without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Node]:
        if not self.shape:
            raise TypeError("iteration over a value without axes")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, index: Any) -> Node:
        return DISPATCH["getitem"](self, index)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TraceError(
            f"Assignment into a traced value would be lost: nodes are immutable.\n  at {user_line()}\n"
            "  Build the new value instead: np.where(mask, new, old), np.concatenate, np.stack or np.pad."
        )

    def reshape(self, *shape: Any, order: str = "C") -> Node:
        """The elements under another shape."""
        return DISPATCH[np.reshape](self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Node:
        """Axes in another order."""
        return DISPATCH[np.transpose](self, *axes)

    def flatten(self, order: str = "C") -> Node:
        """All elements in one axis."""
        return DISPATCH[np.ravel](self, order)

    def astype(self, dtype: Any, **options: Any) -> Node:
        """The values in another data type."""
        return DISPATCH["cast"](self, dtype)

    def copy(self, order: str = "C") -> Any:
        """The node itself: it is immutable."""
        return self

    def conj(self) -> Any:
        """The node itself: graphs are real."""
        return self

    conjugate = conj

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return DISPATCH["ufunc"](ufunc, method, inputs, options)

    def __array_function__(self, function: Callable, types: Any, args: Sequence, options: dict) -> Any:
        handler = DISPATCH.get(function)
        if handler is None:
            return DISPATCH["unknown"](function)
        return handler(*args, **options)

    # Values that a trace cannot know.
    def __bool__(self) -> bool:
        _refuse("the truth of", "Choose with np.where(condition, a, b), or np.maximum and np.clip")

    def __float__(self) -> float:
        _refuse("the number behind", "Use NumPy's functions (np.sin, not math.sin) and keep the traced value")

    def __complex__(self) -> complex:
        _refuse("the number behind", "Keep the traced value, which is real")

    def __int__(self) -> int:
        _refuse("the integer behind", "Use np.floor or np.rint, and plain integers for counts")

    def __index__(self) -> int:
        _refuse("an integer from", "Sizes, counts and indices must be plain integers")

    def __array__(self, *args: Any, **options: Any) -> NoReturn:
        _refuse("an array of numbers from", "Join traced values with np.stack([...]), not np.array([...])")

    def item(self, *args: Any) -> NoReturn:
        """Raise `TraceError`: a trace has no numbers."""
        _refuse("the number behind", "Keep the traced value")

    tolist = item


def _refuse(what: str, way_out: str) -> NoReturn:
    raise TraceError(
        f"The trace needs {what} a traced value, but a trace has no numbers: it records the operations once, for all "
        f"values.\n  at {user_line()}\n  {way_out}; or make it depend only on an argument that is not differentiated "
        "(wrt=...) and is passed as a plain Python int, bool or string."
    )


def _method(name: str) -> Callable:
    function = getattr(np, name)

    def call(self: Any, *args: Any, **options: Any) -> Any:
        return DISPATCH[function](self, *args, **options)

    call.__name__, call.__doc__ = name, f"As `numpy.{name}`."
    return call


for _name in (
    "sum mean prod max min std var all any cumsum cumprod ravel swapaxes squeeze diagonal repeat take dot trace clip "
    "round"
).split():
    setattr(ArrayOperators, _name, _method(_name))
