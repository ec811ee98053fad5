"""Arrays of other libraries: told by their type's module, converted without importing the library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from diffcompare.errors import MethodUnavailableError

LIBRARIES = {"torch": "torch", "jax": "jax", "jaxlib": "jax"}  # first part of a type's module -> library


def library(value: Any) -> str:
    """The library whose array `value` is, or "numpy"; a tuple or list has the library of its first foreign entry."""
    if isinstance(value, (tuple, list)):
        return next((found for entry in value if (found := library(entry)) != "numpy"), "numpy")
    return LIBRARIES.get(type(value).__module__.partition(".")[0], "numpy")


def to_numpy(value: Any) -> Any:
    """A NumPy array (or the value itself) of an array of any library; tuples and lists entry by entry."""
    if isinstance(value, (tuple, list)) and library(value) != "numpy":
        return type(value)(to_numpy(entry) for entry in value)
    kind = library(value)
    if kind == "torch":
        return value.detach().cpu().numpy()
    return np.asarray(value) if kind == "jax" else value


def to_library(value: Any, kind: str, differentiable: bool = False) -> Any:
    """A float or NumPy array as an array of `kind`; anything else as it is."""
    if kind == "numpy" or not isinstance(value, (float, np.ndarray, np.generic)):
        return value
    if kind == "jax":
        return sys.modules["jax"].numpy.asarray(value)
    torch = sys.modules["torch"]
    if isinstance(value, float):
        value = np.float64(value)
    tensor = torch.as_tensor(np.asarray(value).copy())
    return tensor.requires_grad_() if differentiable else tensor


class Caller:
    """Calls a function with arrays of the library that it takes: that of the point, or the one its first call shows.

    A function that refuses NumPy arrays with a TypeError is called with tensors where PyTorch is loaded.
    """

    def __init__(self, function: Callable[..., Any], kind: str) -> None:
        self.function, self.kind, self.count = function, kind, 0

    def __call__(self, *args: Any) -> Any:
        """The result for NumPy arguments, in whatever arrays the function gives."""
        self.count += 1
        try:
            return self.function(*(to_library(arg, self.kind) for arg in args))
        except TypeError:
            if self.kind != "numpy" or "torch" not in sys.modules or self.count > 1:
                raise
            tensors = [to_library(arg, "torch") for arg in args]
            if library(tensors) != "torch":
                raise
            result = self.function(*tensors)
            self.kind = "torch"
            return result


def own_gradient(function: Callable[..., Any], kind: str, wrt: Sequence[int]) -> Callable[..., tuple[Any, ...]]:
    """The gradient that the function's own library gives, as a callable over NumPy arguments.

    Raises
    ------
    MethodUnavailableError
        If the library has no derivative of its own, as NumPy.
    """
    if kind == "jax":
        return lambda *args: sys.modules["jax"].grad(function, argnums=tuple(wrt))(
            *(to_library(arg, kind) for arg in args)
        )
    if kind != "torch":
        raise MethodUnavailableError(f"arrays of {kind} have no derivative of their own.")

    def gradient(*args: Any) -> tuple[Any, ...]:
        torch = sys.modules["torch"]
        tensors = [to_library(arg, kind, position in wrt) for position, arg in enumerate(args)]
        inputs = [tensors[position] for position in wrt]
        return torch.autograd.grad(function(*tensors), inputs, materialize_grads=True)

    return gradient
