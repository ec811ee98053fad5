"""Richardson extrapolation: central differences at shrinking steps, taken to step zero, with an error estimate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..core.graph import Graph
from ..errors import OptionError
from .lines import Columns, Line, assemble, component, components, direction, places, prepared
from .protocol import Opaque, Prepared, Value
from .steps import along, check_noise, positive, scale, spread
from .values import noise_of, private, same_shape, value_function

FIRST_STEP = math.sqrt(2.0) / 13.0
"""First step in units of the function's scale, about 0.11: irrational, lest it be a multiple of a period."""

TYPICAL_ORDER = 8
"""The order that extrapolation reaches on smooth functions, as far as the choice of the first step is concerned."""


class Estimate(NamedTuple):
    """A derivative and how far off it is believed to be, entry by entry."""

    derivative: np.ndarray
    error: np.ndarray


@dataclass(frozen=True, slots=True)
class Richardson:
    """Extrapolated central differences with an error estimate for every entry.

    The error of a central difference is a series in h**2. From differences at h, h / ratio, h / ratio**2 ... Neville's
    scheme removes one term after the other. Each entry keeps the estimate that agrees best with its two neighbours in
    the tableau, where the round-off that such a small step may cause counts as disagreement. The tableau ends
    when round-off alone exceeds the best error found. (Ridders stops at the first estimate that is worse than the last,
    which on oscillating functions happens before the steps are short enough to see them.)

    Attributes
    ----------
    step : float, ndarray, tuple or None
        First and largest step, as in `FiniteDifference`: a length over which the function changes noticeably. None is a
        ninth of the scale of each component.
    levels : int
        The most steps that are tried, 2 or more; each takes two evaluations.
    ratio : float
        Between successive steps, above 1.
    noise : float or None
        Relative error of the function's values; None is the machine epsilon.
    typical : float, ndarray or tuple
        Typical size of the components, in their unit; see `scale`.

    References
    ----------
    Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering Software 4 (1982) 75-76,
    doi:10.1016/S0141-1195(82)80057-0; Richardson 1911, doi:10.1098/rsta.1911.0009.
    """

    step: Any = None
    levels: int = 10
    ratio: float = 2.0
    noise: float | None = None
    typical: Any = 1.0

    name: ClassVar[str] = "richardson"
    needs_graph: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "typical", positive(self.typical, "typical"))
        if self.step is not None:
            object.__setattr__(self, "step", positive(self.step, "step"))
        if isinstance(self.levels, bool) or not isinstance(self.levels, int) or self.levels < 2:
            raise OptionError(
                f"levels={self.levels!r}: give an integer of at least 2, or there is nothing to extrapolate."
            )
        if not 1.0 < self.ratio < math.inf:
            raise OptionError(
                f"ratio={self.ratio!r}: give a number above 1, by which each step is smaller than the last."
            )
        check_noise(self.noise)

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Bind to a graph or to a callable; see `Prepared`. `evaluations` is an upper bound."""
        values = value_function(target)

        def estimates(f: Callable, base: np.ndarray, args: tuple) -> Any:
            steps = self._steps(args, wrt, base)
            for place in places(args, wrt):
                h = float(steps[place.position].reshape(-1)[place.entry])
                noise = self.noise or noise_of(args[place.position], base)
                yield place, self.extrapolate(component(f, args, place), h, base, noise)

        def sweep(args: tuple) -> tuple[np.ndarray, Callable[[], Columns]]:
            f = values.near(args)
            base = f(*args)
            return base, lambda: ((place, found.derivative) for place, found in estimates(f, base, args))

        def directional(args: tuple, tangents: tuple) -> tuple[np.ndarray, np.ndarray]:
            f = values.near(args)
            base = f(*args)
            h = along(tangents, self._steps(args, wrt, base), rounded=False)
            if math.isinf(h):
                return base, np.zeros(base.shape)
            noise = self.noise or max(noise_of(args[position], base) for position in wrt)
            return base, self.extrapolate(direction(f, args, wrt, tangents), h, base, noise).derivative

        def error_estimate(*args: Any) -> tuple[Value, ...]:
            args = private(args, wrt)
            f = values.near(args)
            base = f(*args)
            return assemble(base.shape, args, wrt, ((place, e.error) for place, e in estimates(f, base, args)))

        evaluations = 2 * self.levels * components(values.shapes, wrt)
        found = prepared(self.name, values, wrt, sweep, directional, evaluations)
        found.error_estimate = error_estimate
        return found

    def _steps(self, args: tuple, wrt: tuple[int, ...], base: np.ndarray) -> dict[int, np.ndarray]:
        if self.step is not None:
            return spread(self.step, "step", args, wrt)
        found = {}
        for position, typical in spread(self.typical, "typical", args, wrt).items():
            noise = self.noise or noise_of(args[position], base)
            found[position] = FIRST_STEP * scale(args[position], TYPICAL_ORDER, noise, typical)
        return found

    def extrapolate(self, line: Line, step: float, base: np.ndarray, noise: float) -> Estimate:
        """The derivative along one line.

        Parameters
        ----------
        line : Line
            The function, and where to differentiate.
        step : float
            The first step.
        base : ndarray
            The value at the origin.
        noise : float
            Relative error of the values.
        """
        best, error = np.full(base.shape, np.nan), np.full(base.shape, np.inf)
        settled = np.zeros(base.shape, bool)
        above: list[np.ndarray] = []
        size, amplification = np.abs(base.astype(np.float64)), 1.0
        for level in range(self.levels):
            h = step / self.ratio**level
            slope, size = _symmetric(line, h, base, size)
            row = [slope]
            with np.errstate(all="ignore"):
                if level:
                    # Each column combines two estimates with weights q / (q - 1) and -1 / (q - 1).
                    q = self.ratio ** (2 * level)
                    amplification *= (q + 1.0) / (q - 1.0)
                round_off = amplification * noise * size / h
                for column, old in enumerate(above, start=1):
                    new = row[-1] + (row[-1] - old) / (self.ratio ** (2 * column) - 1.0)
                    spread_ = np.maximum(np.abs(new - row[-1]), np.abs(new - old)) + round_off
                    better = ~settled & (spread_ < error)
                    best, error = np.where(better, new, best), np.where(better, spread_, error)
                    row.append(new)
                if level:
                    settled |= round_off >= error
            if settled.all():
                break
            above = row
        return Estimate(best, np.where(np.isnan(best), np.nan, error))


def _symmetric(line: Line, h: float, base: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The central difference with step h, and the largest size of a value so far."""
    right, left = line.point(h), line.point(-h)
    upper, lower = line.at(right).astype(np.float64), line.at(left).astype(np.float64)
    same_shape(upper, base)
    run = right - left
    if run == 0.0 or not math.isfinite(run):
        return np.full(base.shape, np.nan), size
    with np.errstate(all="ignore"):
        return (upper - lower) / run, np.fmax(size, np.fmax(np.abs(upper), np.abs(lower)))
