"""Finite differences: a few values near the point, weighed so that they become the derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.graph import Graph
from .lines import Columns, Line, component, components, direction, places, prepared
from .protocol import Opaque, Prepared
from .stencils import Stencil, check, stencil
from .steps import along, check_noise, positive, scale, spread
from .values import noise_of, same_shape, value_function


@dataclass(frozen=True, slots=True)
class FiniteDifference:
    """Forward, backward or central differences of order 1 to 8.

    Where the function is nan at a point of the stencil (an edge of its domain), so is the derivative, as NumPy would
    have it; a one-sided scheme stays on one side. Neighbours of inf and nan have the derivative nan.

    Attributes
    ----------
    scheme : {"central", "forward", "backward"}
        On which side of the point the function is evaluated.
    order : int or None
        The power of the step with which the truncation error falls: 1 (one-sided schemes only), 2, 4, 6 or 8. None is 1
        for the one-sided schemes and 2 for the central one.
    step : float, ndarray, tuple or None
        The distance between points, in the unit of the argument: one for all components, an array in the shape of the
        argument, or a tuple with one of these a differentiated argument. None balances truncation and round-off, from
        `noise` and the size of each component: `Stencil.relative_step` times `scale`.
    noise : float or None
        Relative error of the function's values, where it is more than their rounding (they come out of an iteration,
        or are derivatives by differences themselves). None is the machine epsilon.
    typical : float, ndarray or tuple
        Typical size of the components, in their unit; see `scale`.
    exact : bool
        Divide by the step taken after rounding, (x + h) - x, rather than by h itself. False gives the quotients of
        textbooks digit by digit.

    References
    ----------
    Nocedal and Wright, *Numerical Optimization*, 2nd ed., 2006, section 8.1, doi:10.1007/978-0-387-40065-5.
    """

    scheme: str = "central"
    order: int | None = None
    step: Any = None
    noise: float | None = None
    typical: Any = 1.0
    exact: bool = True

    needs_graph: ClassVar[bool] = False

    def __post_init__(self) -> None:
        order = self.order
        if order is None:
            order = 2 if self.scheme == "central" else 1
        check(self.scheme, order)
        object.__setattr__(self, "order", int(order))
        object.__setattr__(self, "typical", positive(self.typical, "typical"))
        if self.step is not None:
            object.__setattr__(self, "step", positive(self.step, "step"))
        check_noise(self.noise)

    @property
    def name(self) -> str:
        """``"central-difference"`` and so on, whatever the order."""
        return f"{self.scheme}-difference"

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Bind to a graph or to a callable; see `Prepared`."""
        values = value_function(target)
        rule = stencil(self.scheme, self.order or 1)

        def sweep(args: tuple) -> tuple[np.ndarray, Callable[[], Columns]]:
            f = values.near(args)
            base = f(*args)

            def columns() -> Columns:
                steps = self._steps(args, wrt, rule, base)
                for place in places(args, wrt):
                    h = float(steps[place.position].reshape(-1)[place.entry])
                    yield place, quotient(component(f, args, place), rule, h, base, self.exact)

            return base, columns

        def directional(args: tuple, tangents: tuple) -> tuple[np.ndarray, np.ndarray]:
            f = values.near(args)
            base = f(*args)
            h = along(tangents, self._steps(args, wrt, rule, base), rounded=self.step is None)
            if math.isinf(h):
                return base, np.zeros(base.shape)
            return base, quotient(direction(f, args, wrt, tangents), rule, h, base, self.exact)

        count = components(values.shapes, wrt)
        evaluations = rule.order * count + (self.scheme != "central")
        return prepared(self.name, values, wrt, sweep, directional, evaluations)

    def _steps(self, args: tuple, wrt: tuple[int, ...], rule: Stencil, base: np.ndarray) -> dict[int, np.ndarray]:
        if self.step is not None:
            return spread(self.step, "step", args, wrt)
        found = {}
        for position, typical in spread(self.typical, "typical", args, wrt).items():
            noise = self.noise or noise_of(args[position], base)
            found[position] = rule.relative_step(noise) * scale(args[position], rule.order, noise, typical)
        return found


def quotient(line: Line, rule: Stencil, h: float, base: np.ndarray, exact: bool) -> np.ndarray:
    """The derivative along a line by one stencil.

    Parameters
    ----------
    line : Line
        The function, and where to differentiate.
    rule : Stencil
        Which points, and their weights.
    h : float
        Distance between the points.
    base : ndarray
        The value at the origin.
    exact : bool
        Divide by the same combination of the rounded points, which makes the quotient of a linear function exact and
        generalises (x + h) - x; else by h.

    Returns
    -------
    ndarray of float64
        In the shape of the value; nan where the points are not distinct finite numbers.
    """
    rise, run = np.zeros(base.shape), 0.0
    for a, b, weight in rule.pairs:
        there, here = line.point(a * h), line.point(b * h)
        upper = line.at(there)
        lower = base if b == 0 else line.at(here)
        same_shape(upper, base)
        with np.errstate(all="ignore"):
            rise = rise + weight * (upper.astype(np.float64) - lower)
        run += weight * (there - here)
    if not exact:
        run = h
    if run == 0.0 or not math.isfinite(run):
        return np.full(base.shape, np.nan)
    with np.errstate(all="ignore"):
        return rise / run
