"""Rows without arguments (inputs and constants), and the change of data type."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtypes import graph_dtype
from ..core.node import Node, constant
from ..core.rows import implements, structured
from ..errors import InternalError


def _leaf(*args: Any, **attributes: Any) -> Any:
    raise InternalError("An input or a constant was evaluated as an operation.")


input_row = structured("input", kind="source", numpy=_leaf, shape=_leaf, source="an argument of the function")
constant_row = structured("constant", kind="source", numpy=_leaf, shape=_leaf, source="a number of the program")


def _cast_shape(args: tuple[Node, ...], dtype: str) -> tuple:
    return args[0].shape, graph_dtype(np.dtype(dtype))


def _cast_numpy(x: Any, dtype: str) -> Any:
    x = np.asarray(x)
    return x[()] if x.dtype.kind in "cO" else x.astype(dtype)[()]


def _cast_pullback(y_bar: Node, y: Node, x: Node, dtype: str) -> tuple:
    return (cast(y_bar, x.dtype) if x.dtype.kind == "f" else None,)


cast_row = structured(
    "cast",
    kind="shape",
    numpy=_cast_numpy,
    shape=_cast_shape,
    sympy="cast",
    pullback=_cast_pullback,
    pushforward=lambda y, x_dots, x, dtype: cast(x_dots[0], np.dtype(dtype)),
    complex=_cast_numpy,
    source="IEEE 754-2019, 5.4.2: conversion between formats",
)


@implements("cast")
def cast(x: Any, dtype: Any) -> Any:
    """`x` with another data type: float64, float32, int64 (no derivative) or bool (no derivative)."""
    target = graph_dtype(np.dtype(dtype), "astype's argument")
    if type(x) is not Node:
        return np.asarray(x, target)[()]
    return x if x.dtype is target else cast_row(x, dtype=target.name)


@implements(np.zeros_like)
def zeros_like(x: Any, dtype: Any = None, **options: Any) -> Any:
    """Zeros of the shape of `x`: a constant."""
    return constant(np.zeros(np.shape(x), dtype or x.dtype))


@implements(np.ones_like)
def ones_like(x: Any, dtype: Any = None, **options: Any) -> Any:
    """Ones of the shape of `x`: a constant."""
    return constant(np.ones(np.shape(x), dtype or x.dtype))


@implements(np.shape)
def shape(x: Any) -> tuple[int, ...]:
    """The shape: plain integers, known to the trace."""
    return x.shape


@implements(np.ndim)
def ndim(x: Any) -> int:
    """The number of axes."""
    return x.ndim


@implements(np.size)
def size(x: Any, axis: int | None = None) -> int:
    """The number of elements, or the length of one axis."""
    return x.size if axis is None else x.shape[axis]
