"""Finite-difference stencils: exact weights, and the step at which truncation and round-off errors balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ..errors import OptionError

ORDERS = {"forward": (1, 2, 4, 6, 8), "backward": (1, 2, 4, 6, 8), "central": (2, 4, 6, 8)}


@dataclass(frozen=True, slots=True)
class Stencil:
    """A formula for f'(x) out of values on the grid x + k h.

    Written as differences of pairs, sum of w (f(x + a h) - f(x + b h)), so that a constant has the derivative zero
    exactly and nearly equal values are subtracted first, which floating point does without error.

    Attributes
    ----------
    scheme, order
        ``"forward"``, ``"backward"`` or ``"central"``; the power of h with which the error falls.
    offsets : tuple of int
        Grid points k.
    weights : tuple of Fraction
        Weight of each grid point, for h = 1.
    pairs : tuple of (int, int, float)
        (a, b, w) as above.
    """

    scheme: str
    order: int
    offsets: tuple[int, ...]
    weights: tuple[Fraction, ...]
    pairs: tuple[tuple[int, int, float], ...]

    @property
    def absolute_weight(self) -> Fraction:
        """Sum of |w_k|: the round-off error is at most this times the error of a value, over h."""
        return sum(map(abs, self.weights), Fraction(0))

    @property
    def truncation_moment(self) -> Fraction:
        """Size of the sum of w_k k**(p + 1), p the order.

        The truncation error begins with this times h**p f^(p + 1)(x) / (p + 1)!.
        """
        moments = (w * k ** (self.order + 1) for k, w in zip(self.offsets, self.weights, strict=True))
        return abs(sum(moments, Fraction(0)))

    def relative_step(self, noise: float) -> float:
        """The step of least error bound, for values with relative error `noise`, in units of the function's scale.

        With scale r and Cauchy's estimate |f^(k)| <= k! M / r**k, the bound is
        M (truncation_moment h**p / r**(p + 1) + absolute_weight noise / h), p the order. Its minimum lies at
        h = r (absolute_weight noise / (p truncation_moment))**(1 / (p + 1)): the noise**(1/2) and noise**(1/3) of the
        textbooks for orders one and two.

        References
        ----------
        Press et al., *Numerical Recipes*, 3rd ed., 2007, section 5.7. Nocedal and Wright, *Numerical Optimization*,
        2nd ed., 2006, section 8.1, doi:10.1007/978-0-387-40065-5.
        """
        return (_balance(self.scheme, self.order) * noise) ** (1.0 / (self.order + 1))


@lru_cache
def _balance(scheme: str, order: int) -> float:
    rule = stencil(scheme, order)
    return float(rule.absolute_weight / (order * rule.truncation_moment))


@lru_cache(typed=True)
def stencil(scheme: str, order: int) -> Stencil:
    """The stencil with the fewest points of this scheme and order.

    Parameters
    ----------
    scheme : {"forward", "backward", "central"}
        On which side of the point the grid lies.
    order : int
        1 (one-sided only), 2, 4, 6 or 8.

    Raises
    ------
    OptionError
        When there is no such scheme, or it has no such order.

    Examples
    --------
    >>> [str(w) for w in stencil("central", 4).weights]
    ['1/12', '-2/3', '0', '2/3', '-1/12']
    """
    check(scheme, order)
    reach = order // 2
    grid = {"forward": range(order + 1), "backward": range(0, -order - 1, -1), "central": range(-reach, reach + 1)}
    offsets = tuple(grid[scheme])
    found = weights(offsets)
    by_offset = dict(zip(offsets, found, strict=True))
    if scheme == "central":
        pairs = tuple((k, -k, float(by_offset[k])) for k in range(1, reach + 1))
    else:
        pairs = tuple((k, 0, float(by_offset[k])) for k in offsets[1:])
    return Stencil(scheme, order, offsets, found, pairs)


def check(scheme: str, order: int) -> None:
    """Raise `OptionError` unless `scheme` exists and comes in this `order`."""
    if scheme not in ORDERS:
        raise OptionError(f"scheme={scheme!r} is not a finite-difference scheme.\n  Choose one of {', '.join(ORDERS)}.")
    if isinstance(order, bool) or order not in ORDERS[scheme]:
        why = "central differences have even order" if scheme == "central" and order == 1 else "there is no such order"
        raise OptionError(
            f"order={order!r} with scheme={scheme!r}: {why}.\n"
            f"  Choose one of {', '.join(map(str, ORDERS[scheme]))}, or another scheme."
        )


def weights(offsets: Sequence[int | Fraction], derivative: int = 1) -> tuple[Fraction, ...]:
    """Exact weights that turn values on the grid `offsets` into a derivative at 0.

    Parameters
    ----------
    offsets : sequence of int or Fraction
        Distinct grid points.
    derivative : int, default 1
        Which derivative; less than the number of points.

    Returns
    -------
    tuple of Fraction
        One weight a point; the formula is exact for polynomials of degree below the number of points.

    References
    ----------
    Fornberg, "Generation of finite difference formulas on arbitrarily spaced grids", Mathematics of Computation 51
    (1988) 699-706, doi:10.1090/S0025-5718-1988-0935077-0. The recurrence adds one grid point at a time.
    """
    # table[j][m]: weight of point j in the m-th derivative, on the points taken in so far
    table = [[Fraction(1)] + [Fraction(0)] * derivative]
    norm_before = Fraction(1)
    for n in range(1, len(offsets)):
        newest, previous = Fraction(offsets[n]), Fraction(offsets[n - 1])
        gaps = [newest - offsets[j] for j in range(n)]
        norm = Fraction(1)
        for gap in gaps:
            norm *= gap
        last = table[n - 1]
        ratio = norm_before / norm
        added = [ratio * ((m * last[m - 1] if m else 0) - previous * last[m]) for m in range(derivative + 1)]
        for row, gap in zip(table, gaps, strict=True):
            for m in range(derivative, -1, -1):
                row[m] = (newest * row[m] - (m * row[m - 1] if m else 0)) / gap
        table.append(added)
        norm_before = norm
    return tuple(row[derivative] for row in table)
