"""A method bound to a function, with every product there: what the tests of numerical methods call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from diffcompare.methods import Method, Opaque, Prepared


class Bound:
    """The products of `Prepared`, each known to exist."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        assert prepared.value_and_gradient
        assert prepared.jacobian
        assert prepared.jvp
        assert prepared.vjp
        self.value: Callable[..., Any] = prepared.value
        self.value_and_gradient: Callable[..., Any] = prepared.value_and_gradient
        self.jacobian: Callable[..., Any] = prepared.jacobian
        self.jvp: Callable[..., Any] = prepared.jvp
        self.vjp: Callable[..., Any] = prepared.vjp
        self.evaluations = prepared.evaluations

    def gradient(self, *args: Any) -> Any:
        """The gradients without the value."""
        return self.value_and_gradient(*args)[1]

    def slope(self, x: Any) -> float:
        """The derivative of a function of one number."""
        return float(self.gradient(x)[0])

    def error(self, *args: Any) -> tuple[np.ndarray, ...]:
        """The error estimates of the method, as arrays."""
        assert self.prepared.error_estimate
        return tuple(map(np.asarray, self.prepared.error_estimate(*args)))


def opaque(method: Method, f: Callable, args: tuple, wrt: tuple[int, ...] | None = None) -> Bound:
    """`method` bound to the plain callable `f`, with respect to every argument unless `wrt` says otherwise."""
    return Bound(method.prepare(Opaque(f, args), tuple(range(len(args))) if wrt is None else wrt))
