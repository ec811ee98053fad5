"""`where` and what is built from it: the only way a graph chooses between values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.node import Node, constant
from ..core.rows import elementwise, implements
from ..errors import ShapeError, TraceError
from .comparison import isinf, isnan, logical_and, logical_not, not_equal


def typed(number: float, like: Any) -> Any:
    """`number` in the floating type of `like`, so that a choice between numbers does not widen float32."""
    if isinstance(like, Node):
        return constant(number, like.dtype if like.dtype.kind == "f" else None)
    return np.asarray(like).dtype.type(number) if np.asarray(like).dtype.kind == "f" else number


def masked(condition: Any, partial: Any, like: Any) -> Any:
    """`where(condition, partial, 0)`: the form of a partial whose mask the pullback carries outward.

    Parameters
    ----------
    condition, partial : Node, array or float
        Where the partial counts, and the partial there (it may be nan or infinite elsewhere).
    like : Node or array
        Gives the floating type of the numbers, usually the result `y`.
    """
    partial = typed(partial, like) if isinstance(partial, float) else partial
    return where_row(condition, partial, typed(0.0, like))


where_row = elementwise(
    "where",
    numpy=np.where,
    scalar="{1} if {0} else {2}",
    sympy="Piecewise(({1}, {0}), ({2}, True))",
    ball="where({0}, {1}, {2})",
    partials=lambda y, c, a, b: (None, masked(c, 1.0, y), masked(logical_not(c), 1.0, y)),
    domain=(Interval(0.0, 1.0), Interval.REAL, Interval.REAL),
    complex=True,
    result="same",
    source="NumPy reference, numpy.where",
)


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """`x` where `condition` holds, else `y`; the branch not chosen has no part in the gradient, be it inf or nan.

    Parameters
    ----------
    condition : Node or array
        Booleans; a number counts as true where it is not zero.
    x, y : Node, array or float
        The two branches; all three broadcast.

    Raises
    ------
    TraceError
        When `x` and `y` are missing: the indices where a traced condition holds are unknown.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> dc.gradient(lambda x: np.where(x > 0, np.sqrt(x), 0.0))(-1.0)
    0.0
    """
    if x is None or y is None:
        if not isinstance(condition, Node):
            return np.where(condition)
        raise TraceError(
            "np.where(condition) asks where a traced condition holds, which a trace cannot know.\n"
            "  Give both branches: np.where(condition, x, y)."
        )
    if isinstance(condition, Node) and condition.dtype.kind != "b":
        condition = not_equal(condition, 0.0)
    elif not isinstance(condition, Node):
        condition = np.asarray(condition) != 0
    if isinstance(x, Node) or isinstance(y, Node):
        other = x if isinstance(x, Node) else y
        x, y = (typed(float(v), other) if isinstance(v, (int, float)) else v for v in (x, y))
    return where_row(condition, x, y)


@implements(np.select)
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0.0) -> Any:
    """The choice of the first condition that holds, else `default`."""
    if len(condlist) != len(choicelist):
        raise ShapeError(f"np.select takes one choice a condition, not {len(choicelist)} for {len(condlist)}.")
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = where(condition, choice, chosen)
    return chosen


@implements(np.nan_to_num)
def nan_to_num(x: Node, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Node:
    """`x` with nan and infinities replaced by numbers; the replaced entries have derivative zero."""
    largest = float(np.finfo(x.dtype).max) if x.dtype.kind == "f" else 0.0
    high, low = (largest if posinf is None else posinf), (-largest if neginf is None else neginf)
    finite = where(isnan(x), nan, x)
    finite = where(logical_and(isinf(x), x > 0.0), high, finite)
    return where(logical_and(isinf(x), x < 0.0), low, finite)
