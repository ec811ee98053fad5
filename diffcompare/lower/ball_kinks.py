"""Functions with kinks and jumps over balls: the side must be certain, and at an exact kink the rows' convention holds.

Conventions: the derivative of `absolute` and `relu` at 0 is 0, of `sign`, `floor` and their kin 0 everywhere; ties in
`maximum`, `minimum`, `clip` and the reductions are shared equally. On plain balls, where only the value is asked,
an undecided side gives the enclosure of both; on series it raises `Undecided`.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_series

from .ball_base import HALF, NAN, ONE, ZERO, Ball, Undecided, ball, head, less


def absolute(x: Ball) -> Ball:
    """|x|, with derivative 0 at an exact 0."""
    if type(x) is arb:
        return abs(x)
    value = x[0]
    return x if value > 0 else -x if value < 0 else sign(value) * x


def sign(x: Ball) -> arb:
    """-1, 0 or 1."""
    value = head(x)
    if value > 0:
        return ONE
    if value < 0:
        return -ONE
    if value == 0:
        return ZERO
    if value.is_nan() and value.is_exact():
        return NAN
    raise Undecided(f"the sign of {value.str(8)}")


def _larger(a: Ball, b: Ball, sense: int) -> Ball:
    """The larger (sense 1) or smaller (sense -1) of two values; half of each where they are exactly equal."""
    a, b = ball(a), ball(b)
    x, y = head(a), head(b)
    if x > y:
        return a if sense > 0 else b
    if x < y:
        return b if sense > 0 else a
    plain = type(a) is arb and type(b) is arb
    if x == y:
        return a if plain else HALF * (a + b)
    for value in (x, y):
        if value.is_nan() and (plain or value.is_exact()):
            return value
    if plain:
        return x.max(y) if sense > 0 else x.min(y)
    raise Undecided(f"which of {x.str(8)} and {y.str(8)} is larger")


def maximum(a: Ball, b: Ball) -> Ball:
    """The larger; nan where either is nan."""
    return _larger(a, b, 1)


def minimum(a: Ball, b: Ball) -> Ball:
    """The smaller; nan where either is nan."""
    return _larger(a, b, -1)


def _certain_nan(x: Ball) -> bool:
    return head(x).is_nan() and head(x).is_exact()


def fmax(a: Ball, b: Ball) -> Ball:
    """The larger; the other where one is nan."""
    return b if _certain_nan(a) else a if _certain_nan(b) else _larger(a, b, 1)


def fmin(a: Ball, b: Ball) -> Ball:
    """The smaller; the other where one is nan."""
    return b if _certain_nan(a) else a if _certain_nan(b) else _larger(a, b, -1)


def clip(x: Ball, low: Ball, high: Ball) -> Ball:
    """x held between two bounds; on a bound the derivative is shared equally."""
    return minimum(maximum(x, low), high)


def extreme(values: Sequence[Ball], sense: int) -> Ball:
    """The largest (sense 1) or smallest (sense -1) of several values; exact ties share the derivative equally."""
    best = [ball(values[0])]
    for value in values[1:]:
        value = ball(value)
        x, y = head(value), head(best[0])
        if x == y:
            best.append(value)
        elif (x > y) if sense > 0 else (x < y):
            best = [value]
        elif not ((x < y) if sense > 0 else (x > y)):
            plain = type(value) is arb and all(type(b) is arb for b in best)
            if not plain and not _certain_nan(x) and not _certain_nan(y):
                raise Undecided(f"which of {x.str(8)} and {y.str(8)} is larger")
            best = [_larger(x, y, sense)]
    if len(best) == 1 or all(type(b) is arb for b in best):
        return best[0]
    return sum(best[1:], best[0]) * (ONE / len(best))


def floor(x: Ball) -> arb:
    """The largest integer not above x, with derivative 0."""
    value = head(x)
    below = value.floor()
    if not below.is_exact():
        raise Undecided(f"the integer below {value.str(20)}")
    return below


def ceil(x: Ball) -> arb:
    """The smallest integer not below x, with derivative 0."""
    return -floor(-head(x))


def trunc(x: Ball) -> arb:
    """x without its fraction, with derivative 0."""
    return floor(x) if not less(x, ZERO) else ceil(x)


def rint(x: Ball) -> arb:
    """The nearest integer, halves to even, with derivative 0."""
    value = head(x)
    nearest = floor(value + HALF)
    if nearest - value == HALF and not (nearest * HALF).is_integer():
        return nearest - 1
    return nearest


def floor_divide(x: Ball, y: Ball) -> Ball:
    """floor(x / y), with derivative 0; nan or infinite at y = 0 as in NumPy."""
    a, b = head(x), head(y)
    return NAN if b == 0 else floor(a / b)


def remainder(x: Ball, y: Ball) -> Ball:
    """x - y floor(x / y): NumPy's `%`, with the sign of y."""
    quotient = floor_divide(x, y)
    return ball(x) - ball(y) * quotient


mod = remainder


def fmod(x: Ball, y: Ball) -> Ball:
    """x - y trunc(x / y): C's remainder, with the sign of x."""
    return ball(x) - ball(y) * trunc(head(x) / head(y))


def copysign(x: Ball, y: Ball) -> Ball:
    """|x| with the sign of y; y = 0 counts as positive, for balls know no signed zero."""
    return -absolute(ball(x)) if less(y, ZERO) else absolute(ball(x))


def heaviside(x: Ball, at_zero: Ball) -> Ball:
    """0 below 0, 1 above, `at_zero` at an exact 0; its derivative by x is 0."""
    side = sign(x)
    return ball(at_zero) if side == 0 else side if side.is_nan() else HALF * (side + 1)


def relu(x: Ball) -> Ball:
    """max(x, 0) with derivative 0 at 0."""
    return leaky_relu(x, ZERO)


def leaky_relu(x: Ball, slope: Ball = 0.01) -> Ball:
    """x above 0, `slope` x below; at an exact 0 the derivative is `slope`."""
    value = head(x)
    if value > 0:
        return x
    below = ball(slope) * x
    if value <= 0:
        return below if not head(below).is_zero() or type(x) is arb_series else ZERO
    if value.is_nan():
        return below
    if type(x) is arb and type(below) is arb:
        return arb.union(x, below)
    raise Undecided(f"the sign of {value.str(8)}")


def same(x: Ball) -> Ball:
    """x itself: what a cast between floating types is to real numbers."""
    return x
