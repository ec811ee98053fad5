"""The rows as PyTensor's functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .replay import Namespace
from .replay_arrays import Shape, array_rows

_OTHER_NAME = {
    "equal": "eq", "not_equal": "neq", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le",
    "where": "switch", "add": "add", "subtract": "sub", "multiply": "mul", "divide": "true_div", "negative": "neg",
    "square": "sqr", "power": "pow", "remainder": "mod", "floor_divide": "int_div", "rint": "round",
}  # fmt: skip


@cache
def names() -> Namespace:
    """PyTensor's namespace; imports PyTensor."""
    import pytensor.tensor as pt
    from pytensor.gradient import disconnected_grad

    def logsumexp(x: Any, axis: Shape, keepdims: bool) -> Any:  # its own is safe from overflow in some modes only
        top = disconnected_grad(pt.max(x, axis=axis, keepdims=True))
        found = pt.log(pt.sum(pt.exp(x - top), axis=axis, keepdims=True)) + top
        return found if keepdims else pt.squeeze(found, axis=axis)

    return Namespace(
        title="PyTensor",
        constant=lambda value, dtype: pt.constant(np.asarray(value, dtype)),
        cast=lambda x, dtype: pt.cast(x, dtype.name),
        modules=(pt, pt.special),
        rows={
            **array_rows(pt, logsumexp, shape_of=lambda x: x.type.shape),
            **_logic(pt),
            **_structured(pt),
            **{row: getattr(pt, name) for row, name in _OTHER_NAME.items()},
            "relu": lambda x: pt.maximum(x, 0.0),
            "xlogy": lambda a, b: pt.switch(pt.eq(a, 0.0), 0.0, a * pt.log(b)),
            "polygamma": lambda n, x: pt.polygamma(pt.cast(n, "int64"), x),
            "cast": lambda x, dtype: pt.cast(x, dtype),
            "stop_gradient": disconnected_grad,
        },
    )


def _logic(pt: Any) -> dict[str, Callable]:
    return {
        "logical_and": lambda a, b: pt.and_(pt.neq(a, 0), pt.neq(b, 0)),
        "logical_or": lambda a, b: pt.or_(pt.neq(a, 0), pt.neq(b, 0)),
        "logical_xor": lambda a, b: pt.xor(pt.neq(a, 0), pt.neq(b, 0)),
        "logical_not": lambda a: pt.eq(a, 0),
    }


def _structured(pt: Any) -> dict[str, Callable]:
    def scatter_add(y: Any, indices: Any, shape: Shape) -> Any:
        flat = pt.zeros((int(np.prod(shape)),), dtype=y.dtype)
        return pt.reshape(pt.inc_subtensor(flat[pt.reshape(indices, (-1,))], pt.reshape(y, (-1,))), shape)

    return {
        "scatter_add": scatter_add,
        "solve": lambda a, b: pt.linalg.solve(a, b, b_ndim=2),
    }
