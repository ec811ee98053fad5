"""The rows as PyTensor's functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .replay import Namespace
from .replay_arrays import Shape, array_rows, sources

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

    return Namespace(
        title="PyTensor",
        constant=lambda value, dtype: pt.constant(np.asarray(value, dtype)),
        cast=lambda x, dtype: pt.cast(x, dtype.name),
        modules=(pt, pt.special),
        rows={
            **array_rows(pt, pt.logsumexp),
            **_logic(pt),
            **_structured(pt),
            **{row: getattr(pt, name) for row, name in _OTHER_NAME.items()},
            "relu": lambda x: pt.maximum(x, 0.0),
            "xlogy": lambda a, b: pt.switch(pt.eq(a, 0.0), 0.0, a * pt.log(b)),
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
    def place(x: Any, starts: Shape, steps: Shape, shape: Shape) -> Any:
        padded = pt.concatenate([pt.reshape(x, (-1,)), pt.zeros((1,), dtype=x.dtype)])
        return padded[sources(x.type.shape, starts, steps, shape)]

    def scatter_add(y: Any, indices: Any, shape: Shape) -> Any:
        flat = pt.zeros((int(np.prod(shape)),), dtype=y.dtype)
        return pt.reshape(pt.inc_subtensor(flat[pt.reshape(indices, (-1,))], pt.reshape(y, (-1,))), shape)

    return {
        "place": place,
        "scatter_add": scatter_add,
        "solve": lambda a, b: pt.linalg.solve(a, b, b_ndim=2),
    }
