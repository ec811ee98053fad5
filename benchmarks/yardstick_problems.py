"""The yardstick's ten functions: each takes a namespace like NumPy's and its inputs, and returns a scalar.

Inputs are float64 and drawn from a fixed seed, so every contender works on the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from contest import Problem

SQRT2 = 2.0**0.5


def tiny(xp: Any, x: Any, y: Any) -> Any:
    """Karpathy's circuit example, (x + s(y)) / (s(x) + (x + y)^2): call overhead dominates."""

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + xp.exp(-z))

    return (x + sigmoid(y)) / (sigmoid(x) + (x + y) ** 2)


def rosenbrock(xp: Any, x: Any) -> Any:
    """Extended Rosenbrock: overlapping slices."""
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def elementwise(xp: Any, x: Any) -> Any:
    """Transcendental elementwise map and sum: vector mathematics and memory bandwidth."""
    return xp.sum(xp.sin(x) * xp.exp(-x * x) + xp.tanh(x))


def helmholtz(xp: Any, x: Any, A: Any, b: Any) -> Any:
    """Helmholtz free energy of a mixed fluid (Griewank's example in Baydin et al.'s survey)."""
    bx = xp.dot(b, x)
    mix = xp.dot(x, xp.dot(A, x)) / (8**0.5 * bx)
    return xp.sum(xp.log(x / (1 - bx))) - mix * xp.log((1 + (1 + SQRT2) * bx) / (1 + (1 - SQRT2) * bx))


def logistic_regression(xp: Any, w: Any, X: Any, t: Any) -> Any:
    """Mean logistic loss with an L2 term: two matrix-vector products around a stable softplus."""
    z = xp.dot(X, w)
    return xp.mean(xp.maximum(z, 0.0) - z * t + xp.log1p(xp.exp(-xp.abs(z)))) + 0.5e-3 * xp.dot(w, w)


def mlp(xp: Any, W0: Any, b0: Any, W1: Any, b1: Any, X: Any, Y: Any) -> Any:
    """One tanh layer and softmax cross-entropy: matrix products, broadcasting and row reductions."""
    h = xp.tanh(xp.dot(X, W0) + b0)
    s = xp.dot(h, W1) + b1
    m = xp.max(s, axis=1, keepdims=True)
    lse = m + xp.log(xp.sum(xp.exp(s - m), axis=1, keepdims=True))
    return -xp.mean(xp.sum(Y * (s - lse), axis=1))


def logistic_map(xp: Any, x: Any) -> Any:
    """2000 steps of a logistic map, unrolled: a large graph of scalars."""
    for _ in range(2000):
        x = 2.9 * x * (1 - x)
    return x


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _uniform(n: int) -> Problem:
    return Problem(rosenbrock, [_rng().uniform(-1, 1, n)], (0,), n)


def _normal(n: int) -> Problem:
    return Problem(elementwise, [_rng().normal(size=n)], (0,), n)


def _helmholtz(n: int) -> Problem:
    draw = _rng()
    A = draw.uniform(size=(n, n))
    x, b = draw.uniform(0.1, 1, n) / n, draw.uniform(0, 1, n)
    return Problem(helmholtz, [x, (A + A.T) / 2, b], (0,), n * n)


def _logistic_regression(rows: int, columns: int) -> Problem:
    draw = _rng()
    w, X = draw.normal(size=columns), draw.normal(size=(rows, columns))
    labels = (draw.uniform(size=rows) > 0.5) * 1.0
    return Problem(logistic_regression, [w, X, labels], (0,), rows)


def _mlp(batch: int, inputs: int, hidden: int, classes: int) -> Problem:
    draw = _rng()
    first, second = draw.normal(size=(inputs, hidden)), draw.normal(size=(hidden, classes))
    X, labels = draw.normal(size=(batch, inputs)), np.eye(classes)[draw.integers(0, classes, batch)]
    weights = [first / inputs**0.5, np.zeros(hidden), second / hidden**0.5, np.zeros(classes)]
    return Problem(mlp, [*weights, X, labels], (0, 1, 2, 3), inputs)


PROBLEMS: Mapping[str, Callable[[], Problem]] = {
    "tiny": lambda: Problem(tiny, [np.float64(3.0), np.float64(-4.0)], (0, 1), 16),
    "rosenbrock10": lambda: _uniform(10),
    "rosenbrock1000": lambda: _uniform(1_000),
    "rosenbrock100000": lambda: _uniform(100_000),
    "elementwise1000": lambda: _normal(1_000),
    "elementwise1000000": lambda: _normal(1_000_000),
    "helmholtz50": lambda: _helmholtz(50),
    "logistic_regression": lambda: _logistic_regression(10_000, 50),
    "mlp": lambda: _mlp(64, 784, 128, 10),
    "logistic_map2000": lambda: Problem(logistic_map, [np.float64(0.3)], (0,), 4 * 2_000),
}
