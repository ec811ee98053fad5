"""Verdicts of `check_gradient`: on right and wrong gradients, at kinks and edges, with noise, and at bad scales."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import diffcompare as dc
from diffcompare.analysis.check_result import VERDICTS
from diffcompare.errors import GradientMismatchError, OptionError, ShapeError

W = np.random.default_rng(7).standard_normal((5, 20))
X = np.random.default_rng(8).standard_normal(20)


def layer(x):
    return np.sum(np.tanh(W @ x) ** 2)


def layer_gradient(x):
    y = np.tanh(W @ x)
    return W.T @ (2.0 * y * (1.0 - y**2))


def cubes(x):
    return np.sum(x**3)


def verdict(f, grad, at, **options):
    return dc.check_gradient(f, grad, at, **options).verdict


def test_a_correct_gradient_has_rate_two():
    """The remainder of a central difference falls with the square of the step (Taylor)."""
    found = dc.check_gradient(layer, layer_gradient, X)
    assert found.verdict == "correct" and found.worst is None and found.entries == () and found.likely_fault == ""
    assert found.rate == pytest.approx(2.0, abs=0.1)  # the next term is h**2 of it: 1/64 at the steps used
    found.raise_if_wrong()


@pytest.mark.parametrize("factor", [-1.0, 2.0, 1.001, 1.0 + 1e-4, 1.0 + 1e-6, 1.0 + 1e-8])
def test_a_scaled_gradient_is_wrong_however_near_it_is(factor):
    """No relative tolerance excuses an error that stands above the noise; its remainder is level."""
    found = dc.check_gradient(layer, lambda x: factor * layer_gradient(x), X)
    assert found.verdict == "wrong"
    assert found.worst is not None
    # Claimed over estimated, as far as the estimate is known.
    entry = found.worst
    assert entry.claimed / entry.estimated == pytest.approx(factor, abs=2.0 * entry.bound / abs(entry.estimated))


@pytest.mark.parametrize("number", [0, 7, 19])
def test_one_wrong_entry_is_found(number):
    """The entry, its claim and its right value within the bound; no other entry is blamed."""

    def claim(x):
        gradient = layer_gradient(x)
        gradient[number] *= 1.0 + 1e-4
        return gradient

    found = dc.check_gradient(layer, claim, X)
    (entry,) = found.entries
    assert (found.verdict, entry.index, entry.name, entry.argument) == ("wrong", (number,), f"x[{number}]", 0)
    assert entry.claimed == claim(X)[number]
    assert abs(entry.estimated - layer_gradient(X)[number]) <= entry.bound < 1e-4 * abs(entry.claimed)


@pytest.mark.parametrize("size", [100, 1000, 100_000])
def test_one_wrong_entry_among_many_is_found_by_halving(size):
    """The number of evaluations grows with the logarithm of the entries."""
    x = np.random.default_rng(0).standard_normal(size)

    def claim(x):
        gradient = np.cos(x)
        gradient[77] *= 1.01
        return gradient

    found = dc.check_gradient(lambda x: np.sum(np.sin(x)), claim, x)
    assert [entry.index for entry in found.entries] == [(77,)]
    # 99 until the verdict, then a line of at most 14 evaluations for each halving and one for the entry itself.
    assert found.evaluations <= 99 + 24 + 14 * (math.ceil(math.log2(size)) + 1)


def test_a_correct_gradient_of_100_parameters_takes_fewer_than_100_evaluations():
    """Counted by the function itself; the gradient is called once."""
    calls = {"f": 0, "g": 0}
    x = np.random.default_rng(0).standard_normal(100)

    def f(x):
        calls["f"] += 1
        return np.sum(np.exp(0.3 * x))

    def gradient(x):
        calls["g"] += 1
        return 0.3 * np.exp(0.3 * x)

    found = dc.check_gradient(f, gradient, x)
    assert found.verdict == "correct"
    assert (found.evaluations, found.gradient_evaluations) == (calls["f"], calls["g"])
    assert calls["f"] < 100 and calls["g"] == 1


def test_the_stated_power_holds():
    """An error of one entry at the stated resolution is seen, for every entry."""
    resolution = dc.check_gradient(layer, layer_gradient, X).entry_resolution
    assert resolution.shape == X.shape
    for number in range(X.size):
        claim = layer_gradient(X)
        claim[number] += 2.0 * resolution[number]  # twice: measuring again meets other rounding errors
        assert verdict(layer, claim, X) == "wrong"


@pytest.mark.parametrize(
    ("f", "grad", "at"),
    [
        (lambda x: 3.0 * x, lambda x: 3.0, 1.0),
        (lambda x: x * x, lambda x: 2.0 * x, 0.3),
        (lambda x: 5.0, lambda x: 0.0, 1.0),
        (lambda x: 0.0, lambda x: 0.0, 1.0),
        (lambda x: np.sum((x - 1.0) ** 2), lambda x: 2.0 * (x - 1.0), np.ones(5)),
    ],
)
def test_without_truncation_error_there_is_no_rate(f, grad, at):
    """Linear, quadratic and constant functions, and a minimum: correct, with no remainder above the noise."""
    found = dc.check_gradient(f, grad, at)
    assert (found.verdict, found.rate) == ("correct", None)


def test_an_error_at_a_minimum_is_seen():
    """Where the right gradient is zero there is nothing to be relative to; the noise decides."""
    assert verdict(lambda x: np.sum((x - 1.0) ** 2), lambda x: 2.0 * (x - 1.0) + 1e-6, np.ones(5)) == "wrong"
    assert verdict(lambda x: 5.0, lambda x: 1e-3, 1.0) == "wrong"


@pytest.mark.parametrize(
    ("f", "grad", "at"),
    [
        (np.abs, np.sign, 0.0),
        (lambda x: np.sum(np.abs(x)), np.sign, np.array([1.0, 0.0, -2.0])),
        (lambda x: np.max(x), lambda x: np.array([0.5, 0.5, 0.0]), np.array([2.0, 2.0, 1.0])),
        (lambda x: np.sum(np.maximum(W @ x, 0.0)), lambda x: W.T @ (W @ x > 0), np.zeros(20)),
        (lambda x: np.sqrt(np.abs(x)), lambda x: 0.0, 0.0),
        (np.cbrt, lambda x: 0.0, 0.0),
        (lambda x: float(x > 0), lambda x: 0.0, 0.0),
    ],
)
def test_a_kink_at_the_point_is_told(f, grad, at):
    """Also where a central difference agrees with the claimed subgradient, at a vertical tangent and at a jump."""
    assert verdict(f, grad, at) == "kink"


def test_a_claim_outside_of_both_one_sided_derivatives_is_wrong():
    """No subgradient of |x| at 0 is 3."""
    assert verdict(np.abs, lambda x: 3.0, 0.0) == "wrong"


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-7, 1e-9])
def test_a_kink_beside_the_point_is_no_fault(distance):
    """Smaller steps than its distance decide."""
    assert verdict(lambda x: np.abs(x - 1.0 - distance), lambda x: -1.0, 1.0) == "correct"
    assert verdict(lambda x: np.abs(x - 1.0 - distance), lambda x: -1.001, 1.0) == "wrong"


def test_a_sharp_bend_is_no_kink():
    """log(1 + exp(1e6 x)) / 1e6 bends within 1e-6 and has the slope 1/2 at 0."""
    assert verdict(lambda x: np.log1p(np.exp(1e6 * x)) / 1e6, lambda x: 0.5, 0.0) == "correct"


def test_values_on_one_side_only_are_enough():
    """At the edge of the domain, whether f gives nan there or raises."""
    for f in (lambda x: x**1.5 if x >= 0 else math.nan, lambda x: math.sqrt(x) ** 3):
        found = dc.check_gradient(f, lambda x: 0.0, 0.0)
        assert found.verdict == "correct" and any("one side" in note for note in found.notes)
    raising = dc.check_gradient(lambda x: math.sqrt(x) ** 3, lambda x: 0.5, 0.0)
    assert raising.verdict == "wrong" and any("math domain error" in note for note in raising.notes)


@pytest.mark.parametrize("factor", [1.0, 1.0001])
def test_parameters_of_very_different_size(factor):
    """Entries of 1e-8, 1 and 1e8 each move by their own size, and an error of 1e-4 in the last is seen."""
    scales = np.array([1e8, 1.0, 1e-8])

    def claim(x):
        return scales * np.cos(x * scales) * np.array([1.0, 1.0, factor])

    found = dc.check_gradient(lambda x: np.sum(np.sin(x * scales)), claim, 1.0 / scales)
    assert (found.verdict, [e.name for e in found.entries]) == (
        ("correct", []) if factor == 1.0 else ("wrong", ["x[2]"])
    )


@pytest.mark.parametrize("size", [1e-200, 1e-9, 1e9, 1e200])
def test_the_size_of_values_does_not_matter(size):
    """Nothing in the decision has a unit."""
    assert verdict(lambda x: size * layer(x), lambda x: size * layer_gradient(x), X) == "correct"
    assert verdict(lambda x: size * layer(x), lambda x: 1.0001 * size * layer_gradient(x), X) == "wrong"


@pytest.mark.parametrize("frequency", [1e2, 1e4, 1e6])
def test_fast_functions_are_followed_to_small_steps(frequency):
    """sin(k x) needs steps far below 1/k."""
    assert verdict(lambda x: np.sin(frequency * x), lambda x: frequency * np.cos(frequency * x), 1.0) == "correct"
    wrong = verdict(lambda x: np.sin(frequency * x), lambda x: 1.001 * frequency * np.cos(frequency * x), 1.0)
    assert wrong == "wrong"


def noisy(level, seed=3):
    generator = np.random.default_rng(seed)
    return lambda x: layer(x) + level * generator.standard_normal()


def test_random_noise_that_hides_the_derivative_is_told():
    """A right gradient under noise is not called correct, and not wrong; that calls differ is said."""
    found = dc.check_gradient(noisy(1e-2), layer_gradient, X)
    assert found.verdict == "noisy" and any("different values" in note for note in found.notes)
    with pytest.raises(GradientMismatchError, match="scatter"):
        found.raise_if_wrong()


def test_an_error_larger_than_the_noise_is_seen():
    """Noise of 1e-6 and an error of 10 %."""
    assert verdict(noisy(1e-6), lambda x: 1.1 * layer_gradient(x), X) == "wrong"


def test_deterministic_scatter_is_noise_and_rounding_is_not():
    """Scatter far above rounding is noise; cancellation and a phase that rounding decides are ill-conditioned."""
    assert verdict(lambda x: layer(x) + 1e-3 * np.sin(1e15 * np.sum(x)), layer_gradient, X) == "noisy"
    assert verdict(lambda x: (1e12 + np.sin(x)) - 1e12, np.cos, 1.0) == "ill-conditioned"
    assert verdict(lambda x: np.sin(1e10 * x), lambda x: 1e10 * np.cos(1e10 * x), 1.0) == "ill-conditioned"


def test_the_users_noise_is_taken():
    """With a noise of 1 nothing can be told."""
    assert verdict(layer, layer_gradient, X, noise=1.0) in ("noisy", "ill-conditioned")


@pytest.mark.parametrize("seed", range(20))
def test_no_false_alarm_under_noise(seed):
    """A right gradient is never called wrong, whatever the noise."""
    for level in (1e-12, 1e-9, 1e-6, 1e-3, 1.0):
        assert verdict(noisy(level, seed), layer_gradient, X, seed=seed) in ("correct", "noisy")


def test_single_precision_has_its_own_round_off():
    """float32 arrays, and float32 inside of a function of float64, are no errors; a gradient 0.1 % off is one."""
    single = X.astype(np.float32)
    assert verdict(lambda x: np.sum(np.sin(x)), np.cos, single) == "correct"
    assert verdict(lambda x: np.sum(np.sin(x)), lambda x: 1.001 * np.cos(x), single) == "wrong"
    assert verdict(lambda x: float(np.sum(np.sin(x.astype(np.float32)))), np.cos, X) == "correct"
    assert verdict(layer, lambda x: layer_gradient(x).astype(np.float32), X) == "correct"


def test_the_chaotic_map_is_ill_conditioned():
    """Its float64 values have no correct digit after 100 steps, so no gradient of them can be judged."""
    problem = dc.problems.get("logistic-map-chaos")
    found = dc.check_gradient(problem.function, problem.gradient, problem.point(100), problem.wrt)
    assert found.verdict == "ill-conditioned"


@pytest.mark.parametrize(
    "name", [n for n in dc.problems.names() if n not in ("squared-detached", "logistic-map-chaos")]
)
def test_gradients_of_the_problems_are_correct(name):
    """Each hand-written gradient, and not when it is off by 0.01 %; minima, where nothing is left, aside."""
    problem = dc.problems.get(name)
    point = problem.point(problem.sizes[0])
    assert verdict(problem.function, problem.gradient, point, wrt=problem.wrt) == "correct"
    if not name.startswith("nist"):
        wrong = tuple(1.0001 * np.asarray(part) for part in problem.gradient(*point))
        assert verdict(problem.function, wrong, point, wrt=problem.wrt) == "wrong"


def test_a_detached_value_is_not_the_derivative_of_the_values():
    """stop_gradient holds a value that differences move: by the values the gradient is wrong."""
    problem = dc.problems.get("squared-detached")
    assert verdict(problem.function, problem.gradient, problem.point(problem.sizes[0])) == "wrong"


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 30),
    error=st.sampled_from([0.0, 1e-4]),
    scale=st.floats(-3.0, 3.0),
)
def test_random_sums_of_exponentials(seed, size, error, scale):
    """A right gradient is correct and one with an entry off by 1e-4 is wrong, at random points and scales."""
    rng = np.random.default_rng(seed)
    rates, x = rng.uniform(0.5, 2.0, size), 10.0**scale * rng.uniform(0.5, 2.0, size)
    rates /= np.abs(x)

    def claim(x):
        gradient = rates * np.exp(rates * x)
        gradient[seed % size] *= 1.0 + error
        return gradient

    found = dc.check_gradient(lambda x: np.sum(np.exp(rates * x)), claim, x, seed=seed)
    assert found.verdict == ("wrong" if error else "correct")
    assert [entry.index for entry in found.entries] == ([(seed % size,)] if error else [])


def test_the_same_seed_gives_the_same_check():
    """Directions come from the seed alone."""
    one, other = (dc.check_gradient(layer, layer_gradient, X, seed=5) for _ in range(2))
    assert one.to_json() == other.to_json()


def test_options_that_make_no_sense_are_refused():
    """Each with a sentence."""
    for options in (
        {"rtol": 0.0}, {"rtol": 2.0}, {"directions": 0}, {"steps": [0.1, 0.2]}, {"steps": [0.1, 0.1, 0.2]},
        {"noise": -1.0}, {"reference": "yes"}, {"max_evaluations": 5},
    ):  # fmt: skip
        with pytest.raises(OptionError):
            dc.check_gradient(layer, layer_gradient, X, **options)


def test_steps_and_directions_are_the_users():
    """The steps given are those taken, from large to small."""
    found = dc.check_gradient(layer, layer_gradient, X, steps=[1e-4, 1e-2, 1e-3], directions=2)
    assert found.verdict == "correct" and found.tests[0].steps.tolist() == [1e-2, 1e-3, 1e-4]
    assert [test.label for test in found.tests][:2] == ["random", "balanced"]


def test_a_value_that_is_not_finite_is_no_point():
    """nan at the point, or in it."""
    with pytest.raises(OptionError, match="is nan at the point"):
        dc.check_gradient(np.log, lambda x: 1.0 / x, -1.0)
    with pytest.raises(OptionError, match=r"not finite: x\[1\]"):
        dc.check_gradient(layer, layer_gradient, np.where(np.arange(20) == 1, np.inf, X))


def test_nothing_to_differentiate():
    """Empty arrays, and outputs that are no number."""
    with pytest.raises(ShapeError, match="empty"):
        dc.check_gradient(cubes, lambda x: 3 * x**2, np.zeros(0))
    with pytest.raises(ShapeError, match=r"shape \(20,\)"):
        dc.check_gradient(np.sin, np.cos, X)


def test_a_gradient_with_nan_is_wrong_at_that_entry():
    """The entry is named, with what it should be."""
    found = dc.check_gradient(layer, lambda x: np.where(np.arange(20) == 3, np.nan, layer_gradient(x)), X)
    (entry,) = found.entries
    assert (found.verdict, entry.name) == ("wrong", "x[3]") and np.isnan(entry.claimed)
    assert abs(entry.estimated - layer_gradient(X)[3]) <= entry.bound
    assert "not finite" in found.likely_fault


def test_the_error_is_an_assertion_with_the_report():
    """raise_if_wrong serves a test suite."""
    found = dc.check_gradient(cubes, lambda x: -3.0 * x**2, np.array([0.3, 0.7]))
    with pytest.raises(AssertionError, match="wrong sign") as raised:
        found.raise_if_wrong()
    assert isinstance(raised.value, GradientMismatchError) and str(raised.value) == str(found)
    assert "x[1]" in str(found) and found.verdict in VERDICTS


def test_the_report_as_page_and_as_data(tmp_path):
    """HTML is escaped, JSON is strict and complete."""
    found = dc.check_gradient(cubes, lambda x: x, X)
    page = found._repr_html_()
    assert "wrong" in page and "<table>" in page
    path = tmp_path / "check.json"
    data = json.loads(found.to_json(path))
    assert data == json.loads(path.read_text(encoding="utf-8"))
    assert data["verdict"] == "wrong" and len(data["tests"]) == len(found.tests)
    assert data["entries"][0]["name"] == found.worst.name
    lambda_page = dc.check_gradient(lambda x: x, lambda x: 1.0, 1.0)._repr_html_()
    assert "&lt;lambda&gt;" in lambda_page and "<lambda>" not in lambda_page


def test_the_certified_gradient_is_reported_when_asked():
    """For a text, against ball arithmetic; the claim of reverse mode is right to a few units in the last place."""
    found = dc.check_gradient("sin(x)*exp(y)", None, {"x": 1.0, "y": 2.0}, reference="certified")
    assert found.verdict == "correct" and found.certified_error is not None
    assert found.certified_error <= 4 * np.finfo(np.float64).eps  # four roundings in each entry
    assert dc.check_gradient("x*x", None, 1.0).certified_error is None
