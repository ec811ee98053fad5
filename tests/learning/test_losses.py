"""Losses against the lectures' numbers, hand derivations and certified balls."""

import json
from pathlib import Path

import numpy as np
import pytest

import diffcompare as dc
from diffcompare import losses

SEED = json.loads((Path(__file__).parents[1] / "data" / "seed_numbers.json").read_text(encoding="utf-8"))
CLOSE = 4e-16  # two roundings of the result
LABELS = np.array([0, 2, 1])
SCORES = np.array([[3.2, 5.1, -1.7], [0.0, -2.0, 0.5], [2.0, 2.5, 2.5]])


def test_the_support_vector_loss_of_the_lecture():
    svm = SEED["svm"]
    scores, labels = np.array(svm["scores"]), np.array(svm["labels"])
    each = losses.hinge(scores, labels, reduction="none")
    np.testing.assert_allclose(each, svm["losses"]["float"], rtol=CLOSE, atol=2e-15)  # scores below 8, an ULP of them
    value, gradient = dc.value_and_gradient(lambda s: losses.hinge(s, labels))(scores)
    np.testing.assert_allclose(value, svm["mean"]["float"], rtol=CLOSE)
    np.testing.assert_allclose(gradient, svm["grad_scores_of_mean"]["float"], rtol=CLOSE)


def test_the_softmax_loss_of_the_lecture():
    cat = SEED["softmax_cat"]
    loss = dc.value_and_gradient(lambda s: losses.softmax_cross_entropy(s, cat["label"]))
    value, gradient = loss(np.array(cat["s"]))
    np.testing.assert_allclose(value, cat["loss"]["float"], rtol=CLOSE)
    np.testing.assert_allclose(gradient, cat["grad_of_natural_loss"]["float"], rtol=1e-15)


def test_hinge_beside_cross_entropy():
    both = SEED["hinge_vs_cross_entropy"]
    scores, label = np.array(both["s"]), both["label"]
    np.testing.assert_allclose(losses.hinge(scores, label), both["hinge"]["float"], rtol=CLOSE)
    np.testing.assert_allclose(losses.softmax_cross_entropy(scores, label), both["cross_entropy"]["float"], rtol=CLOSE)
    np.testing.assert_allclose(dc.gradient(losses.hinge, wrt=0)(scores, label), both["hinge_grad"]["float"], rtol=CLOSE)


@pytest.mark.parametrize("method", ["reverse", "forward", "symbolic", "complex-step"])
def test_the_gradient_of_the_softmax_loss_is_softmax_minus_one_hot(method):
    gradient = dc.gradient(lambda s: losses.softmax_cross_entropy(s, LABELS, reduction="sum"), method=method)(SCORES)
    by_hand = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True) - np.eye(3)[LABELS]
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-14)  # by_hand itself cancels a digit


@pytest.mark.parametrize("shift", [0.0, 30.0, 700.0, -800.0, 1e6])
def test_a_softmax_loss_keeps_its_digits_at_extreme_scores(shift):
    point = np.array([shift, 0.25, -0.5])
    reference = dc.reference_gradient(lambda s: losses.softmax_cross_entropy(s, 0), (point,))
    value, gradient = dc.value_and_gradient(lambda s: losses.softmax_cross_entropy(s, 0))(point)
    # The conditioning of exp at a difference d costs |d| roundings, until the exponential underflows to nothing.
    allowed = 8 * np.finfo(float).eps * max(1.0, abs(shift))
    np.testing.assert_allclose(value, reference.value, rtol=allowed, atol=5e-324)
    np.testing.assert_allclose(gradient, reference.gradient, rtol=allowed, atol=5e-324)


@pytest.mark.parametrize("logit", [-1000.0, -40.0, 0.0, 3.0, 40.0, 1000.0])
@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_binary_cross_entropy_with_logits_keeps_its_digits(logit, target):
    def loss(z):
        return losses.binary_cross_entropy_with_logits(z, target)

    reference = dc.reference_gradient(loss, (logit,))
    value, gradient = dc.value_and_gradient(loss)(logit)
    np.testing.assert_allclose(value, reference.value, rtol=1e-15)
    np.testing.assert_allclose(gradient, reference.gradient, rtol=1e-15)


def test_certain_probabilities_have_no_loss_and_no_nan():
    p, t = np.array([1.0, 0.0, 0.25]), np.array([1.0, 0.0, 1.0])
    np.testing.assert_array_equal(losses.binary_cross_entropy(p, t, reduction="none"), [0.0, 0.0, -np.log(0.25)])
    np.testing.assert_allclose(
        dc.gradient(lambda p: losses.binary_cross_entropy(p, t, reduction="sum"))(p), [-1.0, 1.0, -4.0], rtol=CLOSE
    )


def test_a_distribution_in_place_of_a_label():
    weights = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.2, 0.3, 0.5]])
    logits = np.where(weights == 0.0, -np.inf, SCORES)
    each = losses.softmax_cross_entropy(logits[1:2], weights[1:2], reduction="none")
    np.testing.assert_array_equal(each, [0.0])  # the one class that is possible is certain
    gradient = dc.gradient(lambda z: losses.softmax_cross_entropy(z, weights, reduction="sum"))(SCORES)
    by_hand = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True) - weights
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-14)


def test_labels_can_be_an_argument_that_is_traced():
    traced = dc.gradient(losses.softmax_cross_entropy, wrt=0)(SCORES, LABELS)
    np.testing.assert_array_equal(traced, dc.gradient(lambda s: losses.softmax_cross_entropy(s, LABELS))(SCORES))


def test_squared_error_and_regularisers_by_hand():
    x, t, w = np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([[1.0, -3.0]])
    assert losses.squared_error(x, t) == (0.25 + 9.0) / 2
    np.testing.assert_array_equal(dc.gradient(lambda x: losses.squared_error(x, t, reduction="sum"))(x), [1.0, -6.0])
    assert losses.l1(x, w, strength=2.0) == 14.0 and losses.l2(x, w, strength=2.0) == 30.0
    np.testing.assert_array_equal(dc.gradient(lambda x: losses.l1(x))(np.array([0.0, -2.0])), [0.0, -1.0])
    assert losses.binary_hinge(np.array([0.5, 3.0]), np.array([-1.0, 1.0]), reduction="sum") == 1.5
    assert losses.hinge(np.array([0.0, 2.0]), 0, squared=True) == 9.0


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("names no class", lambda: losses.hinge(SCORES, np.array([0, 3, 1]))),
        ("do not fit", lambda: losses.hinge(SCORES, np.array([0, 1]))),
        ("whole numbers", lambda: losses.hinge(SCORES, np.array([0.0, 1.0, 2.0]))),
        ("differ", lambda: losses.squared_error(np.ones((3, 1)), np.ones(3))),
        ("-1 or 1", lambda: losses.binary_hinge(np.ones(2), np.array([0.0, 1.0]))),
        ("reduction", lambda: losses.hinge(SCORES, LABELS, reduction="median")),
        ("distribution", lambda: losses.softmax_cross_entropy(SCORES, np.ones((2, 3)))),
    ],
)
def test_what_does_not_fit_is_told(words, call):
    with pytest.raises(dc.errors.DiffCompareError, match=words):
        call()
