"""Conditions (comparisons, logical functions, tests for nan), of derivative zero, and the choice they make: `where`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.node import Node, constant
from ..core.rows import Row, elementwise, implements
from ..errors import ShapeError, TraceError, UnsupportedOpError

_PAIR = (Interval.REAL, Interval.REAL)
_SOURCE = "IEEE 754-2019, 5.11 (every comparison with nan is false, but for !=)"
_LOGIC = "NumPy reference, Logic functions: a number is true where it is not zero"


def _of_real_parts(compare: np.ufunc) -> Callable:
    # The complex step carries the derivative in the imaginary part; only the value decides a comparison.
    def compared(a: Any, b: Any) -> Any:
        return compare(np.real(a), np.real(b))

    return compared


def _comparison(name: str, compare: np.ufunc, scalar: str, sympy: str) -> Row:
    return elementwise(
        name,
        numpy=compare,
        scalar=scalar,
        sympy=sympy,
        ball=f"{name}({{0}}, {{1}})",
        partials=None,
        domain=_PAIR,
        kinks=(((1.0, 1.0), (0.0, 0.0)),),
        complex=_of_real_parts(compare),
        result="bool",
        source=_SOURCE,
    )


greater = _comparison("greater", np.greater, "{0} > {1}", "Gt({0}, {1})")
greater_equal = _comparison("greater_equal", np.greater_equal, "{0} >= {1}", "Ge({0}, {1})")
less = _comparison("less", np.less, "{0} < {1}", "Lt({0}, {1})")
less_equal = _comparison("less_equal", np.less_equal, "{0} <= {1}", "Le({0}, {1})")
equal = _comparison("equal", np.equal, "{0} == {1}", "Eq({0}, {1})")
not_equal = _comparison("not_equal", np.not_equal, "{0} != {1}", "Ne({0}, {1})")


def _logical(name: str, function: np.ufunc, scalar: str, sympy: str) -> Row:
    arguments = ", ".join(f"{{{i}}}" for i in range(function.nin))
    return elementwise(
        name,
        numpy=function,
        scalar=scalar,
        sympy=sympy,
        ball=f"{name}({arguments})",
        partials=None,
        domain=_PAIR[: function.nin],
        complex=True,
        result="bool",
        source=_LOGIC,
    )


logical_and = _logical("logical_and", np.logical_and, "({0} != 0) and ({1} != 0)", "logical_and({0}, {1})")
logical_or = _logical("logical_or", np.logical_or, "({0} != 0) or ({1} != 0)", "logical_or({0}, {1})")
logical_xor = _logical("logical_xor", np.logical_xor, "({0} != 0) != ({1} != 0)", "logical_xor({0}, {1})")
logical_not = _logical("logical_not", np.logical_not, "{0} == 0", "logical_not({0})")


def _classification(name: str, function: np.ufunc, scalar: str, sympy: str) -> Row:
    return elementwise(
        name,
        numpy=function,
        scalar=scalar,
        sympy=sympy,  # a symbol stands for a finite real number
        ball=f"{name}({{0}})",
        partials=None,
        domain=(Interval.REAL,),
        complex=True,
        result="bool",
        source="IEEE 754-2019, 5.7.2",
    )


isnan = _classification("isnan", np.isnan, "{0} != {0}", "isnan({0})")
isfinite = _classification("isfinite", np.isfinite, "math.isfinite({0})", "isfinite({0})")
isinf = _classification("isinf", np.isinf, "math.isinf({0})", "isinf({0})")


def _bitwise(function: np.ufunc, row: Row) -> None:
    @implements(function)
    def bitwise(*operands: Any) -> Any:
        """The logical operation, which the bitwise one is for conditions; numbers are refused."""
        for operand in operands:
            dtype = operand.dtype if isinstance(operand, Node) else np.asarray(operand).dtype
            if dtype != np.bool_:
                raise UnsupportedOpError(
                    f"np.{function.__name__} takes conditions here, not {dtype}: a traced number has no bits.\n"
                    f"  Compare first (x > 0), or use np.{row.name}."
                )
        return row(*operands)


_bitwise(np.bitwise_and, logical_and)
_bitwise(np.bitwise_or, logical_or)
_bitwise(np.bitwise_xor, logical_xor)
_bitwise(np.invert, logical_not)


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


def _where(condition: Any, a: Any, b: Any) -> Any:
    return np.where(condition, a, b)[()]  # a scalar, not an array without axes


where_row = elementwise(
    "where",
    numpy=_where,
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
        if other.dtype.kind == "f":
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
def nan_to_num(
    x: Node, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Node:
    """`x` with nan and infinities replaced by numbers; the replaced entries have derivative zero."""
    largest = float(np.finfo(x.dtype).max) if x.dtype.kind == "f" else 0.0
    high, low = (largest if posinf is None else posinf), (-largest if neginf is None else neginf)
    finite = where(isnan(x), nan, x)
    finite = where(logical_and(isinf(x), x > 0.0), high, finite)
    return where(logical_and(isinf(x), x < 0.0), low, finite)
