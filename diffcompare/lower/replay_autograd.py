"""The rows as the functions of HIPS autograd."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .replay import Namespace
from .replay_arrays import Shape, array_rows


@cache
def names() -> Namespace:
    """Autograd's namespace; imports autograd."""
    import autograd.numpy as anp
    import autograd.scipy.special as special
    from autograd.tracer import getval

    def stop(x: Any) -> Any:
        while (inner := getval(x)) is not x:  # one box an order of differentiation
            x = inner
        return x

    def wide(x: Any, shape: Shape) -> Any:  # its broadcast_to takes no new axes
        return x * np.ones(shape, x.dtype)

    def solve(a: Any, b: Any) -> Any:  # its derivative takes no broadcasting
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        return anp.linalg.solve(wide(a, batch + a.shape[-2:]), wide(b, batch + b.shape[-2:]))

    return Namespace(
        title="autograd",
        constant=lambda value, dtype: np.asarray(value, dtype),
        cast=lambda x, dtype: x.astype(dtype),
        modules=(special, anp),
        rows={
            **array_rows(anp, special.logsumexp),
            "cast": lambda x, dtype: x.astype(dtype),
            "stop_gradient": stop,
            "relu": lambda x: anp.maximum(x, 0.0),
            "softplus": lambda x: anp.logaddexp(x, 0.0),
            "trigamma": lambda x: special.polygamma(1, x),
            "broadcast_to": wide,
            "solve": solve,
        },
        without=frozenset({"cbrt", "copysign", "heaviside"}),  # no derivative
    )
