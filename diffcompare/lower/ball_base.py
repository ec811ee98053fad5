"""What every ball function stands on: undecided questions, certain comparisons, the chain rule on power series.

A *ball* is python-flint's `arb` (a midpoint and a radius that encloses the true value) or its `arb_series`, a truncated
power series with ball coefficients: the value and, in one direction, its derivatives. A value that does not depend on
the direction stays an `arb`, so a zero derivative is told from a derivative that happens to vanish.
A nan that is certain (log of -1) is exact, with radius 0; one that a wide ball caused has radius infinity.
Balls know no signed zero: -0.0 is 0.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flint import arb, arb_series, ctx

from ..errors import DiffCompareError

Ball = Any  # arb | arb_series: python-flint ships no types
NAN = arb(float("nan"))
INFINITY = arb.pos_inf()
ONE, ZERO, HALF = arb(1), arb(0), arb(0.5)
_PRECISION = threading.RLock()


class Undecided(DiffCompareError, ArithmeticError):
    """A question about balls (which is larger, which integer lies below) that this precision cannot answer.

    Attributes
    ----------
    node : Node or None
        Where in the graph it arose, filled by `balls.ball_evaluator`.
    """

    node: Any = None


@contextmanager
def precision(bits: int, terms: int = 2) -> Iterator[None]:
    """Compute with `bits` bits and series of `terms` terms within the block.

    FLINT's context is one for all threads, so the block holds a lock and puts back what it found.
    """
    with _PRECISION:
        before = ctx.prec, ctx.cap
        ctx.prec, ctx.cap = bits, terms
        try:
            yield
        finally:
            ctx.prec, ctx.cap = before


def ball(x: Any) -> Ball:
    """`x` as a ball; a float or an integer becomes exactly itself."""
    kind = type(x)
    if kind is arb or kind is arb_series:
        return x
    return arb(x) if kind is float or kind is int else arb(float(x) if not isinstance(x, int) else int(x))


def head(x: Ball) -> arb:
    """The value of a ball: the constant term of a series."""
    return x[0] if type(x) is arb_series else ball(x)


def is_zero(x: Ball) -> bool:
    """Whether the value is certainly, exactly zero."""
    return head(x) == 0


def whole_number(x: Ball) -> int:
    """The only integer that a ball holds; raises `Undecided` where it holds none or several."""
    found = head(x).unique_fmpz()
    if found is None:
        raise Undecided(f"which integer {head(x).str(20)} is")
    return int(found)


def compose(x: arb_series, value: Callable[[arb], arb], slope: Callable[[Ball], Ball]) -> arb_series:
    """f(x) for a series x, from f on balls and its derivative on balls and series: f(x0) + integral of f'(x) x'."""
    constant = value(x[0])
    terms = x.prec
    if terms <= 1:
        return arb_series([constant], 1)
    if terms == 2:
        return arb_series([constant, slope(x[0]) * x[1]], 2)
    return constant + (slope(arb_series(x.coeffs(), terms - 1)) * x.derivative()).integral()


def _undecided(what: str, a: arb, b: arb) -> Undecided:
    return Undecided(f"{what} of {a.str(8)} and {b.str(8)}: the enclosures overlap")


def _nan(a: arb, b: arb, what: str) -> None:
    """Return when a nan is certain (comparisons are then False, as in NumPy); raise when a wide ball caused it."""
    for x in (a, b):
        if x.is_nan() and x.is_exact():
            return
    raise _undecided(what, a, b)


def less(a: Ball, b: Ball) -> bool:
    """a < b, certainly; raises `Undecided` when the balls overlap."""
    a, b = head(a), head(b)
    if a < b:
        return True
    if not a >= b:
        _nan(a, b, "the order")
    return False


def less_equal(a: Ball, b: Ball) -> bool:
    """a <= b, certainly."""
    a, b = head(a), head(b)
    if a <= b:
        return True
    if not a > b:
        _nan(a, b, "the order")
    return False


def greater(a: Ball, b: Ball) -> bool:
    """a > b, certainly."""
    return less(b, a)


def greater_equal(a: Ball, b: Ball) -> bool:
    """a >= b, certainly."""
    return less_equal(b, a)


def equal(a: Ball, b: Ball) -> bool:
    """a == b, certainly: two exact balls that are one number, or two disjoint ones."""
    if type(a) is bool and type(b) is bool:
        return a == b
    a, b = head(a), head(b)
    if a == b:
        return True
    if not a != b:
        _nan(a, b, "equality")
    return False


def not_equal(a: Ball, b: Ball) -> bool:
    """a != b, certainly."""
    return not equal(a, b)


def truth(x: Any) -> bool:
    """A condition as a bool; numbers are true when they are not zero."""
    return bool(x) if not isinstance(x, (arb, arb_series)) else not equal(x, ZERO)


def logical_and(a: Any, b: Any) -> bool:
    """Both conditions."""
    return truth(a) and truth(b)


def logical_or(a: Any, b: Any) -> bool:
    """Either condition."""
    return truth(a) or truth(b)


def logical_xor(a: Any, b: Any) -> bool:
    """Exactly one of the conditions."""
    return truth(a) is not truth(b)


def logical_not(a: Any) -> bool:
    """The opposite of the condition."""
    return not truth(a)


def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`; the other branch leaves no trace, nan or not."""
    return a if truth(condition) else b


def isnan(x: Ball) -> bool:
    """Whether the value is nan, certainly."""
    value = head(x)
    if value.is_nan():
        if not value.is_exact():
            raise Undecided("whether a value is nan: a wide enclosure left the domain")
        return True
    return False


def isfinite(x: Ball) -> bool:
    """Whether the value is finite, certainly."""
    value = head(x)
    if value.is_finite():
        return True
    if not value.is_exact():
        raise Undecided("whether a value is finite: the enclosure is unbounded")
    return False


def isinf(x: Ball) -> bool:
    """Whether the value is infinite, certainly."""
    return not isfinite(x) and not isnan(x)


def divide(a: Ball, b: Ball) -> Ball:
    """a / b; by an exact zero as in NumPy: infinity with the sign of `a`, or nan."""
    if type(a) is arb and type(b) is arb and not b.contains(ZERO):
        return a / b
    top, divisor = head(a), head(b)
    if not divisor.contains(ZERO) and not divisor.is_nan():
        return a / b
    quotient = NAN if divisor.is_nan() and divisor.is_exact() else arb.nan()
    if divisor == 0:
        quotient = INFINITY if top > 0 else -INFINITY if top < 0 else NAN if top == 0 else arb.nan()
    if type(a) is arb_series or type(b) is arb_series:
        return arb_series([quotient] + [arb.nan()] * (ctx.cap - 1))
    return quotient
