"""The rows as PyTorch's functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..ops.shape import slices
from .replay import Namespace
from .replay_arrays import Shape, sources


@cache
def names() -> Namespace:
    """PyTorch's namespace; imports PyTorch."""
    import torch

    types = {"float64": torch.float64, "float32": torch.float32, "int64": torch.int64, "bool": torch.bool}
    return Namespace(
        title="PyTorch",
        constant=lambda value, dtype: torch.tensor(value, dtype=types[dtype.name]),
        cast=lambda x, dtype: x.to(types[dtype.name]),
        modules=(torch, torch.special),
        rows={
            **_elementwise(torch),
            **_moves(torch),
            **_reductions(torch),
            **_matrices(torch),
            "cast": lambda x, dtype: x.to(types[dtype]),
            "stop_gradient": torch.detach,
        },
        without=frozenset({"heaviside", "polygamma"}),  # no derivative; an order that must be a plain integer
    )


def _elementwise(torch: Any) -> dict[str, Callable]:
    def betaln(a: Any, b: Any) -> Any:
        return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)

    return {
        "equal": torch.eq,  # torch.equal compares whole tensors
        "power": torch.pow,
        "rint": torch.round,
        "floor_divide": lambda a, b: torch.div(a, b, rounding_mode="floor"),
        "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        "trigamma": lambda x: torch.special.polygamma(1, x),
        "betaln": betaln,
        "beta": lambda a, b: torch.exp(betaln(a, b)),
    }


def _moves(torch: Any) -> dict[str, Callable]:
    def flat(x: Any) -> Any:
        return torch.reshape(x, (-1,))

    def sliced(x: Any, starts: Shape, steps: Shape, lengths: Shape) -> Any:
        if all(step > 0 for step in steps):
            return x[slices(starts, steps, lengths)]
        places = np.arange(x.numel()).reshape(tuple(x.shape))[slices(starts, steps, lengths)]  # no step < 0 in tensors
        return flat(x)[torch.from_numpy(places.copy())]

    def place(x: Any, starts: Shape, steps: Shape, shape: Shape) -> Any:
        padded = torch.cat([flat(x), torch.zeros(1, dtype=x.dtype)])
        return padded[torch.from_numpy(sources(tuple(x.shape), starts, steps, shape))]

    def scatter_add(y: Any, indices: Any, shape: Shape) -> Any:
        zeros = torch.zeros(math.prod(shape), dtype=y.dtype)
        return torch.reshape(zeros.index_add(0, flat(indices), flat(y)), shape)

    return {
        "reshape": lambda x, shape: torch.reshape(x, shape),
        "transpose": lambda x, axes: torch.permute(x, axes),
        "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
        "slice": sliced,
        "place": place,
        "gather": lambda x, indices: flat(x)[indices],
        "scatter_add": scatter_add,
        "concatenate": lambda *xs, axis: torch.cat(xs, axis),
    }


def _reductions(torch: Any) -> dict[str, Callable]:
    def at_once(function: Callable) -> Callable:
        # PyTorch means every axis where none is named.
        return lambda x, axis, keepdims: function(x, dim=axis, keepdim=keepdims) if axis else x

    def one_by_one(function: Callable) -> Callable:
        def reduce(x: Any, axis: Shape, keepdims: bool) -> Any:
            for i in reversed(axis):
                x = function(x, dim=i, keepdim=keepdims)
            return x

        return reduce

    def recurrence(a: Any, b: Any, axis: int) -> Any:
        if not b.shape[axis]:
            return b
        factors, drives = torch.unbind(a, axis), torch.unbind(b, axis)
        s = [drives[0]]
        for factor, drive in zip(factors[1:], drives[1:], strict=True):
            s.append(drive + factor * s[-1])
        return torch.stack(s, axis)

    return {
        "sum": at_once(torch.sum),
        "prod": one_by_one(torch.prod),
        "max": at_once(torch.amax),
        "min": at_once(torch.amin),
        "any": one_by_one(torch.any),
        "all": one_by_one(torch.all),
        "logsumexp": at_once(torch.logsumexp),
        "norm": at_once(torch.linalg.vector_norm),
        "cumsum": lambda x, axis: torch.cumsum(x, axis),
        "cumprod": lambda x, axis: torch.cumprod(x, axis),
        "linear_recurrence": recurrence,
    }


def _matrices(torch: Any) -> dict[str, Callable]:
    linalg = torch.linalg
    return {
        "matmul": torch.matmul,
        "inv": linalg.inv,
        "solve": linalg.solve,
        "det": linalg.det,
        "logabsdet": lambda a: linalg.slogdet(a)[1],
        "slogdet_sign": lambda a: linalg.slogdet(a)[0],
        # The row reads the lower triangle alone, so the matrix is made of it.
        "cholesky": lambda a: linalg.cholesky(torch.tril(a) + torch.tril(a, -1).mT),
    }
