"""Where elementwise rows are tested: points of their domains, edges, kinks, and values that are not finite numbers."""

import itertools
import math

import numpy as np

import diffcompare.ops  # noqa: F401 - fills the table
from diffcompare.core.tables import ROWS

ELEMENTWISE = [row for row in ROWS.values() if row.kind == "elementwise"]
SPECIAL = (0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan)
_POSITIVE = (1e-100, 1e-9, 0.03, 0.75, 1.125, 2.5, 11.0, 40.0, 300.0, 1e8)
_FRACTIONS = (1e-12, 0.1, 0.3125, 0.5, 0.6, 0.9, 1.0 - 1e-12)


def inside(interval, few=False):
    """Points strictly inside an interval, from its middle to its edges."""
    if interval == (0.0, 1.0) or (math.isfinite(interval.low) and math.isfinite(interval.high)):
        points = [interval.low + (interval.high - interval.low) * f for f in _FRACTIONS]
    elif math.isfinite(interval.low):
        points = [interval.low + d for d in _POSITIVE]
    else:
        points = [s * d for d in _POSITIVE for s in (1.0, -1.0)]
    points = sorted({p for p in points if interval.contains(p)})
    return points[1::3] if few else points


def domain_points(row):
    """Points in the domain of `row`, as one tuple of arguments each; kinks left out."""
    if row.name == "where":
        return [(c, a, b) for c in (True, False) for a, b in ((2.0, -3.0), (1e-9, 1e8))]
    axes = [inside(interval, few=len(row.domain) > 1) for interval in row.domain]
    if row.name == "polygamma":
        axes[0] = [2.0, 3.0]  # its order is an integer
    kinks = {tuple(np.atleast_1d(point)) for point, _ in row.kinks}
    points = [p for p in itertools.product(*axes) if p not in kinks]
    if row.partials is None or row.name == "remainder":  # steps: neither integers nor ties
        points = [tuple(x * 1.0625 + 0.03 * i for i, x in enumerate(p)) for p in points]
    return [p for p in points if all(i.contains(x) for i, x in zip(row.domain, p, strict=True)) and not _tie(row, p)]


def _tie(row, point):
    # A comparison, an extreme or a step has no derivative where its arguments meet or a quotient is whole.
    if row.name in ("remainder", "floor_divide"):
        return (point[0] / point[1]) % 1.0 == 0.0
    if row.name in ("floor", "ceil", "trunc"):
        return point[0] % 1.0 == 0.0
    return row.name in ("maximum", "minimum", "fmax", "fmin") and point[0] == point[1]


def edge_points(row):
    """Edges of the domain, kinks, and every combination of values that are not ordinary numbers."""
    if row.name == "where":
        return [(c, a, b) for c in (True, False) for a in (1.0, np.nan, np.inf) for b in (2.0, np.nan, -np.inf)]
    ends = [x for interval in row.domain for x in interval if math.isfinite(x)]
    if row.name == "polygamma":  # at -inf, far from its domain, SciPy answers with a zeta function's pole
        return [(2.0, x) for x in (*SPECIAL, *ends) if x != -np.inf]
    points = list(itertools.product((*SPECIAL, *ends), repeat=len(row.domain)))
    return points + [tuple(np.atleast_1d(point)) for point, _ in row.kinks]


def columns(points):
    """Arguments of `points`, one array for each; booleans stay booleans."""
    return [np.array(c) for c in zip(*points, strict=True)]
