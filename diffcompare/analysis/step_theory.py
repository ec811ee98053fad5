"""What theory says of a difference formula at one step: its truncation error, and the round-off of its values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from ..methods.stencils import stencil, weights
from .step_line import TERMS, Along, difference

SAMPLES = 12  # distances a decade at which the rounding of a value is measured, on either side of the point
REACH = 0.75  # decades on either side of a step over which they are taken together
Taylor = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Formula:
    """A derivative as a sum of weights w_k times values at x + k h, over h.

    Attributes
    ----------
    offsets, weights : tuple of Fraction
        The points k and their weights.
    order : int
        The power of h with which the truncation error falls, where the derivative it begins with is not zero.
    coefficients : tuple of float
        Entry q is the size of the sum of w_k k**(q + 1), the factor of h**q f^(q + 1) / (q + 1)! in the error.
    """

    offsets: tuple[Fraction, ...]
    weights: tuple[Fraction, ...]
    order: int
    coefficients: tuple[float, ...]

    def truncation(self, taylor: Taylor, h: float) -> tuple[float, int, float]:
        """The leading term of the truncation error, its power of h, and the size of the next term over it.

        The error of the formula is the sum over powers q >= order of coefficients[q] h**q f^(q + 1) / (q + 1)!. The
        leading term is the first that does not vanish; where none of the known ones is left, the formula is exact and
        the term 0. nan where a derivative is not known.
        """
        leading, power = 0.0, 0
        for q in range(self.order, len(taylor) - 1):
            coefficient = self.coefficients[q]
            if coefficient == 0.0:
                continue
            slope = taylor[q + 1]
            if slope is None:
                return (leading, power, math.nan) if leading else (math.nan, self.order, math.nan)
            term = coefficient * abs(slope) * h**q
            if term and leading:
                return leading, power, term / leading
            if term:
                leading, power = term, q
        return leading, power or self.order, 0.0

    def round_off(self, noise: Noise) -> float:
        """Root mean square of h times the error that rounded values cause; see `Noise`."""
        moving = [float(w) for k, w in zip(self.offsets, self.weights, strict=True) if k != 0]
        spread = noise.deviation * math.sqrt(math.fsum(w * w for w in moving))
        return math.hypot(spread, noise.bias * math.fsum(moving))


def _formula(offsets: tuple[Fraction, ...], ws: tuple[Fraction, ...], order: int) -> Formula:
    moments = (sum((w * k ** (q + 1) for k, w in zip(offsets, ws, strict=True)), Fraction(0)) for q in range(TERMS))
    return Formula(offsets, ws, order, tuple(abs(float(moment)) for moment in moments))


@lru_cache
def of_stencil(scheme: str, order: int) -> Formula:
    """The formula of a finite-difference stencil."""
    rule = stencil(scheme, order)
    return _formula(tuple(map(Fraction, rule.offsets)), rule.weights, order)


@lru_cache
def of_levels(levels: int, ratio: float) -> Formula:
    """Central differences with steps h, h / ratio, ... extrapolated to step 0: their weights as one formula.

    The diagonal of Neville's scheme is the only formula on those points that is exact for polynomials of degree up to
    twice the number of steps, so Fornberg's recurrence gives its weights.
    """
    r = Fraction(ratio)
    offsets = tuple(side * r**-k for k in range(levels) for side in (1, -1))
    return _formula(offsets, weights(offsets), 2 * levels)


@dataclass(frozen=True, slots=True)
class Noise:
    """How rounding disturbs values of the function at some distance.

    Attributes
    ----------
    deviation : float
        Standard deviation of the error of a value.
    bias : float
        Mean error there less the error at the point itself, which one-sided formulas do not cancel.
    """

    deviation: float
    bias: float


class MeasuredNoise:
    """The true error of the function's values near a point, known because ball arithmetic gives the exact values.

    At 12 distances a decade, on both sides, the value in the data type is compared with the certified one; the errors
    within 0.75 decades of a step are its noise there. That takes the place of an assumed relative error of the values
    in the classical estimate noise / h of the round-off error [1]_ [2]_: values may be far better or worse than a unit
    of round-off. With `exact`, formulas of one number divide by the step taken after rounding, and the argument's
    rounding is no error; without, and along a direction, it is part of the noise.

    References
    ----------
    .. [1] Gill, Murray and Wright, *Practical Optimization*, Academic Press 1981, sections 8.5 and 8.6 (the error of
       function values, found by differences there; the step that balances it).
    .. [2] Sauer, *Numerical Analysis*, 3rd ed., Pearson 2018, section 5.1 (truncation against round-off; the optimum).
    """

    def __init__(self, about: Along, smallest: float, largest: float, exact: bool) -> None:
        decades = math.log10(largest / smallest) + 2 * REACH
        count = max(2, math.ceil(decades * SAMPLES))
        # The fraction keeps the distances apart from the steps of a sweep, which are powers of ten.
        distances = smallest * 10.0 ** (-REACH + (np.arange(count) + 0.377) / SAMPLES)
        found = [(t, _rounding(about, side * t, exact)) for t in distances.tolist() for side in (1.0, -1.0)]
        kept = [(math.log10(t), error) for t, error in found if error is not None]
        self._places = np.array([place for place, _ in kept])
        self._errors = np.array([error for _, error in kept])
        self._own = _rounding(about, 0.0, exact) or 0.0
        self._known: dict[float, Noise] = {}

    def near(self, h: float) -> Noise:
        """The noise at about the distance h; nan where no value could be compared."""
        if h not in self._known:
            self._known[h] = self._near(h)
        return self._known[h]

    def _near(self, h: float) -> Noise:
        chosen = self._errors[np.abs(self._places - math.log10(h)) <= REACH]
        if chosen.size < SAMPLES:  # of three times as many, unless values are not finite or points round to one another
            return Noise(math.nan, math.nan)
        return Noise(float(np.std(chosen)), float(np.mean(chosen)) - self._own)


def _rounding(about: Along, t: float, exact: bool) -> float | None:
    """The error of the value at distance t; None where it is not known, not finite, or the point itself again."""
    line, by_step = about.line, exact and about.single
    if by_step and t and not about.moves(t):
        return None
    there = line.point(t)
    value = float(line.at(there))
    true = about.exact(there - line.origin if by_step else t)
    if true is None or not true.is_finite() or not math.isfinite(value):
        return None
    return difference(value, true)
