"""A function bound to one set of argument shapes: its graph, and which of its inputs are differentiated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DTypeError, TraceError, UnsupportedOpError
from .arguments import Static, normalise, positions
from .graph import Graph
from .trace import Function


@dataclass(frozen=True, slots=True)
class Bound:
    """One call's arguments, sorted into what the graph takes and what it holds fixed.

    Attributes
    ----------
    args : tuple
        Every argument, normalised; static ones as `Static`.
    dynamic : tuple
        Those the graph takes.
    wrt : tuple of int
        Positions, among the dynamic arguments, that are differentiated.
    options : dict
        Keyword arguments: fixed, never differentiated.
    """

    function: Function
    args: tuple[Any, ...]
    dynamic: tuple[Any, ...]
    wrt: tuple[int, ...]
    options: dict[str, Any]

    def graph(self) -> Graph:
        """The graph for these shapes."""
        return self.function.graph(self.args, self.options)

    def graph_or_reason(self) -> tuple[Graph | None, TraceError | UnsupportedOpError | None]:
        """The graph, or why the function cannot be traced."""
        try:
            return self.graph(), None
        except (TraceError, UnsupportedOpError) as error:
            return None, error

    def callable(self) -> Callable[..., Any]:
        """The function of the dynamic arguments alone."""
        function, args, options = self.function, self.args, self.options
        fixed = [(i, a.value) for i, a in enumerate(args) if isinstance(a, Static)]
        if not fixed and not options:
            return function

        def call(*dynamic: Any) -> Any:
            given = list(dynamic)
            for i, value in fixed:
                given.insert(i, value)
            return function(*given, **options)

        return call


def bind(function: Function, args: Sequence[Any], wrt: int | Sequence[int] | None, options: dict[str, Any]) -> Bound:
    """Sort and normalise the arguments of one call.

    Raises
    ------
    ShapeError, DTypeError
        As `positions` and `normalise` do; also when a differentiated argument is static.
    """
    chosen = positions(wrt, len(args))
    normal = normalise(args, chosen)
    places = [i for i, a in enumerate(normal) if not isinstance(a, Static)]
    if not chosen:
        raise DTypeError(f"{function.__name__} was called without an argument to differentiate.")
    return Bound(function, normal, tuple(normal[i] for i in places), tuple(places.index(i) for i in chosen), options)
