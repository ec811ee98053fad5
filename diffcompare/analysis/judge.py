"""Whether a gradient is as accurate as theory allows for the method that gave it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from diffcompare.analysis.accuracy import MOST_DIGITS, UNIT_ROUND_OFF, accuracy
from diffcompare.analysis.kinks import Kink
from diffcompare.analysis.records import Record
from diffcompare.analysis.sides import Sides
from diffcompare.analysis.subject import Subject
from diffcompare.methods.finite_difference import FiniteDifference
from diffcompare.methods.protocol import Method, Prepared
from diffcompare.methods.richardson import TYPICAL_ORDER, Richardson
from diffcompare.methods.stencils import Stencil, stencil
from diffcompare.methods.steps import scale, spread

# Methods without truncation error: each operation rounds once, which is 4 units for the usual handful that meet in one
# entry, and grows with the square root of their number (a random walk; Higham, "Accuracy and Stability of Numerical
# Algorithms", 2nd ed., SIAM 2002, section 2.8).
EXACT_UNITS = 4.0
# A gradient takes at most so many times the operations of the value (Griewank and Walther 2008, section 4.6).
GRADIENT_TO_VALUE = 5
# Difference quotients: Cauchy's estimate knows a function to a constant, which may cost a decade.
DECADE = 10.0


def verdict(
    method: Method,
    prepared: Prepared,
    record: Record,
    parts: tuple[Any, ...],
    reference: Any,
    about: Subject,
    kinks: Sequence[Kink] = (),
    sides: Sides | None = None,
) -> tuple[str, str]:
    """Status and reason of a gradient whose errors are in `record`.

    Three things are told apart: an error of the method; a program that is ill-conditioned, so that no method could do
    better; and a kink, where methods choose different values that are all right. In the last case the errors in
    `record` become those against the nearest value that the kink allows.

    Parameters
    ----------
    method, prepared, record, parts, reference, about
        As for `shortfall`.
    kinks : sequence of Kink
        Operations at their kinks.
    sides : Sides, optional
        One-sided derivatives there.

    Returns
    -------
    tuple of str
        "ok" with an empty reason, or with one that begins with "by convention"; or "inaccurate" with its reason.
    """
    why = shortfall(method, prepared, record, parts, reference, about)
    here = [kink for kink in kinks if kink.distance == 0]
    if why and here:
        allowed = None if sides is None else sides.allowed(parts, reference)
        if allowed is not None:
            found = accuracy(parts, allowed, about.dtype)
            entry = about.entry(*found.worst_entry) if found.worst_entry else None
            beside = record | found.record() | {"worst_entry": entry}
            if not shortfall(method, prepared, beside, parts, allowed, about):
                record.update(beside)
                return "ok", _by_convention(parts, reference, about, here, sides)
        jump = sides is not None and sides.jumps.any()
        why = f"the function {'jumps' if jump else 'has a kink'} here, at {here[0].place}; {why}"
    ill = ill_conditioned(record, about.dtype)
    if ill:
        return "inaccurate", f"{ill}. Besides, {why}" if why else ill
    return ("inaccurate", why) if why else ("ok", "")


def _by_convention(parts: Sequence[Any], reference: Any, about: Subject, here: Sequence[Kink], sides: Any) -> str:
    """What the method answers at a kink, and what else is right, of the entry that differs most."""
    found, chosen = _flat(parts), _flat(reference.arrays)
    worst = int(np.argmax(np.abs(found - chosen)))
    start = 0
    name = ""
    for position, a in zip(reference.wrt, reference.arrays, strict=True):
        if start <= worst < start + a.size:
            name = about.entry(position, *(int(i) for i in np.unravel_index(worst - start, a.shape)))
        start += a.size
    low, high = sorted((float(sides.left[worst]), float(sides.right[worst])))
    more = f" and {len(here) - 1} more" if len(here) > 1 else ""
    return (
        f"by convention: at the kink {here[0].place}{more}, df/d{name} may be anything from {low:.6g} to {high:.6g}; "
        f"this method answers {found[worst]:.6g}, diffcompare's operations choose {chosen[worst]:.6g}. "
        "Errors are against the nearest value allowed"
    )


def ill_conditioned(record: Record, dtype: str) -> str:
    """Why a gradient without half of its digits is no fault of the method, in words; empty where it is or has them.

    Both the worst relative error and what the condition lets rounding cost must exceed the square root of the unit
    round-off.
    """
    unit = UNIT_ROUND_OFF.get(dtype, UNIT_ROUND_OFF["float64"])
    condition, error = record["condition"], record["rel_error"]
    half = math.sqrt(unit)
    if condition is None or not math.isfinite(condition) or not condition * unit > half or not error > half:
        return ""
    lost = min(math.log10(condition), MOST_DIGITS.get(dtype, MOST_DIGITS["float64"]))
    acquitted = ", not the method wrong" if record["condition_error"] <= EXACT_UNITS else ""
    return (
        f"the program is ill-conditioned{acquitted}: the gradient's condition {condition:.2g} lets rounding "
        f"of the program itself take {lost:.0f} of {MOST_DIGITS.get(dtype, MOST_DIGITS['float64']):.0f} digits; this "
        f"error is {record['condition_error']:.2g} of the units that this makes unavoidable"
    )


def shortfall(
    method: Method, prepared: Prepared, record: Record, parts: tuple[Any, ...], reference: Any, about: Subject
) -> str:
    """Why a gradient misses what its method should reach, in words; empty if it does not.

    Parameters
    ----------
    method : Method
        What gave the gradient.
    prepared : Prepared
        The method bound to the function.
    record : dict
        With the errors filled in.
    parts : tuple of float or ndarray
        The gradient, one entry a differentiated argument.
    reference : Reference
        The certified gradient.
    about : Subject
        The function at its point.
    """
    errors = np.abs(_flat(parts) - _flat(reference.arrays))
    if isinstance(method, FiniteDifference):
        order = method.order or 1
        rule = stencil(method.scheme, order)
        allowed = _difference_bounds(rule, method, record, reference, about, method.step)
        return _beyond(errors, allowed, f"differences of order {order}")
    if isinstance(method, Richardson) or prepared.error_estimate is not None:  # another library's extrapolation
        usual = method if isinstance(method, Richardson) else Richardson()
        allowed = _difference_bounds(stencil("central", TYPICAL_ORDER), usual, record, reference, about)
        if np.any(errors > allowed) and prepared.error_estimate is not None:
            allowed = np.maximum(allowed, _flat(prepared.error_estimate(*about.args)))
        return _beyond(errors, allowed, "Richardson extrapolation")
    return _rounding(record, about)


def _rounding(record: Record, about: Subject) -> str:
    units = record["condition_error"]
    allowed = EXACT_UNITS * max(1.0, math.sqrt(_operations(record, about) / EXACT_UNITS))
    if units is None or units <= allowed:
        return ""
    return (
        f"the error of entry {record['worst_entry']} is {units:.2g} times what the condition of the gradient makes "
        f"unavoidable; rounding should stay below {allowed:.2g}"
    )


def _operations(record: Record, about: Subject) -> int:
    """Operations of the derivative's formula; where the method does not show it, by the cheap gradient principle."""
    if record["operations"] or about.graph is None:
        return record["operations"] or 1
    return GRADIENT_TO_VALUE * sum(bool(node.args) for node in about.graph.nodes)


def _flat(parts: Sequence[Any]) -> np.ndarray:
    return np.concatenate([np.asarray(part, np.float64).reshape(-1) for part in parts])


def _difference_bounds(
    rule: Stencil,
    method: FiniteDifference | Richardson,
    record: Record,
    reference: Any,
    about: Subject,
    step: Any = None,
) -> np.ndarray:
    """The error that a quotient of this order may have at its step, entry by entry, times a decade.

    It is `Stencil.relative_step`'s bound M (moment rho**p + weight noise / rho) / r, r the scale of the component, M
    the size of the function over it (the larger of |f| and r |df/dx|), rho the step over r: the user's, or the best.
    """
    value, certified = float(record["value"]), float(reference.value)
    observed = abs(value - certified) / abs(certified) if certified else 0.0
    noise = max(method.noise or float(np.finfo(about.dtype).eps), observed)
    typical = spread(method.typical, "typical", about.args, about.wrt)
    lengths = _flat([scale(about.args[i], rule.order, noise, typical[i]) for i in about.wrt])
    if step is None:
        rho: Any = rule.relative_step(noise)
    else:
        steps = spread(step, "step", about.args, about.wrt)
        rho = _flat([steps[i] for i in about.wrt]) / lengths
    bound: Any = float(rule.truncation_moment) * rho**rule.order + float(rule.absolute_weight) * noise / rho
    slopes = np.abs(_flat(reference.arrays))
    return DECADE * bound * np.maximum(abs(certified) / lengths, slopes)


def _beyond(errors: np.ndarray, allowed: np.ndarray, what: str) -> str:
    over = errors > allowed
    if not over.any():
        return ""
    with np.errstate(divide="ignore"):
        worst = int(np.argmax(np.where(over, errors / allowed, 0.0)))
    return (
        f"the error {errors[worst]:.2g} is more than the {allowed[worst]:.2g} that {what} should reach here: the "
        "function changes over other lengths than the size of its argument (set `step` or `typical`), it has a kink "
        "here, or its values are noisy"
    )
