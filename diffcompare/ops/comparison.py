"""Comparisons, logical functions and tests for nan and infinity: conditions, whose derivative is zero."""

from __future__ import annotations

import numpy as np

from ..core.intervals import Interval
from ..core.node import Node
from ..core.rows import Row, elementwise, implements
from ..errors import UnsupportedOpError

_PAIR = (Interval.REAL, Interval.REAL)
_SOURCE = "IEEE 754-2019, 5.11 (every comparison with nan is false, but for !=)"
_LOGIC = "NumPy reference, Logic functions: a number is true where it is not zero"


def _of_real_parts(compare: np.ufunc):
    # The complex step carries the derivative in the imaginary part; only the value decides a comparison.
    def compared(a, b):
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
    arguments = ", ".join("{%d}" % i for i in range(function.nin))
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
    def bitwise(*operands):
        """The logical operation, which the bitwise one is for conditions; numbers are refused."""
        for operand in operands:
            dtype = operand.dtype if isinstance(operand, Node) else np.asarray(operand).dtype
            if dtype != np.bool_:
                raise UnsupportedOpError(
                    f"np.{function.__name__} takes conditions here, not {dtype}: the bits of a traced number are unknown.\n"
                    f"  Compare first (x > 0), or use np.{row.name}."
                )
        return row(*operands)


_bitwise(np.bitwise_and, logical_and)
_bitwise(np.bitwise_or, logical_or)
_bitwise(np.bitwise_xor, logical_xor)
_bitwise(np.invert, logical_not)
