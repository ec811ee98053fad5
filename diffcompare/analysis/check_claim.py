"""The claimed gradient, read in any form: array, tuple, callable, pair of value and gradient, another library's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffcompare.analysis.check_arrays import Caller, library, own_gradient, to_numpy
from diffcompare.analysis.check_subject import CheckSubject
from diffcompare.errors import ShapeError
from diffcompare.operators import gradient as own_reverse_gradient


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """What is claimed to be the gradient.

    Attributes
    ----------
    vector : ndarray, shape (n,)
        Its entries, packed as the subject's.
    unit : float
        Unit round-off of its data type.
    calls : int
        How often the gradient was called.
    source : str
        Where it comes from, in words.
    """

    vector: np.ndarray
    unit: float
    calls: int
    source: str


def read_claim(subject: CheckSubject, grad: Any) -> Claim:
    """The claimed gradient at the subject's point.

    Raises
    ------
    ShapeError
        If it has not one part an argument, or a part has not the shape of its argument.
    """
    if grad is not None and not callable(grad):
        return _claim(subject, grad, 0, "given as numbers")
    if grad is None:
        call, kind, source = _own(subject)
    else:
        call, kind, source = grad, subject.gradient_kind, str(getattr(grad, "__name__", type(grad).__name__))
    caller = Caller(call, kind)
    with np.errstate(all="ignore"):
        result = caller(*subject.arguments_at(subject.x))
    return _claim(subject, result, caller.count, source)


def _own(subject: CheckSubject) -> tuple[Callable[..., Any], str, str]:
    """The derivative of the function's own library; reverse mode of diffcompare for what is written in NumPy."""
    if subject.kind != "numpy":
        return own_gradient(subject.call.function, subject.kind, subject.wrt), "numpy", f"{subject.kind}'s own"
    return own_reverse_gradient(subject.original, wrt=subject.form), "numpy", "diffcompare's reverse mode"


def _claim(subject: CheckSubject, result: Any, calls: int, source: str) -> Claim:
    foreign = to_numpy(result) if library(result) != "numpy" else result
    found = _parts(subject, foreign)
    try:
        parts = [np.asarray(to_numpy(part)) for part in found]
    except ValueError as error:
        raise ShapeError(f"the claimed gradient holds what is no array: {error}.") from error
    for number, part in enumerate(parts):
        _require_shape(subject, number, part)
    kinds = [part.dtype for part in parts if part.dtype.kind == "f"]
    unit = max((float(np.finfo(kind).eps) / 2.0 for kind in kinds), default=2.0**-53)
    return Claim(subject.pack(parts), max(unit, subject.unit), calls, source)


def _parts(subject: CheckSubject, result: Any) -> list[Any]:
    count = len(subject.wrt)
    if isinstance(result, (tuple, list)) and len(result) == 2 and _is_pair(subject, result):
        result = result[1]
    if count == 1:
        alone = isinstance(result, tuple) and len(result) == 1 or isinstance(result, list) and _nested(subject, result)
        return [result[0] if alone else result]
    if isinstance(result, np.ndarray) and result.shape == (count,):
        return list(result)
    if not isinstance(result, (tuple, list)) or len(result) != count:
        several = isinstance(result, (tuple, list))
        got = f"{len(result)} part{'s' * (len(result) != 1)}" if several else f"one array of shape {np.shape(result)}"
        names = ", ".join(subject.names[i] for i in subject.wrt)
        raise ShapeError(
            f"the claimed gradient has {got}, but {count} arguments are differentiated: {names}.\n"
            "  Return a tuple with one part an argument, or name the arguments it is for by wrt=..."
        )
    return list(result)


def _is_pair(subject: CheckSubject, result: Any) -> bool:
    """Whether two entries are (value, gradient) and not a gradient with two parts or entries."""
    value, rest = result
    if np.shape(value) not in ((), subject.output_shape):
        return False
    if isinstance(rest, tuple):
        return len(rest) == len(subject.wrt)
    return len(subject.wrt) == 1 and np.shape(rest) == subject.shapes[0]


def _nested(subject: CheckSubject, result: list) -> bool:
    return len(result) == 1 and np.shape(result[0]) == subject.shapes[0] != np.shape(result)


def _require_shape(subject: CheckSubject, number: int, part: np.ndarray) -> None:
    name, shape = subject.names[subject.wrt[number]], subject.shapes[number]
    if part.dtype.kind not in "fiub":
        raise ShapeError(f"the claimed gradient for {name} holds {part.dtype}, not real numbers.")
    if part.shape == shape or part.size == 1 == int(np.prod(shape)):
        return
    turned = "\n  It is that of the transpose: was a matrix transposed?" if part.shape == shape[::-1] else ""
    raise ShapeError(f"the claimed gradient for {name} has shape {part.shape}, but {name} has shape {shape}.{turned}")
