"""Whether a claimed gradient is the derivative of a function: decided by how its remainder shrinks with the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from diffcompare.analysis.check_claim import Claim, read_claim
from diffcompare.analysis.check_directions import Explorer
from diffcompare.analysis.check_entries import Suspect, wrong_entries
from diffcompare.analysis.check_faults import Evidence, likely_fault
from diffcompare.analysis.check_result import Entry, GradientCheck
from diffcompare.analysis.check_subject import CheckSubject
from diffcompare.analysis.reference import reference_gradient
from diffcompare.core.trace import Function
from diffcompare.errors import DiffCompareError, OptionError

RTOL = 1e-4
EVALUATIONS = 99  # until the verdict
SEARCH = 400  # more, where entries have to be found
REFERENCES = ("auto", "certified", "none")
# What rounding explains: the noise of values is at most this many unit round-offs of |f| and of the terms x df/dx.
EXPLAINED = 1e6


def check_gradient(
    f: Any,
    grad: Any,
    at: Any,
    wrt: int | Sequence[int] | None = None,
    *,
    rtol: float = RTOL,
    directions: int | None = None,
    steps: Sequence[float] | None = None,
    noise: float | None = None,
    seed: int | np.random.Generator = 0,
    reference: str = "auto",
    max_evaluations: int | None = None,
) -> GradientCheck:
    """Whether `grad` is the gradient of `f` at a point, told from values of `f` alone.

    Along random directions d, the quotient (f(x + h d) - f(x - h d)) / 2h minus the claimed derivative is followed over
    a ladder of steps h. For a correct gradient it shrinks as h**2 until the noise of f hides it; for a wrong one it
    stops above the noise, at a height that does not depend on h. The noise is measured. No relative tolerance decides.

    Parameters
    ----------
    f : callable, Function, text or SymPy expression
        Gives a number. A callable is a black box: it may be noisy, and may be written for PyTorch or JAX.
    grad : callable, array, tuple or None
        The claimed gradient: a callable over the same arguments that gives an array (a tuple with one part an argument,
        where there are several) or a pair (value, gradient); or its numbers at the point. None is the derivative of
        f's own library: that of PyTorch or JAX, or diffcompare's reverse mode.
    at : tuple, dict, float or array
        The point: a tuple with one entry an argument, a dict by names, or the only argument. NumPy arrays, or those of
        the library that f takes.
    wrt : int or sequence of int, optional
        Positions of the arguments to differentiate, by default all; `grad` has one part for each.
    rtol : float, default 1e-4
        The relative error of the gradient that the check must be able to see; if noise hides errors of this size, the
        verdict is ``noisy`` or ``ill-conditioned`` instead of ``correct``. It never excuses an error that is seen.
    directions : int, optional
        Number of random directions; by default five, or every axis and one where there are at most four entries.
    steps : sequence of float, optional
        Steps relative to the size of each entry; by default 1/8, 1/64 … as far down as they tell more.
    noise : float, optional
        Standard deviation of the noise in values of f; by default it is measured.
    seed : int or numpy.random.Generator, default 0
        Of the directions.
    reference : {"auto", "certified", "none"}
        Whether the claim is compared with the certified gradient too: always, never, or (``auto``) where noise forbids
        a verdict and `f` is a `Function` or a text. It is reported, and does not change the verdict.
    max_evaluations : int, optional
        Calls of f; by default 99 until the verdict, and at most 400 more to find the entries that are wrong.

    Returns
    -------
    GradientCheck
        `verdict`, `rate`, `worst`, `likely_fault`, `evaluations` and more; `raise_if_wrong()` for tests.

    Raises
    ------
    OptionError
        If f is not finite at the point, or an option has a value that it does not take.
    ShapeError
        If the claimed gradient has not the shape of the arguments, or f is not a scalar.

    References
    ----------
    The rate of the remainder: Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 1.
    Noise: More and Wild, "Estimating computational noise", SIAM Journal on Scientific Computing 33 (2011) 1292-1314.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> x = np.array([0.3, 0.7])
    >>> dc.check_gradient(lambda x: np.sum(x**3), lambda x: 3 * x**2, at=x).verdict
    'correct'
    >>> check = dc.check_gradient(lambda x: np.sum(x**3), lambda x: -3 * x**2, at=x)
    >>> check.verdict, check.likely_fault
    ('wrong', 'the gradient has the wrong sign')
    """
    _require_options(rtol, directions, steps, noise, reference, max_evaluations)
    subject = CheckSubject(f, at, wrt)
    return check_subject(
        subject, grad, rtol=rtol, directions=directions, steps=steps, noise=noise, seed=seed, reference=reference,
        max_evaluations=max_evaluations,
    )  # fmt: skip


def check_subject(
    subject: CheckSubject,
    grad: Any,
    *,
    rtol: float = RTOL,
    directions: int | None = None,
    steps: Sequence[float] | None = None,
    noise: float | None = None,
    seed: int | np.random.Generator = 0,
    reference: str = "none",
    max_evaluations: int | None = None,
    what: str = "gradient",
) -> GradientCheck:
    """`check_gradient` for a subject that is made already."""
    claim = read_claim(subject, grad)
    known = np.where(np.isfinite(claim.vector), claim.vector, 0.0)
    explorer = Explorer(
        subject=subject, linear=lambda displacement: float(known @ displacement), weight=np.abs(known),
        unit=claim.unit, generator=np.random.default_rng(seed), rtol=rtol, steps=steps, noise=noise,
        most_evaluations=EVALUATIONS if max_evaluations is None else max_evaluations,
    )  # fmt: skip
    if not np.all(np.isfinite(claim.vector)):
        return _not_finite(explorer, subject, claim, what)
    tests = list(explorer.explore(directions))
    verdict, notes = _verdict(explorer, subject)
    entries: tuple[Entry, ...] = ()
    fault = ""
    if verdict == "wrong":
        if max_evaluations is None:
            explorer.most_evaluations += SEARCH
        entries, fault, more = _locate(explorer, subject, claim)
        fault = fault.replace("the gradient", f"the {what}", 1)
        notes += more
    certified = _certified(subject, claim, reference, verdict)
    return _result(
        explorer, subject, claim, verdict=verdict, entries=entries, likely_fault=fault, tests=tuple(tests), what=what,
        notes=(*notes, *remarks(subject, explorer)), certified_error=certified,
    )  # fmt: skip


def _require_options(
    rtol: float,
    directions: int | None,
    steps: Sequence[float] | None,
    noise: float | None,
    reference: str,
    max_evaluations: int | None,
) -> None:
    if not 0.0 < rtol < 1.0:
        raise OptionError(f"rtol={rtol!r} must lie between 0 and 1: the relative error that has to be visible.")
    if directions is not None and directions < 1:
        raise OptionError(f"directions={directions!r} must be at least 1.")
    if steps is not None and (len(steps) < 3 or not all(np.isfinite(s) and s > 0 for s in steps)):
        raise OptionError(f"steps={steps!r} must be at least three positive numbers, relative to the entries.")
    if steps is not None and len(set(map(float, steps))) < len(steps):
        raise OptionError(f"steps={steps!r} has a step twice.")
    if noise is not None and not (np.isfinite(noise) and noise >= 0.0):
        raise OptionError(f"noise={noise!r} must be a standard deviation: zero or a positive number.")
    if reference not in REFERENCES:
        raise OptionError(f"reference={reference!r} must be one of {', '.join(REFERENCES)}.")
    if max_evaluations is not None and max_evaluations < 20:
        raise OptionError(f"max_evaluations={max_evaluations!r} must be at least 20: noise, and one direction.")


def _verdict(explorer: Explorer, subject: CheckSubject) -> tuple[str, list[str]]:
    """The verdict, and what a reader should know about it."""
    outcomes = {test.outcome for test in explorer.tests}
    notes = list(dict.fromkeys(f"{test.label}: {test.remark}" for test in explorer.tests if test.remark))
    if "differs" in outcomes:
        return "wrong", notes
    if "kink" in outcomes:
        return "kink", notes
    scale = subject.scale(False)
    contributions = explorer.weight * scale
    weak = explorer.weak(contributions, scale)
    along = [test for test in explorer.tests if test.outcome == "agrees" and test.bound <= explorer.rtol * test.size]
    if not along:
        return _why_unresolved(explorer, subject, contributions), notes
    if np.any(weak):
        notes.append(
            f"an error of {explorer.rtol:g} in one entry alone would not have been noticed in {np.sum(weak)} of "
            f"{len(weak)} entries; `entry_resolution` has the sizes that would"
        )
    return "correct", notes


def _why_unresolved(explorer: Explorer, subject: CheckSubject, contributions: np.ndarray) -> str:
    """``noisy`` where values scatter more than rounding explains, at the point or in differing calls; else the problem.

    Rounding explains a scatter of some unit round-offs of |f| and of the terms x df/dx, and one whose values share a
    quantum: they were rounded at a larger size than theirs, before most of it cancelled.
    """
    if not explorer.deterministic:
        return "noisy"
    largest = max(abs(subject.value), *(test.size for test in explorer.tests))
    explained = EXPLAINED * subject.unit * (largest + float(np.sum(contributions)))
    rounded_early = any(test.quantised for test in explorer.tests)
    return "noisy" if (explorer.noise or 0.0) > explained and not rounded_early else "ill-conditioned"


def _locate(explorer: Explorer, subject: CheckSubject, claim: Claim) -> tuple[tuple[Entry, ...], str, list[str]]:
    """The wrong entries, worst first; the likely fault; notes."""
    failed = max(
        (test for test in explorer.tests if test.outcome == "differs"), key=lambda test: abs(test.error) / test.bound
    )
    suspects, complete = wrong_entries(
        failed, len(subject.x), np.abs(subject.scale(False)), explorer.look, explorer.left
    )
    suspects.sort(key=lambda suspect: -abs(suspect.error))
    evidence = Evidence.of(
        explorer.tests, claimed=claim.vector, blocks=subject.blocks(), shapes=subject.shapes,
        names=[subject.names[i] for i in subject.wrt], entries=suspects, complete=complete, lengths=_lengths(subject),
    )  # fmt: skip
    entries = tuple(_entry(subject, claim, suspect) for suspect in suspects)
    notes = [] if complete else ["more entries may be wrong; the search ended with its evaluations"]
    if not entries:
        notes = ["no single entry stands out of the noise; all of them together do"]
    return entries, likely_fault(evidence), notes


def _lengths(subject: CheckSubject) -> set[int]:
    shapes = [np.shape(arg) for arg in subject.args if isinstance(arg, np.ndarray)]
    return {length for shape in shapes for length in (*shape, int(np.prod(shape)))} | {len(subject.x)}


def _entry(subject: CheckSubject, claim: Claim, suspect: Suspect) -> Entry:
    which, index = subject.place(suspect.number)
    claimed = float(claim.vector[suspect.number])
    return Entry(
        name=subject.entry(suspect.number), argument=subject.wrt[which], index=index, claimed=claimed,
        estimated=(claimed if np.isfinite(claimed) else 0.0) + suspect.error, bound=suspect.bound,
    )  # fmt: skip


def _not_finite(explorer: Explorer, subject: CheckSubject, claim: Claim, what: str) -> GradientCheck:
    """A claim with nan or inf is wrong where f has a derivative; a kink or an edge is told from the same entries."""
    bad = np.flatnonzero(~np.isfinite(claim.vector))
    explorer.noise = explorer.measure_noise() if explorer.noise is None else explorer.noise
    suspects = []
    for number in bad[: max(1, explorer.left() // 20)]:
        axis = np.zeros(len(subject.x))
        axis[number] = 0.7 * subject.scale(False)[number]
        test = explorer.run(axis, subject.entry(int(number)))
        suspects.append(Suspect(int(number), test.error / axis[number], test.bound / axis[number]))
    kinks = [test for test in explorer.tests if test.outcome == "kink"]
    count = f"{len(bad)} of {len(claim.vector)} entries" if len(bad) > 1 else f"entry {subject.entry(int(bad[0]))}"
    return _result(
        explorer, subject, claim, verdict="kink" if len(kinks) == len(bad) else "wrong",
        entries=tuple(_entry(subject, claim, suspect) for suspect in suspects),
        likely_fault=f"the claim is not finite: {count}", tests=tuple(explorer.tests), what=what,
        notes=(*(f"{test.label}: {test.remark}" for test in kinks), *remarks(subject, explorer)), certified_error=None,
    )  # fmt: skip


def remarks(subject: CheckSubject, explorer: Explorer) -> list[str]:
    """What was seen of the function besides its derivative."""
    notes = []
    if not explorer.deterministic:
        notes.append(f"{subject.name} gave different values at the same point")
    if subject.overwrites:
        notes.append(f"{subject.name} overwrites its argument {', '.join(subject.overwrites)}; copies were passed")
    if subject.failures:
        notes.append(f"{subject.name} failed {len(subject.failures)} times beside the point: {subject.failures[0]}")
    if any(test.one_sided for test in explorer.tests):
        notes.append("f has values on one side of the point only; one-sided differences were used there")
    return notes


def _certified(subject: CheckSubject, claim: Claim, reference: str, verdict: str) -> float | None:
    """Largest relative error against the certified gradient; None where there is none, or none was asked for."""
    in_doubt = verdict in ("noisy", "ill-conditioned") and isinstance(subject.original, (Function, str))
    if reference == "none" or reference == "auto" and not in_doubt:
        return None
    try:
        found = reference_gradient(subject.original, tuple(subject.arguments_at(subject.x)), subject.wrt)
    except DiffCompareError:
        if reference == "certified":
            raise
        return None
    certified = subject.pack(found.arrays)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.abs(claim.vector - certified) / np.abs(certified)
    errors = np.where(claim.vector == certified, 0.0, errors)
    return float(np.max(errors)) if np.all(np.isfinite(certified)) else None


def _result(explorer: Explorer, subject: CheckSubject, claim: Claim, **known: Any) -> GradientCheck:
    decisive = "differs" if known["verdict"] == "wrong" else "agrees"
    rates = [test.rate for test in explorer.tests if test.outcome == decisive and test.rate is not None]
    seen = [2.0 * test.bound / test.size for test in explorer.tests if np.isfinite(test.bound)]
    entries = known["entries"]
    return GradientCheck(
        rate=float(np.median(rates)) if rates else None, worst=entries[0] if entries else None,
        evaluations=subject.evaluations, gradient_evaluations=claim.calls,
        resolution=float(np.median(seen)) if seen else float("inf"), entry_resolution=explorer.resolution(),
        rtol=explorer.rtol, noise=explorer.noise or 0.0, value=subject.value, subject=subject.name,
        source=claim.source, size=len(subject.x), **known,
    )  # fmt: skip
