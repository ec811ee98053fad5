"""`compare`: one record a method, whatever the method, the function or the point does."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.records import KEYS, STATUSES
from diffcompare.analysis.run import peak_bytes
from diffcompare.analysis.timing import Budget
from diffcompare.errors import OptionError, ShapeError, UnknownNameError
from diffcompare.methods import FiniteDifference, Prepared

# d/dx and d/dy of (x + s(y)) / (s(x) + (x + y)**2) at (3, -4), by mpmath at 50 digits, rounded to float64.
EXACT = (2.059569795572165, 1.5922327514838093)
EPS = np.finfo(float).eps
VALUES_ONLY = ["forward-difference", "backward-difference", "central-difference", "richardson"]
QUICK = Budget(sample_s=1e-4, rounds=3, each_s=0.02)


def circuit(x, y):
    return (x + dc.sigmoid(y)) / (dc.sigmoid(x) + (x + y) ** 2)


@pytest.fixture(scope="module")
def result():
    """All methods on the circuit, timed shortly."""
    return dc.compare(circuit, at=(3.0, -4.0), budget=QUICK)


def test_there_is_one_record_for_each_method_that_can_run(result):
    """The methods are this package's own that `available` says can run here, in its order."""
    known = dc.methods.available().items()
    runnable = [name for name, (can_run, _) in known if can_run and name not in dc.methods.PEERS]
    assert [record["method"] for record in result] == runnable
    assert len(result) == len(runnable) == len(result.records)


def test_every_record_has_every_key_and_no_other(result):
    """The keys are the published ones, in their order."""
    for record in result:
        assert tuple(record) == KEYS
        assert record["status"] in STATUSES


def test_every_column_is_filled_for_some_method(result):
    """Of a timed comparison no column stays empty; `reason` is empty because all is well."""
    empty = [key for key in KEYS if all(record[key] is None for record in result)]
    assert not empty
    assert [record["reason"] for record in result] == [""] * len(result)


def test_every_method_is_as_accurate_as_its_theory(result):
    """The statuses are ok; exact methods are within 4 units of round-off per operation of the published digits."""
    assert {record["method"]: record["status"] for record in result} == {r["method"]: "ok" for r in result}
    for method in ("symbolic", "complex-step", "forward", "reverse"):
        # 4 ULP-or-condition units: the condition of both entries is below 8
        np.testing.assert_allclose(result[method]["gradient"], EXACT, rtol=4 * 8 * EPS)


def test_the_reference_is_the_published_gradient(result):
    """The certified entries, rounded to float64, are the 50-digit ones so rounded."""
    assert result.reference.gradient == EXACT


def test_times_are_consistent(result):
    """Minimum, median and samples of one timing agree, and the cost is the ratio to one value."""
    costs = [record["median_s"] / record["gradient_to_value"] for record in result]
    for record in result:
        assert 0 < record["min_s"] <= record["median_s"]
        assert 1 <= record["rounds"] <= QUICK.rounds
        # all ratios have the same denominator, the median time of the function itself, to rounding
        assert record["median_s"] / record["gradient_to_value"] == pytest.approx(costs[0], rel=4 * EPS)


def test_without_times_the_times_are_none():
    """`time=False` measures no steady state and no memory; the stages of preparing are still there."""
    record = dc.compare("x*y", (2.0, 3.0), "central-difference", time=False)["central-difference"]
    assert all(
        record[key] is None for key in ("median_s", "min_s", "iqr_s", "rounds", "peak_bytes", "break_even_calls")
    )
    assert record["first_s"] > 0 and record["trace_s"] > 0


def test_a_method_with_options_is_taken_as_it_is():
    """A method object of higher order has a smaller error than its name's default."""
    methods = ["central-difference", FiniteDifference("central", order=6)]
    plain, high = dc.compare("exp(x)", (1.0,), methods, time=False)
    assert high["evaluations"] == 3 * plain["evaluations"]
    assert high["rel_error"] < plain["rel_error"]


def test_an_unknown_method_is_the_callers_mistake():
    """A misspelt name raises and shows the nearest one."""
    with pytest.raises(UnknownNameError, match="reverse"):
        dc.compare("x", (1.0,), ["revers"])


def test_a_method_that_cannot_run_here_is_a_row():
    """A known method without its package is skipped, with the reason."""
    name, reason = next((name, why) for name, (can, why) in dc.methods.available().items() if not can)
    record = dc.compare("x", (1.0,), [name], time=False)[name]
    assert record["status"] == "skipped" and reason in record["reason"]


class Broken:
    """A method whose call fails: at the first, or at a later one."""

    name = "broken"
    needs_graph = False

    def __init__(self, fail_at):
        self.fail_at, self.calls = fail_at, 0

    def prepare(self, target, wrt):
        def value_and_gradient(*args):
            self.calls += 1
            if self.calls >= self.fail_at:
                raise ZeroDivisionError("in the method")
            return 1.0, (1.0,)

        return Prepared("broken", lambda *args: 1.0, value_and_gradient)


def test_a_method_that_raises_is_a_failed_row():
    """Its exception is the reason, and the others are compared."""
    result = dc.compare("x", (1.0,), [Broken(1), "central-difference"], budget=QUICK)
    assert result["broken"]["status"] == "failed" and "ZeroDivisionError: in the method" in result["broken"]["reason"]
    assert result["central-difference"]["status"] == "ok"


def test_a_method_that_fails_while_it_is_timed_is_a_failed_row():
    """A failure of a repeated call is told as such."""
    result = dc.compare("x", (1.0,), [Broken(4), "central-difference"], budget=QUICK)
    assert result["broken"]["status"] == "failed" and "repeated call" in result["broken"]["reason"]
    assert result["central-difference"]["median_s"] > 0


class Wrong:
    """Reverse mode whose derivative is off by a factor."""

    name = "wrong"
    needs_graph = True

    def __init__(self, factor):
        self.factor = factor

    def prepare(self, target, wrt):
        return Prepared("wrong", lambda x: math.sin(x), lambda x: (math.sin(x), (self.factor * math.cos(x),)))


@pytest.mark.parametrize(("factor", "status"), [(1.0, "ok"), (1.001, "inaccurate"), (1.0 + 64 * EPS, "inaccurate")])
def test_a_wrong_derivative_is_inaccurate(factor, status):
    """0.1 % is inaccurate, and so are 64 units of round-off in one operation; the right formula is ok."""
    record = dc.compare("sin(x)", (1.0,), [Wrong(factor)], time=False)["wrong"]
    assert record["status"] == status
    assert ("condition" in record["reason"]) == (status == "inaccurate")


def test_differences_that_miss_the_scale_are_inaccurate():
    """sin(1000 x) changes over a thousandth of what x = 0.7 suggests; with that length given, all is well."""
    methods = ["central-difference", FiniteDifference("central", typical=1e-3)]
    unaware, aware = dc.compare("sin(1000*x)", (0.7,), methods, time=False)
    assert unaware["status"] == "inaccurate" and "typical" in unaware["reason"]
    assert aware["status"] == "ok"


def test_a_point_outside_the_domain_says_so_and_where():
    """log(-1) is nan: each record fails and names the node, and there is no reference."""
    result = dc.compare("y*log(x)", {"x": -1.0, "y": 2.0}, ["central-difference", "complex-step"], time=False)
    assert result.reference is None
    for record in result:
        assert record["status"] == "failed"
        assert "nan" in record["reason"] and "log(" in record["reason"] and "-1.0" in record["reason"]
    assert "log(" in str(result)


def test_an_infinite_value_says_so_and_where():
    """exp(1000) overflows: the record names the node."""
    record = dc.compare("exp(x)", (1000.0,), "central-difference", time=False)["central-difference"]
    assert record["status"] == "failed" and "exp(" in record["reason"] and "infinite" in record["reason"]


def test_a_function_that_cannot_be_traced_is_compared_by_its_values():
    """Graph methods are skipped with the reason, numerical ones run; without a reference errors are None."""
    result = dc.compare(lambda x: math.exp(x), at=1.0, time=False)
    assert {r["method"] for r in result if r["status"] == "ok"} == set(VALUES_ONLY)
    assert result["reverse"]["status"] == "skipped" and "trace" in result["reverse"]["reason"]
    central = result["central-difference"]
    assert central["rel_error"] is None and "not checked" in central["reason"]
    # h**2 / 6 exp(1) + EPS exp(1) / h at h = EPS**(1/3), twice
    assert central["gradient"] == pytest.approx(math.e, rel=2 * EPS ** (2 / 3))
    assert "cannot be traced" in str(result)


def test_arguments_may_be_named_in_any_order():
    """A dict gives the point by name; a missing or foreign name is an error that lists it."""
    record = dc.compare("x - 2*y", {"y": 1.0, "x": 0.0}, "central-difference", time=False)["central-difference"]
    # linear: only round-off, EPS |values| / h
    np.testing.assert_allclose(record["gradient"], (1.0, -2.0), rtol=EPS ** (2 / 3))
    with pytest.raises(ShapeError, match="lacks y and names z"):
        dc.compare("x - 2*y", {"x": 0.0, "z": 1.0})


def test_the_gradient_has_the_form_that_wrt_asks_for():
    """An integer gives an array or float, a tuple a tuple, None a tuple where there are several arguments."""

    def form(wrt):
        return dc.compare("x*y", (2.0, 3.0), "complex-step", wrt=wrt, time=False)["complex-step"]["gradient"]

    assert (form(None), form(1), form((1,))) == ((3.0, 2.0), 2.0, (2.0,))


def test_size_counts_the_differentiated_entries():
    """Data does not count, and the worst entry is named with its index."""
    x, w = np.arange(3.0), np.ones(3)
    record = dc.compare(lambda x, w: np.sum(w * x**3), (x, w), "central-difference", 0, time=False)[
        "central-difference"
    ]
    assert record["size"] == 3 and record["dtype"] == "float64"
    assert record["worst_entry"] in ("x[0]", "x[1]", "x[2]")


def test_float32_is_judged_as_float32():
    """In float32 the exact method is ok with an error of the order of float32's round-off."""
    x = np.linspace(0.1, 1.0, 4, dtype=np.float32)
    record = dc.compare(lambda x: np.sum(np.sin(x)), x, "forward", time=False)["forward"]
    assert (record["dtype"], record["status"]) == ("float32", "ok")


def test_a_problem_brings_its_own_point_and_arguments():
    """A benchmark problem is compared at its first size by default, and at the one that is asked for."""
    problem = dc.problems.get("rosenbrock")
    record = dc.compare(problem, methods="central-difference", time=False)["central-difference"]
    assert record["problem"] == "rosenbrock" and record["size"] == problem.inputs(problem.sizes[0])
    assert dc.compare(problem, methods="central-difference", size=3, time=False).records[0]["size"] == 3


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: dc.compare("x"), OptionError, "point is missing"),
        (lambda: dc.compare("x", (1.0,), size=3), OptionError, "benchmark problem"),
        (lambda: dc.compare(lambda x: x * 2, np.ones(3)), ShapeError, "scalar output"),
        (lambda: dc.compare(lambda x: [math.sin(v) for v in x], np.ones(3)), ShapeError, "scalar output"),
        (lambda: dc.compare(lambda: 1.0, ()), ShapeError, "no argument"),
        (lambda: dc.compare(lambda x, y: x * y, (1.0,)), ShapeError, "1 argument"),
    ],
)
def test_mistakes_of_the_caller_raise(call, error, words):
    """What is wrong with the question, not with a method, is an error that names it."""
    with pytest.raises(error, match=words):
        call()


def test_an_error_of_the_function_itself_is_shown():
    """A function that fails on numbers too raises its own error."""
    with pytest.raises(KeyError, match="missing"):
        dc.compare(lambda x: {"there": x}["missing"], at=1.0)


def test_peak_memory_is_that_of_one_call():
    """A call that makes an array of 800 kB peaks above that, and tracing is left off."""
    assert 800_000 <= peak_bytes(lambda: np.ones(100_000)) < 900_000
    assert not tracemalloc.is_tracing()


def test_records_name_the_processor_and_not_the_host(result):
    """`host` is one line on the processor."""
    assert result.records[0]["host"] == result.environment.host
