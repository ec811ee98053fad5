"""The rows as JAX's functions."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .replay import Namespace
from .replay_arrays import Shape, array_rows


@cache
def names() -> Namespace:
    """JAX's namespace; imports JAX."""
    import jax
    import jax.numpy as jnp
    import jax.scipy.special as special

    def scatter_add(y: Any, indices: Any, shape: Shape) -> Any:
        flat = jnp.zeros((int(np.prod(shape)),), y.dtype)
        return jnp.reshape(flat.at[jnp.reshape(indices, -1)].add(jnp.reshape(y, -1)), shape)

    def recurrence(a: Any, b: Any, axis: int) -> Any:
        def compose(first: tuple, second: tuple) -> tuple:  # pairs (a, b) stand for s -> a s + b
            return second[0] * first[0], second[0] * first[1] + second[1]

        return jax.lax.associative_scan(compose, (a, b), axis=axis)[1] if b.shape[axis] else b

    return Namespace(
        title="JAX",
        constant=lambda value, dtype: np.asarray(value, dtype),
        cast=lambda x, dtype: jnp.asarray(x, dtype),
        modules=(jnp, special, jax.nn),
        rows={
            **array_rows(jnp, special.logsumexp),
            "cast": lambda x, dtype: jnp.asarray(x).astype(dtype),
            "gather": lambda x, indices: jnp.reshape(x, -1)[jnp.asarray(indices)],
            "cumprod": lambda x, axis: jnp.cumprod(x, axis=axis),
            "linear_recurrence": recurrence,
            "scatter_add": scatter_add,
            "stop_gradient": jax.lax.stop_gradient,
            "polygamma": lambda n, x: special.polygamma(jnp.asarray(n).astype(int), x),
            "trigamma": lambda x: special.polygamma(1, x),
        },
    )
