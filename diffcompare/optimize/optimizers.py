"""Gradient descent and its siblings, one function each.

All take a callable that gives ``(value, gradient)``; `diffcompare.value_and_gradient(f, method=...)` is one, whatever
the method. State (velocities, means of squares) is kept a part, in the data type of the part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from diffcompare.errors import OptionError
from diffcompare.optimize.descent import Gradient, Parts, Rule, Stop, descend
from diffcompare.optimize.history import History
from diffcompare.optimize.schedules import Schedule


def gradient_descent(
    value_and_gradient: Gradient,
    x0: Any,
    *,
    learning_rate: float = 0.01,
    steps: int = 1000,
    schedule: Schedule | None = None,
    batches: Iterator[tuple[Any, ...]] | None = None,
    stop: Stop | None = None,
    callback: Callable[[int, Any, float], object] | None = None,
    progress: bool = False,
) -> History:
    """Steepest descent: x - rate * gradient.

    Parameters
    ----------
    value_and_gradient : callable
        Maps the point to ``(value, gradient)``. It is called with the parts of `x0`, then with those of a batch.
    x0 : float, array or tuple of them
        Where to start; a tuple is several arguments, and then the gradient is a tuple too.
    learning_rate : float, default 0.01
        Length of a step in units of the gradient.
    steps : int, default 1000
        Most steps.
    schedule : callable, optional
        Maps the number of the step, from 0, to a factor on the learning rate; see `diffcompare.optimize.cosine` and
        its siblings.
    batches : iterator of tuple, optional
        Further arguments of each call, see `diffcompare.optimize.minibatches`.
    stop : Stop, optional
        When to end before.
    callback : callable, optional
        Called with step, point and loss after every step; its time is not counted.
    progress : bool, default False
        Whether to show a bar on standard error.

    Returns
    -------
    History
        Its `x` is where it ended.

    Raises
    ------
    OptionError
        If an option makes no sense.
    ShapeError
        If the gradient does not fit `x0`.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> parabola = dc.value_and_gradient(lambda x: np.sum((x - 3.0) ** 2))
    >>> dc.optimize.gradient_descent(parabola, np.zeros(2), learning_rate=0.25, steps=60).x
    array([3., 3.])
    """

    def rule(x: Parts, g: Parts, rate: float, number: int) -> Parts:
        return [p - rate * d for p, d in zip(x, g, strict=True)]

    return descend(
        "gradient descent", rule, value_and_gradient, x0, learning_rate=learning_rate, steps=steps, schedule=schedule,
        batches=batches, stop=stop, callback=callback, progress=progress,
    )  # fmt: skip


def sgd(
    value_and_gradient: Gradient,
    x0: Any,
    batches: Iterator[tuple[Any, ...]],
    *,
    learning_rate: float = 0.01,
    steps: int = 1000,
    **options: Any,
) -> History:
    """Stochastic gradient descent: steepest descent on one batch after the other [1]_.

    The parameters are those of `gradient_descent`; `batches` is needed.

    References
    ----------
    .. [1] Robbins and Monro 1951, doi:10.1214/aoms/1177729586.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> t = np.linspace(0.0, 1.0, 50)
    >>> line = dc.value_and_gradient(lambda w, t, y: np.mean((w * t - y) ** 2), wrt=0)
    >>> batches = dc.optimize.minibatches(t, 2.0 * t, size=5, generator=0)
    >>> round(dc.optimize.sgd(line, 0.0, batches, learning_rate=0.5, steps=200).x, 6)
    2.0
    """
    return gradient_descent(
        value_and_gradient, x0, learning_rate=learning_rate, steps=steps, batches=batches, **options
    )


def momentum(
    value_and_gradient: Gradient,
    x0: Any,
    *,
    learning_rate: float = 0.01,
    steps: int = 1000,
    decay: float = 0.9,
    **options: Any,
) -> History:
    """The heavy ball: velocity = decay * velocity + gradient; x - rate * velocity [1]_.

    The other parameters are those of `gradient_descent`.

    Parameters
    ----------
    decay : float, default 0.9
        Share of the velocity that is kept.

    References
    ----------
    .. [1] Polyak 1964, doi:10.1016/0041-5553(64)90137-5.
    """
    return _with_velocity("momentum", False, value_and_gradient, x0, learning_rate, steps, decay, options)


def nesterov(
    value_and_gradient: Gradient,
    x0: Any,
    *,
    learning_rate: float = 0.01,
    steps: int = 1000,
    decay: float = 0.9,
    **options: Any,
) -> History:
    """Nesterov's momentum, in the form that needs the gradient at the point itself [1]_.

    velocity = decay * velocity + gradient; x - rate * (gradient + decay * velocity). The parameters are those of
    `momentum`.

    References
    ----------
    .. [1] Sutskever, Martens, Dahl and Hinton 2013, "On the importance of initialization and momentum in deep
       learning", with the change of variables of Bengio, Boulanger-Lewandowski and Pascanu 2013, arXiv:1212.0901.
    """
    return _with_velocity("Nesterov momentum", True, value_and_gradient, x0, learning_rate, steps, decay, options)


def _with_velocity(
    name: str,
    ahead: bool,
    value_and_gradient: Gradient,
    x0: Any,
    learning_rate: float,
    steps: int,
    decay: float,
    options: dict[str, Any],
) -> History:
    _share(decay=decay)
    velocity: Parts = []

    def rule(x: Parts, g: Parts, rate: float, number: int) -> Parts:
        old = velocity or [np.zeros_like(d) for d in g]
        velocity[:] = [decay * v + d for v, d in zip(old, g, strict=True)]
        steps_taken = [d + decay * v for v, d in zip(velocity, g, strict=True)] if ahead else velocity
        return [p - rate * s for p, s in zip(x, steps_taken, strict=True)]

    return _run(name, rule, value_and_gradient, x0, learning_rate, steps, options)


def rmsprop(
    value_and_gradient: Gradient,
    x0: Any,
    *,
    learning_rate: float = 0.001,
    steps: int = 1000,
    decay: float = 0.9,
    epsilon: float = 1e-8,
    **options: Any,
) -> History:
    """Steps divided by the root of a running mean of squared gradients [1]_.

    mean = decay * mean + (1 - decay) * gradient**2; x - rate * gradient / (sqrt(mean) + epsilon). The other parameters
    are those of `gradient_descent`.

    Parameters
    ----------
    decay : float, default 0.9
        Share of the mean that is kept.
    epsilon : float, default 1e-8
        Added to the root.

    References
    ----------
    .. [1] Tieleman and Hinton 2012, "Lecture 6.5, RMSProp", Coursera: Neural networks for machine learning.
    """
    _share(decay=decay)
    squares: Parts = []

    def rule(x: Parts, g: Parts, rate: float, number: int) -> Parts:
        old = squares or [np.zeros_like(d) for d in g]
        squares[:] = [decay * s + (1.0 - decay) * d * d for s, d in zip(old, g, strict=True)]
        return [p - rate * d / (np.sqrt(s) + epsilon) for p, d, s in zip(x, g, squares, strict=True)]

    return _run("RMSProp", rule, value_and_gradient, x0, learning_rate, steps, options)


def adam(
    value_and_gradient: Gradient,
    x0: Any,
    *,
    learning_rate: float = 0.001,
    steps: int = 1000,
    decay_mean: float = 0.9,
    decay_square: float = 0.999,
    epsilon: float = 1e-8,
    **options: Any,
) -> History:
    """Adam: running means of gradient and squared gradient, both corrected for their start at zero [1]_.

    The other parameters are those of `gradient_descent`.

    Parameters
    ----------
    decay_mean, decay_square : float, default 0.9 and 0.999
        Shares of the means that are kept, beta_1 and beta_2 of the paper.
    epsilon : float, default 1e-8
        Added to the root.

    References
    ----------
    .. [1] Kingma and Ba 2015, "Adam: a method for stochastic optimization", algorithm 1, arXiv:1412.6980.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> parabola = dc.value_and_gradient(lambda x: np.sum((x - 3.0) ** 2))
    >>> dc.optimize.adam(parabola, np.zeros(2), learning_rate=0.1, steps=500).x.round(3)
    array([3., 3.])
    """
    rule = _adam_rule(decay_mean, decay_square, epsilon, 0.0)
    return _run("Adam", rule, value_and_gradient, x0, learning_rate, steps, options)


def adamw(
    value_and_gradient: Gradient,
    x0: Any,
    *,
    learning_rate: float = 0.001,
    steps: int = 1000,
    decay_mean: float = 0.9,
    decay_square: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
    **options: Any,
) -> History:
    """Adam with weight decay that is not scaled by the means: x shrinks by rate * weight_decay * x at each step [1]_.

    The other parameters are those of `adam`.

    Parameters
    ----------
    weight_decay : float, default 0.01
        Share of x that is taken away, times the learning rate.

    References
    ----------
    .. [1] Loshchilov and Hutter 2019, "Decoupled weight decay regularization", algorithm 2, arXiv:1711.05101.
    """
    rule = _adam_rule(decay_mean, decay_square, epsilon, weight_decay)
    return _run("AdamW", rule, value_and_gradient, x0, learning_rate, steps, options)


def _adam_rule(decay_mean: float, decay_square: float, epsilon: float, weight_decay: float) -> Rule:
    _share(decay_mean=decay_mean, decay_square=decay_square)
    if not (epsilon >= 0 and weight_decay >= 0):
        raise OptionError(f"epsilon={epsilon!r} and weight_decay={weight_decay!r} must not be negative.")
    means: Parts = []
    squares: Parts = []

    def rule(x: Parts, g: Parts, rate: float, number: int) -> Parts:
        zero = [np.zeros_like(d) for d in g]
        means[:] = [decay_mean * m + (1.0 - decay_mean) * d for m, d in zip(means or zero, g, strict=True)]
        squares[:] = [decay_square * s + (1.0 - decay_square) * d * d for s, d in zip(squares or zero, g, strict=True)]
        first, second = 1.0 - decay_mean**number, 1.0 - decay_square**number
        found = []
        for p, m, s in zip(x, means, squares, strict=True):
            step = (m / first) / (np.sqrt(s / second) + epsilon)
            found.append(p - rate * (step + weight_decay * p))
        return found

    return rule


def _run(
    name: str,
    rule: Rule,
    value_and_gradient: Gradient,
    x0: Any,
    learning_rate: float,
    steps: int,
    options: dict[str, Any],
) -> History:
    known = {"schedule": None, "batches": None, "stop": None, "callback": None, "progress": False}
    unknown = options.keys() - known.keys()
    if unknown:
        raise OptionError(f"{name} has no option {', '.join(sorted(unknown))}; it has {', '.join(known)}.")
    return descend(name, rule, value_and_gradient, x0, learning_rate=learning_rate, steps=steps, **(known | options))


def _share(**shares: float) -> None:
    for name, value in shares.items():
        if not 0.0 <= value < 1.0:
            raise OptionError(f"{name}={value!r} must lie in [0, 1).")
