"""Growth exponents: the slope of a measurement against size on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 3  # sizes that a slope with an uncertainty takes


@dataclass(frozen=True, slots=True)
class Growth:
    """A power law fitted to measurements: about ``coefficient * size**exponent``.

    Attributes
    ----------
    exponent : float
        The slope on logarithmic axes.
    uncertainty : float
        Standard error of the slope, from the scatter about the line; nan for two sizes, which have none.
    coefficient : float
        In the unit of the measurement.
    sizes : tuple of float
        The sizes that were fitted, the largest.
    """

    exponent: float
    uncertainty: float
    coefficient: float
    sizes: tuple[float, ...]

    def at(self, size: float) -> float:
        """The fitted measurement at a size."""
        return self.coefficient * size**self.exponent

    def __str__(self) -> str:
        return f"{round(self.exponent, 2) + 0.0:.2f}" + (
            "" if math.isnan(self.uncertainty) else f" ± {self.uncertainty:.2f}"
        )


def fit_growth(sizes: Sequence[float], measured: Sequence[float | None]) -> Growth | None:
    """The power law through the measurements at the largest sizes, by least squares of their logarithms.

    The upper half of the sizes that have a positive, finite measurement is fitted, but three where there are as many:
    small sizes show what a call costs, not how it grows.

    Parameters
    ----------
    sizes, measured : sequence of float
        None, zero, nan and infinity are left out.

    Returns
    -------
    Growth, or None where fewer than two sizes are left.

    Examples
    --------
    >>> fit_growth([10, 100, 1000], [3e-5, 3e-4, 3e-3]).exponent
    1.0
    """
    known = sorted((s, m) for s, m in zip(sizes, measured, strict=True) if m and s > 0 and math.isfinite(m) and m > 0)
    known = known[-max(LEAST, math.ceil(len(known) / 2)) :]
    if len({s for s, _ in known}) < 2:
        return None
    x, y = np.log([s for s, _ in known]), np.log([m for _, m in known])
    spread = x - x.mean()
    slope = float(spread @ y / (spread @ spread))
    intercept = float(y.mean() - slope * x.mean())
    uncertainty = math.nan
    if len(known) >= LEAST:
        left = y - intercept - slope * x
        # Standard error of a slope; Draper and Smith, "Applied Regression Analysis", 3rd ed., Wiley 1998, section 1.4.
        uncertainty = math.sqrt(float(left @ left) / (len(known) - 2) / float(spread @ spread))
    return Growth(round(slope, 12), uncertainty, math.exp(intercept), tuple(float(s) for s, _ in known))
