"""Checks of second derivatives and of products with the Jacobian, by the same Taylor tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from diffcompare.analysis.check import RTOL, check_subject
from diffcompare.analysis.check_arrays import Caller, to_numpy
from diffcompare.analysis.check_result import GradientCheck
from diffcompare.analysis.check_subject import CheckSubject, argument_names
from diffcompare.core.trace import function
from diffcompare.errors import ShapeError
from diffcompare.operators import gradient as own_reverse_gradient

SYMMETRIC_UNITS = 64.0  # of round-off between H[i, j] and H[j, i]; see check_line.GRADIENT_UNITS
COTANGENTS = 2


def check_hessian(
    f: Any, hessian: Any, at: Any, *, gradient: Any = None, rtol: float = RTOL, seed: int = 0
) -> GradientCheck:
    """Whether `hessian` is the matrix of second derivatives of `f` at a point.

    The gradient times a random vector u is a function with the gradient H u, which is checked as any other gradient;
    two vectors are tried. An H that is not symmetric is wrong before that.

    Parameters
    ----------
    f : callable, Function or text
        Of one array of shape (n,), with a scalar value.
    hessian : callable or ndarray, shape (n, n)
        The claimed second derivatives; a callable gets the point.
    at : ndarray, shape (n,)
        The point.
    gradient : callable, optional
        A gradient to trust, as one that `check_gradient` found correct; by default diffcompare's reverse mode, so f
        must be one it can trace.
    rtol : float, default 1e-4
        As in `check_gradient`.
    seed : int, default 0
        Of the vectors and directions.

    Returns
    -------
    GradientCheck
        Of the first vector that shows an error, else of the last; `entries` name columns of H.

    Raises
    ------
    ShapeError
        If the claim is not a square matrix that fits the point.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> def f(x):
    ...     return x[0] ** 2 * x[1]
    >>> dc.check_hessian(f, lambda x: np.array([[2 * x[1], 2 * x[0]], [2 * x[0], 0]]), np.array([1.0, 2.0])).verdict
    'correct'
    """
    point = np.asarray(to_numpy(at[0] if isinstance(at, tuple) and len(at) == 1 else at), np.float64)
    claimed = np.asarray(to_numpy(hessian(point.copy()) if callable(hessian) else hessian), np.float64)
    if point.ndim != 1 or claimed.shape != (point.size, point.size):
        raise ShapeError(
            f"a Hessian at a point of shape {point.shape} has shape ({point.size}, {point.size}), but the claim has "
            f"{claimed.shape}; the point must be one array with one axis."
        )
    slope = own_reverse_gradient(f) if gradient is None else gradient
    generator = np.random.default_rng(seed)
    for _ in range(COTANGENTS):
        cotangent = generator.choice([-1.0, 1.0], point.size) * generator.uniform(0.5, 1.0, point.size)
        subject = CheckSubject(slope, point, None, cotangent)
        subject.name, subject.names = str(getattr(f, "__name__", f)), argument_names(function(f).call, 1)
        check = check_subject(subject, claimed @ cotangent, rtol=rtol, seed=generator, what="Hessian")
        check = replace(check, gradient_evaluations=int(callable(hessian)), source=_name(hessian))
        if check.verdict != "correct":
            break
    return _with_symmetry(replace(check, likely_fault=_columns(check)), claimed)


def _columns(check: GradientCheck) -> str:
    """The likely fault in words of the matrix: what is true of every column, or which columns are wrong."""
    if check.likely_fault.startswith(("the Hessian is", "the Hessian has")):
        return check.likely_fault
    numbers = sorted(entry.index[0] for entry in check.entries)
    return f"wrong in column{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}" if numbers else ""


def _with_symmetry(check: GradientCheck, claimed: np.ndarray) -> GradientCheck:
    """The check, wrong with the place where the claim is not symmetric."""
    gap = np.abs(claimed - claimed.T)
    size = np.abs(claimed)
    # Either entry may come from sums of larger terms, of which its row and column give the size.
    allowed = SYMMETRIC_UNITS * np.finfo(np.float64).eps * np.sqrt(np.outer(size.max(1), size.max(0)))
    if not np.any(gap > np.maximum(allowed, check.resolution * np.maximum(size, size.T))):
        return check
    i, j = (int(k) for k in np.unravel_index(np.argmax(gap), gap.shape))
    words = f"not symmetric: entry [{i}, {j}] is {claimed[i, j]:.10g}, entry [{j}, {i}] is {claimed[j, i]:.10g}"
    return replace(check, verdict="wrong", likely_fault=words)


def check_vjp(
    f: Any,
    vjp: Callable[[tuple, Any], Any],
    at: Any,
    wrt: int | Sequence[int] | None = None,
    *,
    jvp: Callable[[tuple, tuple], Any] | None = None,
    rtol: float = RTOL,
    seed: int = 0,
) -> GradientCheck:
    """Whether `vjp` pulls cotangents back through `f`: the product of a row vector with its Jacobian.

    For a random cotangent u the pulled-back vector must be the gradient of the number <u, f(x)>; two are tried. With
    `jvp` the identity <u, J v> = <u J, v> is tested too, which holds to round-off.

    Parameters
    ----------
    f : callable
        Gives an array (or a number).
    vjp : callable
        ``vjp(primals, cotangent)`` gives one array an argument (or the array alone, where there is one), or a pair
        (value, those).
    at : tuple or array
        The point.
    wrt : int or sequence of int, optional
        Positions that `vjp` has parts for; by default all.
    jvp : callable, optional
        ``jvp(primals, tangents)`` gives the tangent of the output, or a pair (value, tangent).
    rtol, seed
        As in `check_gradient`.

    Returns
    -------
    GradientCheck
        Of the first cotangent that shows an error, else of the last.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> matrix, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones(2)
    >>> dc.check_vjp(lambda x: matrix @ x, lambda primals, u: u @ matrix, at=x).verdict
    'correct'
    >>> dc.check_vjp(lambda x: matrix @ x, lambda primals, u: matrix @ u, at=x).verdict
    'wrong'
    """
    generator = np.random.default_rng(seed)
    shape = CheckSubject(f, at, wrt, np.array(1.0)).output_shape
    for _ in range(COTANGENTS):
        cotangent = _random(generator, shape)
        subject = CheckSubject(f, at, wrt, cotangent)

        def pulled(*args: Any, cotangent: Any = cotangent) -> Any:
            return vjp(args, cotangent)

        check = check_subject(subject, pulled, rtol=rtol, seed=generator, what="vjp")
        check = replace(check, source=_name(vjp))
        if jvp is not None:
            check = _with_dot_test(check, subject, pulled, jvp, generator)
        if check.verdict != "correct":
            return check
    return check


def _with_dot_test(
    check: GradientCheck,
    subject: CheckSubject,
    pulled: Callable[..., Any],
    jvp: Callable,
    generator: np.random.Generator,
) -> GradientCheck:
    """The check, wrong where <u, J v> and <u J, v> differ by more than round-off."""
    args = subject.arguments_at(subject.x)
    direction = subject.rounded(subject.scale(False) * _random(generator, subject.x.shape))
    pushed = _tangent(jvp(tuple(args), tuple(subject.unpack(direction))), subject.output_shape)
    parts = to_numpy(pulled(*args))
    back = subject.pack(parts if isinstance(parts, (tuple, list)) else [parts])
    assert subject.cotangent is not None
    left, right = float(np.sum(subject.cotangent * pushed)), float(back @ direction)
    terms = float(np.sum(np.abs(subject.cotangent * pushed)) + np.sum(np.abs(back * direction)))
    if abs(left - right) <= SYMMETRIC_UNITS * 2.0 * subject.unit * terms:
        return check
    words = f"jvp and vjp disagree: <u, J v> is {left:.10g}, <u J, v> is {right:.10g}"
    return replace(check, verdict="wrong", likely_fault=check.likely_fault or words, notes=(*check.notes, words))


def _tangent(result: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The tangent of a jvp's result: of a pair (value, tangent) its second part."""
    pair = isinstance(result, (tuple, list)) and len(result) == 2 and np.shape(result[1]) == shape
    tangent = np.asarray(to_numpy(result[1] if pair else result), np.float64)
    if tangent.shape != shape:
        raise ShapeError(f"the claimed jvp has shape {tangent.shape}, but the output of f has shape {shape}.")
    return tangent


def check_jvp(
    f: Any,
    jvp: Callable[[tuple, tuple], Any],
    at: Any,
    wrt: int | Sequence[int] | None = None,
    *,
    rtol: float = RTOL,
    seed: int = 0,
) -> GradientCheck:
    """Whether `jvp` pushes tangents forward through `f`: the product of its Jacobian with a vector.

    Its products with the axes are the columns of a Jacobian: a random row vector times it must be the gradient of the
    number <u, f(x)>; two are tried. Its product with another random tangent shows whether it is linear.

    Parameters
    ----------
    f : callable
        Gives an array (or a number).
    jvp : callable
        ``jvp(primals, tangents)``, both tuples, gives the tangent of the output, or a pair (value, tangent).
    at : tuple or array
        The point.
    wrt : int or sequence of int, optional
        Positions that `tangents` has parts for; by default all.
    rtol, seed
        As in `check_gradient`.

    Returns
    -------
    GradientCheck
        `entries` name inputs whose column of the Jacobian is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> x = np.array([0.5, 1.0])
    >>> dc.check_jvp(np.sin, lambda primals, tangents: np.cos(primals[0]) * tangents[0], at=x).verdict
    'correct'
    """
    generator = np.random.default_rng(seed)
    subject = CheckSubject(f, at, wrt, np.array(1.0))
    args, count = subject.arguments_at(subject.x), len(subject.x)
    tangents = [*np.eye(count), subject.rounded(_random(generator, subject.x.shape))]
    pushed = Caller(lambda *flat: jvp(flat[: len(args)], flat[len(args) :]), subject.kind)
    columns = [_tangent(pushed(*args, *subject.unpack(tangent)), subject.output_shape) for tangent in tangents]
    jacobian, along = np.stack(columns[:-1], axis=-1), columns[-1]
    for _ in range(COTANGENTS):
        cotangent = _random(generator, subject.output_shape)
        row = np.tensordot(cotangent, jacobian, axes=np.ndim(cotangent))
        check = check_subject(
            CheckSubject(f, at, wrt, cotangent), _parts(subject, row), rtol=rtol, seed=generator, what="jvp"
        )
        check = replace(check, source=_name(jvp), gradient_evaluations=pushed.count)
        if check.verdict != "correct":
            break
    terms = np.abs(jacobian) @ np.abs(tangents[-1])
    if np.all(np.abs(jacobian @ tangents[-1] - along) <= SYMMETRIC_UNITS * 2.0 * subject.unit * terms):
        return check
    words = "not linear in the tangent: the product with a sum is not the sum of the products"
    return replace(check, verdict="wrong", likely_fault=check.likely_fault or words, notes=(*check.notes, words))


def _parts(subject: CheckSubject, vector: np.ndarray) -> Any:
    """A packed vector as a claim: one array an argument, without rounding to the arguments' data types."""
    parts = [vector[block].reshape(shape) for block, shape in zip(subject.blocks(), subject.shapes, strict=True)]
    return parts[0] if len(parts) == 1 else tuple(parts)


def _random(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(generator.choice([-1.0, 1.0], shape) * generator.uniform(0.5, 1.0, shape))


def _name(claim: Any) -> str:
    return str(getattr(claim, "__name__", type(claim).__name__)) if callable(claim) else "given as numbers"
