"""The methods whose step can be swept: what each estimates at one step, and what theory predicts of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..errors import OptionError
from ..methods import resolve
from ..methods.complex_step import ComplexStep
from ..methods.finite_difference import FiniteDifference, quotient
from ..methods.protocol import Method
from ..methods.richardson import Richardson
from ..methods.stencils import stencil
from .accuracy import UNIT_ROUND_OFF
from .step_line import Along
from .step_theory import Formula, MeasuredNoise, of_levels, of_stencil

DEFAULT = (
    "forward-difference", "central-difference", "central-difference-4", "central-difference-6", "central-difference-8",
    "richardson", "complex-step",
)  # fmt: skip
ORDERED = re.compile(r"(forward|backward|central)-difference-(\d+)")


class Outcome(NamedTuple):
    """An estimate at one step: `status` is ok, inaccurate (no step was taken) or failed, with `reason` in words."""

    estimate: float
    status: str = "ok"
    reason: str = ""


class Prediction(NamedTuple):
    """Theory at one step; nan where it is not known.

    Attributes
    ----------
    truncation, round_off : float
        The two parts of the absolute error.
    power : int
        Of the step, with which the truncation error falls.
    next_term : float
        Size of the next term of the truncation error over the leading one: it describes the error where this is small.
    """

    truncation: float
    round_off: float
    power: int
    next_term: float


@dataclass(frozen=True, slots=True)
class Swept:
    """One method of a sweep.

    Attributes
    ----------
    label : str
        The method's name, with the order where it is not the usual one.
    order : int or None
        Of the truncation error; None for Richardson extrapolation, which takes as many levels as round-off allows.
    exact : bool
        Whether the quotient divides by the step taken after rounding.
    round_off_power : int
        Of the step, with which the round-off error changes: -1, and 0 for the complex step, which subtracts nothing.
    estimate : callable
        ``estimate(along, h)`` gives an `Outcome`.
    predict : callable
        ``predict(along, noise, h)`` gives a `Prediction`.
    refusal : callable
        ``refusal(along)`` is why the method cannot run on a function, empty if it can.
    """

    label: str
    order: int | None
    exact: bool
    round_off_power: int
    estimate: Callable[[Along, float], Outcome]
    predict: Callable[[Along, MeasuredNoise, float], Prediction]
    refusal: Callable[[Along], str] = lambda about: ""


def swept(method: str | Method, textbook: bool = False) -> Swept:
    """The method of a name, or a method with options, ready to be swept.

    Parameters
    ----------
    method : str or Method
        A name may end with an order: "central-difference-4".
    textbook : bool, default False
        Whether differences given by name divide by h itself rather than by the step taken after rounding.

    Raises
    ------
    OptionError
        If it has no step.
    """
    ordered = ORDERED.fullmatch(method) if isinstance(method, str) else None
    chosen: Any = FiniteDifference(ordered[1], int(ordered[2])) if ordered else resolve(method)
    if textbook and isinstance(method, str) and isinstance(chosen, FiniteDifference):
        chosen = replace(chosen, exact=False)
    if isinstance(chosen, FiniteDifference):
        return _difference(chosen)
    if isinstance(chosen, Richardson):
        return _richardson(chosen)
    if isinstance(chosen, ComplexStep):
        return _complex_step()
    raise OptionError(
        f"method {chosen.name!r} has no step to sweep.\n"
        f"  Choose among {', '.join(DEFAULT)}, or give FiniteDifference or Richardson with options."
    )


def _difference(method: FiniteDifference) -> Swept:
    rule = stencil(method.scheme, method.order or 1)
    formula = of_stencil(rule.scheme, rule.order)
    offsets = [float(k) for k in rule.offsets]
    usual = FiniteDifference(method.scheme).order == method.order

    def estimate(about: Along, h: float) -> Outcome:
        line = about.line
        base = line.at(line.origin)
        found = float(quotient(line, rule, h, base, method.exact))
        return _judged(about, found, h, offsets, h)

    def predict(about: Along, noise: MeasuredNoise, h: float) -> Prediction:
        found = _predicted(formula, about, noise, h)
        if not _stands(about, offsets, h):
            return found
        # No value differs: the quotient is 0 / h, whose error is the derivative itself, or 0 / 0.
        return found._replace(round_off=math.nan if method.exact and about.single else abs(about.derivative))

    label = method.name if usual else f"{method.name}-{method.order}"
    return Swept(label, method.order, method.exact, -1, estimate, predict)


def _richardson(method: Richardson) -> Swept:
    def estimate(about: Along, h: float) -> Outcome:
        line = about.line
        base = line.at(line.origin)
        noise = method.noise or float(np.finfo(about.dtype).eps)
        found = float(method.extrapolate(line, h, base, noise).derivative)
        return _judged(about, found, h, [1.0, -1.0], h / method.ratio)

    def predict(about: Along, noise: MeasuredNoise, h: float) -> Prediction:
        rows = [
            _predicted(of_levels(n, method.ratio), about, noise, h, h / method.ratio ** (n - 1))
            for n in range(1, method.levels + 1)
        ]
        known = [row for row in rows if not math.isnan(row.truncation + row.round_off)]
        return min(known, key=lambda row: row.truncation + row.round_off, default=rows[0])

    return Swept(method.name, None, True, -1, estimate, predict)


def _predicted(
    formula: Formula, about: Along, noise: MeasuredNoise, h: float, nearest: float | None = None
) -> Prediction:
    truncation, power, next_term = formula.truncation(about.taylor, h)
    return Prediction(truncation, formula.round_off(noise.near(nearest or h)) / h, power, next_term)


def _complex_step() -> Swept:
    def refusal(about: Along) -> str:
        return about.imaginary if isinstance(about.imaginary, str) else ""

    def estimate(about: Along, h: float) -> Outcome:
        assert callable(about.imaginary)
        found = about.imaginary(h) / h
        if math.isfinite(found):
            return Outcome(found)
        return Outcome(found, "failed", f"a value is not finite: at distance {h:.3g} i from the point it is {found}")

    def predict(about: Along, noise: MeasuredNoise, h: float) -> Prediction:
        # Im f(x + i h) / h is the sum over even powers q of (-1)**(q / 2) f^(q + 1) h**q / (q + 1)!.
        terms = [(abs(c) * h**q if c is not None else math.nan, q) for q, c in enumerate(about.taylor[1:]) if not q % 2]
        rest = [(term, q) for term, q in terms[1:] if term != 0.0]
        (leading, power), (after, _) = [*rest, (0.0, 2), (0.0, 2)][:2]
        sums = about.reference.sums
        floor = math.nan if sums is None else UNIT_ROUND_OFF[about.dtype] * float(sums[0])
        return Prediction(leading, floor, power, after / leading if leading else 0.0)

    return Swept(ComplexStep.name, 2, False, 0, estimate, predict, refusal)


def _stands(about: Along, offsets: Sequence[float], h: float) -> bool:
    """Whether every point of a stencil rounds to the point itself."""
    return not any(about.moves(k * h) for k in offsets if k)


def _judged(about: Along, found: float, h: float, offsets: Sequence[float], shortest: float) -> Outcome:
    if _stands(about, offsets, shortest):
        reason = f"the step is too short: the arguments at distance {shortest:.3g} round to those at the point"
        return Outcome(found, "inaccurate" if math.isfinite(found) else "failed", reason)
    if math.isfinite(found):
        return Outcome(found)
    for k in offsets:
        value = float(about.line.at(about.line.point(k * h)))
        if not math.isfinite(value):
            return Outcome(
                found, "failed", f"a value is not finite: at distance {k * h:.3g} from the point it is {value}"
            )
    return Outcome(found, "failed", f"the quotient is not finite: it is {found}")
