"""What is compared: a function bound to a point, traced if it can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from diffcompare.analysis.timing import time_once
from diffcompare.core.arguments import Static, normalise, positions
from diffcompare.core.graph import Graph
from diffcompare.core.trace import Function, function
from diffcompare.errors import OptionError, ShapeError
from diffcompare.methods.protocol import Opaque


@runtime_checkable
class ProblemLike(Protocol):
    """The part of a benchmark problem that is needed here; `diffcompare.problems.Problem` is one."""

    name: str
    function: Callable[..., Any]
    point: Callable[..., tuple]
    sizes: tuple[int | str, ...]
    wrt: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A function bound to a point.

    Attributes
    ----------
    name : str
        Name of the function, or its text.
    function : Function
        What was passed, wrapped.
    at : tuple
        Every argument as it was passed.
    args : tuple
        Every argument that is a number or an array.
    names : tuple of str
        Their names.
    wrt : tuple of int
        Positions in `args` that are differentiated.
    form : int or tuple or None
        `wrt` as it was asked for: it decides the form of a gradient.
    graph : Graph or None
        None where the function cannot be traced.
    untraceable : str
        Why there is no graph; empty if there is one.
    trace_s : float or None
        Seconds that tracing took.
    """

    name: str
    function: Function
    at: tuple[Any, ...]
    args: tuple[Any, ...]
    names: tuple[str, ...]
    wrt: tuple[int, ...]
    form: int | Sequence[int] | None
    graph: Graph | None
    opaque: Opaque
    untraceable: str
    trace_s: float | None

    def value(self) -> Any:
        """The value, as the user's own function gives it."""
        with np.errstate(all="ignore"):
            return self.function(*self.at)

    def entry(self, position: int, *index: int) -> str:
        """What an entry of an argument is called: ``x`` or ``x[0, 2]``."""
        return f"{self.names[position]}[{', '.join(map(str, index))}]" if index else self.names[position]

    @property
    def size(self) -> int:
        """Number of entries that are differentiated."""
        return sum(int(np.size(self.args[position])) for position in self.wrt)

    @property
    def dtype(self) -> str:
        """Data type of the differentiated arguments."""
        return str(np.result_type(*(np.asarray(self.args[position]).dtype for position in self.wrt)))

    def gradient(self, parts: tuple[Any, ...]) -> Any:
        """One derivative an argument, in the form that `gradient(f, wrt)` gives."""
        alone = self.form is None and len(parts) == 1 or isinstance(self.form, (int, np.integer))
        return parts[0] if alone else tuple(parts)


def subject(f: Any, at: Any, wrt: int | Sequence[int] | None, size: int | str | None) -> Subject:
    """The subject for what a user passes to `compare`.

    Raises
    ------
    OptionError
        If the point is missing, or the size of something that has none is given.
    ShapeError
        If the output is not a scalar, or there is nothing to differentiate.
    """
    name = f if isinstance(f, str) else None
    if isinstance(f, ProblemLike):
        name, at, wrt, f = f.name, _point(f, at, size), f.wrt if wrt is None else wrt, f.function
    elif size is not None:
        raise OptionError(f"size={size!r} chooses a point of a benchmark problem; a function has its point in `at`.")
    traced = function(f)
    raw = arguments_at(traced, at)
    where = positions(wrt, len(raw))
    args = normalise(raw, where)
    dynamic = [i for i, arg in enumerate(args) if not isinstance(arg, Static)]
    if not where:
        raise ShapeError("there is no argument to differentiate.\n  Give the point by at=(3.0, -4.0), one an argument.")
    graph, untraceable, trace_s = _trace(traced, args)
    names = traced.names if len(traced.names) >= len(args) else tuple(f"x{i}" for i in range(len(args)))
    plain = tuple(args[i] for i in dynamic)
    return Subject(
        name=name or _name(traced),
        function=traced,
        at=raw,
        args=plain,
        names=tuple(names[i] for i in dynamic),
        wrt=tuple(dynamic.index(i) for i in where),
        form=wrt,
        graph=graph,
        opaque=Opaque(_with_static(traced.call, args), plain),
        untraceable=untraceable,
        trace_s=trace_s,
    )


def _name(f: Function) -> str:
    return f"lambda {', '.join(f.names)}" if f.__name__ == "<lambda>" else f.__name__


def _point(problem: ProblemLike, at: Any, size: int | str | None) -> Any:
    if at is None:
        return problem.point(problem.sizes[0] if size is None else size)
    if size is not None:
        raise OptionError("give either `at`, a point, or `size`, which chooses one of the problem's own points.")
    return at


def arguments_at(f: Function, at: Any) -> tuple[Any, ...]:
    """The arguments of a point, given as a tuple, by the arguments' names, or as the only argument itself."""
    if at is None:
        raise OptionError(f"the point is missing.\n  Give it by at=..., one entry an argument of {f!r}.")
    if isinstance(at, Mapping):
        return _by_name(f, at)
    return at if isinstance(at, tuple) else (at,)


def _by_name(f: Function, at: Mapping[str, Any]) -> tuple[Any, ...]:
    missing = [name for name in f.names if name not in at]
    unknown = [name for name in at if name not in f.names]
    if missing or unknown:
        words = [f"lacks {', '.join(missing)}"] if missing else []
        words += [f"names {', '.join(map(str, unknown))}, which it does not have"] if unknown else []
        raise ShapeError(f"the point at= of {f.__name__}({', '.join(f.names)}) {' and '.join(words)}.")
    return tuple(at[name] for name in f.names)


def _trace(f: Function, args: tuple[Any, ...]) -> tuple[Graph | None, str, float | None]:
    """The graph, why there is none, and the seconds it took; raises what the function raises at the point itself."""
    try:
        graph, seconds = time_once(lambda: f.graph(args))
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything when it meets a traced value
        values = [arg.value if isinstance(arg, Static) else arg for arg in args]
        try:
            with np.errstate(all="ignore"):
                value = f.call(*values)
        except Exception:  # noqa: BLE001 - it fails on numbers too, so the first error is the user's to see
            raise error from None
        _require_scalar(np.shape(value))
        return None, f"{type(error).__name__}: {error}", None
    assert isinstance(graph, Graph)
    _require_scalar(graph.output.shape)
    return graph, "", seconds


def _require_scalar(shape: tuple[int, ...]) -> None:
    if shape != ():
        raise ShapeError(
            f"a scalar output is needed, but the function returned shape {shape}.\n"
            "  Sum it (np.sum), or take one entry of it."
        )


def _with_static(call: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    """The function of the dynamic arguments alone."""
    if not any(isinstance(arg, Static) for arg in args):
        return call

    def bound(*dynamic: Any) -> Any:
        rest = iter(dynamic)
        return call(*(arg.value if isinstance(arg, Static) else next(rest) for arg in args))

    return bound
