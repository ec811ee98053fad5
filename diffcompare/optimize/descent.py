"""The loop that all optimisers share: call, look whether to stop, step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffcompare.errors import OptionError, ShapeError
from diffcompare.optimize.history import History
from diffcompare.optimize.schedules import Schedule, constant

Gradient = Callable[..., tuple[Any, Any]]
Parts = list[np.ndarray]
# (points, gradients, learning rate, number of the step from 1) -> new points; keeps its own state.
Rule = Callable[[Parts, Parts, float, int], Parts]


@dataclass(frozen=True, slots=True)
class Stop:
    """When to end before the last step.

    Parameters
    ----------
    gradient_norm : float, default 0
        At or below this norm of the gradient.
    loss : float, default -inf
        At or below this value.
    seconds : float, default inf
        After so many seconds.
    patience : int or None, default None
        After so many steps without a new smallest value.
    """

    gradient_norm: float = 0.0
    loss: float = -math.inf
    seconds: float = math.inf
    patience: int | None = None


class Form:
    """The form of the start: one number, one array, or a tuple of them."""

    def __init__(self, x0: Any) -> None:
        self.many = isinstance(x0, (tuple, list))
        given = list(x0) if self.many else [x0]
        self.scalars = [np.ndim(part) == 0 for part in given]
        self.parts = [_floating(part) for part in given]

    def arguments(self, parts: Parts) -> tuple[Any, ...]:
        """What `value_and_gradient` is called with."""
        return tuple(_number(p) if s else p for p, s in zip(parts, self.scalars, strict=True))

    def result(self, parts: Parts) -> Any:
        """Points in the form of the start."""
        found = self.arguments(parts)
        return found if self.many else found[0]

    def gradients(self, found: Any) -> Parts:
        """The gradient as one array a part.

        Raises
        ------
        ShapeError
            If it has not the shapes of the points.
        """
        given = list(found) if self.many and isinstance(found, (tuple, list)) else [found]
        if isinstance(found, (tuple, list)) and not self.many and len(found) == 1:
            given = list(found)
        shapes = [np.shape(part) for part in given]
        if shapes != [part.shape for part in self.parts]:
            raise ShapeError(
                f"the gradient has shapes {shapes}, but x0 has {[part.shape for part in self.parts]}.\n"
                "  Differentiate with respect to the arguments that are optimised: value_and_gradient(f, wrt=(0, 1))."
            )
        return [np.asarray(part, dtype=p.dtype) for part, p in zip(given, self.parts, strict=True)]


def _number(part: np.ndarray) -> Any:
    """One number as functions get it: a float, or NumPy's where it is no float64."""
    return part.item() if part.dtype == np.float64 else part[()]


def _floating(part: Any) -> np.ndarray:
    array = np.array(part)
    if array.dtype.kind not in "fiu":
        raise ShapeError(f"x0 must hold real numbers; it has dtype {array.dtype}.")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def descend(
    name: str,
    rule: Rule,
    value_and_gradient: Gradient,
    x0: Any,
    *,
    learning_rate: float,
    steps: int,
    schedule: Schedule | None,
    batches: Iterator[tuple[Any, ...]] | None,
    stop: Stop | None,
    callback: Callable[[int, Any, float], object] | None,
    progress: bool,
) -> History:
    """Follow a rule from `x0`; see `diffcompare.optimize.gradient_descent` for the parameters.

    Raises
    ------
    OptionError
        If the learning rate or the number of steps makes no sense.
    ShapeError
        If the gradient does not fit `x0`.
    """
    if not (learning_rate > 0 and steps >= 0):
        raise OptionError(f"{name} needs a positive learning rate and no negative steps, not {learning_rate}, {steps}.")
    form, factor, until = Form(x0), schedule or constant(), stop or Stop()
    history, parts = History(name), form.parts
    spent = 0.0
    with _bar(progress, steps) as advance:
        for number in range(steps + 1):
            began = time.perf_counter()
            batch = next(batches) if batches is not None else ()
            value, found = value_and_gradient(*form.arguments(parts), *batch)
            gradients = form.gradients(found)
            history.losses.append(float(value))
            history.gradient_norms.append(math.sqrt(sum(float(np.vdot(g, g)) for g in gradients)))
            history.calls.append(number + 1)
            history.stopped = _why(history, until, spent + time.perf_counter() - began, number, steps)
            if not history.stopped:
                rate = learning_rate * factor(number)
                history.learning_rates.append(rate)
                parts = rule(parts, gradients, rate, number + 1)
            spent += time.perf_counter() - began
            history.seconds.append(spent)
            if callback is not None:
                callback(number, form.result(parts), history.losses[-1])
            advance(history.losses[-1])
            if history.stopped:
                break
    history.x = form.result(parts)
    return history


def _why(history: History, stop: Stop, seconds: float, number: int, steps: int) -> str:
    """Why to end here; empty where there is no reason."""
    loss, norm = history.losses[-1], history.gradient_norms[-1]
    if not (math.isfinite(loss) and math.isfinite(norm)):
        return f"the value or gradient is not finite at step {number}: a smaller learning rate may help"
    if norm <= stop.gradient_norm:
        return f"the norm of the gradient is {norm:.3g}"
    if loss <= stop.loss:
        return f"the loss is {loss:.3g}"
    if seconds >= stop.seconds:
        return f"{stop.seconds:g} s have passed"
    if stop.patience is not None and number - int(np.argmin(history.losses)) >= stop.patience:
        return f"no smaller loss in {stop.patience} steps"
    return f"all {steps} steps were taken" if number == steps else ""


class _bar:
    """A progress bar on standard error, where it is wanted."""

    def __init__(self, wanted: bool, steps: int) -> None:
        self._bar: Any = None
        if wanted:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=steps + 1)

    def __enter__(self) -> Callable[[float], None]:
        if self._bar is None:
            return lambda loss: None
        self._bar.start()
        return lambda loss: self._bar.update(self._task, advance=1, description=f"loss {loss:.4g}")

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()
