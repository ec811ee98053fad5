"""Every product of derivatives from whichever one a method gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..errors import MethodUnavailableError, ShapeError
from .protocol import Method, Opaque, Prepared, Products


def gradient_product(method: Method, target: Graph | Opaque, wrt: tuple[int, ...]) -> Callable[..., Products]:
    """``call(*args)`` gives (value, gradients).

    Raises
    ------
    ShapeError
        If the output is not a scalar.
    """
    return prepared_gradient(method, target, wrt)[0]


def prepared_gradient(
    method: Method, target: Graph | Opaque, wrt: tuple[int, ...]
) -> tuple[Callable[..., Products], Prepared]:
    """`gradient_product`, and what it was made from."""
    if isinstance(target, Graph) and target.output.shape != ():
        raise ShapeError(
            f"A gradient needs a scalar output, but the output has shape {target.output.shape}.\n"
            "  Reduce it (np.sum), or ask for diffcompare.jacobian, vjp, or derivative (elementwise)."
        )
    prepared = method.prepare(target, wrt)
    if prepared.value_and_gradient is not None:
        return prepared.value_and_gradient, prepared
    if prepared.vjp is not None:
        vjp = prepared.vjp
        return (lambda *args: vjp(args, 1.0)), prepared
    return jacobian_product(prepared, target, wrt), prepared


def jacobian_product(prepared: Prepared, target: Graph | Opaque, wrt: tuple[int, ...]) -> Callable[..., Products]:
    """``call(*args)`` gives (value, Jacobians): a row at a time by the pullback, or a column at a time."""
    if prepared.jacobian is not None:
        return prepared.jacobian
    if prepared.vjp is None:
        if prepared.jvp is None:
            raise MethodUnavailableError(f"method {prepared.method!r} gives no product of derivatives at all.")
        return _by_columns(prepared.value, prepared.jvp, wrt)
    vjp = prepared.vjp

    def by_rows(*args: Any) -> Products:
        value = prepared.value(*args)
        if np.ndim(value) == 0:
            return vjp(args, 1.0)
        shape = np.shape(value)
        seed = np.zeros(shape, np.asarray(value).dtype)
        rows: list[tuple] = []
        flat = seed.reshape(-1)
        for i in range(seed.size):
            flat[i] = 1.0
            rows.append(vjp(args, seed)[1])
            flat[i] = 0.0
        found = []
        for k, i in enumerate(wrt):
            like = np.shape(args[i])
            stacked = np.array([row[k] for row in rows]) if rows else np.zeros((0, *like))
            found.append(stacked.reshape((*shape, *like)))
        return value, tuple(found)

    return by_rows


def _by_columns(value: Callable, jvp: Callable, wrt: tuple[int, ...]) -> Callable[..., Products]:
    def by_columns(*args: Any) -> Products:
        y = value(*args)
        found: list[Any] = []
        for k, i in enumerate(wrt):
            like = np.shape(args[i])
            tangents: list[Any] = [np.zeros_like(args[j]) if np.ndim(args[j]) else 0.0 for j in wrt]
            columns = np.zeros((*np.shape(y), math.prod(like)), np.asarray(y).dtype)
            for column in range(math.prod(like)):
                if like:
                    tangents[k].reshape(-1)[column] = 1.0
                else:
                    tangents[k] = 1.0
                columns[..., column] = jvp(args, tuple(tangents))[1]
                if like:
                    tangents[k].reshape(-1)[column] = 0.0
            block = columns.reshape((*np.shape(y), *like))
            found.append(block if block.ndim else float(block))
        return y, tuple(found)

    return by_columns


def jvp_product(prepared: Prepared, target: Graph | Opaque, wrt: tuple[int, ...]) -> Callable[[tuple, tuple], tuple]:
    """``call(args, tangents)`` gives (value, tangent)."""
    if prepared.jvp is not None:
        return prepared.jvp
    jacobian = jacobian_product(prepared, target, wrt)

    def contract(args: tuple, tangents: tuple) -> tuple[Any, Any]:
        value, blocks = jacobian(*args)
        total: Any = 0.0
        for block, tangent in zip(blocks, tangents, strict=True):
            total = total + np.tensordot(block, tangent, axes=np.ndim(tangent))
        return value, total if np.ndim(total) else float(total)

    return contract


def vjp_product(prepared: Prepared, target: Graph | Opaque, wrt: tuple[int, ...]) -> Callable[[tuple, Any], Products]:
    """``call(args, cotangent)`` gives (value, cotangents)."""
    if prepared.vjp is not None:
        return prepared.vjp
    jacobian = jacobian_product(prepared, target, wrt)

    def contract(args: tuple, cotangent: Any) -> Products:
        value, blocks = jacobian(*args)
        found = [np.tensordot(cotangent, block, axes=np.ndim(cotangent)) for block in blocks]
        return value, tuple(float(x) if np.ndim(x) == 0 else x for x in found)

    return contract


def count(shapes: tuple[tuple[int, ...], ...]) -> int:
    """Number of elements in arrays of these shapes."""
    return sum(math.prod(shape) for shape in shapes)
