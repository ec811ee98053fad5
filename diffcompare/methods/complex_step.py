"""The complex step: a derivative out of one value at a complex argument, with no subtraction and so no round-off."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..errors import OptionError, ShapeError, UnsupportedOpError
from ..transform.stopped import split_stopped
from .complex_graph import complex_evaluator
from .lines import Columns, components, places, prepared
from .protocol import Opaque, Prepared
from .values import value_function

RELATIVE_STEP = 2.0**-66
"""About 1.4e-20: its square vanishes beside 1, and a power of two divides without error."""

SMALLEST_STEP = 2.0**-1000
"""The step is at least this, and at least this times the component over `RELATIVE_STEP`, lest quotients underflow."""

ComplexFunction = Callable[[tuple], Callable[..., np.ndarray]]


@dataclass(frozen=True, slots=True)
class ComplexStep:
    """f'(x) = Im f(x + i h) / h for functions that are analytic: accurate to rounding, one complex value a component.

    Conditions (comparisons, and whatever has no derivative because it is an integer or a truth value) see the real
    parts. Every other operation between the differentiated arguments and the output must have a complex form; one that
    has none, such as `floor`, is refused by name when the method is prepared. A callable that cannot be traced must be
    analytic itself: `abs` or `np.real` inside it drop the derivative, which shows only when the result comes out real.

    Attributes
    ----------
    step : float
        h in units of the component's size, which counts as 1 where it is zero or (short of overflow) above 1. The
        truncation error is the square of h over the length over which the function changes.

    References
    ----------
    Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998)
    110-112, doi:10.1137/S003614459631241X; Martins, Sturdza and Alonso, ACM TOMS 29 (2003) 245-262,
    doi:10.1145/838250.838251.
    """

    step: float = RELATIVE_STEP

    name: ClassVar[str] = "complex-step"
    needs_graph: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0.0 < self.step < 1.0:
            raise OptionError(f"step={self.step!r}: give a number between 0 and 1, such as 1e-20.")

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Bind to a graph or to a callable; see `Prepared`.

        Raises
        ------
        UnsupportedOpError
            When an operation that matters to the derivative has no complex form; the message names it.
        """
        values = value_function(target)
        near = _near_opaque(target, wrt) if isinstance(target, Opaque) else _near_graph(target, wrt)

        def sweep(args: tuple) -> tuple[np.ndarray, Callable[[], Columns]]:
            base = values.near(args)(*args)
            f = near(args)
            start = {p: np.asarray(args[p], np.complex128) for p in wrt}

            def columns() -> Columns:
                for place in places(args, wrt):
                    moved = start[place.position].copy()
                    h = self._step(float(moved.reshape(-1)[place.entry].real))
                    moved.reshape(-1)[place.entry] += 1j * h
                    yield place, _imaginary(f, args, {**start, place.position: moved}, base) / h

            return base, columns

        def directional(args: tuple, tangents: tuple) -> tuple[np.ndarray, np.ndarray]:
            base = values.near(args)(*args)
            h = self._along(args, wrt, tangents)
            if h == 0.0:
                return base, np.zeros(base.shape)
            moved = {}
            for position, tangent in zip(wrt, tangents, strict=True):
                moved[position] = np.array(args[position], np.complex128)
                moved[position].imag = h * np.asarray(tangent, np.float64)
            return base, _imaginary(near(args), args, moved, base) / h

        return prepared(self.name, values, wrt, sweep, directional, components(values.shapes, wrt))

    def _step(self, x: float) -> float:
        size = abs(x) if x != 0.0 and math.isfinite(x) else 1.0
        size = max(min(size, 1.0), size * SMALLEST_STEP / RELATIVE_STEP)
        return max(self.step * 2.0 ** math.floor(math.log2(size)), SMALLEST_STEP)

    def _along(self, args: tuple, wrt: tuple[int, ...], tangents: tuple) -> float:
        """The step for a whole direction: no component moves more than it would alone; 0 for the zero direction."""
        h, largest = math.inf, 0.0
        for position, tangent in zip(wrt, tangents, strict=True):
            for x, t in zip(np.ravel(args[position]).tolist(), np.ravel(tangent).tolist(), strict=True):
                if t != 0.0 and math.isfinite(t):
                    h, largest = min(h, self._step(x)), max(largest, abs(t))
                elif t != 0.0:
                    h, largest = min(h, self._step(x)), max(largest, 1.0)
        return 0.0 if largest == 0.0 else h * 2.0 ** -math.ceil(math.log2(largest))


def _imaginary(f: Callable[..., np.ndarray], args: tuple, moved: dict[int, np.ndarray], base: np.ndarray) -> np.ndarray:
    result = f(*[moved[i] if i in moved else a for i, a in enumerate(args)])
    if result.shape != base.shape:
        raise ShapeError(
            f"the function returned shape {base.shape} for real, but {result.shape} for complex arguments."
        )
    return result.imag


def _near_graph(graph: Graph, wrt: tuple[int, ...]) -> ComplexFunction:
    frozen, main = split_stopped(graph)
    run = complex_evaluator(main, wrt)
    if frozen is None:
        return lambda args: run
    held = evaluator(frozen)

    def near(args: tuple) -> Callable[..., np.ndarray]:
        constants = held(*args)
        return lambda *moved: run(*moved, *constants)

    return near


def _near_opaque(target: Opaque, wrt: tuple[int, ...]) -> ComplexFunction:
    name = getattr(target.function, "__name__", repr(target.function))

    def call(*moved: Any) -> np.ndarray:
        try:
            with warnings.catch_warnings():
                # NumPy only warns when float() or a real work array drops an imaginary part
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                result = np.array(target.function(*map(_own, moved)))
        except (TypeError, np.exceptions.ComplexWarning) as error:
            raise UnsupportedOpError(
                f"method 'complex-step' called {name} with complex arguments, and it failed: {error}.\n"
                "  Use functions that take complex numbers (np.sin, not math.sin), or method='central-difference'."
            ) from error
        if not np.iscomplexobj(result):
            raise UnsupportedOpError(
                f"method 'complex-step': {name} returned {result.dtype} for complex arguments, so the imaginary part, "
                "which carries the derivative, was dropped.\n"
                "  Either something in it is not analytic (abs, np.real, float(), a real work array), or it does not "
                f"depend on the arguments {wrt}.\n"
                "  Use method='central-difference', which needs real values only."
            )
        return result

    return lambda args: call


def _own(arg: Any) -> Any:
    """A copy for the function to keep; complex scalars as Python's, since `math` takes NumPy's and drops a part."""
    if not isinstance(arg, np.ndarray):
        return arg
    return complex(arg) if arg.ndim == 0 and arg.dtype.kind == "c" else arg.copy()
