"""How far a gradient is from the certified one: absolutely, relatively, in ULP, digits, and units of condition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..lower.ball_base import precision
from .reference import Reference

UNIT_ROUND_OFF = {"float64": 2.0**-53, "float32": 2.0**-24}
MOST_DIGITS = {"float64": 15.95, "float32": 7.22}  # -log10 of the unit round-off: no result is counted as better
_BITS = 256  # of the differences below: far beyond the certified digits


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors of a gradient against a `Reference`. nan stands for "not known": a nan entry, or one not certified.

    Attributes
    ----------
    abs_error : float
        Largest absolute error of an entry.
    rel_error : float
        Largest relative error; entries whose true value is 0 are measured against the largest entry.
    ulp_error : float
        Largest error in units in the last place of the true entry, an upper bound; for entries that are truly 0 it
        is 0 or infinite.
    ulp_bracket : tuple of float
        (lower, upper) bound of that error.
    digits : float
        Correct decimal digits of the worst entry, -log10 of `rel_error`, between 0 and what the type holds.
    worst_entry : tuple of int
        The entry with the largest relative error: position of the argument, then its index. Empty without entries.
    norm_error : float
        Euclidean norm of the error over that of the gradient.
    condition : float
        Largest sum of absolute terms over the size of its entry: how many units of round-off an entry loses by the
        problem and its evaluation alone; inf for an entry that is 0 by cancellation.
    condition_error : float
        Largest error over (unit round-off times the sum of absolute terms): at most a few for a sound method, whatever
        the condition.
    comparable : bool
        Whether nan, inf and sign of infinity agree entry by entry, so that the numbers above tell all.
    """

    abs_error: float
    rel_error: float
    ulp_error: float
    ulp_bracket: tuple[float, float]
    digits: float
    worst_entry: tuple[int, ...]
    norm_error: float
    condition: float
    condition_error: float
    comparable: bool

    def record(self) -> dict[str, Any]:
        """The entries of a record that this fills."""
        names = "abs_error rel_error ulp_error digits worst_entry condition condition_error".split()
        return {name: getattr(self, name) for name in names}


def accuracy(gradient: Any, reference: Reference, dtype: str | None = None) -> Accuracy:
    """The errors of `gradient` against the certified one.

    Parameters
    ----------
    gradient : float, ndarray, or sequence of them
        One entry for each differentiated argument, aligned with `reference.arrays`.
    reference : Reference
        Of the same function at the same point.
    dtype : str, optional
        The type that was computed in, "float64" or "float32": it sets the unit of round-off and of the last place.
        By default float32 where every part is, else float64.

    Raises
    ------
    ShapeError
        If the shapes are not those of the reference.
    """
    if dtype is None:
        parts = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
        single = len(parts) > 0 and all(getattr(p, "dtype", None) == np.float32 for p in parts)
        dtype = "float32" if single else "float64"
    found = _flat(gradient, reference)
    balls = [ball for part in reference.gradient_balls for ball in part.ravel()]
    true = np.concatenate([a.ravel() for a in reference.arrays]) if reference.arrays else np.zeros(0)
    comparable = _same_kind(found, true)
    errors, brackets = _differences(found, balls, true, dtype)
    finite_true = np.abs(true[np.isfinite(true)])
    largest = float(finite_true.max(initial=0.0))
    with np.errstate(all="ignore"):
        size = np.where(true != 0, np.abs(true), largest)
        relative = np.where(errors == 0, 0.0, errors / size)
    relative = np.where(np.isnan(found) & ~np.isnan(true), np.nan, relative)
    worst = _worst(relative)
    condition, condition_error = _condition(errors, true, reference, dtype)
    low, high = _largest_bracket(brackets)
    rel_error = _most(relative)
    return Accuracy(
        abs_error=_most(errors),
        rel_error=rel_error,
        ulp_error=high,
        ulp_bracket=(low, high),
        digits=_digits(rel_error, dtype),
        worst_entry=_index(worst, reference),
        norm_error=_norm_ratio(errors, true),
        condition=condition,
        condition_error=condition_error,
        comparable=comparable,
    )


def _flat(gradient: Any, reference: Reference) -> np.ndarray:
    parts = list(gradient) if isinstance(gradient, (tuple, list)) else [gradient]
    shapes = [np.shape(p) for p in parts]
    expected = [a.shape for a in reference.arrays]
    if shapes != expected:
        raise ShapeError(f"a gradient of shapes {shapes} cannot be measured against one of shapes {expected}.")
    return np.concatenate([np.asarray(p, float).ravel() for p in parts]) if parts else np.zeros(0)


def _same_kind(found: np.ndarray, true: np.ndarray) -> bool:
    """Whether both are nan, infinite (with one sign) and finite in the same places."""
    finite = np.isfinite(found) & np.isfinite(true)
    return bool(np.all(finite | (np.isnan(found) & np.isnan(true)) | (found == true)))


def _differences(found: np.ndarray, balls: Sequence[Any], true: np.ndarray, dtype: str) -> tuple:
    """Absolute errors, and brackets of the errors in ULP; nan where either side is not a number."""
    errors = np.full(len(found), np.nan)
    brackets = [(math.nan, math.nan)] * len(found)
    with precision(_BITS):
        for n, (number, ball) in enumerate(zip(found.tolist(), balls, strict=True)):
            if not math.isfinite(number) or not math.isfinite(true[n]) or ball is None:
                if number == true[n]:  # the same infinity
                    errors[n], brackets[n] = 0.0, (0.0, 0.0)
                elif not math.isnan(number) and not math.isnan(true[n]):
                    errors[n], brackets[n] = math.inf, (math.inf, math.inf)
                continue
            distance = abs(ball - number)
            if true[n] == 0:  # an enclosure of 0 counts as 0
                errors[n] = abs(number)
                brackets[n] = (0.0, 0.0) if number == 0 else (math.inf, math.inf)
                continue
            errors[n] = float(distance)
            unit = ulp(true[n], dtype)
            low, high = distance.lower() / unit, distance.upper() / unit
            brackets[n] = (max(0.0, float(low)), float(high))
    return errors, brackets


def ulp(x: float, dtype: str = "float64") -> float:
    """The unit in the last place of x: the distance to the next larger number of its type."""
    return math.ulp(x) if dtype == "float64" else float(np.spacing(np.float32(abs(x))))


def _most(values: np.ndarray) -> float:
    """The largest; nan if any is nan, 0 for none."""
    return float(np.max(values, initial=0.0)) if values.size else 0.0


def _worst(relative: np.ndarray) -> int | None:
    if not relative.size:
        return None
    unknown = np.isnan(relative)
    return int(np.argmax(unknown)) if unknown.any() else int(np.argmax(relative))


def _index(worst: int | None, reference: Reference) -> tuple[int, ...]:
    if worst is None:
        return ()
    for position, part in zip(reference.wrt, reference.arrays, strict=True):
        if worst < part.size:
            return (position, *(int(i) for i in np.unravel_index(worst, part.shape)))
        worst -= part.size
    return ()


def _largest_bracket(brackets: Sequence[tuple[float, float]]) -> tuple[float, float]:
    if any(math.isnan(high) for _, high in brackets):
        return math.nan, math.nan
    return max((low for low, _ in brackets), default=0.0), max((high for _, high in brackets), default=0.0)


def _digits(rel_error: float, dtype: str) -> float:
    if math.isnan(rel_error):
        return math.nan
    most = MOST_DIGITS.get(dtype, MOST_DIGITS["float64"])
    return most if rel_error == 0 else float(min(most, max(0.0, -math.log10(rel_error))))


def _norm_ratio(errors: np.ndarray, true: np.ndarray) -> float:
    if np.isnan(errors).any():
        return math.nan
    scale = float(np.max(np.abs(true[np.isfinite(true)]), initial=0.0)) or 1.0  # so that squares do not overflow
    size = float(np.linalg.norm(true[np.isfinite(true)] / scale))
    error = float(np.linalg.norm(errors / scale))
    return error / size if size else (0.0 if error == 0 else math.inf)


def _condition(errors: np.ndarray, true: np.ndarray, reference: Reference, dtype: str) -> tuple[float, float]:
    if reference.sums is None:
        return math.nan, math.nan
    sums = np.concatenate([s.ravel() for s in reference.sums]) if reference.sums else np.zeros(0)
    unit = UNIT_ROUND_OFF.get(dtype, UNIT_ROUND_OFF["float64"])
    with np.errstate(all="ignore"):
        lost = np.where(sums == 0, 0.0, sums / np.abs(true))
        scaled = np.where(errors == 0, 0.0, errors / (unit * sums))
    return _most(lost), _most(scaled)
