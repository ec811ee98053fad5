"""A row: all that diffcompare knows of one operation. Every evaluator and test is derived from the table of rows."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError
from .dtypes import FLOAT64, promote
from .intervals import Interval
from .node import Node, lift, make
from .places import user_line
from .tables import DISPATCH, ROWS

LAZY_NAMES: dict[str, str] = {}  # name of a SciPy ufunc -> name of the row that means the same


class Lazy:
    """A function of a heavy package, imported when it is first called."""

    __slots__ = ("_function", "module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name
        self._function: Callable | None = None

    @property
    def function(self) -> Callable:
        """The function itself; importing its package now if need be."""
        if self._function is None:
            self._function = getattr(importlib.import_module(self.module), self.name)
        return self._function

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Import the function if need be, and apply it."""
        return self.function(*args, **options)

    def __repr__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One operation with all its columns; calling it builds a node, or computes where no argument is traced.

    Attributes
    ----------
    name : str
        Unique name, NumPy's where NumPy has one.
    kind : str
        "elementwise", "reduction", "shape", "linear-algebra" or "source".
    numpy : callable
        Its value on arrays: ``numpy(*arrays, **attributes)``.
    shape : callable
        ``shape(args, **attributes)`` gives the result's (shape, dtype); elementwise rows broadcast instead.
    scalar : str or None
        One element in plain Python, for Numba and CUDA: ``"math.log1p({0})"``.
    sympy, ball : str or None
        Template (elementwise) or name of a function over object arrays, for SymPy and for ball arithmetic; None where
        `numpy` works on object arrays as it stands.
    partials : callable or None
        ``partials(y, *x)``: d y / d x_i, one per argument; None in the tuple (or for all) is a derivative that is zero.
    pullback, pushforward : callable or None
        The two products of rows that are not elementwise: ``pullback(y_bar, y, *x, **attributes)`` gives one cotangent
        an argument, ``pushforward(y, x_dots, *x, **attributes)`` the tangent, with None for zero tangents.
    linear : bool
        Linear in its (single) differentiable argument, so that its pushforward is the operation itself.
    domain : tuple of Interval
        Open interval, per argument, on which the value is real and (but for `kinks`) smooth.
    kinks : tuple
        Pairs (point, derivative chosen there).
    complex : bool or callable or None
        How the complex step evaluates it: True for `numpy` itself, a callable for another function, None: not at all.
    cuda : str or None
        Template on the device; "" where `scalar` serves, None where there is no code.
    result : str
        Rule of the result's dtype: "float", "same" or "bool".
    source : str
        Where the formulas come from.
    """

    name: str
    kind: str
    numpy: Callable
    shape: Callable | None = None
    scalar: str | None = None
    sympy: str | None = None
    ball: str | None = None
    partials: Callable | None = None
    pullback: Callable | None = None
    pushforward: Callable | None = None
    linear: bool = False
    domain: tuple[Interval, ...] = ()
    kinks: tuple = ()
    complex: Any = None
    result: str = "float"
    cuda: str | None = ""
    source: str = ""

    def __call__(self, *args: Any, **attributes: Any) -> Any:
        """A node where an argument is traced; else the value."""
        for a in args:
            if type(a) is not Node:
                if not any(type(b) is Node for b in args):
                    return self.numpy(*args, **attributes)
                args = lift(args)
                break
        return make(self, args, tuple(sorted(attributes.items())) if attributes else ())

    def infer(self, args: tuple[Node, ...], attributes: tuple) -> tuple[tuple[int, ...], np.dtype]:
        """The (shape, dtype) of the result."""
        if self.shape is not None:
            return self.shape(args, **dict(attributes))
        shape, plain = args[0].shape, self.result != "bool"
        for a in args:
            if a.shape != shape:
                shape = broadcast_shapes(self, args)
            plain = plain and a.dtype is FLOAT64
        return shape, FLOAT64 if plain else promote(self.result, tuple([a.dtype for a in args]))

    def __repr__(self) -> str:
        return f"<row {self.name}>"

    def __reduce__(self) -> tuple:
        return _row_by_name, (self.name,)

    def __deepcopy__(self, memo: dict) -> Row:
        return self


def _row_by_name(name: str) -> Row:
    return ROWS[name]


def broadcast_shapes(row: Row, args: tuple[Node, ...]) -> tuple[int, ...]:
    """The common shape of `args` by NumPy's broadcasting.

    Raises
    ------
    ShapeError
        When they do not broadcast.
    """
    try:
        return np.broadcast_shapes(*(a.shape for a in args))
    except ValueError:
        shapes = " and ".join(str(a.shape) for a in args)
        raise ShapeError(
            f"{row.name} takes arguments that broadcast, but the shapes are {shapes}.\n  at {user_line()}\n"
            "  Give them the same shape, or axes of length 1 (x[:, None])."
        ) from None


def register(row: Row, *aliases: Any, dispatch: bool = True) -> Row:
    """Enter `row` into the table and, with its aliases, into the dispatch of NumPy's functions."""
    if row.name in ROWS:
        raise ValueError(f"two rows are named {row.name!r}")
    ROWS[row.name] = row
    if dispatch:
        for key in (row.numpy, *aliases):
            if isinstance(key, Lazy):
                LAZY_NAMES[key.name] = row.name
            else:
                DISPATCH[key] = row
    return row


def elementwise(
    name: str,
    *,
    numpy: Callable,
    scalar: str | None,
    sympy: str | None,
    ball: str | None,
    partials: Callable | None,
    domain: tuple[Interval, ...] | None = None,
    kinks: tuple = (),
    complex: Any = None,
    result: str = "float",
    aliases: tuple = (),
    cuda: str | None = "",
    source: str,
) -> Row:
    """Declare an elementwise operation; see `Row` for the columns. `aliases` are further NumPy or SciPy functions."""
    domain = domain if domain is not None else (Interval.REAL,) * (scalar or ball or "").count("{")
    row = Row(
        name=name, kind="elementwise", numpy=numpy, scalar=scalar, sympy=sympy, ball=ball, partials=partials,
        domain=domain, kinks=kinks, complex=complex, result=result, cuda=cuda, source=source,
    )  # fmt: skip
    return register(row, *aliases)


def structured(name: str, *, kind: str, numpy: Callable, shape: Callable, **columns: Any) -> Row:
    """Declare an operation that is not elementwise; `shape(args, **attributes)` gives the result's shape and dtype."""
    return register(Row(name=name, kind=kind, numpy=numpy, shape=shape, **columns), dispatch=False)


def implements(*functions: Any) -> Callable[[Callable], Callable]:
    """Mark a function as what NumPy's (or another package's) `functions` do to traced values."""

    def mark(build: Callable) -> Callable:
        for function in functions:
            DISPATCH[function] = build
        return build

    return mark
