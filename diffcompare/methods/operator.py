"""A derivative as a callable that prepares itself once for each kind of arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.arguments import matcher, signature
from ..core.bind import Bound, bind
from ..core.trace import Function, function
from . import Method, resolve
from .prepared_function import Form, Wrt, target_of

Quick = Callable[[tuple], Any]  # of the arguments as a tuple; None where they ask for a closer look


class Operator:
    """A derivative of a function, as a callable of the function's arguments; one preparation per argument shapes.

    Keyword arguments, and arguments outside `wrt` that are not arrays or floats, are fixed: they take part in the trace
    and are not differentiated.
    """

    def __init__(self, f: Any, wrt: Wrt, method: str | Method, build: Callable, kind: str) -> None:
        self.function: Function = function(f)
        self.wrt, self.method = wrt, resolve(method)
        self._build, self._kind = build, kind
        self._ready: dict[Any, tuple[Callable, Quick]] = {}
        self._recent: Quick = _never
        self.__name__ = f"{kind} of {self.function.__name__} by {self.method.name}"
        self.__doc__ = f"The {kind} of {self.function.__name__}, by the method {self.method.name!r}."

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The derivative at `args`."""
        if not options:
            quick = self._recent
            found = quick(args)
            if found is not None:
                return found
        return self._general(args, options)

    def _general(self, args: tuple, options: dict[str, Any]) -> Any:
        bound = bind(self.function, args, self.wrt, options)
        key: Any = (signature(bound.args), tuple(sorted(options.items())))
        try:
            found = self._ready.get(key)
        except TypeError:  # an option that cannot be hashed: prepared anew each time
            return self._make(bound)[0](*bound.dynamic)
        if found is None:
            found = self._ready[key] = self._make(bound)
        ready, self._recent = found
        return ready(*bound.dynamic)

    def _make(self, bound: Bound) -> tuple[Callable, Quick]:
        form = Form(self.wrt, len(bound.args))
        ready, direct = self._build(self.method, target_of(bound, self.method), bound.wrt, form)
        if bound.options:
            return ready, _never
        found = None if direct is None else direct(bound.args)
        return ready, _quick(matcher(bound.args), ready) if found is None else found[0]

    def __repr__(self) -> str:
        return f"<{self.__name__}>"

    def __reduce__(self) -> tuple:
        return Operator, (self.function, self.wrt, self.method, self._build, self._kind)


def _never(args: tuple) -> None:
    """No quick way."""


def _quick(fits: Callable[[tuple], bool] | None, ready: Callable) -> Quick:
    return _never if fits is None else lambda args: ready(*args) if fits(args) else None


Built = tuple[Callable, Callable | None]  # the derivative, and where there is one, what makes its quick way
