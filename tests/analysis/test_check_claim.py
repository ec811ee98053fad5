"""The forms that a function and a claimed gradient may have, and what is said of those that do not fit."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.errors import ShapeError

X, Y = np.array([0.3, 0.7, -1.1]), np.array([1.0, -2.0, 0.5])
A = np.random.default_rng(0).standard_normal((2, 3))


def product(x, y):
    return np.sum(x**2 * y)


def product_gradient(x, y):
    return 2.0 * x * y, x**2


def squares(x):
    return np.sum(x**2)


@pytest.mark.parametrize(
    ("f", "grad", "at", "options"),
    [
        (squares, lambda x: 2.0 * x, X, {}),
        (squares, lambda x: (2.0 * x,), (X,), {}),
        (squares, lambda x: (np.sum(x**2), 2.0 * x), X, {}),
        (squares, lambda x: [2.0 * v for v in x], [0.3, 0.7, -1.1], {}),
        (squares, 2.0 * X, X, {}),
        (squares, None, X, {}),
        (lambda x: np.sum(x**2), lambda x: 2 * x, np.arange(5), {}),
        (product, product_gradient, (X, Y), {}),
        (product, lambda x, y: (product(x, y), product_gradient(x, y)), (X, Y), {}),
        (product, lambda x, y: 2.0 * x * y, (X, Y), {"wrt": 0}),
        (product, lambda x, y: x**2, (X, Y), {"wrt": -1}),
        (product, lambda x, y: product_gradient(x, y)[::-1], (X, Y), {"wrt": (1, 0)}),
        (product, product_gradient, {"y": Y, "x": X}, {}),
        (lambda x, y: x * y, lambda x, y: np.array([y, x]), (2.0, 3.0), {}),
        (lambda x: x**3, lambda x: (x**3, 3.0 * x**2), 0.7, {}),
        (lambda x, p: np.sum(x**p), lambda x, p: p * x ** (p - 1), (X, 3), {"wrt": 0}),
        (lambda x, kind: np.sum(getattr(np, kind)(x)), lambda x, kind: np.cos(x), (X, "sin"), {"wrt": 0}),
        ("x**2 * y", None, (2.0, 3.0), {}),
        (dc.function(squares), lambda x: 2.0 * x, X, {}),
        (lambda a: np.sum(a[::-1] ** 2), lambda a: 2.0 * a, np.asfortranarray(A), {}),
        (lambda x: np.array([np.sum(x**2)]), lambda x: 2.0 * x, X, {}),
    ],
)  # fmt: skip
def test_forms_of_a_claim(f, grad, at, options):
    """Arrays, tuples, pairs with the value, lists, numbers, names; one argument or several."""
    assert dc.check_gradient(f, grad, at, **options).verdict == "correct"


@pytest.mark.parametrize(
    ("f", "grad", "at", "words"),
    [
        (squares, lambda x: 2.0 * x[:, None], X, r"for x has shape \(3, 1\), but x has shape \(3,\)"),
        (lambda a: np.sum(a**2), lambda a: 2.0 * a.T, A, "transposed"),
        (product, lambda x, y: 2.0 * x * y, (X, Y), "2 arguments are differentiated: x, y"),
        (product, lambda x, y: (x, y, x), (X, Y), "3 parts"),
        (squares, lambda x: 2j * x, X, "complex"),
        (squares, lambda x: [[1.0, 2.0], [3.0]], X, "no array"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused(f, grad, at, words):
    """The error says which argument, and both shapes."""
    with pytest.raises(ShapeError, match=words):
        dc.check_gradient(f, grad, at)


def test_a_function_that_overwrites_its_argument_gets_copies():
    """The user's array stays as it is, the verdict is right, and the report tells."""
    x = X.copy()

    def f(x):
        x *= 2.0
        return np.sum(x**2) / 4.0

    found = dc.check_gradient(f, lambda x: 2.0 * x, x)
    assert found.verdict == "correct" and np.array_equal(x, X)
    assert any("overwrites its argument x" in note for note in found.notes)


torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")


@torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_torch_function_is_checked_with_its_own_gradient(dtype):
    """Tensors in, tensors out; an error of 1 % is seen in both precisions."""
    import torch

    x = torch.tensor([0.3, 0.7, -1.1], dtype=getattr(torch, dtype))
    assert dc.check_gradient(lambda x: torch.sum(torch.sin(x) * x), None, x).verdict == "correct"
    right = dc.check_gradient(lambda x: torch.sum(torch.sin(x)), torch.cos, x)
    wrong = dc.check_gradient(lambda x: torch.sum(torch.sin(x)), lambda x: 1.01 * torch.cos(x), x)
    assert (right.verdict, wrong.verdict) == ("correct", "wrong")


@torch
def test_a_torch_function_takes_numpy_points_too():
    """What refuses NumPy arrays is called with tensors."""
    import torch

    assert dc.check_gradient(lambda x: torch.sum(torch.sin(x)), None, X).verdict == "correct"
    assert dc.check_gradient(lambda x: torch.sum(torch.sin(x)), np.cos(X), X).verdict == "correct"


@torch
def test_a_detached_part_is_told():
    """A term that torch's derivative leaves out is missing from the gradient."""
    import torch

    x = torch.tensor([0.3, 0.7, -1.1], dtype=torch.float64)
    assert dc.check_gradient(lambda x: torch.sum(x.detach() * x), None, x).likely_fault.startswith(
        "the gradient is half"
    )


@jax
def test_a_jax_function_is_checked_with_its_own_gradient():
    """JAX arrays or NumPy's; JAX's float32 has its own round-off."""
    import jax.numpy as jnp

    for point in (jnp.asarray(X, "float32"), X.astype(np.float32), X):
        assert dc.check_gradient(lambda x: jnp.sum(jnp.sin(x) * x), None, point).verdict == "correct"
        wrong = dc.check_gradient(lambda x: jnp.sum(jnp.sin(x)), lambda x: 1.01 * jnp.cos(x), point)
        assert wrong.verdict == "wrong"
