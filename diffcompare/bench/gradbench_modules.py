"""GradBench's modules on the public operators: what its inputs are, which function they go to, how results are told.

The functions are those of `problems`; here they are prepared for the shapes of an input, by reverse accumulation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffcompare.errors import DataError
from diffcompare.operators import hvp, prepare
from diffcompare.problems.chained_ode import UNTIL, chained_ode, chained_states
from diffcompare.problems.determinant import determinant
from diffcompare.problems.k_means import k_means
from diffcompare.problems.log_sum_exp import log_sum_exp
from diffcompare.problems.mixture import mixture_objective
from diffcompare.problems.polynomial_fit import places, polynomial_fit
from diffcompare.problems.recurrent import recurrent_loss

Input = Any  # a message's `input`, as it was decoded
Parts = tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A function bound to one input.

    Attributes
    ----------
    run : callable
        Takes nothing; what is timed.
    output : callable
        Makes a result of `run` into numbers, lists and objects.
    """

    run: Callable[[], Any]
    output: Callable[[Any], Any]


Maker = Callable[[Input], Evaluation]


def value_of(function: Callable, arguments: Sequence[Any]) -> Evaluation:
    """The value of a function at arguments."""
    ready = prepare(function, *arguments, wrt=0)
    return Evaluation(lambda: ready.value(*arguments), listed)


def gradient_of(
    function: Callable,
    arguments: Sequence[Any],
    wrt: int | tuple[int, ...] = 0,
    output: Callable[[Any], Any] | None = None,
) -> Evaluation:
    """The gradient of a function at arguments, in some of them."""
    ready = prepare(function, *arguments, wrt=wrt)
    return Evaluation(lambda: ready.gradient(*arguments), output or listed)


def listed(result: Any) -> Any:
    """A number, or an array as nested lists."""
    return np.asarray(result, dtype=np.float64).tolist()


def flat(parts: Parts) -> list[float]:
    """The entries of several arrays, row by row, in one list."""
    return np.concatenate([np.ravel(part) for part in parts]).tolist()


def array(given: Input, key: str, *shape: int | None) -> np.ndarray:
    """The numbers that an input has under a key, as an array of this shape, in which None is any length.

    Raises
    ------
    DataError
        If they are missing, ragged, no numbers, or of another shape.
    """
    words = "x".join("any" if length is None else str(length) for length in shape)
    if not isinstance(given, dict) or key not in given:
        raise DataError(f"the input has no {key!r}: {len(shape)}-dimensional numbers ({words}).")
    try:
        found = np.asarray(given[key])
    except ValueError as error:
        raise DataError(f"{key!r} is ragged: {error}") from None
    if found.dtype.kind not in "iuf" and found.size:
        raise DataError(f"{key!r} holds {found.dtype}, not numbers.")
    fits = found.ndim == len(shape) and all(w is None or w == s for w, s in zip(shape, found.shape, strict=True))
    if not fits or not found.size:
        raise DataError(f"{key!r} has the shape {found.shape}; expected is {words}, with at least one number.")
    return np.array(found, dtype=np.float64, order="C")


def whole(given: Input, key: str, least: int) -> int:
    """The whole number that an input has under a key.

    Raises
    ------
    DataError
        If it is missing, not whole, or below `least`.
    """
    found = given.get(key) if isinstance(given, dict) else None
    if isinstance(found, bool) or not isinstance(found, int) or found < least:
        raise DataError(f"the input's {key!r} is a whole number from {least}, not {found!r}.")
    return found


def _number(given: Input) -> float:
    """An input that is one number."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise DataError(f"the input is a number, not {given!r}.")
    return float(given)


def _square(x: Any) -> Any:
    return x * x


def _vector(given: Input) -> tuple[np.ndarray]:
    return (array(given, "x", None),)


def _fit(given: Input) -> tuple[np.ndarray, np.ndarray]:
    return array(given, "x", None), places(whole(given, "n", 2))


def _matrix(given: Input) -> tuple[np.ndarray]:
    side = whole(given, "ell", 1)
    return (array(given, "A", side * side).reshape(side, side),)


def _chain(given: Input) -> tuple[np.ndarray, np.ndarray]:
    steps = whole(given, "s", 1)
    return array(given, "x", None), np.full(steps, UNTIL / steps)


def _clouds(given: Input) -> tuple[np.ndarray, np.ndarray]:
    points = array(given, "points", None, None)
    return array(given, "centroids", None, points.shape[1]), points


def _newton_direction(given: Input) -> Evaluation:
    """The gradient of k-means divided by the diagonal of its Hessian, which is all that the Hessian has."""
    centres, points = _clouds(given)
    ready, product, ones = prepare(k_means, centres, points, wrt=0), hvp(k_means, wrt=0), np.ones_like(centres)
    return Evaluation(lambda: ready.gradient(centres, points) / product((centres, points), (ones,)), listed)


def _mixture(given: Input) -> tuple[Callable, Parts]:
    """The log posterior with the input's prior, and its arguments (alpha, mu, q, l, x)."""
    d, k, m = whole(given, "d", 1), whole(given, "k", 1), whole(given, "m", 0)
    gamma = float(array(given, "gamma"))
    triangle = np.zeros((k, 0)) if d == 1 else array(given, "l", k, d * (d - 1) // 2)
    x = array(given, "x", whole(given, "n", 1), d)

    def log_posterior(alpha: Any, mu: Any, q: Any, lower: Any, x: Any) -> Any:
        return mixture_objective(alpha, mu, np.concatenate((q, lower), axis=1), x, prior_sign=-1.0, gamma=gamma, m=m)

    return log_posterior, (array(given, "alpha", k), array(given, "mu", k, d), array(given, "q", k, d), triangle, x)


def _mixture_gradient(given: Input) -> Evaluation:
    function, arguments = _mixture(given)

    def named(parts: Parts) -> dict[str, Any]:
        return dict(zip(("alpha", "mu", "q", "l"), map(listed, parts), strict=True))

    return gradient_of(function, arguments, (0, 1, 2, 3), named)


def _recurrent(given: Input) -> Parts:
    """Arguments (main, extra, state, sequence), which agree on layers and bits."""
    extra = array(given, "extra_params", 3, None)
    bits = extra.shape[1]
    main = array(given, "main_params", None, 4 * bits)
    if main.shape[0] % 2:
        raise DataError(f"'main_params' has {main.shape[0]} rows; each layer has two, of weights and of biases.")
    sequence = array(given, "sequence", None, bits)
    if sequence.shape[0] < 2:
        raise DataError("'sequence' has one character; a model of the next character takes at least two.")
    return main, extra, array(given, "state", main.shape[0], bits), sequence


MODULES: Mapping[str, Mapping[str, Maker]] = {
    "hello": {
        "square": lambda given: value_of(_square, (_number(given),)),
        "double": lambda given: gradient_of(_square, (_number(given),)),
    },
    "lse": {
        "primal": lambda given: value_of(log_sum_exp, _vector(given)),
        "gradient": lambda given: gradient_of(log_sum_exp, _vector(given)),
    },
    "llsq": {
        "primal": lambda given: value_of(polynomial_fit, _fit(given)),
        "gradient": lambda given: gradient_of(polynomial_fit, _fit(given)),
    },
    "det": {
        "primal": lambda given: value_of(determinant, _matrix(given)),
        "gradient": lambda given: gradient_of(determinant, _matrix(given), output=lambda found: flat((found,))),
    },
    "ode": {
        "primal": lambda given: value_of(chained_states, _chain(given)),
        "gradient": lambda given: gradient_of(chained_ode, _chain(given)),
    },
    "gmm": {
        "objective": lambda given: value_of(*_mixture(given)),
        "jacobian": _mixture_gradient,
    },
    "kmeans": {
        "cost": lambda given: value_of(k_means, _clouds(given)),
        "dir": _newton_direction,
    },
    "lstm": {
        "objective": lambda given: value_of(recurrent_loss, _recurrent(given)),
        "jacobian": lambda given: gradient_of(recurrent_loss, _recurrent(given), (0, 1), flat),
    },
}
