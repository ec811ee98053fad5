"""The ways of differentiating, by name: one file each, loaded on first use."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import MethodUnavailableError, OptionError, UnknownNameError
from ..lower import cuda_presence
from .packages import how_to_install, installed
from .protocol import Method, Opaque, Prepared

if TYPE_CHECKING:
    from .complex_step import ComplexStep
    from .finite_difference import FiniteDifference
    from .forward import Forward
    from .peer_autograd import Autograd
    from .peer_casadi import CasADi
    from .peer_jax import Jax
    from .peer_numdifftools import NumDiffTools
    from .peer_pytensor import PyTensor
    from .peer_scipy_differentiate import SciPyDifferentiate
    from .peer_symengine import SymEngine
    from .peer_torch import Torch
    from .reverse import Reverse
    from .richardson import Richardson
    from .symbolic import Symbolic

__all__ = [
    "Autograd", "CasADi", "ComplexStep", "FiniteDifference", "Forward", "Jax", "Method", "NumDiffTools", "Opaque",
    "Prepared", "PyTensor", "Reverse", "Richardson", "SciPyDifferentiate", "SymEngine", "Symbolic", "Torch",
    "available", "resolve",
]  # fmt: skip


class Availability(NamedTuple):
    """Whether a method can run here, and if not, why."""

    can_run: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a name becomes a method: a class with options, and what it needs."""

    module: str
    class_name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    why_not: Callable[[], str] | None = None

    def availability(self) -> Availability:
        """Whether what it needs, packages or a device, is here; imports none of them."""
        reason = self.why_not() if self.why_not is not None else ""
        if reason:
            return Availability(False, reason)
        absent = [package for package in self.packages if not installed(package)]
        return Availability(False, how_to_install(absent[0])) if absent else Availability(True)

    def build(self) -> Method:
        """The method, with the options of this name."""
        return getattr(importlib.import_module(self.module, __name__), self.class_name)(**self.options)


# Other libraries on the same graph: in `compare` when they are asked for.
PEERS: dict[str, Entry] = {
    "jax": Entry(".peer_jax", "Jax", packages=("jax",)),
    "torch": Entry(".peer_torch", "Torch", packages=("torch",)),
    "autograd": Entry(".peer_autograd", "Autograd", packages=("autograd",)),
    "casadi": Entry(".peer_casadi", "CasADi", packages=("casadi",)),
    "pytensor": Entry(".peer_pytensor", "PyTensor", packages=("pytensor",)),
    "symengine": Entry(".peer_symengine", "SymEngine", packages=("symengine",)),
    "numdifftools": Entry(".peer_numdifftools", "NumDiffTools", packages=("numdifftools",)),
    "scipy-differentiate": Entry(".peer_scipy_differentiate", "SciPyDifferentiate", packages=("scipy.differentiate",)),
}

METHODS: dict[str, Entry] = {
    "symbolic": Entry(".symbolic", "Symbolic", packages=("sympy",)),
    "forward-difference": Entry(".finite_difference", "FiniteDifference", {"scheme": "forward"}),
    "backward-difference": Entry(".finite_difference", "FiniteDifference", {"scheme": "backward"}),
    "central-difference": Entry(".finite_difference", "FiniteDifference", {"scheme": "central"}),
    "richardson": Entry(".richardson", "Richardson"),
    "complex-step": Entry(".complex_step", "ComplexStep"),
    "forward": Entry(".forward", "Forward"),
    "reverse": Entry(".reverse", "Reverse"),
    "cuda": Entry(".reverse", "Reverse", {"device": "cuda"}, why_not=cuda_presence.why_not),
    **PEERS,
}

_ALIASES = {entry.class_name.lower(): name for name, entry in PEERS.items()}
_CLASSES = {entry.class_name: entry.module for entry in METHODS.values()}


def available() -> dict[str, Availability]:
    """Every method by name: whether it can run here, and why the others cannot.

    Returns
    -------
    dict of str to Availability
        Pairs (can_run, reason), in the order in which the methods are compared.

    Examples
    --------
    >>> available()["central-difference"].can_run
    True
    """
    return {name: entry.availability() for name, entry in METHODS.items()}


def resolve(method: str | Method) -> Method:
    """The method of a name, or the method itself.

    Parameters
    ----------
    method : str or Method
        A name out of `available`, or a method with options, such as ``FiniteDifference("central", order=4)``.

    Returns
    -------
    Method

    Raises
    ------
    UnknownNameError
        When no method has this name; the message shows the nearest ones.
    MethodUnavailableError
        When the method is known but cannot run here.
    OptionError
        For anything that is neither a name nor a method.
    """
    if isinstance(method, str):
        return _by_name(method)
    if isinstance(method, type):
        raise OptionError(
            f"method={method.__name__} is a class.\n  Call it, with options or without: method={method.__name__}()."
        )
    if not isinstance(method, Method):
        raise OptionError(
            f"method={method!r} is neither a method nor the name of one.\n  Names are: {', '.join(METHODS)}."
        )
    return method


def _by_name(name: str) -> Method:
    asked = name.strip().lower().replace("_", "-")
    entry = METHODS.get(_ALIASES.get(asked, asked))
    if entry is None:
        near = difflib.get_close_matches(asked, METHODS, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"Names are: {', '.join(METHODS)}."
        raise UnknownNameError(f"there is no method named {name!r}.\n  {hint}")
    can_run, reason = entry.availability()
    if not can_run:
        raise MethodUnavailableError(
            f"method {name!r} cannot run here: {reason}.\n  diffcompare.methods.available() lists those that can."
        )
    return entry.build()


def __getattr__(name: str) -> Any:
    module = _CLASSES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module, __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
