"""What a method is prepared for, how its results are handed over, and the bound form that `prepare` gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.arguments import Static, abstract, signature
from ..core.bind import Bound, bind
from ..core.dtypes import FLOAT64
from ..core.graph import Graph
from ..errors import ShapeError
from .protocol import Method, Opaque, Prepared

Wrt = int | Sequence[int] | None


class Form:
    """How results are handed over: a single one for an integer `wrt` or a single argument, else a tuple."""

    __slots__ = ("single",)

    def __init__(self, wrt: Wrt, count: int) -> None:
        self.single = isinstance(wrt, (int, np.integer)) or (wrt is None and count == 1)

    def __call__(self, results: tuple) -> Any:
        """The single result, or the tuple."""
        return results[0] if self.single else results


def target_of(bound: Bound, method: Method) -> Graph | Opaque:
    """The graph; or the bare callable, where it cannot be traced and the method needs no graph."""
    if method.needs_graph:
        return bound.graph()
    graph, _ = bound.graph_or_reason()
    return graph if graph is not None else Opaque(bound.callable(), bound.dynamic)


class PreparedFunction:
    """A function bound to shapes, with all work done: made by `prepare`.

    Attributes
    ----------
    method : str
        Name of the method.
    seconds : dict of str to float
        Seconds by stage: ``trace_s``, ``derive_s``, ``compile_s``.
    executor : str
        What runs it, in words.
    """

    def __init__(self, bound: Bound, prepared: Prepared, form: Form, trace_s: float) -> None:
        self._bound, self._form = bound, form
        self.prepared = prepared
        self.method, self.executor = prepared.method, prepared.executor
        self.seconds = {"trace_s": trace_s, **prepared.seconds}
        self._call = prepared.value_and_gradient
        static = any(isinstance(a, Static) for a in bound.args)
        self._expected = () if static else tuple(abstract(a) for a in bound.args)

    def value(self, *args: Any) -> Any:
        """The function's value."""
        return self.prepared.value(*self._dynamic(args))

    def value_and_gradient(self, *args: Any, out: Any = None) -> tuple[Any, Any]:
        """Value and gradient; with `out` (an array, or a tuple of them) the gradient is written there.

        Raises
        ------
        ShapeError
            If the arguments have other shapes than the example, or `out` does not fit.
        """
        if self._call is None:
            raise ShapeError("A gradient needs a scalar output; use diffcompare.jacobian or vjp.")
        value, gradients = self._call(*self._dynamic(args))
        if out is None:
            return value, self._form(gradients)
        targets = out if isinstance(out, (tuple, list)) else (out,)
        if len(targets) != len(gradients):
            raise ShapeError(f"out holds {len(targets)} arrays for {len(gradients)} gradients.")
        for target, found in zip(targets, gradients, strict=True):
            if not isinstance(target, np.ndarray) or target.shape != np.shape(found):
                raise ShapeError(f"out must be an array of shape {np.shape(found)}, not {np.shape(target)}.")
            target[...] = found
        return value, out

    def gradient(self, *args: Any) -> Any:
        """The gradient alone."""
        return self.value_and_gradient(*args)[1]

    def _dynamic(self, args: tuple) -> tuple:
        if len(args) == len(self._expected):
            for a, (shape, dtype) in zip(args, self._expected, strict=True):
                if type(a) is float:
                    if shape != () or dtype is not FLOAT64:
                        break
                elif type(a) is not np.ndarray or a.dtype is not dtype or a.shape != shape or not a.flags.c_contiguous:
                    break
            else:
                return args
        bound = bind(self._bound.function, args, None if not self._static() else self._positions(), self._bound.options)
        if signature(bound.args) != signature(self._bound.args):
            raise ShapeError(
                f"prepared for arguments {signature(self._bound.args)}, called with {signature(bound.args)}.\n"
                "  Prepare once for each set of shapes, or use diffcompare.value_and_gradient, which does so itself."
            )
        return bound.dynamic

    def _static(self) -> bool:
        return any(isinstance(a, Static) for a in self._bound.args)

    def _positions(self) -> tuple[int, ...]:
        places = [i for i, a in enumerate(self._bound.args) if not isinstance(a, Static)]
        return tuple(places[i] for i in self._bound.wrt)

    def __repr__(self) -> str:
        return f"<{self._bound.function.__name__} prepared for {self.method}: {self.executor}>"
