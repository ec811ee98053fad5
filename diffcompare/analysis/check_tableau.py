"""The limit of difference quotients as the step goes to zero, with a bound made of truncation and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# The bound is what the extrapolation itself shows, times this: two estimates may be near each other by chance.
SAFETY = 4.0
GROWING_STEPS = 4  # a quotient that grows over this many steps in a row has no limit
GROWTH = 1.5  # by this factor from step to step
REGULAR = 1.5  # a power of the step: the factors differ by no more than this
AITKEN_RATIO = 0.7  # differences that shrink less from step to step are no geometric series
ABOVE_NOISE = 10.0  # a remainder this many times its noise shows its own size


@dataclass(frozen=True, slots=True)
class Limit:
    """The extrapolated value for step zero.

    Attributes
    ----------
    value, bound : float
        The limit lies within `bound` of `value`, as far as the quotients show; inf where they show nothing.
    finest, order : int
        The estimate comes from the quotients number ``finest - order`` to ``finest``.
    """

    value: float
    bound: float
    finest: int = 0
    order: int = 0


def limit(steps: np.ndarray, quotients: np.ndarray, noise: np.ndarray, power: int) -> Limit:
    """Extrapolate quotients, whose error is a series in ``steps**power``, to step zero.

    Neville's scheme in z = h**power. An entry T[k, j] of the tableau comes from the steps k - j to k. Its bound is its
    distance to both entries it is made of (Ridders' rule), plus the noise that its weights let through, plus what the
    finer entries of the same order disagree with it beyond their own noise: a kink next to the point, or a pattern at
    small scale, is seen by the finer steps only. The entry with the smallest bound is taken.

    Parameters
    ----------
    steps, quotients, noise : ndarray, shape (k,)
        Steps from large to small, the quotients there, and a bound of the noise in each. Quotients that are not
        finite are left out.
    power : int
        2 for central quotients, 1 for one-sided ones.

    References
    ----------
    Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering Software 4 (1982) 75-76,
    doi:10.1016/S0141-1195(82)80057-0. Hairer, Norsett and Wanner, *Solving Ordinary Differential Equations I*, 2nd ed.,
    1993, section II.9, for the scheme.

    Examples
    --------
    >>> steps = np.array([0.5, 0.25, 0.125])
    >>> found = limit(steps, 3.0 + steps**2, np.full(3, 1e-16), power=2)
    >>> round(found.value, 12), found.bound < 1e-14
    (3.0, True)
    """
    use = np.flatnonzero(np.isfinite(quotients) & np.isfinite(noise))
    if len(use) < 2:
        return Limit(float("nan"), float("inf"))
    z, count = steps[use] ** power, len(use)
    table, spread = np.full((count, count), np.nan), np.full((count, count), np.inf)
    table[:, 0], spread[:, 0] = quotients[use], noise[use]
    best = Limit(float("nan"), float("inf"))
    bounds = np.full((count, count), np.inf)
    for j in range(count):
        for k in range(max(j, 1), count):
            if j == 0:
                seen = abs(table[k, 0] - table[k - 1, 0])
            else:
                factor = 1.0 / (z[k - j] / z[k] - 1.0)
                table[k, j] = table[k, j - 1] + (table[k, j - 1] - table[k - 1, j - 1]) * factor
                spread[k, j] = spread[k, j - 1] * (1.0 + factor) + spread[k - 1, j - 1] * factor
                seen = max(abs(table[k, j] - table[k, j - 1]), abs(table[k, j] - table[k - 1, j - 1]))
            bounds[k, j] = seen + spread[k, j]
        for k in range(max(j, 1), count):
            finer = np.abs(table[k + 1 :, j] - table[k, j]) - 2.0 * spread[k + 1 :, j]
            bound = bounds[k, j] + max(0.0, float(np.max(finer, initial=0.0)))
            if bound < best.bound:
                best = Limit(float(table[k, j]), float(bound), int(use[k]), int(use[k] - use[k - j]))
    slow = _any_rate(steps[use], quotients[use], noise[use])
    if slow.bound < best.bound:
        best = Limit(slow.value, slow.bound, int(use[slow.finest]), slow.order)
    return Limit(best.value, SAFETY * best.bound, best.finest, best.order)


def _any_rate(steps: np.ndarray, quotients: np.ndarray, noise: np.ndarray) -> Limit:
    """Aitken's extrapolation of quotients at steps of one ratio: it needs no known power, as at the edge of a domain.

    References
    ----------
    Stoer and Bulirsch, *Introduction to Numerical Analysis*, 3rd ed., 2002, section 5.10.
    """
    gaps = np.diff(quotients)
    best, before = Limit(float("nan"), float("inf")), float("nan")
    for k in range(2, len(quotients)):
        ratio = gaps[k - 1] / gaps[k - 2] if gaps[k - 2] else 0.0
        even = np.isclose(steps[k] * steps[k - 2], steps[k - 1] ** 2, rtol=1e-6, atol=0.0)
        if not (even and 0.0 < ratio < AITKEN_RATIO):
            before = float("nan")
            continue
        value = float(quotients[k] + gaps[k - 1] * ratio / (1.0 - ratio))
        bound = float(abs(value - before) + np.sum(noise[k - 2 : k + 1]) / (1.0 - ratio) ** 2)
        finer = np.abs(quotients[k + 1 :] - value) - 2.0 * noise[k + 1 :] - abs(quotients[k] - value)
        bound += max(0.0, float(np.max(finer, initial=0.0)))
        if bound < best.bound:
            best = Limit(value, bound, k, 3)
        before = value
    return best


def grows(quotients: np.ndarray, noise: np.ndarray) -> bool:
    """Whether quotients grow as a power of the shrinking step: at a jump, or where the tangent is vertical."""
    size = np.abs(quotients)
    clear = np.flatnonzero(np.isfinite(size) & (size > ABOVE_NOISE * noise))
    if len(clear) < GROWING_STEPS:
        return False
    last = np.asarray(quotients)[clear[-GROWING_STEPS:]]
    ratios = last[1:] / last[:-1]
    return bool(np.min(ratios) > GROWTH and np.max(ratios) < REGULAR * np.min(ratios))


def observed_rate(steps: np.ndarray, remainders: np.ndarray, noise: np.ndarray) -> float | None:
    """The power of the step with which remainders shrink, over the finest steps that rise above the noise.

    None where fewer than two do: the quotient has no visible error at all, as for a linear or quadratic function.
    """
    size = np.abs(remainders)
    clear = np.flatnonzero(np.isfinite(size) & (size > ABOVE_NOISE * noise))
    if len(clear) < 2:
        return None
    near, far = clear[-1], clear[-2]
    return float(np.log(size[far] / size[near]) / np.log(steps[far] / steps[near]))
