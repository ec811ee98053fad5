"""The rows as the functions of HIPS autograd."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .replay import Namespace
from .replay_arrays import array_rows


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

    return Namespace(
        title="autograd",
        constant=lambda value, dtype: np.asarray(value, dtype),
        cast=lambda x, dtype: x.astype(dtype),
        modules=(anp, special),
        rows={
            **array_rows(anp, special.logsumexp),
            "cast": lambda x, dtype: x.astype(dtype),
            "stop_gradient": stop,
            "relu": lambda x: anp.maximum(x, 0.0),
            "softplus": lambda x: anp.logaddexp(x, 0.0),
            "trigamma": lambda x: special.polygamma(1, x),
        },
    )
