"""Every number of the lecture notes' worked examples, by reverse mode, differences, and gradient descent."""

from functools import cache

import numpy as np
import pytest
import scipy.special

import diffcompare as dc
from diffcompare import problems
from diffcompare.methods import FiniteDifference
from tests.problems.digits import EPS, assert_within, load

SEED = load("seed_numbers.json")
QUOTIENT = SEED["difference_quotient"]
POLYNOMIAL = problems.get("difference-quotient").function
LATE = 1e-8  # the notes' float64 trajectories are known to 8 digits in late steps


def entries(tree, path=""):
    """Every result of the file, as (path, float64 number or array): entries with digits, and float64 tables."""
    for key, entry in tree.items():
        here = f"{path}/{key}" if path else key
        if isinstance(entry, dict) and "float" in entry:
            yield here, entry["float"]
        elif isinstance(entry, dict) and key != "printed":
            yield from entries(entry, here)
        elif key.endswith("_float64") or "xor_3_4_1_seed1/" in here and key not in ("note", "W1", "W2"):
            yield here, entry
        elif "gradient_at_start/" in here:
            yield here, entry


EXPECTED = dict(entries(SEED))


@cache
def reverse(name):
    """Value and gradients of a problem at its published point, by reverse mode."""
    problem = problems.get(name)
    value, gradient = dc.value_and_gradient(problem.function, wrt=problem.wrt)(*problem.point())
    return value, gradient


S_CAT, S_CE = (np.array(SEED[key]["s"], float) for key in ("softmax_cat", "hinge_vs_cross_entropy"))
MARGINS = np.array(SEED["svm"]["scores"])


def hinge(s, label):
    """The hinge loss of one row of scores."""
    others = np.arange(len(s)) != label
    return np.sum(np.where(others, np.maximum(0.0, s - s[label] + 1.0), 0.0))


def entropy(s, label):
    return -dc.log_softmax(s)[label]


CIRCUITS = {
    "product_of_sum/value": lambda: reverse("product-of-sum")[0],
    "product_of_sum/grad": lambda: reverse("product-of-sum")[1],
    "sigmoid_neuron/pre_activation": lambda: float(np.dot([2.0, -3.0, -3.0], [-1.0, -2.0, 1.0])),
    "sigmoid_neuron/value": lambda: reverse("sigmoid-neuron")[0],
    "sigmoid_neuron/d_pre": lambda: dc.gradient(dc.sigmoid)(1.0),
    "sigmoid_neuron/grad_w": lambda: reverse("sigmoid-neuron")[1][0],
    "sigmoid_neuron/grad_x": lambda: reverse("sigmoid-neuron")[1][1],
    "staged/value": lambda: reverse("staged-circuit")[0],
    "staged/grad": lambda: reverse("staged-circuit")[1],
    "difference_quotient/value": lambda: reverse("difference-quotient")[0],
    "difference_quotient/derivative": lambda: reverse("difference-quotient")[1][0],
    **{
        f"{key}/{what}": lambda key=key, what=what: (
            reverse(key.replace("_", "-"))[0] if what == "value" else reverse(key.replace("_", "-"))[1][0]
        )
        for key in ("two_dot", "squared_constant", "squared_detached", "squared_attached")
        for what in ("value", "grad")
    },
    "svm/losses": lambda: [float(dc.function(lambda s, i=i: hinge(s, i))(row)) for i, row in enumerate(MARGINS)],
    "svm/mean": lambda: reverse("svm-hinge")[0],
    "svm/grad_scores_of_mean": lambda: reverse("svm-hinge")[1][0],
    "softmax_cat/exp": lambda: np.exp(S_CAT),
    "softmax_cat/softmax": lambda: dc.softmax(S_CAT),
    "softmax_cat/loss": lambda: reverse("softmax-cross-entropy")[0],
    "softmax_cat/loss_log10": lambda: dc.value_and_gradient(lambda s: entropy(s, 0) / np.log(10.0))(S_CAT)[0],
    "softmax_cat/grad_of_natural_loss": lambda: reverse("softmax-cross-entropy")[1][0],
    "hinge_vs_cross_entropy/hinge": lambda: reverse("hinge")[0],
    "hinge_vs_cross_entropy/hinge_grad": lambda: reverse("hinge")[1][0],
    "hinge_vs_cross_entropy/exp": lambda: np.exp(S_CE),
    "hinge_vs_cross_entropy/softmax": lambda: scipy.special.softmax(S_CE),
    "hinge_vs_cross_entropy/cross_entropy": lambda: reverse("cross-entropy")[0],
    "hinge_vs_cross_entropy/cross_entropy_log10": lambda: entropy(S_CE, 2) / np.log(10.0),
    "hinge_vs_cross_entropy/cross_entropy_grad": lambda: reverse("cross-entropy")[1][0],
    **{
        f"{key}/gradient_at_start/{part}": lambda name=name, i=i: reverse(name)[1][i]
        for key, name, parts in (
            ("xor_2_3_1", "xor-2-3-1", ("W1", "b1", "W2", "b2")),
            ("xor_3_4_1_seed1", "xor-3-4-1", ("W1", "W2")),
        )
        for i, part in enumerate(parts)
    },
}
# Results that are what cancels of larger terms: the size of those.
SCALES = {"svm/losses": 13.0, "softmax_cat": 5.1, "hinge_vs_cross_entropy": 2.4}
TRAJECTORIES = {path for path in EXPECTED if "/after_steps/" in path or "/loss/" in path or "/mean_abs_error/" in path}
QUOTIENTS = {path for path in EXPECTED if path.startswith("difference_quotient/") and path not in CIRCUITS}


def test_no_number_of_the_file_goes_without_a_test():
    """Each result of the file is reproduced below: a circuit or loss, a quotient, or a step of a training."""
    assert set(CIRCUITS) | TRAJECTORIES | QUOTIENTS == set(EXPECTED)
    assert len(TRAJECTORIES) == 12 + 20
    assert {path.split("/")[1] for path in QUOTIENTS} == {
        f"{s}_{k}" for s in ("forward", "central") for k in ("exact", "float64")
    }


@pytest.mark.parametrize("path", CIRCUITS)
def test_values_and_gradients_of_the_notes(path):
    """Circuits, losses and their gradients by reverse mode have the digits of the 30-digit recomputation."""
    expected = np.asarray(EXPECTED[path], float)
    scale = max(float(np.max(np.abs(expected))), next((s for key, s in SCALES.items() if path.startswith(key)), 0.0))
    # at most 20 operations from an input to a result; sums over the four rows of a net cancel by a factor of 10
    assert_within(CIRCUITS[path](), expected, roundings=200 if path.startswith("xor") else 20, scale=scale)


@pytest.mark.parametrize("name", [n for n in problems.names() if problems.get(n).sizes == ("published",)])
def test_central_differences_meet_the_notes_gradients(name):
    """Central differences give the notes' gradients as far as truncation and round-off at their step allow."""
    problem = problems.get(name)
    args = problem.point()
    found = dc.gradient(problem.function, wrt=problem.wrt, method="central-difference")(*args)
    for position, part, exact in zip(problem.wrt, found, reverse(name)[1], strict=True):
        # h = EPS**(1/3) of the size of x: h**2 |f'''| / 6 + EPS |f| / h, with |f'''| of the size of f over that of x
        size = np.maximum(np.abs(args[position]), 1.0)
        terms = (abs(reverse(name)[0]) + 1.0) / size + np.abs(exact)
        assert np.all(np.abs(np.asarray(part) - exact) <= 10.0 * EPS ** (2 / 3) * np.max(size) ** 2 * terms)


def test_the_quotients_of_the_notes():
    """The notes' table, quotients of 3x**2 - 4x at 1 for h = 0.1 to 1e-5: in float64 to the bit and in print."""
    f = dc.function(POLYNOMIAL)
    h = np.array(QUOTIENT["h"])
    forward = [(f(1.0 + k) - f(1.0)) / k for k in h]
    central = [(f(1.0 + k) - f(1.0 - k)) / (2.0 * k) for k in h]
    np.testing.assert_array_equal(forward, QUOTIENT["forward_float64"])
    np.testing.assert_array_equal(central, QUOTIENT["central_float64"])
    assert [f"{q:.5f}" for q in forward] == QUOTIENT["printed"]


@pytest.mark.parametrize("scheme", ["forward", "central"])
@pytest.mark.parametrize("k", range(5))
def test_the_method_gives_the_exact_quotients(scheme, k):
    """`FiniteDifference` with the notes' step gives their exact quotient but for the rounding of two values."""
    h = QUOTIENT["h"][k]
    found = dc.gradient(POLYNOMIAL, method=FiniteDifference(scheme, step=h))(1.0)
    # a value is 3 x**2 - 4 x: terms of size 3 and 4, of three roundings each, divided by the step; h itself is rounded
    bound = 2 * 3 * (EPS / 2) * 7.0 / h + 4 * EPS
    assert abs(found - QUOTIENT[f"{scheme}_exact"]["float"][k]) <= bound


@cache
def trained(name, steps, nudge=0.0):
    """Weights after full-batch gradient descent with learning rate 1, by reverse mode."""
    problem = problems.get(name)
    count = len(problem.wrt)
    weights, data = problem.point()[:count], problem.point()[count:]
    known = max((k for k in MILESTONES[name] if k < steps), default=None)
    weights = trained(name, known, nudge) if known is not None else tuple(w * (1.0 + nudge) for w in weights)
    step = prepared(name)
    for _ in range(steps - (known or 0)):
        weights = tuple(w - w_bar for w, w_bar in zip(weights, step(*weights, *data)[1], strict=True))
    return weights


@cache
def prepared(name):
    """Value and gradient, bound to the shapes."""
    problem = problems.get(name)
    return dc.value_and_gradient(problem.function, wrt=problem.wrt)


MILESTONES = {
    "xor-2-3-1": tuple(map(int, SEED["xor_2_3_1"]["after_steps"])),
    "xor-3-4-1": tuple(map(int, SEED["xor_3_4_1_seed1"]["loss"])),
}


def results_2_3_1(weights):
    """Loss and the four outputs."""
    *_, inputs, targets = problems.get("xor-2-3-1").point()
    w1, b1, w2, b2 = weights
    outputs = dc.sigmoid(dc.sigmoid(inputs @ w1 + b1) @ w2 + b2)
    return np.array([prepared("xor-2-3-1")(*weights, inputs, targets)[0], *outputs])


@pytest.mark.parametrize("steps", MILESTONES["xor-2-3-1"])
def test_training_follows_the_exact_trajectory(steps):
    """Descent by reverse mode follows the 50-digit losses and outputs of the 2-3-1 net but for rounding."""
    entry = SEED["xor_2_3_1"]["after_steps"][str(steps)]
    expected = np.array([entry["loss"]["float"], *entry["outputs"]["float"]])
    found = results_2_3_1(trained("xor-2-3-1", steps))
    # 20 roundings a step, each handed on as the trajectory hands on a nudge of its start
    handed_on = np.abs(results_2_3_1(trained("xor-2-3-1", steps, 1e-9)) - found) / 1e-9
    bound = 20 * (EPS / 2) * (steps + 1) * (np.abs(expected) + np.max(handed_on))
    assert np.all(np.abs(found - expected) <= bound)


@pytest.mark.parametrize("steps", MILESTONES["xor-3-4-1"])
def test_the_eleven_line_net_trains_as_known(steps):
    """The eleven-line network's mean absolute error and loss are the known ones, to 14 digits first and 8 later."""
    *_, inputs, targets = problems.get("xor-3-4-1").point()
    w1, w2 = trained("xor-3-4-1", steps)
    outputs = dc.sigmoid(dc.sigmoid(inputs @ w1) @ w2)
    loss = prepared("xor-3-4-1")(w1, w2, inputs, targets)[0]
    tolerance = 20 * EPS if steps == 0 else LATE
    known = SEED["xor_3_4_1_seed1"]
    assert np.mean(np.abs(targets - outputs)) == pytest.approx(known["mean_abs_error"][str(steps)], rel=tolerance)
    assert loss == pytest.approx(known["loss"][str(steps)], rel=tolerance)
