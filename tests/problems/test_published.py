"""Circuits, losses and traces against the lecture notes' and papers' numbers, recomputed with 30 digits."""

import numpy as np
import pytest

from diffcompare import problems
from tests.problems.digits import assert_within, load

SEED = load("seed_numbers.json")
XOR_START = SEED["xor_2_3_1"]["gradient_at_start"]
ELEVEN_LINES = SEED["xor_3_4_1_seed1"]["gradient_at_start"]


def number(entry):
    """The nearest float64 of an entry that also holds its digits."""
    return entry["float"] if isinstance(entry, dict) else entry


# name -> (value, gradient part by part)
PUBLISHED = {
    "product-of-sum": (SEED["product_of_sum"]["value"], tuple(number(SEED["product_of_sum"]["grad"]))),
    "sigmoid-neuron": (
        SEED["sigmoid_neuron"]["value"],
        (SEED["sigmoid_neuron"]["grad_w"], SEED["sigmoid_neuron"]["grad_x"]),
    ),
    "staged-circuit": (SEED["staged"]["value"], tuple(number(SEED["staged"]["grad"]))),
    "difference-quotient": (SEED["difference_quotient"]["value"], (SEED["difference_quotient"]["derivative"],)),
    "two-dot": (SEED["two_dot"]["value"], (SEED["two_dot"]["grad"],)),
    "squared-constant": (SEED["squared_constant"]["value"], (SEED["squared_constant"]["grad"],)),
    "squared-detached": (SEED["squared_detached"]["value"], (SEED["squared_detached"]["grad"],)),
    "squared-attached": (SEED["squared_attached"]["value"], (SEED["squared_attached"]["grad"],)),
    "svm-hinge": (SEED["svm"]["mean"], (SEED["svm"]["grad_scores_of_mean"],)),
    "softmax-cross-entropy": (SEED["softmax_cat"]["loss"], (SEED["softmax_cat"]["grad_of_natural_loss"],)),
    "hinge": (SEED["hinge_vs_cross_entropy"]["hinge"], (SEED["hinge_vs_cross_entropy"]["hinge_grad"],)),
    "cross-entropy": (
        SEED["hinge_vs_cross_entropy"]["cross_entropy"],
        (SEED["hinge_vs_cross_entropy"]["cross_entropy_grad"],),
    ),
    "xor-2-3-1": (
        SEED["xor_2_3_1"]["after_steps"]["0"]["loss"],
        tuple(XOR_START[key] for key in ("W1", "b1", "W2", "b2")),
    ),
    "xor-3-4-1": (SEED["xor_3_4_1_seed1"]["loss"]["0"], (ELEVEN_LINES["W1"], ELEVEN_LINES["W2"])),
    # Baydin et al. 2018, tables 2 and 3 (11.652, 5.5, 1.716), with 20 digits: 1/2 + 5 and 2 - cos 5.
    "evaluation-trace": (11.65207145522308377831, (5.5, 1.71633781453677373553)),
    # micrograd's README (24.7041, 138.8338, 645.5773), exactly.
    "micrograd": (2421 / 98, (47620 / 343, 221433 / 343)),
}
# Terms that cancel in the result, by size; elsewhere the result itself is the largest.
SCALES = {"evaluation-trace": 11.7, "softmax-cross-entropy": 5.1, "cross-entropy": 1.4}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_value_is_the_published_one(name):
    """At the published point the function has the published value but for a few roundings."""
    problem = problems.get(name)
    expected = number(PUBLISHED[name][0])
    # At most 12 operations lie between an input and the value.
    assert_within(problem.function(*problem.point()), expected, roundings=12, scale=SCALES.get(name, abs(expected)))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_gradient_by_hand_is_the_published_one(name):
    """At the published point the gradient written by hand has the published entries but for a few roundings."""
    problem = problems.get(name)
    gradient = problem.gradient(*problem.point())
    assert len(gradient) == len(PUBLISHED[name][1])
    for part, expected in zip(gradient, PUBLISHED[name][1], strict=True):
        # Sums over the four rows of a net cancel by at most a factor of 10 at these weights.
        assert_within(part, number(expected), roundings=100 if name.startswith("xor") else 16)


def test_problems_with_a_published_point_are_all_held_to_it():
    """No problem whose only size is its published point goes without a published number."""
    only = {name for name in problems.names() if problems.get(name).sizes == ("published",)}
    assert only <= set(PUBLISHED)


def test_the_frog_costs_12_9():
    """The hinge losses of cat, car and frog are 2.9, 0 and 12.9, as their mean shows: not the older slides' 10.9."""
    problem = problems.get("svm-hinge")
    assert_within(3.0 * problem.function(*problem.point()), 2.9 + 0.0 + 12.9, roundings=12)


@pytest.mark.parametrize("name, key", [("softmax-cross-entropy", "softmax_cat"), ("cross-entropy", None)])
def test_cross_entropies_take_the_natural_logarithm(name, key):
    """The slides' 0.89 and 0.452 are the logarithm to base 10 of the same probabilities."""
    entry = SEED["softmax_cat"]["loss_log10"] if key else SEED["hinge_vs_cross_entropy"]["cross_entropy_log10"]
    problem = problems.get(name)
    value = problem.function(*problem.point())
    assert_within(value / np.log(10.0), number(entry), roundings=12, scale=SCALES[name])


@pytest.mark.parametrize("steps", [1, 10, 100])
def test_gradient_descent_follows_the_exact_trajectory(steps):
    """Full-batch descent with learning rate 1 by the hand gradient meets the 50-digit losses."""
    problem = problems.get("xor-2-3-1")
    *weights, inputs, targets = problem.point()
    for _ in range(steps):
        gradient = problem.gradient(*weights, inputs, targets)
        weights = [w - w_bar for w, w_bar in zip(weights, gradient, strict=True)]
    expected = SEED["xor_2_3_1"]["after_steps"][str(steps)]["loss"]
    # Some 20 roundings a step, which descent along a flat valley hands on but does not amplify.
    assert_within(problem.function(*weights, inputs, targets), number(expected), roundings=20 * (steps + 1))


def test_the_eleven_line_net_learns_as_printed():
    """After 1000 steps of the eleven-line network the loss is the one commonly found."""
    problem = problems.get("xor-3-4-1")
    w1, w2, inputs, targets = problem.point()
    for _ in range(1000):
        w1_bar, w2_bar = problem.gradient(w1, w2, inputs, targets)
        w1, w2 = w1 - w1_bar, w2 - w2_bar
    expected = SEED["xor_3_4_1_seed1"]["loss"]["1000"]
    # The published trajectory is itself float64, known to about 8 digits this far out.
    np.testing.assert_allclose(problem.function(w1, w2, inputs, targets), expected, rtol=1e-8)


def test_the_eleven_line_net_starts_from_seed_1():
    """The start is 2 u - 1 with u from NumPy's legacy generator, seed 1."""
    w1, w2, *_ = problems.get("xor-3-4-1").point()
    generator = np.random.RandomState(1)
    np.testing.assert_array_equal(w1, 2 * generator.random_sample((3, 4)) - 1)
    np.testing.assert_array_equal(w2, 2 * generator.random_sample((4, 1)) - 1)
