"""Learning-rate schedules: functions of the step, counted from 0, to the factor on the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from diffcompare.errors import OptionError

Schedule = Callable[[int], float]


def constant() -> Schedule:
    """A factor of 1 at every step.

    Examples
    --------
    >>> constant()(100)
    1.0
    """
    return lambda step: 1.0


def exponential(rate: float) -> Schedule:
    """``rate ** step``.

    Examples
    --------
    >>> exponential(0.5)(3)
    0.125
    """
    _positive(rate=rate)
    return lambda step: rate**step


def stepwise(every: int | Sequence[int], factor: float = 0.1) -> Schedule:
    """Multiplied by `factor` every so many steps, or at each of the given steps.

    Examples
    --------
    >>> [stepwise(10, 0.5)(step) for step in (9, 10, 25)]
    [1.0, 0.5, 0.25]
    >>> [stepwise((5, 8), 0.5)(step) for step in (4, 5, 8)]
    [1.0, 0.5, 0.25]
    """
    _positive(factor=factor)
    if isinstance(every, int):
        _positive(every=every)
        return lambda step: factor ** (step // every)
    marks = tuple(every)
    return lambda step: factor ** sum(step >= mark for mark in marks)


def cosine(steps: int, least: float = 0.0) -> Schedule:
    """Half a cosine from 1 to `least` over `steps` steps, then `least` [1]_.

    References
    ----------
    .. [1] Loshchilov and Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", equation 5.

    Examples
    --------
    >>> [round(cosine(10)(step), 6) for step in (0, 5, 10, 20)]
    [1.0, 0.5, 0.0, 0.0]
    """
    _positive(steps=steps)
    return lambda step: least + (1.0 - least) * 0.5 * (1.0 + math.cos(math.pi * min(step, steps) / steps))


def warmup(steps: int, then: Schedule | None = None) -> Schedule:
    """Linearly from 1/steps to 1 over `steps` steps, then another schedule, whose step 0 follows.

    Examples
    --------
    >>> [warmup(4)(step) for step in (0, 1, 3, 4)]
    [0.25, 0.5, 1.0, 1.0]
    """
    _positive(steps=steps)
    after = then or constant()
    return lambda step: (step + 1) / steps if step < steps else after(step - steps)


def _positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if not value > 0:
            raise OptionError(f"{name}={value!r} must be positive.")
