"""What was measured, in a few numbers a method: the best step, the slopes of both branches, and where they balance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .records import Record
from .step_line import Along
from .step_methods import Prediction, Swept
from .step_theory import MeasuredNoise

# Key -> (unit, meaning) of a summary, in the order of the columns.
SUMMARY_FIELDS: dict[str, tuple[str, str]] = {
    "method": ("", "way of differentiating"),
    "order": ("", "power of the step with which the truncation error falls; None if it adapts"),
    "dtype": ("", "data type of arguments and values"),
    "best_step": ("unit of the argument", "step with the smallest error measured"),
    "best_error": ("unit of the derivative", "that error: it may owe much to luck, where both errors cancel"),
    "predicted_step": ("unit of the argument", "step with the smallest sum of predicted truncation and round-off"),
    "predicted_error": ("unit of the derivative", "that sum"),
    "fitted_step": ("unit of the argument", "step at which the two measured branches balance best"),
    "fitted_error": ("unit of the derivative", "sum of the two measured branches there"),
    "slope_right": ("1", "slope of log error over log step where truncation rules; theory: the order"),
    "slope_left": ("1", "slope where round-off rules; theory: -1, and 0 for the complex step"),
    "points_right": ("steps", "measured errors on the right branch"),
    "points_left": ("steps", "measured errors on the left branch"),
    "remark": ("", "what is out of the ordinary, in words"),
}  # fmt: skip
RULES = 10.0  # a branch is clear where one predicted error is this many times the other
ALONE = 0.1  # and where the next term of the truncation error is at most this part of the leading one
GRAINS = 4.0  # round-off follows 1 / h down to steps of a few spacings of the argument's numbers
LEAST = 4  # points of a branch
SAME = 1.001  # sums of errors that are the same for all purposes
DENSITY = 40  # steps a decade at which the predicted optimum is sought: within 3 % of it


class Branch(NamedTuple):
    """Steps and errors that were measured on one branch."""

    steps: np.ndarray
    errors: np.ndarray

    def slope(self) -> float | None:
        """Median of the slopes between all pairs of points (Theil 1950, Sen 1968): a third of outliers does no harm."""
        if self.steps.size < LEAST:
            return None
        x, y = np.log(self.steps), np.log(self.errors)
        i, j = np.triu_indices(x.size, 1)
        return float(np.median((y[j] - y[i]) / (x[j] - x[i])))


def summary(method: Swept, about: Along, noise: MeasuredNoise, records: Sequence[Record]) -> Record:
    """One method in one data type, in the keys of `SUMMARY_FIELDS`."""
    found: Record = {**dict.fromkeys(SUMMARY_FIELDS), "method": method.label, "order": method.order}
    found |= {"dtype": about.dtype, "points_left": 0, "points_right": 0, "remark": ""}
    measured = [r for r in records if r["status"] == "ok"]
    if not measured:
        refused = records[0]["reason"] if records[0]["status"] == "skipped" else ""
        return found | {"remark": refused.partition("\n")[0]}
    best = min(measured, key=lambda r: r["error"])
    found |= {"best_step": best["step"], "best_error": best["error"]}
    steps = [r["step"] for r in records]
    found |= _predicted_optimum(method, about, noise, min(steps), max(steps))
    predictions = [method.predict(about, noise, r["step"]) for r in measured]
    right, left = _branches(measured, predictions, about, method.round_off_power)
    found |= {"points_right": right.steps.size, "points_left": left.steps.size}
    found |= {"slope_right": right.slope(), "slope_left": left.slope()}
    if method.order is not None and method.round_off_power == -1:
        found |= _balance(right, left, _power(predictions, method.order))
    return found


def _power(predictions: Sequence[Prediction], order: int) -> int:
    return next((p.power for p in predictions if p.truncation > 0), order)


def _predicted_optimum(method: Swept, about: Along, noise: MeasuredNoise, low: float, high: float) -> dict[str, Any]:
    count = max(2, math.ceil(math.log10(high / low) * DENSITY) + 1)
    grid = np.geomspace(low, high, count).tolist()
    rows = [(h, method.predict(about, noise, h)) for h in grid]
    if any(math.isnan(p.truncation) for _, p in rows):
        return {"remark": "truncation is not predicted: a higher derivative is not known, or there is none"}
    known = [(h, p) for h, p in rows if not math.isnan(p.round_off)]
    if not known:
        return {"remark": "the rounding of the values is not known, so round-off is not predicted"}
    if all(p.truncation == 0 and p.round_off == 0 for _, p in known):
        return {"remark": "exact at every step: neither truncation nor round-off"}
    least = min(p.truncation + p.round_off for _, p in known)
    # Where all steps below some length are as good (the complex step), the longest of them counts.
    h, p = max((row for row in known if row[1].truncation + row[1].round_off <= SAME * least), key=lambda row: row[0])
    remark = ""
    if method.order is not None and all(p.truncation == 0 for _, p in known):
        remark = "exact but for rounding: it has no truncation error here"
    return {"predicted_step": h, "predicted_error": p.truncation + p.round_off, "remark": remark}


def _branches(
    records: Sequence[Record], predictions: Sequence[Prediction], about: Along, round_off_power: int
) -> tuple[Branch, Branch]:
    right, left = [], []
    for record, p in zip(records, predictions, strict=True):
        h, error = record["step"], record["error"]
        if not error > 0:
            continue
        if p.truncation > RULES * p.round_off and p.next_term <= ALONE:
            right.append((h, error))
        elif p.round_off > RULES * p.truncation and (h >= GRAINS * about.grain or round_off_power == 0):
            left.append((h, error))
    return _branch(right), _branch(left)


def _branch(points: Sequence[tuple[float, float]]) -> Branch:
    table = np.array(points, np.float64).reshape(-1, 2)
    return Branch(table[:, 0], table[:, 1])


def _balance(right: Branch, left: Branch, power: int) -> dict[str, float]:
    """The least sum of a h**power + b / h, with a and b from the errors on the two branches.

    a is the median of error / h**power, b the root mean square of error * h, the measure that is predicted. The
    minimum lies at h = (b / (power a))**(1 / (power + 1)).
    """
    if min(right.steps.size, left.steps.size) < LEAST:
        return {}
    a = float(np.median(right.errors / right.steps**power))
    b = float(np.sqrt(np.mean((left.errors * left.steps) ** 2)))
    h = (b / (power * a)) ** (1.0 / (power + 1))
    return {"fitted_step": h, "fitted_error": a * h**power + b / h}
