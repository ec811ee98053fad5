"""The steps that libraries choose by default, as facts with their sources, and the error that each gets at a point."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..methods.finite_difference import quotient
from ..methods.stencils import Stencil, stencil
from .records import Record
from .step_line import Along
from .step_theory import Formula, of_levels

LIBRARY_FIELDS: dict[str, tuple[str, str]] = {
    "library": ("", "who chooses the step"),
    "dtype": ("", "data type of arguments and values"),
    "formula": ("", "which difference quotient"),
    "step": ("unit of the argument", "distance between the point and the nearest value but its own"),
    "estimate": ("unit of the derivative", "what the quotient gives at that step"),
    "error": ("unit of the derivative", "distance from the certified derivative"),
    "relative_error": ("1", "over the size of the derivative; None where that is 0"),
    "status": ("", "ok, inaccurate or failed"),
    "reason": ("", "why the status is not ok"),
    "source": ("", "where the step is documented"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LibraryStep:
    """One library's default.

    Attributes
    ----------
    library : str
        Its name, with the function's.
    formula : str
        In words.
    step : callable
        ``step(x, epsilon)`` gives the signed step at x in a type with this machine epsilon.
    rule : Formula or Stencil
        Which values, with which weights.
    exact : bool
        Whether it divides by the step taken after rounding.
    directional : bool
        Whether the library steps along a direction (else component by component).
    source : str
        Where it is documented.
    """

    library: str
    formula: str
    step: Callable[[float, float], float]
    rule: Formula | Stencil
    exact: bool
    directional: bool
    source: str


def _scipy(power: float, signed: bool, x: float, epsilon: float) -> float:
    side = -1.0 if signed and x < 0 else 1.0
    return side * epsilon**power * max(1.0, abs(x))


def _fixed(step: float) -> Callable[[float, float], float]:
    return lambda x, epsilon: step


FORWARD, CENTRAL = stencil("forward", 1), stencil("central", 2)
LIBRARIES = (
    LibraryStep(
        "SciPy 2-point", "forward", partial(_scipy, 1 / 2, True), FORWARD, True, False,
        "scipy.optimize.approx_fprime and least_squares: epsilon**(1/2) max(1, |x|), away from zero; divides by "
        "(x + h) - x",
    ),
    LibraryStep(
        "SciPy 3-point", "central", partial(_scipy, 1 / 3, False), CENTRAL, True, False,
        "scipy.optimize, method '3-point': epsilon**(1/3) max(1, |x|)",
    ),
    LibraryStep(
        "scipy.differentiate", "order 8, first pass", _fixed(0.5), of_levels(4, 2.0), False, False,
        "scipy.differentiate.derivative: initial_step=0.5, order=8, step_factor=2; halved until its own error "
        "estimate is content, so this is its starting point",
    ),
    LibraryStep(
        "JAX check_grads", "central", _fixed(1e-4), CENTRAL, False, True,
        "jax.test_util.check_grads: eps=1e-4, along one random direction",
    ),
    LibraryStep(
        "PyTorch gradcheck", "central", _fixed(1e-6), CENTRAL, False, False,
        "torch.autograd.gradcheck: eps=1e-6; meant for float64",
    ),
    LibraryStep(
        "autograd check_grads", "central", _fixed(5e-7), CENTRAL, False, True,
        "autograd.test_util: (f(x + v EPS / 2) - f(x - v EPS / 2)) / EPS with EPS=1e-6",
    ),
    LibraryStep(
        "MiniTorch", "central", _fixed(1e-6), CENTRAL, False, False,
        "minitorch.autodiff.central_difference: epsilon=1e-6",
    ),
)  # fmt: skip


def library_records(about: Along) -> list[Record]:
    """What each library's default step gives at this point.

    For several inputs only those libraries are shown that step along a direction; the others step component by
    component, which is another curve for each. numdifftools is missing because it has no default step: it extrapolates
    a whole series of them, and keeps the estimate that it trusts most.
    """
    return [_record(entry, about) for entry in LIBRARIES if about.single or entry.directional]


def _record(entry: LibraryStep, about: Along) -> Record:
    h = entry.step(about.line.origin if about.single else 0.0, float(np.finfo(about.dtype).eps))
    known: dict[str, Any] = {"library": entry.library, "dtype": about.dtype, "formula": entry.formula, "step": abs(h)}
    estimate = _estimate(entry, about, h)
    known |= {"estimate": estimate, "source": entry.source, "status": "ok", "reason": ""}
    if not math.isfinite(estimate):
        reason = f"a value within {abs(h):.3g} of the point is not finite, or the step is lost in rounding"
        return _complete(known | {"status": "failed", "reason": reason})
    if not (about.moves(h) or about.moves(-h)):
        known |= {"status": "inaccurate", "reason": f"the point plus {h:.3g} rounds to the point ({about.dtype})"}
    error, slope = about.error(estimate), abs(about.derivative)
    return _complete(known | {"error": error, "relative_error": error / slope if slope else None})


def _complete(known: Record) -> Record:
    return {key: known.get(key) for key in LIBRARY_FIELDS}


def _estimate(entry: LibraryStep, about: Along, h: float) -> float:
    line = about.line
    if isinstance(entry.rule, Stencil):
        return float(quotient(line, entry.rule, h, line.at(line.origin), entry.exact))
    terms = zip(entry.rule.offsets, entry.rule.weights, strict=True)
    with np.errstate(all="ignore"):
        return float(sum(float(w) * float(line.at(line.point(float(k) * h))) for k, w in terms) / h)
