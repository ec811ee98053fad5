"""Trainings that differ in nothing but the gradient: where each ends, by hand, and what is told about it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import diffcompare as dc
from diffcompare import optimize
from diffcompare.optimize.training import angle
from diffcompare.optimize.training_result import FIELDS

EPS = 2.0**-52
XOR = json.loads((Path(__file__).parents[1] / "data" / "seed_numbers.json").read_text())["xor_2_3_1"]
DESCENT = {"optimizer": "gradient_descent", "learning_rate": 0.5, "steps": 80}


def half_square(x):
    return 0.5 * np.sum(x * x)


@pytest.mark.parametrize("h", [0.5, 2.0**-6, 1e-3])
@pytest.mark.parametrize(("scheme", "side"), [("forward", -1.0), ("backward", 1.0), ("central", 0.0)])
def test_one_sided_differences_of_a_parabola_end_half_a_step_beside_its_minimum(scheme, side, h):
    """((x + h)**2 - x**2) / (2h) = x + h/2: its zero is -h/2. Central differences of a parabola are exact."""
    x0 = np.array([1.0, -2.0, 0.25])
    method = f"{scheme}-difference"
    result = dc.compare_training(half_square, x0, methods=["reverse", method], step_sizes=[h], **DESCENT)
    label = f"{method}, h = {h:g}"
    # Values are sums of three squares below (2h)**2 at the end; their rounding over h moves the zero by no more than
    # 3 * EPS * 4 * h, twice that with the step's own rounding; 80 halvings of the start leave less.
    np.testing.assert_allclose(result.histories[label].x, side * h / 2, rtol=0, atol=24 * EPS * h + 2.0 * 2.0**-80)
    record = result[label]
    assert record["gradient_norm"] == pytest.approx(abs(side) * math.sqrt(3.0) * h / 2, abs=60 * EPS * h + 2.0**-78)
    assert record["own_norm"] <= 60 * EPS * h + 2.0**-78  # the method believes that it has arrived
    assert result["reverse"]["gradient_norm"] < 2.0**-77


@pytest.mark.parametrize("h", [0.3, 0.1, 0.01])
def test_central_differences_of_a_cubic_end_a_square_of_the_step_away(h):
    """((x+h)**3 - (x-h)**3) / (6h) + x = x**2 + h**2/3 + x, whose zero is (sqrt(1 - 4h**2/3) - 1) / 2."""
    result = dc.compare_training("x**3/3 + x**2/2", 0.25, methods=["central-difference"], step_sizes=[h], **DESCENT)
    (history,) = result.histories.values()
    # f is about h**2 / 2 there, its rounding a few EPS of that; over h, that is the zero's error.
    assert history.x == pytest.approx((math.sqrt(1.0 - 4.0 * h * h / 3.0) - 1.0) / 2.0, rel=0, abs=16 * EPS * h)


def test_a_step_lost_in_rounding_is_no_step():
    """1 + x**2/2 rounds to 1 at 1e-8 and 1.1e-8: every difference is 0, so the start is where it ends."""
    result = dc.compare_training(
        "1 + x**2/2", 1e-8, methods=["central-difference"], step_sizes=[1e-9], target=0.5, **DESCENT
    )
    record = result["central-difference, h = 1e-09"]
    assert result.histories[record["label"]].x == 1e-8
    assert record["own_norm"] == 0.0 and record["gradient_norm"] == 1e-8
    assert record["status"] == "short" and record["angle"] is None and record["relative_error"] == 1.0


def test_angle_and_error_at_the_start_by_hand():
    """At (1, 0) the forward difference of half the square is (1 + h/2, h/2), the gradient (1, 0)."""
    h = 0.25
    result = dc.compare_training(
        half_square, np.array([1.0, 0.0]), methods=["forward-difference"], step_sizes=[h], **{**DESCENT, "steps": 1}
    )
    start, end = result.checkpoints["forward-difference, h = 0.25"]
    assert (start["steps"], end["steps"]) == (0, 1)
    assert start["angle"] == pytest.approx(math.atan2(h / 2, 1.0 + h / 2), rel=4 * EPS)
    assert start["relative_error"] == pytest.approx(h / math.sqrt(2.0), rel=4 * EPS)
    assert start["loss"] == 0.5 and start["gradient_norm"] == 1.0


def test_small_angles_keep_their_digits():
    assert angle(np.array([1.0, 0.0]), np.array([-1.0, 0.0])) == pytest.approx(math.pi, rel=EPS)
    assert angle(np.array([3.0, 0.0]), np.array([1.0, 1e-13])) == pytest.approx(1e-13, rel=1e-3)
    assert angle(np.zeros(2), np.ones(2)) is None


def xor_training(start, steps, **options):
    data = (np.array(XOR["X"], float), np.array(XOR["Y"], float))
    function = dc.problems.get("xor-2-3-1").function
    return dc.compare_training(
        function, start, data=data, optimizer="gradient_descent", learning_rate=1.0, steps=steps, **options
    )


def xor_start():
    return (np.array(XOR["W1"]), np.array(XOR["b1"]), np.array(XOR["W2"]), XOR["b2"])


def test_exclusive_or_follows_the_published_path_with_every_gradient():
    """Losses after 1, 10, 100 and 1000 steps are those of 50-digit arithmetic; all methods come under 0.01."""
    methods = ["reverse", "symbolic", "central-difference"]
    result = xor_training(xor_start(), 1000, methods=methods, target=0.01)
    nudge = 2.0**-30
    w1, *others = xor_start()
    moved = xor_training((w1 * (1.0 + nudge), *others), 1000, methods=["reverse"]).histories["reverse"].losses
    for step in (0, 1, 10, 100, 1000):
        published = XOR["after_steps"][str(step)]["loss"]["float"]
        # What a nudge of the start grows to, scaled down to roundings: one for each of the 1000 steps at most.
        growth = abs(moved[step] - published) / nudge
        bound = 32 * EPS * (1.0 + growth * (step + 1))
        for method in ("reverse", "symbolic"):
            assert result.histories[method].losses[step] == pytest.approx(published, rel=0, abs=bound)
        # Central differences with their own steps have 10 digits of each gradient or so: (EPS)**(2/3) = 4e-11.
        loss = result.histories["central-difference"].losses[step]
        assert loss == pytest.approx(published, rel=0, abs=bound + 100 * EPS ** (2 / 3) * (1.0 + growth * (step + 1)))
    for method in methods:
        record = result[method]
        assert record["status"] == "ok" and record["final_loss"] < 0.01
        assert 100 < record["steps_to_target"] <= 1000
        assert record["seconds_to_target"] <= record["seconds"]
    assert result["reverse"]["relative_error"] == 0.0
    assert result["central-difference"]["evaluations"] == 2 * 13  # on both sides of each weight
    assert result["reverse"]["evaluations"] is None


def line(w, t, y):
    return np.mean((w * t - y) ** 2)


def test_batches_are_the_same_for_all_and_those_of_the_optimiser_alone():
    """Exact gradients give equal paths, equal also to that of the optimiser called directly with these batches."""
    t = np.linspace(-1.0, 1.0, 32)
    y = 3.0 * t + np.sin(40.0 * t)

    def batches():
        return optimize.minibatches(t, y, size=8, generator=5)

    options: dict[str, Any] = {"learning_rate": 0.1, "steps": 30}
    result = dc.compare_training(
        line, 0.0, optimizer="sgd", methods=["reverse", "symbolic"], data=(t, y), batches=batches(), **options
    )
    alone = optimize.sgd(dc.value_and_gradient(line, wrt=0), 0.0, batches(), **options)
    assert result.histories["reverse"].losses == alone.losses and result.histories["reverse"].x == alone.x
    np.testing.assert_allclose(result.histories["symbolic"].losses, alone.losses, rtol=1e3 * EPS)
    # On all samples, not on the last batch; the mean of 32 positive terms in any order.
    assert result["reverse"]["final_loss"] == pytest.approx(line(alone.x, t, y), rel=32 * EPS)


def test_float32_is_trained_in_float32_and_judged_in_float64():
    """The differences stop at float32's round-off; what they are measured against does not."""
    result = dc.compare_training(
        lambda a, b: half_square(a) + 0.5 * b * b, (np.array([1.0, 2.0]), 1.0), dtype=np.float32,
        methods=["reverse", "central-difference"], step_sizes=[1e-4], **DESCENT,
    )  # fmt: skip
    for history in result.histories.values():
        a, b = history.x
        assert a.dtype == np.float32 and b.dtype == np.float32
    assert {record["dtype"] for record in result.records} == {"float32"}
    start = result.checkpoints["central-difference, h = 0.0001"][0]
    assert start["gradient_norm"] == math.sqrt(6.0)
    # Values near 3 carry 2**-24 * 3 each; two of them over 2h, in each of 3 entries, against sqrt(6).
    assert 0 < start["relative_error"] < 2 * 3 * 2.0**-23 / 2e-4 * math.sqrt(3.0 / 6.0)


def test_runs_of_one_method_with_other_options_have_names_of_their_own():
    methods = ["central-difference", dc.methods.FiniteDifference("central", order=4, step=0.5)]
    result = dc.compare_training("x**3/3 + x**2/2", 0.25, methods=methods, **DESCENT)
    assert list(result.histories) == ["central-difference", "central-difference (order=4), h = 0.5"]
    # Of order 4 a cubic's difference is exact: it ends at the minimum, 0.
    assert abs(result.histories["central-difference (order=4), h = 0.5"].x) < 16 * EPS * 0.5


def test_what_cannot_run_diverges_or_falls_short_has_its_record():
    skipped = dc.compare_training(lambda x: np.sum(np.abs(x)), np.ones(2), methods=["complex-step"], steps=3)
    assert skipped.records[0]["status"] == "skipped" and "complex" in skipped.records[0]["reason"]
    diverged = dc.compare_training(half_square, np.ones(2), methods="reverse", **{**DESCENT, "learning_rate": 1e200})
    assert diverged["reverse"]["status"] == "diverged" and "not finite" in diverged["reverse"]["reason"]
    short = dc.compare_training(half_square, np.ones(2), methods=["reverse"], steps=2, target=1e-9)
    assert short["reverse"]["status"] == "short" and "all 2 steps" in str(short)
    assert diverged.plot().axes and skipped.plot().axes  # nothing to draw is no error


def test_a_function_that_cannot_be_traced_has_no_true_gradient():
    def branches(x):
        return x * x if x > 0 else -x

    result = dc.compare_training(branches, 1.0, methods=["reverse", "central-difference"], steps=5)
    assert result["reverse"]["status"] == "failed" and "truth of a traced value" in result["reverse"]["reason"]
    assert result["central-difference"]["status"] == "ok" and result["central-difference"]["gradient_norm"] is None
    assert "no true gradients" in str(result)


def test_faces():
    """Text, HTML, JSON and pandas hold the same records; columns of the target only where there is one."""
    result = dc.compare_training(half_square, np.ones(2), step_sizes=[0.1, None], steps=5)
    assert [record["step"] for record in result.records] == [None, 0.1, None, 0.1, None]
    assert len(result) == 5 and "5 runs" in repr(result)
    frame = result.to_pandas()
    assert list(frame.columns) == list(FIELDS) and list(frame["label"]) == [r["label"] for r in result.records]
    content = json.loads(result.to_json())
    assert content["histories"]["reverse"]["losses"] == result.histories["reverse"].losses
    assert "central-difference, h = 0.1" in str(result) and "target" not in str(result)
    page = dc.compare_training("x**2", 1.0, steps=2, target=0.5)._repr_html_()
    assert "steps<br>to target" in page


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("no optimizer", {"optimizer": "adams"}),
        ("leave callback", {"callback": print}),
        ("2 or more", {"checkpoints": 1}),
        ("need 201 batches", {"batches": [(1.0,)]}),
        ("no method named", {"methods": ["revers"]}),
        ("no option", {"decay": 0.5}),
    ],
)
def test_what_makes_no_sense_is_told(words, options):
    with pytest.raises(dc.errors.DiffCompareError, match=words):
        dc.compare_training("x**2", 1.0, **options)
