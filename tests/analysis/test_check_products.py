"""Checks of Hessians, jvp and vjp: right ones pass, and each kind of fault is named."""

from __future__ import annotations

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.errors import ShapeError

W = np.random.default_rng(0).standard_normal((3, 4))
X = np.random.default_rng(1).standard_normal(4)


def layer(x):
    return np.tanh(W @ x)


def layer_jacobian(x):
    return (1.0 - np.tanh(W @ x) ** 2)[:, None] * W


def valley(x):
    return np.sum(np.exp(x) * np.roll(x, 1) ** 2)


def valley_gradient(x):
    return np.exp(x) * np.roll(x, 1) ** 2 + 2.0 * x * np.roll(np.exp(x), -1)


def valley_hessian(x):
    following, before = np.roll(np.exp(x), -1), np.roll(x, 1)
    hessian = np.diag(np.exp(x) * before**2 + 2.0 * following)
    for i in range(len(x)):
        j = (i + 1) % len(x)
        hessian[i, j] += 2.0 * x[i] * np.exp(x[j])
        hessian[j, i] += 2.0 * x[i] * np.exp(x[j])
    return hessian


@pytest.mark.parametrize("gradient", [None, valley_gradient])
def test_a_correct_hessian(gradient):
    """With diffcompare's gradient of f, and with the user's."""
    found = dc.check_hessian(valley, valley_hessian, X, gradient=gradient)
    assert found.verdict == "correct" and found.rate == pytest.approx(2.0, abs=0.1)  # h**2 of the next term
    assert dc.check_hessian(valley, valley_hessian(X), X).verdict == "correct"


def test_a_wrong_pair_of_entries_of_a_hessian_is_found():
    """Symmetric, and off by 0.01 %: the columns are named."""
    claim = valley_hessian(X)
    claim[1, 2] *= 1.0001
    claim[2, 1] *= 1.0001
    found = dc.check_hessian(valley, claim, X)
    assert found.verdict == "wrong" and found.likely_fault == "wrong in columns 1, 2"


def test_a_hessian_that_is_not_symmetric_is_wrong():
    """The two entries are shown."""
    claim = valley_hessian(X)
    claim[1, 2] *= 1.0001
    found = dc.check_hessian(valley, claim, X)
    assert found.verdict == "wrong" and "entry [1, 2]" in found.likely_fault and "not symmetric" in found.likely_fault


def test_a_scaled_hessian_is_named():
    """Half a Hessian, as of f without its 1/2."""
    assert "the Hessian is half" in dc.check_hessian(valley, lambda x: 0.5 * valley_hessian(x), X).likely_fault


def test_a_hessian_of_another_shape_is_refused():
    """A Hessian is square, at a point with one axis."""
    with pytest.raises(ShapeError, match=r"\(4, 4\)"):
        dc.check_hessian(valley, np.ones((4, 3)), X)


def test_a_correct_vjp_and_jvp():
    """With and without a pair (value, product), and with the dot-product test of one against the other."""
    assert dc.check_vjp(layer, lambda p, u: u @ layer_jacobian(p[0]), X).verdict == "correct"
    assert dc.check_vjp(layer, lambda p, u: (layer(p[0]), (u @ layer_jacobian(p[0]),)), X).verdict == "correct"
    assert dc.check_jvp(layer, lambda p, t: layer_jacobian(p[0]) @ t[0], X).verdict == "correct"
    both = dc.check_vjp(
        layer,
        lambda p, u: u @ layer_jacobian(p[0]),
        X,
        jvp=lambda p, t: (layer(p[0]), layer_jacobian(p[0]) @ t[0]),
    )
    assert both.verdict == "correct"


def test_products_of_several_arguments():
    """f(x, y) = x y over arrays: parts for both, or for the one of wrt."""

    def product(x, y):
        return x * y

    assert dc.check_vjp(product, lambda p, u: (u * p[1], u * p[0]), (X, X + 1.0)).verdict == "correct"
    assert dc.check_vjp(product, lambda p, u: u * p[1], (X, X + 1.0), wrt=0).verdict == "correct"
    assert dc.check_jvp(product, lambda p, t: t[0] * p[1] + p[0] * t[1], (X, X + 1.0)).verdict == "correct"
    assert dc.check_jvp(product, lambda p, t: t[0] * p[1] - p[0] * t[1], (X, X + 1.0)).verdict == "wrong"


def test_a_wrong_vjp_and_jvp():
    """Off by 0.01 % each, and a transposed matrix."""
    assert dc.check_vjp(layer, lambda p, u: 1.0001 * (u @ layer_jacobian(p[0])), X).verdict == "wrong"
    assert dc.check_jvp(layer, lambda p, t: 1.0001 * (layer_jacobian(p[0]) @ t[0]), X).verdict == "wrong"
    square = W[:, :3]
    assert dc.check_vjp(lambda x: square @ x, lambda p, u: square @ u, X[:3]).verdict == "wrong"


def test_a_jvp_and_a_vjp_that_disagree():
    """The vjp is right, the jvp is not: their dot products differ."""
    found = dc.check_vjp(
        layer, lambda p, u: u @ layer_jacobian(p[0]), X, jvp=lambda p, t: (1.0 + 1e-9) * (layer_jacobian(p[0]) @ t[0])
    )
    assert found.verdict == "wrong" and "disagree" in found.likely_fault


def test_a_jvp_that_is_not_linear():
    """Right along the axes, wrong along their sum."""

    def bent(primals, tangents):
        right = layer_jacobian(primals[0]) @ tangents[0]
        return right * (1.0 if np.count_nonzero(tangents[0]) < 2 else 1.0 + 1e-9)

    found = dc.check_jvp(layer, bent, X)
    assert found.verdict == "wrong" and "not linear" in found.likely_fault


def test_a_jvp_of_another_shape_is_refused():
    """The tangent of the output has the output's shape."""
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        dc.check_jvp(layer, lambda p, t: t[0], X)
