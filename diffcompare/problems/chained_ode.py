"""A chain of differential equations in which each unknown drives the next, by Runge and Kutta's method."""

from typing import Any

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size

UNTIL = 2.0


def chained_states(x: Any, steps: Any) -> Any:
    """All of y at the end of steps of these lengths, from y = 0, with y_1' = x_1 and y_i' = x_i y_{i-1}.

    Parameters
    ----------
    x : ndarray, shape (n,)
    steps : ndarray, shape (s,)
        Lengths of the steps.
    """
    y = 0.0 * x
    for k in range(steps.shape[0]):
        h = steps[k]
        k1 = x * _before(y)
        k2 = x * _before(y + 0.5 * h * k1)
        k3 = x * _before(y + 0.5 * h * k2)
        k4 = x * _before(y + h * k3)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y


def _before(y: Any) -> Any:
    """1 for the first unknown, and for each other the one before it."""
    return np.concatenate((np.ones(1), y[:-1]))


def chained_ode(x: Any, steps: Any) -> Any:
    """The last unknown at the end; see `chained_states`."""
    return chained_states(x, steps)[-1]


def chained_ode_gradient(x: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray]:
    """The stages of every step backwards: k = x S y, with S the shift, hands x k_bar on through S^T."""
    states, y = [], np.zeros_like(x)
    for h in steps:
        stages = [y]
        for reach in (0.5 * h, 0.5 * h, h):
            stages.append(y + reach * x * _before(stages[-1]))
        states.append((h, stages))
        slopes = [x * _before(stage) for stage in stages]
        y = y + h / 6.0 * (slopes[0] + 2.0 * slopes[1] + 2.0 * slopes[2] + slopes[3])
    y_bar, x_bar = np.eye(x.size)[-1], np.zeros_like(x)
    for h, stages in reversed(states):
        total_bar, stage_bar = y_bar, np.zeros_like(x)
        for weight, reach, stage in zip((1.0, 2.0, 2.0, 1.0), (h, 0.5 * h, 0.5 * h, 0.0), stages[::-1], strict=True):
            slope_bar = h / 6.0 * weight * y_bar + stage_bar
            x_bar = x_bar + slope_bar * _before(stage)
            back = np.append((x * slope_bar)[1:], 0.0)
            total_bar = total_bar + back
            stage_bar = reach * back
        y_bar = total_bar
    return (x_bar,)


def chain(n: Size = 4) -> tuple[np.ndarray, np.ndarray]:
    """n factors from 1 to 2, and five steps until 2."""
    return np.linspace(1.0, 2.0, require_size(n, "chained-ode")), np.full(5, UNTIL / 5)


PROBLEM = Problem(
    name="chained-ode",
    title="Chain of differential equations, classical Runge-Kutta steps",
    formula="last y after 5 steps of RK4 to t = 2 for y_1' = x_1, y_i' = x_i y_{i-1}, y(0) = 0",
    function=chained_ode,
    point=chain,
    gradient=chained_ode_gradient,
    sizes=(4, 10, 20),
    tags=("scalable", "ode"),
    source="GradBench, github.com/gradbench/gradbench, eval `ode`; Kutta 1901 for the method",
)
