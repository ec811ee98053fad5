"""Error against step: published figures, textbook coefficients, other libraries' own answers, and every edge."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.differentiate import derivative as scipy_derivative
from scipy.optimize._numdiff import approx_derivative

import diffcompare as dc
from diffcompare.analysis.library_steps import LIBRARY_FIELDS
from diffcompare.analysis.step_fit import SUMMARY_FIELDS, Branch
from diffcompare.analysis.step_methods import DEFAULT, swept
from diffcompare.analysis.step_sweep_result import STEP_FIELDS
from diffcompare.analysis.step_theory import of_levels
from diffcompare.errors import MethodUnavailableError, OptionError, ShapeError, TraceError
from diffcompare.methods import FiniteDifference, Richardson

# Baydin et al. 2018, figure 3: f = l_4 of the logistic map at 0.2; the errors of its straight expression in float64,
# at h = 1e-2, 1e-4, 1e-6, where truncation rules, and at 1e-8 ... 1e-14, where round-off does.
TRUNCATION = {"forward-difference": (2.72e-1, 3.36e-3, 3.37e-5), "central-difference": (6.57e-2, 6.58e-6)}
ROUND_OFF = {
    "forward-difference": {1e-10: 3.70e-7, 1e-12: 6.07e-5, 1e-14: 6.67e-3},
    "central-difference": {1e-8: 4.50e-9, 1e-10: 6.48e-7, 1e-12: 6.07e-5, 1e-14: 6.67e-3},
}
BEST = {"forward-difference": (1.8e-9, 2.45e-8), "central-difference": (1e-7, 5.5e-11)}


def straight(x):
    return 64 * x * (1 - x) * (1 - 2 * x) ** 2 * (1 - 8 * x + 8 * x * x) ** 2


def iterated(x):
    for _ in range(3):
        x = 4 * x * (1 - x)
    return x


def one(f, at, method, steps, **options):
    """The records of one method in float64."""
    return dc.sweep_steps(f, at, methods=[method], steps=steps, dtypes="float64", **options).records


def summary(sweep, method, dtype="float64"):
    return next(s for s in sweep.summaries if s["method"] == method and s["dtype"] == dtype)


@pytest.fixture(scope="module")
def figure():
    """Figure 3 of Baydin et al., with quotients that divide by h."""
    return dc.sweep_steps(straight, 0.2, dtypes="float64", methods=list(BEST), textbook=True)


@pytest.fixture(scope="module")
def whole():
    """Every method, both types."""
    return dc.sweep_steps(iterated, 0.2)


def test_the_certified_derivative_is_the_exact_one(whole):
    """The derivative at float64(0.2) is 9.0660864000000007, from 50-digit arithmetic."""
    assert whole.references["float64"].gradient == 9.06608640000000074824129114859


@pytest.mark.parametrize("method", BEST)
def test_published_errors_are_reproduced(figure, method):
    """Truncation errors agree in the published digits, round-off errors in the decade, the best within a factor 3."""
    by_step = {round(math.log10(r["step"]), 2): r["error"] for r in figure.select(method, "float64")}
    for exponent, published in zip((-2, -4, -6), TRUNCATION[method], strict=False):
        assert by_step[exponent] == pytest.approx(published, rel=2e-3)  # half a unit of the third digit
    for step, published in ROUND_OFF[method].items():
        assert published / 10 < by_step[math.log10(step)] < published * 10
    best = summary(figure, method)
    step, error = BEST[method]
    assert step / 3 < best["best_step"] < step * 3 and error / 3 < best["best_error"] < error * 3


@pytest.mark.parametrize(("method", "order"), [("forward-difference", 1), ("central-difference", 2)])
@pytest.mark.parametrize("sweep", ["figure", "whole"])
def test_slopes_and_predicted_optimum(request, sweep, method, order):
    """Slopes are the order and -1 within 0.1; the predicted optimum is the measured balance within a factor of 2.

    The measured balance is that of both fitted branches: a single best error owes much to luck.
    """
    found = summary(request.getfixturevalue(sweep), method)
    assert abs(found["slope_right"] - order) < 0.1 and abs(found["slope_left"] + 1) < 0.1
    assert found["predicted_step"] / 2 < found["fitted_step"] < 2 * found["predicted_step"]
    assert found["predicted_error"] / 2 < found["fitted_error"] < 2 * found["predicted_error"]
    assert found["best_error"] < found["predicted_error"]


def test_higher_orders_have_their_slopes(whole):
    """Orders 4 and 6 fall with the fourth and sixth power of the step; order 8 is exact for degree 8."""
    assert abs(summary(whole, "central-difference-4")["slope_right"] - 4) < 0.1
    assert abs(summary(whole, "central-difference-6")["slope_right"] - 6) < 0.1
    exact = summary(whole, "central-difference-8")
    assert exact["points_right"] == 0 and "no truncation error" in exact["remark"]


def test_float32_has_its_own_noise_and_its_own_point(whole):
    """In float32 the balance of truncation and round-off lies at the root of 2**29, the ratio of the units, farther.

    The step by a factor 2**14.5 for forward differences, within 2: the noises of two points differ a little.
    """
    here, single = (summary(whole, "forward-difference", dtype) for dtype in ("float64", "float32"))
    assert 2**13.5 < single["fitted_step"] / here["fitted_step"] < 2**15.5
    assert whole.references["float32"].gradient != whole.references["float64"].gradient


@pytest.mark.parametrize("text", ["4*x*(1-x)", "exp(x)/3"])
def test_a_text_is_evaluated_in_float32(text):
    """The numbers of a text are rounded to float32 too, so its values are float32 numbers."""
    sweep = dc.sweep_steps(text, 0.3, methods=["forward-difference"], steps=[0.5], dtypes="float32")
    x, h = np.float32(0.3), np.float32(0.8)
    f = {"4*x*(1-x)": lambda x: 4 * x * (1 - x), "exp(x)/3": lambda x: np.exp(x) / 3}[text]
    rise = float(f(h)) - float(f(x))
    assert sweep.records[0]["estimate"] == rise / (float(h) - float(x)) and not sweep.notes


# Leading truncation terms of exp at 0, where every derivative is 1: textbook coefficients.
@pytest.mark.parametrize(
    ("method", "power", "denominator"),
    [
        ("forward-difference", 1, 2), ("backward-difference", 1, 2), ("central-difference", 2, 6),
        ("central-difference-4", 4, 30), ("central-difference-6", 6, 140), ("central-difference-8", 8, 630),
        ("complex-step", 2, 6), ("forward-difference-2", 2, 3),
    ],
)  # fmt: skip
def test_truncation_has_textbook_coefficients(method, power, denominator):
    """At h = 0.25 the predicted truncation of exp at 0 is h**p over 2, 6, 30, 140, 630."""
    (record,) = one("exp(x)", 0.0, method, [0.25])
    assert record["predicted_truncation"] == pytest.approx(0.25**power / denominator, rel=1e-14)
    # The next terms are at most h of the leading one: |error / leading - 1| < 2 h.
    assert record["error"] == pytest.approx(record["predicted_truncation"], rel=0.5)


def test_a_term_that_vanishes_leaves_the_next():
    """cos at 0 has f'' = -1 but f''' = 0, sin at 0 the reverse: forward differences of sin are of order two there."""
    (record,) = one("sin(x)", 0.0, "forward-difference", [0.01])
    assert record["predicted_truncation"] == pytest.approx(0.01**2 / 6, rel=1e-12)
    assert record["error"] == pytest.approx(0.01**2 / 6, rel=1e-4)  # the next term is h**2 / 20 of it


def test_two_levels_of_extrapolation_are_the_formula_by_hand():
    """(4 D(h/2) - D(h)) / 3 weighs h/2 by 4/3 and h by -1/6, and errs by h**4 f^(5) / 480."""
    formula = of_levels(2, 2.0)
    assert dict(zip(formula.offsets, formula.weights, strict=True)) == {
        Fraction(1): Fraction(-1, 6), Fraction(-1): Fraction(1, 6),
        Fraction(1, 2): Fraction(4, 3), Fraction(-1, 2): Fraction(-4, 3),
    }  # fmt: skip
    exponential = [1 / math.factorial(k) for k in range(20)]
    term, power, _ = formula.truncation(exponential, 0.1)
    assert power == 4 and term == pytest.approx(0.1**4 / 480, rel=1e-12)


def test_round_off_is_measured():
    """x + 2**20 rounds to multiples of 2**-32: uniform errors of deviation 2**-32 / sqrt(12), times sqrt(2) / h.

    Some 36 draws know a deviation to 1 / sqrt(2 * 36) = 12 %; three times that is allowed.
    """
    (record,) = one("x + 1048576", 1.0, "forward-difference", [1e-5])
    assert record["predicted_round_off"] == pytest.approx(2**-32 / math.sqrt(6) / 1e-5, rel=0.36)


@pytest.mark.parametrize("method", ["central-difference", "central-difference-4", "richardson"])
def test_quadratics_are_exact(method):
    """Central formulas have no truncation error on x**2; at a power of two no round-off either."""
    (record,) = one("x**2", 1.0, method, [0.25])
    assert (record["error"], record["predicted_truncation"]) == (0.0, 0.0)


def test_a_constant_is_exact_at_every_step():
    """Neither error is there, and the summary says so."""
    sweep = dc.sweep_steps("2 + 0*x", 1.0, steps=[1e-2, 1e-4])
    assert all(r["error"] == 0 and r["relative_error"] is None for r in sweep.records)
    assert all("exact at every step" in s["remark"] and s["predicted_step"] is None for s in sweep.summaries)
    json.loads(sweep.to_json())


def test_without_a_slope_there_is_no_relative_error():
    """cos'(0) = 0: the error of (cos h - 1) / h is h / 2, relative to nothing."""
    (record,) = one("cos(x)", 0.0, "forward-difference", [1e-3])
    assert record["error"] == pytest.approx(5e-4, rel=1e-6) and record["relative_error"] is None


def test_a_lost_step_is_told():
    """1 + 1e-17 is 1: divided by h the quotient is 0 and errs by |f'|, divided by the step taken it is 0 / 0."""
    (by_h,) = one("3*x", 1.0, "forward-difference", [1e-17], textbook=True)
    assert (by_h["status"], by_h["estimate"], by_h["error"]) == ("inaccurate", 0.0, 3.0)
    assert by_h["predicted_round_off"] == 3.0
    (by_step,) = one("3*x", 1.0, "forward-difference", [1e-17])
    assert by_step["status"] == "failed" and by_step["error"] is None and math.isnan(by_step["estimate"])
    assert "too short" in by_h["reason"] and "too short" in by_step["reason"]


def test_a_step_lost_along_a_direction_errs_by_the_derivative():
    """x + y along (3, 4) / 5 changes by 7 / 5 a unit; a step of 1e-20 changes nothing, and 0 / h is 0."""
    (record,) = one("x + y", (1.0, 1.0), "central-difference", [1e-20], direction=(3.0, 4.0))
    assert record["status"] == "inaccurate" and record["estimate"] == 0.0
    assert record["error"] == pytest.approx(1.4, rel=1e-15)
    assert record["predicted_round_off"] == record["error"]


def test_a_step_out_of_the_domain_is_a_row():
    """log(0.05 - 0.1) is nan: central differences fail there and go on with shorter steps."""
    long, short = one("log(x)", 0.05, "central-difference", [0.1, 0.01])
    assert long["status"] == "failed" and "-0.1" in long["reason"] and long["error"] is None
    assert short["status"] == "ok" and short["error"] > 0


def test_a_kink_is_told():
    """abs at 0: the row's convention is 0, a forward difference gives 1, and no theory is offered."""
    sweep = dc.sweep_steps("abs(x)", 0.0, methods=["forward-difference"], steps=[0.1], dtypes="float64")
    assert sweep.records[0]["error"] == 1.0 and math.isnan(sweep.records[0]["predicted_truncation"])
    assert "kink" in sweep.notes[0] and "-1 below and 1 above" in sweep.notes[0]


def test_the_complex_step_skips_what_it_cannot_run():
    """floor has no complex form: its rows say so, and others run."""
    sweep = dc.sweep_steps("floor(x)*x", 1.5, methods=["complex-step", "central-difference"], dtypes="float64")
    assert {r["status"] for r in sweep.select("complex-step", "float64")} == {"skipped"}
    assert "floor" in summary(sweep, "complex-step")["remark"]
    assert summary(sweep, "central-difference")["best_error"] == 0.0


def test_the_complex_step_loses_no_digits_in_either_type(whole):
    """Its shortest steps err by a few units of round-off of the derivative's terms, in float64 and in float32."""
    for dtype in ("float64", "float32"):
        last = whole.select("complex-step", dtype)[-1]
        assert last["error"] < last["predicted_round_off"]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: dc.sweep_steps(lambda x: x * 2, np.ones(3)), ShapeError, "scalar output"),
        (lambda: dc.sweep_steps(lambda x: x if x > 0 else -x, 1.0), TraceError, "certified derivative"),
        (lambda: dc.sweep_steps("log(x)", 0.0), OptionError, "no finite derivative"),
        (lambda: dc.sweep_steps("log(x)", 1e-300), OptionError, "float32"),
        (lambda: dc.sweep_steps("abs(exp(log(x)) - x)", 2.0), MethodUnavailableError, "could not be certified"),
        (lambda: dc.sweep_steps("x", 1.0, methods="reverse"), OptionError, "no step"),
        (lambda: dc.sweep_steps("x", 1.0, methods=[]), OptionError, "empty"),
        (lambda: dc.sweep_steps("x", 1.0, methods=["richardson", Richardson(levels=3)]), OptionError, "one name"),
        (lambda: dc.sweep_steps("x", 1.0, methods="central-difference-3"), OptionError, "order"),
        (lambda: dc.sweep_steps("x", 1.0, steps=[0.0]), OptionError, "positive"),
        (lambda: dc.sweep_steps("x", 1.0, dtypes="float16"), OptionError, "float64, float32"),
        (lambda: dc.sweep_steps("x*y", (1.0, 2.0), direction=(0.0, 0.0)), OptionError, "not zero"),
        (lambda: dc.sweep_steps("x*y", (1.0, 2.0), direction=(1.0,)), ShapeError, "shapes"),
    ],
)
def test_mistakes_are_told(call, error, words):
    """Each says what is wrong."""
    with pytest.raises(error, match=words):
        call()


def test_a_direction_is_scaled_to_length_one():
    """d(x y) at (1, 2) along (3, 4) / 5 is (3 * 2 + 4 * 1) / 5 = 2, and the second difference 12 / 25."""
    sweep = dc.sweep_steps("x*y", (1.0, 2.0), direction=(3.0, 4.0), methods=["forward-difference"], dtypes="float64")
    assert sweep.references["float64"].gradient == pytest.approx(2.0, rel=1e-15)
    first = sweep.records[0]
    assert first["predicted_truncation"] == pytest.approx(0.1 * 12 / 25, rel=1e-14)
    assert first["error"] == pytest.approx(0.1 * 12 / 25, rel=1e-12)


def test_the_default_direction_is_fixed_by_the_seed():
    """Two sweeps of one seed move alike, along a vector of length 1; another seed moves elsewhere."""

    def direction(seed):
        at = (np.arange(3.0),)
        return dc.sweep_steps(lambda x: np.sum(x**2), at, steps=[0.1], methods="richardson", seed=seed).direction[0]

    assert np.array_equal(direction(0), direction(0)) and not np.array_equal(direction(0), direction(1))
    assert np.linalg.norm(direction(0)) == pytest.approx(1.0, rel=1e-15)


def test_arguments_that_are_not_differentiated_rest():
    """d(x**2 y)/dx at (3, 5) is 30, an integer argument stays what it is."""
    sweep = dc.sweep_steps(lambda x, y: x**2 * y, (3.0, 5), wrt=0, methods=["central-difference"], dtypes="float64")
    assert sweep.references["float64"].gradient == 30.0 and len(sweep.direction) == 1


def test_what_stop_gradient_holds_stays():
    """x stop(x) at 3 has derivative 3 by every method."""
    sweep = dc.sweep_steps(lambda x: x * dc.stop_gradient(x), 3.0, dtypes="float64", steps=[0.25])
    assert all(r["error"] < 1e-14 for r in sweep.records)
    assert all(r["predicted_truncation"] == 0 for r in sweep.records)


@pytest.mark.parametrize("x", [0.7, -3.0])
def test_scipy_gives_what_is_said_of_it(x):
    """SciPy's own derivatives, by its own choice of step, are the estimates shown."""
    shown = {r["library"]: r for r in dc.sweep_steps("exp(x)*x", x, dtypes="float64").libraries}

    def f(x):
        return np.exp(x) * x

    for name in ("2-point", "3-point"):
        assert shown[f"SciPy {name}"]["estimate"] == float(approx_derivative(f, x, method=name).item())
    first = scipy_derivative(f, x, maxiter=1)
    # The same nine-point formula, summed in another order: a few units of round-off of terms up to 10 times f'.
    assert shown["scipy.differentiate"]["estimate"] == pytest.approx(float(first.df), rel=1e-13)


def test_libraries_that_step_by_component_are_left_out_along_a_direction():
    """Along a direction only JAX and autograd step as they do by default."""
    sweep = dc.sweep_steps("x*y", (1.0, 2.0), steps=[0.1], dtypes="float64")
    assert [r["library"] for r in sweep.libraries] == ["JAX check_grads", "autograd check_grads"]


def test_a_slope_is_robust():
    """One point in four wrong by a factor of a thousand moves the slope of a power law by less than 0.1."""
    steps = 10.0 ** -np.arange(1.0, 13.0)
    errors = steps**2
    errors[[2, 6, 9]] *= 1e3
    found = Branch(steps, errors).slope()
    assert found is not None and abs(found - 2) < 0.1
    assert Branch(steps[:3], errors[:3]).slope() is None


def test_records_have_their_keys_and_order(whole):
    """One record a method, type and step, longest step first; every key is described."""
    assert {tuple(r) for r in whole.records} == {tuple(STEP_FIELDS)}
    assert {tuple(r) for r in whole.summaries} == {tuple(SUMMARY_FIELDS)}
    assert {tuple(r) for r in whole.libraries} == {tuple(LIBRARY_FIELDS)}
    assert [s["method"] for s in whole.summaries] == [*DEFAULT, *DEFAULT] and len(whole) == 2 * 7 * 61
    steps = [r["step"] for r in whole.select("richardson", "float64")]
    assert steps == sorted(steps, reverse=True) and (steps[0], steps[-1]) == (0.1, 1e-16)


def test_the_result_is_text_page_file_and_frame(whole, tmp_path):
    """Text fits 118 characters, the page escapes names, JSON is strict, the frame has a row a record."""
    text = str(whole)
    assert max(map(len, text.splitlines())) <= 118 and "JAX check_grads" in text and "slope" in text
    assert "<table>" in whole._repr_html_() and "61 steps" in repr(whole)
    path = tmp_path / "sweep.json"
    assert json.loads(whole.to_json(path))["derivative"]["float64"] == whole.references["float64"].gradient
    assert json.loads(path.read_text(encoding="utf-8"))["problem"] == "iterated"
    frame = whole.to_pandas()
    assert frame.shape == (len(whole), len(STEP_FIELDS))


def test_a_benchmark_problem_is_swept():
    """A problem brings its own point and arguments."""
    problem = dc.problems.get("evaluation-trace")
    sweep = dc.sweep_steps(problem, methods="central-difference", dtypes="float64", direction=(1.0, 0.0))
    assert sweep.problem == problem.name
    assert sweep.references["float64"].gradient == 5.5  # d/dx1 of ln x1 + x1 x2 - sin x2 at (2, 5)


def test_methods_with_options_are_swept():
    """An instance keeps its options; one with another order has it in its name."""
    names = [swept(m).label for m in (FiniteDifference("backward", 2), Richardson(levels=3), "central-difference-2")]
    assert names == ["backward-difference-2", "richardson", "central-difference"]
    (record,) = one("x", 1.0, FiniteDifference("forward", exact=False), [1e-17])
    assert record["estimate"] == 0.0
