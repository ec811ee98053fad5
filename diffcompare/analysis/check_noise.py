"""The noise of a function's values: from differences of neighbouring values, and from the digits they share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

MUCH_LESS = 0.25  # an order of differences below this part of the one before still held some of the smooth change
EXACT_BITS = 53


def difference_noise(sides: Sequence[np.ndarray]) -> float:
    """Standard deviation of the noise in values at equally spaced, very near points on either side of a point.

    Differences of order k remove the smooth part and keep the noise: sigma_k**2 is the mean of their squares times
    (k!)**2 / (2 k)!. The second order serves, or the third where it is much less. The sides are differenced apart, so
    that a kink or a jump at the point is no noise.

    Parameters
    ----------
    sides : sequence of ndarray, shape (k,)
        Values on each side, at least four; a side with values that are not finite is left out.

    References
    ----------
    More and Wild, "Estimating computational noise", SIAM Journal on Scientific Computing 33 (2011) 1292-1314,
    doi:10.1137/100786125.

    Examples
    --------
    >>> difference_noise([np.array([1.0, 2.0, 3.0, 4.0]), np.array([-2.0, -4.0, -6.0, -8.0])])
    0.0
    """
    usable = [side for side in sides if np.all(np.isfinite(side))]
    if not usable:
        return 0.0
    # In this unit, a power of two, nothing overflows and nothing is rounded.
    largest = math.ldexp(1.0, math.frexp(max(float(np.max(np.abs(side))) for side in usable))[1])
    sigma = []
    for order in (2, 3):
        squares = np.concatenate([np.diff(side / largest, order) ** 2 for side in usable])
        gamma = math.factorial(order) ** 2 / math.factorial(2 * order)
        sigma.append(math.sqrt(gamma * float(np.mean(squares))))
    return largest * (sigma[1] if sigma[1] < MUCH_LESS * sigma[0] else sigma[0])


def quantum(values: Sequence[float] | np.ndarray) -> float:
    """The largest power of two of which every value is a multiple; 0 where there are no values but zero.

    Values that were rounded at a larger size than their own (cancellation), or in a shorter format, share a quantum far
    above their own last place.

    Examples
    --------
    >>> quantum([0.75, 1.5, 2.0])
    0.25
    """
    lowest = math.inf
    for value in values:
        if value and math.isfinite(value):
            mantissa, exponent = math.frexp(value)
            whole = int(math.ldexp(abs(mantissa), EXACT_BITS))
            lowest = min(lowest, (whole & -whole).bit_length() - 1 + exponent - EXACT_BITS)
    return 0.0 if lowest == math.inf else math.ldexp(1.0, int(lowest))
