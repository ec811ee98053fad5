"""Error of a numerical derivative against its step, measured by the certified derivative, with theory beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.arguments import positions
from ..errors import OptionError
from ..methods.protocol import Method
from .library_steps import library_records
from .records import Record
from .step_fit import summary
from .step_line import Along, along, rounded, unit_direction
from .step_methods import DEFAULT, Outcome, Swept, swept
from .step_sweep_result import STEP_FIELDS, StepSweep
from .step_theory import MeasuredNoise
from .subject import Subject, subject

STEPS = tuple(10.0 ** (-k / 4) for k in range(4, 65))  # 1e-1 ... 1e-16 in quarter decades
DTYPES = ("float64", "float32")


def sweep_steps(
    f: Any,
    at: Any = None,
    wrt: int | Sequence[int] | None = None,
    *,
    methods: Sequence[str | Method] | str | Method | None = None,
    steps: Sequence[float] | None = None,
    dtypes: Sequence[str] | str = DTYPES,
    direction: Any = None,
    seed: int = 0,
    textbook: bool = False,
) -> StepSweep:
    """Error of each method at each step, with the truncation and round-off errors that theory predicts.

    The error is ``|estimate - derivative|``, the derivative certified by ball arithmetic for the exact function at the
    point as it is representable in the data type. Arguments and values are rounded to that type; the quotient is
    formed in float64, so that what shows is the noise of the values.

    Truncation is the leading term of the formula's error (`Formula.truncation`), from certified higher derivatives.
    Round-off is the root mean square of what the rounding of values does to the formula, each value's error taken as
    independent: sqrt(sum of w_k**2) times its standard deviation, over h, w_k the weights. That deviation is measured
    near the point against certified values (`MeasuredNoise`), as no machine epsilon tells it. For Richardson
    extrapolation both belong to the depth of the tableau at which their sum is least; for the complex step, which
    subtracts nothing, round-off is a unit of round-off times the sum of the terms that rounding acts on, at most.

    Parameters
    ----------
    f : callable, Function, text, SymPy expression or Problem
        Gives a scalar, and can be traced.
    at : tuple, dict, float or array
        The point, as in `compare`.
    wrt : int or sequence of int, optional
        Positions of the arguments to differentiate; by default all.
    methods : sequence of str or Method, optional
        Out of "forward-difference", "backward-difference", "central-difference", these with an order
        ("central-difference-4"), "richardson", "complex-step", or `FiniteDifference` and `Richardson` with options, of
        which the step is swept. By default forward differences, central ones of order 2, 4, 6 and 8, Richardson
        extrapolation (its first step) and the complex step.
    steps : sequence of float, optional
        Positive, in the unit of the argument; by default 10**(-k/4) from 1e-1 to 1e-16, in both types.
    dtypes : sequence of str, default ("float64", "float32")
        Data types to evaluate in.
    direction : float, array or tuple, optional
        With several inputs the derivative is the one along this direction, which is scaled to length 1: one entry a
        differentiated argument. By default a random one, uniform on the sphere.
    seed : int, default 0
        Of the random direction.
    textbook : bool, default False
        Whether differences given by name divide by h itself, as in textbooks and in figure 3 of Baydin et al. By
        default they divide by the step taken after rounding, (x + h) - x, as everywhere in diffcompare: then
        the rounding of x + h is no error, and a step that x + h loses gives nan rather than 0. Along a direction there
        is no one such step, and both divide by h.

    Returns
    -------
    StepSweep
        A record for each method, type and step; a step that fails has its record too, with the reason.

    Raises
    ------
    ShapeError
        If the output is not a scalar, or the point or the direction does not fit.
    TraceError
        If `f` cannot be traced: without a graph there is no certified derivative, hence no error.
    OptionError
        If the point lies outside the domain, or an option has a value that does not exist.
    MethodUnavailableError
        If the derivative cannot be certified, as at a kink.

    References
    ----------
    Gill, Murray and Wright, *Practical Optimization*, Academic Press 1981, sections 8.5 and 8.6.
    Sauer, *Numerical Analysis*, 3rd ed., Pearson 2018, section 5.1.
    Baydin, Pearlmutter, Radul and Siskind, "Automatic differentiation in machine learning: a survey", JMLR 18(153),
    2018, figure 3.

    Examples
    --------
    >>> import diffcompare as dc
    >>> sweep = dc.sweep_steps("exp(x)", at=0.0, methods="forward-difference", dtypes="float64")
    >>> best = sweep.summaries[0]
    >>> 1e-9 < best["best_step"] < 1e-7, best["best_error"] < 1e-7
    (True, True)
    """
    chosen = [swept(method, textbook) for method in _listed(methods if methods is not None else DEFAULT)]
    labels = [method.label for method in chosen]
    if len(set(labels)) < len(labels):
        raise OptionError(f"two methods have one name among {', '.join(labels)}: sweep them one after the other.")
    lengths = _lengths(steps)
    types = _types(dtypes)
    about = subject(f, at, wrt, None)
    towards = unit_direction(about, direction, seed)
    lines = [_line(about, towards, dtype) for dtype in types]
    records: list[Record] = []
    summaries: list[Record] = []
    libraries: list[Record] = []
    for line in lines:
        noises = {e: MeasuredNoise(line, lengths[-1] / 1e3, 8 * lengths[0], e) for e in {m.exact for m in chosen}}
        for method in chosen:
            rows = _records(method, line, noises[method.exact], lengths)
            records += rows
            summaries.append(summary(method, line, noises[method.exact], rows))
        libraries += library_records(line)
    return StepSweep(
        records=records,
        summaries=summaries,
        libraries=libraries,
        references={line.dtype: line.reference for line in lines},
        problem=about.name,
        at=about.args,
        names=about.names,
        wrt=about.wrt,
        direction=towards,
        notes=tuple(dict.fromkeys(note for line in lines for note in line.notes)),
    )


def _listed(methods: Any) -> list[Any]:
    chosen = [methods] if isinstance(methods, (str, Method)) else list(methods)
    if not chosen:
        raise OptionError(f"methods is empty.\n  Choose among {', '.join(DEFAULT)}.")
    return chosen


def _lengths(steps: Sequence[float] | None) -> list[float]:
    """The steps, longest first, each once."""
    found = np.unique(np.asarray(STEPS if steps is None else steps, np.float64))
    if found.size == 0 or not np.all(np.isfinite(found) & (found > 0)):
        raise OptionError(f"steps={steps!r} must be positive and finite numbers, at least one.")
    return found[::-1].tolist()


def _types(dtypes: Sequence[str] | str) -> list[str]:
    asked = list(dict.fromkeys([dtypes] if isinstance(dtypes, str) else dtypes))
    unknown = [dtype for dtype in asked if dtype not in DTYPES]
    if unknown or not asked:
        raise OptionError(f"dtypes={dtypes!r} must be one or both of {', '.join(DTYPES)}.")
    return asked


def _line(about: Subject, towards: tuple[np.ndarray, ...], dtype: str) -> Along:
    """The function along the line, at the point rounded to the data type."""
    where = positions(about.form, len(about.at))
    at = (np.asarray(arg, np.float64)[()] if i in where else arg for i, arg in enumerate(about.at))
    point = tuple(rounded(rounded(arg, dtype), "float64") for arg in at)
    return along(subject(about.function, point, about.form, None), towards, dtype)


def _records(method: Swept, line: Along, noise: MeasuredNoise, lengths: Sequence[float]) -> list[Record]:
    refusal = method.refusal(line)
    if refusal:
        return [_record(method, line, h, None, "skipped", refusal) for h in lengths]
    return [_measured(method, line, noise, h) for h in lengths]


def _measured(method: Swept, line: Along, noise: MeasuredNoise, h: float) -> Record:
    found: Outcome = method.estimate(line, h)
    record = _record(method, line, h, found.estimate, found.status, found.reason)
    prediction = method.predict(line, noise, h)
    record |= {"predicted_truncation": prediction.truncation, "predicted_round_off": prediction.round_off}
    if found.status == "failed":
        return record
    error, slope = line.error(found.estimate), abs(line.derivative)
    return record | {"error": error, "relative_error": error / slope if slope else None}


def _record(method: Swept, line: Along, h: float, estimate: float | None, status: str, reason: str) -> Record:
    known = {"method": method.label, "order": method.order, "dtype": line.dtype, "step": h, "estimate": estimate}
    return {**dict.fromkeys(STEP_FIELDS), **known, "status": status, "reason": reason}
