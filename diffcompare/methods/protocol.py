"""What every method of differentiation takes and gives: the only thing the operators know about a method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..core.graph import Graph

Value = float | np.ndarray
Products = tuple[Value, tuple[Value, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """A callable that cannot be traced, with arguments that show the shapes it takes.

    Attributes
    ----------
    function : callable
        Maps floats and arrays to a float or an array. It gets arrays of its own and may keep or overwrite them.
    example : tuple of float or ndarray
        One call's arguments; their shapes and dtypes count, not their values.
    """

    function: Callable[..., Any]
    example: tuple[Any, ...]


@dataclass(slots=True)
class Prepared:
    """A method bound to one target: what is left to do is to apply it at points.

    Arguments are floats for shape () and C-contiguous arrays otherwise; so are results. Tuples of results and of
    tangents are aligned with the positions `wrt` given to `Method.prepare`. Products the method cannot give are None.

    Attributes
    ----------
    method : str
        Name of the method, such as ``"central-difference"``.
    value : callable
        ``value(*args)``, the function's own value.
    value_and_gradient : callable or None
        ``value_and_gradient(*args)`` gives (value, gradients); the output must be a scalar.
    jacobian : callable or None
        ``jacobian(*args)`` gives (value, Jacobians), each of the output's shape followed by the argument's.
    jvp : callable or None
        ``jvp(args, tangents)`` gives (value, tangent), the tangent in the output's shape.
    vjp : callable or None
        ``vjp(args, cotangent)`` gives (value, cotangents), each in its argument's shape.
    error_estimate : callable or None
        ``error_estimate(*args)`` gives, for each entry of the Jacobians, how far off the method believes it is.
    seconds : dict
        Wall-clock seconds by stage: ``"derive_s"``, ``"compile_s"``. On a CUDA device also, of the last call with host
        arrays, ``"kernel_s"``, ``"to_device_s"`` and ``"to_host_s"`` by the device's clock.
    operations : int or None
        Operations in the derivative's formula, where there is one.
    evaluations : int or None
        Evaluations of the function that the quotients of one gradient take (an upper bound where the method stops by
        itself). The value that is returned with the gradient is one more where the quotients do not use it.
    executor : str
        What runs it, in words.
    into : callable or None
        ``into(*args, *arrays)`` is `value_and_gradient` that writes the gradients which are arrays there. The arrays
        are C-contiguous, of the gradients' dtypes, and share no memory with the arguments.
    inside : callable or None
        ``inside()`` makes a function that compiled code of the user's can call.
    direct : callable or None
        ``direct(example, single, alone)`` makes ``call(args)`` and ``into(args, out)``, which are `value_and_gradient`
        and `into` for arguments like these; they give None where arguments ask for a closer look. Of `single` and
        `alone` the one hands over the first gradient instead of all, the other leaves the value out. None in the place
        of `into`, or of both, where that cannot be.
    cached : bool
        Whether its machine code was loaded from the store, so that nothing was compiled.
    program : Program or None
        On a CUDA device, its kernels; see `diffcompare.lower.cuda_program`.
    """

    method: str
    value: Callable[..., Value]
    value_and_gradient: Callable[..., Products] | None = None
    jacobian: Callable[..., Products] | None = None
    jvp: Callable[[tuple, tuple], tuple[Value, Value]] | None = None
    vjp: Callable[[tuple, Any], Products] | None = None
    error_estimate: Callable[..., tuple[Value, ...]] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    operations: int | None = None
    evaluations: int | None = None
    executor: str = "NumPy"
    into: Callable[..., Products] | None = None
    inside: Callable[[], Any] | None = None
    direct: Callable[[Sequence[Any], bool, bool], tuple[Callable, Callable | None] | None] | None = None
    cached: bool = False
    program: Any = None


@runtime_checkable
class Method(Protocol):
    """A way of differentiating: a frozen dataclass whose fields are its options."""

    @property
    def name(self) -> str:
        """The name under which the method is registered, such as ``"reverse"``."""
        ...

    @property
    def needs_graph(self) -> bool:
        """Whether the target must be a graph; else any callable will do, as an `Opaque`."""
        ...

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """All work that does not depend on the point: derivation and compilation."""
        ...
