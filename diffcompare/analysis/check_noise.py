"""The noise of a function's values: from differences of neighbouring values, and from the digits they share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

AGREE = 4.0  # estimates of three orders within this factor are one plateau (More and Wild, section 3)
EXACT_BITS = 53


def difference_noise(values: Sequence[float] | np.ndarray) -> float:
    """Standard deviation of the noise in values at equally spaced, very near points.

    Differences of order k remove the smooth part and keep the noise: sigma_k**2 is the mean of their squares times
    (k!)**2 / (2 k)!. The first order from which three agree is taken.

    Parameters
    ----------
    values : sequence of float
        At least five of them.

    References
    ----------
    More and Wild, "Estimating computational noise", SIAM Journal on Scientific Computing 33 (2011) 1292-1314,
    doi:10.1137/100786125.

    Examples
    --------
    >>> difference_noise([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    0.0
    """
    differences, sigma = np.asarray(values, np.float64), []
    if not np.all(np.isfinite(differences)):
        return math.inf
    for k in range(1, len(differences)):
        differences = np.diff(differences)
        gamma = math.factorial(k) ** 2 / math.factorial(2 * k)
        sigma.append(math.sqrt(gamma * float(np.mean(differences**2))))
    for k in range(len(sigma) - 2):
        three = sigma[k : k + 3]
        if max(three) <= AGREE * min(three):
            return sigma[k]
    return sigma[-2]


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
