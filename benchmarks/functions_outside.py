"""Ten functions that are not in the yardstick: each takes a namespace like NumPy's and its inputs, returns a scalar.

The compiler was not written against them: what holds for the yardstick has to hold here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from contest import Problem

SQRT_HALF = 0.5**0.5


def black_scholes(xp: Any, spot: Any, volatility: Any, strike: Any, years: Any) -> Any:
    """Total price of European calls; the normal distribution by Abramowitz and Stegun 26.2.17 (error below 8e-8)."""
    spread = volatility * xp.sqrt(years)
    upper = (xp.log(spot / strike) + (0.02 + 0.5 * volatility**2) * years) / spread

    def normal(z: Any) -> Any:
        t = 1 / (1 + 0.2316419 * xp.abs(z))
        powers = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
        tail = 0.3989422804014327 * xp.exp(-0.5 * z * z) * powers
        return xp.where(z > 0, 1 - tail, tail)

    return xp.sum(spot * normal(upper) - strike * xp.exp(-0.02 * years) * normal(upper - spread))


def lennard_jones(xp: Any, places: Any) -> Any:
    """Energy of all pairs of atoms by broadcasting; the diagonal is masked by a distance of one."""
    n = places.shape[0]
    apart = places[:, None, :] - places[None, :, :]
    squared = xp.sum(apart * apart, axis=2) + np.eye(n)
    sixth = 1 / (squared * squared * squared)
    return 2 * xp.sum((sixth * sixth - sixth) * (1 - np.eye(n)))


def two_layer_net(xp: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, X: Any, Y: Any) -> Any:
    """Two hidden layers, softplus and tanh, and softmax cross-entropy."""
    z = xp.dot(X, W1) + b1
    h = xp.maximum(z, 0.0) + xp.log1p(xp.exp(-xp.abs(z)))
    s = xp.dot(xp.tanh(xp.dot(h, W2) + b2), W3)
    shifted = s - xp.max(s, axis=1, keepdims=True)
    return -xp.mean(xp.sum(Y * (shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))), axis=1))


def gaussian_mixture(xp: Any, weights: Any, means: Any, scales: Any, X: Any) -> Any:
    """Negative log-likelihood of points under Gaussians with diagonal covariances."""
    apart = (X[:, None, :] - means[None, :, :]) * xp.exp(-scales)[None, :, :]
    terms = weights - xp.sum(scales, axis=1) - 0.5 * xp.sum(apart * apart, axis=2)
    top = xp.max(terms, axis=1)
    inside = top + xp.log(xp.sum(xp.exp(terms - top[:, None]), axis=1))
    largest = xp.max(weights)
    return xp.shape(X)[0] * (largest + xp.log(xp.sum(xp.exp(weights - largest)))) - xp.sum(inside)


def k_means(xp: Any, centres: Any, X: Any) -> Any:
    """Sum of squared distances of points to the nearest centre."""
    apart = X[:, None, :] - centres[None, :, :]
    return xp.sum(xp.min(xp.sum(apart * apart, axis=2), axis=1))


def banded_quadratic(xp: Any, x: Any, main: Any, first: Any, second: Any) -> Any:
    """x' A x for a symmetric matrix with five diagonals, held as diagonals."""
    return xp.sum(main * x * x) + 2 * xp.sum(first * x[1:] * x[:-1]) + 2 * xp.sum(second * x[2:] * x[:-2])


def runge_kutta(xp: Any, state: Any, rates: Any) -> Any:
    """Ten steps of RK4 on a ring of oscillators x' = -rate * x + sin(x of the neighbour)."""

    def slope(x: Any) -> Any:
        return -rates * x + xp.sin(xp.concatenate([x[1:], x[:1]]))

    h = 0.05
    for _ in range(10):
        k1 = slope(state)
        k2 = slope(state + 0.5 * h * k1)
        k3 = slope(state + 0.5 * h * k2)
        k4 = slope(state + h * k3)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return xp.sum(state * state)


def kernel_sums(xp: Any, queries: Any, points: Any, masses: Any, width: Any) -> Any:
    """Log-density of queries under a Gaussian kernel over points, cut at three widths as nearest neighbours are."""
    apart = queries[:, None, :] - points[None, :, :]
    squared = xp.sum(apart * apart, axis=2) / (width * width)
    near = xp.where(squared < 9.0, xp.exp(-0.5 * squared), 0.0)
    return xp.sum(xp.log(xp.sum(masses * near, axis=1) + 1e-3))


def lstm_cell(xp: Any, W: Any, U: Any, b: Any, x: Any, h: Any, c: Any) -> Any:
    """One step of a long short-term memory cell on a batch; four gates in one product."""

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + xp.exp(-z))

    n = h.shape[1]
    gates = xp.dot(x, W) + xp.dot(h, U) + b
    cell = sigmoid(gates[:, :n]) * c + sigmoid(gates[:, n : 2 * n]) * xp.tanh(gates[:, 2 * n : 3 * n])
    hidden = sigmoid(gates[:, 3 * n :]) * xp.tanh(cell)
    return xp.sum(hidden * hidden) + xp.mean(cell)


def stencil(xp: Any, u: Any, source: Any) -> Any:
    """Squared residual of a nonlinear Poisson equation on a grid, five points each."""
    middle = u[1:-1, 1:-1]
    around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
    residual = 4 * middle - around + 0.01 * xp.exp(middle) - source
    return xp.sum(residual * residual)


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _black_scholes(n: int) -> Problem:
    draw = _rng()
    spot, volatility = draw.uniform(80, 120, n), draw.uniform(0.1, 0.5, n)
    return Problem(black_scholes, [spot, volatility, draw.uniform(80, 120, n), draw.uniform(0.1, 2, n)], (0, 1), n)


def _lennard_jones(n: int) -> Problem:
    side = round(n ** (1 / 3)) + 1
    grid = np.stack(np.meshgrid(*[np.arange(side) * 1.1] * 3), axis=-1).reshape(-1, 3)[:n]
    return Problem(lennard_jones, [grid + _rng().normal(scale=0.05, size=(n, 3))], (0,), n * n)


def _two_layer_net(batch: int, inputs: int, hidden: int, classes: int) -> Problem:
    draw = _rng()
    sizes = ((inputs, hidden), (hidden, hidden), (hidden, classes))
    W1, W2, W3 = (draw.normal(size=size) / size[0] ** 0.5 for size in sizes)
    X, labels = draw.normal(size=(batch, inputs)), np.eye(classes)[draw.integers(0, classes, batch)]
    return Problem(two_layer_net, [W1, np.zeros(hidden), W2, np.zeros(hidden), W3, X, labels], tuple(range(5)), inputs)


def _gaussian_mixture(n: int, components: int, dimensions: int) -> Problem:
    draw = _rng()
    means, scales = draw.normal(size=(components, dimensions)), draw.normal(scale=0.1, size=(components, dimensions))
    inputs = [draw.normal(size=components), means, scales, draw.normal(size=(n, dimensions))]
    return Problem(gaussian_mixture, inputs, (0, 1, 2), n)


def _k_means(n: int, centres: int, dimensions: int) -> Problem:
    draw = _rng()
    return Problem(k_means, [draw.normal(size=(centres, dimensions)), draw.normal(size=(n, dimensions))], (0,), n)


def _banded_quadratic(n: int) -> Problem:
    draw = _rng()
    return Problem(banded_quadratic, [draw.normal(size=n - k) for k in (0, 0, 1, 2)], (0,), n)


def _runge_kutta(n: int) -> Problem:
    draw = _rng()
    return Problem(runge_kutta, [draw.normal(size=n), draw.uniform(0.1, 1, n)], (0, 1), max(n, 10 * 40))


def _kernel_sums(queries: int, points: int) -> Problem:
    draw = _rng()
    inputs = [draw.normal(size=(queries, 3)), draw.normal(size=(points, 3)), draw.uniform(size=points)]
    return Problem(kernel_sums, [*inputs, np.float64(0.7)], (0, 2, 3), points + queries)


def _lstm_cell(batch: int, inputs: int, hidden: int) -> Problem:
    draw = _rng()
    W, U = (draw.normal(size=(n, 4 * hidden)) / n**0.5 for n in (inputs, hidden))
    state = [draw.normal(size=(batch, n)) for n in (inputs, hidden, hidden)]
    return Problem(lstm_cell, [W, U, draw.normal(size=4 * hidden), *state], (0, 1, 2), inputs + hidden + batch)


def _stencil(n: int) -> Problem:
    draw = _rng()
    return Problem(stencil, [draw.normal(size=(n, n)), draw.normal(size=(n - 2, n - 2))], (0,), n * n)


FUNCTIONS: Mapping[str, Callable[[int], Problem]] = {
    "black_scholes": lambda size: _black_scholes(size),
    "lennard_jones": lambda size: _lennard_jones(max(8, size // 2_000)),
    "two_layer_net": lambda size: _two_layer_net(max(2, size // 15_000), 128, 64, 10),
    "gaussian_mixture": lambda size: _gaussian_mixture(max(8, size // 1_000), 25, 10),
    "k_means": lambda size: _k_means(max(8, size // 500), 16, 4),
    "banded_quadratic": lambda size: _banded_quadratic(max(8, size // 10)),
    "runge_kutta": lambda size: _runge_kutta(max(8, size // 1_000)),
    "kernel_sums": lambda size: _kernel_sums(max(4, size // 2_000), max(8, size // 1_000)),
    "lstm_cell": lambda size: _lstm_cell(max(2, size // 30_000), 64, 128),
    "stencil": lambda size: _stencil(max(8, int(size**0.5) // 2)),
}
