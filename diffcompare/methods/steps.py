"""How far to step: the size of each component, and the options by which a user says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import OptionError, ShapeError


@dataclass(frozen=True, slots=True)
class Fixed:
    """An array as a value: hashable and comparable, so that a method that holds one is so too."""

    shape: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def array(self) -> np.ndarray:
        """The array itself."""
        return np.array(self.values).reshape(self.shape)


def positive(option: Any, name: str) -> Any:
    """An option that is a positive number, an array of them, or a tuple of either, one a differentiated argument.

    Returns
    -------
    float, Fixed or tuple
        The same, immutable.

    Raises
    ------
    OptionError
        When something in it is not positive and finite.
    """
    if isinstance(option, Fixed):
        return option
    if isinstance(option, tuple):
        return tuple(positive(part, name) for part in option)
    try:
        array = np.asarray(option, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"{name}={option!r} is not a number, an array, or a tuple of these: {error}.") from error
    if not np.all(np.isfinite(array) & (array > 0)):
        raise OptionError(
            f"{name}={option!r} must be positive and finite.\n  The scheme chooses the side, `{name}` only the length."
        )
    return float(array) if array.ndim == 0 else Fixed(array.shape, tuple(array.reshape(-1).tolist()))


def spread(option: Any, name: str, args: tuple, wrt: tuple[int, ...]) -> dict[int, np.ndarray]:
    """An option out of `positive` as one array for each differentiated argument, in its shape.

    Raises
    ------
    OptionError
        When a tuple has not one entry a differentiated argument.
    ShapeError
        When an array does not broadcast to its argument.
    """
    parts = option if isinstance(option, tuple) else (option,) * len(wrt)
    if len(parts) != len(wrt):
        raise OptionError(
            f"{name} has {len(parts)} entries, but {len(wrt)} arguments are differentiated: give one each."
        )
    found = {}
    for position, part in zip(wrt, parts, strict=True):
        array, shape = part.array if isinstance(part, Fixed) else np.asarray(part), np.shape(args[position])
        try:
            found[position] = np.broadcast_to(array, shape)
        except ValueError:
            raise ShapeError(
                f"{name} of shape {array.shape} does not fit argument {position}, which has shape {shape}.\n"
                f"  Give a number, an array of that shape, or a tuple with one entry a differentiated argument."
            ) from None
    return found


def check_noise(noise: float | None) -> None:
    """Raise `OptionError` unless `noise` is None or a relative error."""
    if noise is not None and not 0.0 < noise < 1.0:
        raise OptionError(f"noise={noise!r} is a relative error of values: give a number between 0 and 1, or None.")


def scale(x: Any, order: int, noise: float, typical: Any = 1.0) -> np.ndarray:
    """The length over which the function is taken to change, for each component of `x`.

    Values do not tell whether a function varies over lengths like |x| (log x, powers) or over lengths like a typical
    size t of the component (sin x, exp x, x plus something of size 1). A step fit for a length too long loses digits as
    its power `order`, p, by truncation; one too short loses them as its first power, by round-off. The largest loss is
    smallest at small**(p / (p + 1)) * large**(1 / (p + 1)), with small and large the lesser and greater of |x| and t.
    A component within sqrt(noise) t of zero may be nothing but round-off, so there it is t; beyond t / sqrt(noise),
    where nothing that varies over lengths like t keeps its digits, it is |x|.

    Parameters
    ----------
    x : float or ndarray
        Components.
    order : int
        Order of the truncation error.
    noise : float
        Relative error of the function's values.
    typical : float or ndarray, default 1
        Typical size t of the components, in their unit.

    References
    ----------
    Dennis and Schnabel, *Numerical Methods for Unconstrained Optimization*, SIAM 1996, section 5.4 (typical sizes),
    doi:10.1137/1.9781611971200. The balance between the two lengths is derived above.
    """
    size, typical = np.abs(np.asarray(x, np.float64)), np.asarray(typical, np.float64)
    edge = np.sqrt(noise)
    with np.errstate(all="ignore"):
        share = order / (order + 1.0)
        balanced = np.minimum(size, typical) ** share * np.maximum(size, typical) ** (1.0 - share)
        return np.where(size < edge * typical, typical, np.where(size > typical / edge, size, balanced))


def along(tangents: tuple, steps: dict[int, np.ndarray], rounded: bool) -> float:
    """The step t for a whole direction, such that t times the tangents, in units of `steps`, has norm 1.

    Parameters
    ----------
    tangents : tuple of float or ndarray
        The direction.
    steps : dict of ndarray
        Step of each component, by position, in the order of `tangents`.
    rounded : bool
        To a power of two, so that scaling the tangents adds no error.

    Returns
    -------
    float
        inf for the zero direction, nan where a component that moves is infinite.
    """
    with np.errstate(all="ignore"):
        ratios = [
            np.abs(np.asarray(t, np.float64) / h).reshape(-1) for t, h in zip(tangents, steps.values(), strict=True)
        ]
        flat = np.concatenate(ratios) if ratios else np.zeros(0)
        largest = flat.max(initial=0.0)
        if not any(np.any(t) for t in tangents):
            return float("inf")
        step = 1.0 / (largest * np.sqrt(np.sum((flat / largest) ** 2)))  # 0 / 0 where all steps are infinite
    if rounded and np.isfinite(step) and step > 0.0:
        step = 2.0 ** np.round(np.log2(step))
    return float(step)
