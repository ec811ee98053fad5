"""What methods that need a graph share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.graph import Graph
from ..errors import MethodUnavailableError
from .protocol import Opaque


def traced(target: Graph | Opaque, method: str) -> Graph:
    """`target` itself where it is a graph.

    Raises
    ------
    MethodUnavailableError
        For a callable that could not be traced.
    """
    if isinstance(target, Graph):
        return target
    raise MethodUnavailableError(
        f"method {method!r} needs a traced expression, but the function cannot be traced.\n"
        "  Write it with NumPy functions, or use a method that sees values only: central-difference, richardson."
    )


def on_first_use(build: Callable[[], Callable]) -> Callable:
    """A callable that is built when it is first called, so that nothing is compiled that nobody asks for."""
    made: list[Callable] = []

    def call(*args: Any) -> Any:
        if not made:
            made.append(build())
        return made[0](*args)

    return call


def first_output(call: Callable) -> Callable[..., Any]:
    """The first of what `call` gives: the value alone."""
    return lambda *args: call(*args)[0]
