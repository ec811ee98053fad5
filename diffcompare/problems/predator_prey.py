"""Predators and prey by Runge and Kutta's method: a derivative through the steps of a solver."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size

YEARS = 2.0
START, RATES = np.array([1.0, 0.5]), np.array([1.1, 0.4, 0.1, 0.4])


def predator_prey(start: np.ndarray, rates: np.ndarray, steps: np.ndarray) -> float:
    """Sum of squares of the last state of x' = a x - b x y, y' = c x y - d y.

    Parameters
    ----------
    start : ndarray, shape (2,)
        Prey x and predators y at the beginning.
    rates : ndarray, shape (4,)
        a, b, c, d.
    steps : ndarray, shape (n,)
        Lengths of the steps, in years.
    """
    x, y = start[0], start[1]
    for k in range(steps.shape[0]):
        h = steps[k]
        x1, y1 = _slope(x, y, rates)
        x2, y2 = _slope(x + 0.5 * h * x1, y + 0.5 * h * y1, rates)
        x3, y3 = _slope(x + 0.5 * h * x2, y + 0.5 * h * y2, rates)
        x4, y4 = _slope(x + h * x3, y + h * y3, rates)
        x, y = x + h / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4), y + h / 6.0 * (y1 + 2.0 * y2 + 2.0 * y3 + y4)
    return x**2 + y**2


def _slope(x: float, y: float, rates: np.ndarray) -> tuple[float, float]:
    """The right-hand sides."""
    return rates[0] * x - rates[1] * x * y, rates[2] * x * y - rates[3] * y


def _with_tangent(state: np.ndarray, tangent: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The right-hand sides, and their derivatives in the six inputs; `tangent`, shape (2, 6), has the state's."""
    (x, y), (a, b, c, d) = state, rates
    by_state = np.array([[a - b * y, -b * x], [c * y, c * x - d]])
    by_inputs = np.array([[0.0, 0.0, x, -x * y, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, x * y, -y]])
    return np.array(_slope(x, y, rates)), by_state @ tangent + by_inputs


def predator_prey_gradient(start: np.ndarray, rates: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """2 S^T z of the last state z, its sensitivities S carried along with every stage of every step."""
    z, s = start, np.eye(2, 6)
    for h in steps:
        z1, s1 = _with_tangent(z, s, rates)
        z2, s2 = _with_tangent(z + 0.5 * h * z1, s + 0.5 * h * s1, rates)
        z3, s3 = _with_tangent(z + 0.5 * h * z2, s + 0.5 * h * s2, rates)
        z4, s4 = _with_tangent(z + h * z3, s + h * s3, rates)
        z, s = z + h / 6.0 * (z1 + 2.0 * z2 + 2.0 * z3 + z4), s + h / 6.0 * (s1 + 2.0 * s2 + 2.0 * s3 + s4)
    entries = 2.0 * z @ s
    return entries[:2], entries[2:]


def season(n: Size = 10) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, rates and n equal steps over two years."""
    count = require_size(n, "predator-prey")
    return START.copy(), RATES.copy(), np.full(count, YEARS / count)


PROBLEM = Problem(
    name="predator-prey",
    title="Predators and prey, classical Runge-Kutta steps, in start and rates",
    formula="x^2 + y^2 after n steps of RK4 for x' = a x - b x y, y' = c x y - d y",
    function=predator_prey,
    point=season,
    gradient=predator_prey_gradient,
    wrt=(0, 1),
    sizes=(10, 50, 200),
    tags=("scalable", "ode"),
    source="Lotka 1925, Elements of Physical Biology; Kutta 1901 for the method",
)
