"""What a method is prepared for, how its results are handed over, and the bound form that `prepare` gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.arguments import Static, abstract, matcher, signature
from ..core.bind import Bound, bind
from ..core.device_arrays import DeviceArray, device_array, on_device
from ..core.graph import Graph
from ..errors import DeviceError, DTypeError, MethodUnavailableError, ShapeError
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
    check_place(bound, method)
    if method.needs_graph:
        return bound.graph()
    graph, _ = bound.graph_or_reason()
    return graph if graph is not None else Opaque(bound.callable(), bound.dynamic)


def check_place(bound: Bound, method: Method) -> None:
    """Refuse arrays that lie on a device to methods that run on the CPU.

    Raises
    ------
    DeviceError
        With what to do.
    """
    if getattr(method, "device", "cpu") == "cpu" and any(isinstance(a, DeviceArray) for a in bound.args):
        raise DeviceError(
            f"method {method.name!r} runs on the CPU, and arguments lie on a CUDA device.\n"
            "  Use method='cuda', or copy them to the host: x.get() in CuPy, x.cpu() in PyTorch."
        )


def _never(args: tuple) -> None:
    """No direct way to machine code."""


class PreparedFunction:
    """A function bound to shapes, with all work done: made by `prepare`.

    Attributes
    ----------
    method : str
        Name of the method.
    seconds : dict of str to float
        Seconds by stage: ``trace_s``, ``derive_s``, ``compile_s``. On a CUDA device also, of the last call with host
        arrays: ``kernel_s``, ``to_device_s``, ``to_host_s``.
    executor : str
        What runs it, in words.
    """

    def __init__(self, bound: Bound, prepared: Prepared, form: Form, trace_s: float) -> None:
        self._bound, self._form = bound, form
        self.prepared = prepared
        self.method, self.executor = prepared.method, prepared.executor
        self._trace_s = trace_s
        self._call = prepared.value_and_gradient
        self._gradients = [abstract(bound.dynamic[i]) for i in bound.wrt]
        self._inside: Any = None
        self._fits = matcher(bound.args)
        made = None if prepared.direct is None else prepared.direct(bound.args, form.single, False)
        self._direct: Callable[[tuple], Any] = _never if made is None else made[0]
        self._into: Callable[[tuple, Any], Any] | None = None if made is None else made[1]

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by stage; see the class."""
        return {"trace_s": self._trace_s, **self.prepared.seconds}

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
        found = self._direct(args) if out is None else None if self._into is None else self._into(args, out)
        if found is not None:
            return found
        if self._call is None:
            raise ShapeError("A gradient needs a scalar output; use diffcompare.jacobian or vjp.")
        dynamic = self._dynamic(args)
        if out is None:
            value, gradients = self._call(*dynamic)
            return value, self._form(gradients)
        targets = out if isinstance(out, (tuple, list)) else (out,)
        if any(map(on_device, targets)):
            return self._into_device(dynamic, targets)[0], out
        self._check(targets)
        arrays = [target for target in targets if target.shape]
        if self.prepared.into is not None and self._plain(targets, dynamic):
            value, gradients = self.prepared.into(*dynamic, *arrays)
        else:
            value, gradients = self._call(*dynamic)
        for target, found in zip(targets, gradients, strict=True):
            if found is not target:
                target[...] = found
        return value, out

    def _into_device(self, dynamic: tuple, targets: Sequence[Any]) -> tuple[Any, Any]:
        if self.prepared.program is None or self.prepared.into is None:
            raise DeviceError(f"out lies on a CUDA device, and method {self.method!r} does not write there.")
        self._check([device_array(t, f"out[{k}]") if on_device(t) else t for k, t in enumerate(targets)])
        arrays = [t for t, (shape, _) in zip(targets, self._gradients, strict=True) if shape]
        return self.prepared.into(*dynamic, *arrays)

    def _check(self, targets: Sequence[Any]) -> None:
        if len(targets) != len(self._gradients):
            raise ShapeError(f"out holds {len(targets)} arrays for {len(self._gradients)} gradients.")
        for target, (shape, _) in zip(targets, self._gradients, strict=True):
            if not isinstance(target, (np.ndarray, DeviceArray)) or target.shape != shape:
                raise ShapeError(f"out must be an array of shape {shape}, not {np.shape(target)}.")
            writeable = isinstance(target, DeviceArray) or target.flags.writeable
            if target.dtype.kind != "f" or not writeable:
                what = f"has dtype {target.dtype}" if target.dtype.kind != "f" else "is read-only"
                raise DTypeError(f"out must be a writeable array of floating-point numbers, but it {what}.")

    def _plain(self, targets: Sequence[np.ndarray], dynamic: tuple) -> bool:
        """Whether compiled code may write its results straight to `targets`."""
        met = [a for a in dynamic if type(a) is np.ndarray]
        for target, (shape, dtype) in zip(targets, self._gradients, strict=True):
            if not shape:
                continue
            flags = target.flags
            if target.dtype is not dtype or not flags.c_contiguous or not flags.writeable or not flags.aligned:
                return False
            if any(np.may_share_memory(target, a) for a in met):
                return False
            met.append(target)
        return True

    @property
    def numba(self) -> Any:
        """A function that Numba-compiled code can call: ``inner(*args, *gradients)`` returns the value.

        It takes C-contiguous arrays (and floats) of the shapes prepared for, and writes each gradient to an array: of
        the argument's shape, or of one element for a number. These must share no memory with the arguments.

        Raises
        ------
        MethodUnavailableError
            When the tape is not compiled; `executor` says what runs it.

        Examples
        --------
        >>> import numba
        >>> import numpy as np
        >>> import diffcompare as dc
        >>> inner = dc.prepare(lambda x: np.sum(x * x), np.ones(3), method="reverse").numba
        >>> @numba.njit
        ... def outer(x, g):
        ...     return inner(x, g) + 1.0
        >>> g = np.empty(3)
        >>> outer(np.arange(3.0), g), g
        (6.0, array([0., 2., 4.]))
        """
        if self._inside is None:
            if self.prepared.inside is None:
                raise MethodUnavailableError(
                    f"method {self.method!r} gives no function for Numba here: it is run by {self.executor}.\n"
                    "  Prepare with dc.Reverse(executor='numba'), and a function whose output is a scalar."
                )
            self._inside = self.prepared.inside()
        return self._inside

    def gradient(self, *args: Any) -> Any:
        """The gradient alone."""
        return self.value_and_gradient(*args)[1]

    def _dynamic(self, args: tuple) -> tuple:
        if self._fits is not None and self._fits(args):
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
