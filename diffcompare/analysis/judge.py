"""Whether a gradient is as accurate as theory allows for the method that gave it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from diffcompare.analysis.records import Record
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
# Difference quotients: Cauchy's estimate knows a function to a constant, which may cost a decade.
DECADE = 10.0


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
    if isinstance(method, Richardson):
        allowed = _difference_bounds(stencil("central", TYPICAL_ORDER), method, record, reference, about)
        if np.any(errors > allowed) and prepared.error_estimate is not None:
            allowed = np.maximum(allowed, _flat(prepared.error_estimate(*about.args)))
        return _beyond(errors, allowed, "Richardson extrapolation")
    return _rounding(record)


def _rounding(record: Record) -> str:
    units = record["condition_error"]
    allowed = EXACT_UNITS * max(1.0, math.sqrt((record["operations"] or 1) / EXACT_UNITS))
    if units is None or units <= allowed:
        return ""
    return (
        f"the error of entry {record['worst_entry']} is {units:.2g} times what the condition of the gradient makes "
        f"unavoidable; rounding should stay below {allowed:.2g}"
    )


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
