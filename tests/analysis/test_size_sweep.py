"""Sweeps over sizes: records, exponents, what is skipped, and what errors are measured against."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.agreement import agree
from diffcompare.analysis.growth import fit_growth
from diffcompare.analysis.records import KEYS, new_record
from diffcompare.analysis.timing import Budget
from diffcompare.errors import OptionError, UnknownNameError

QUICK = Budget(sample_s=1e-4, rounds=2, each_s=0.01, least_rounds=1)
METHODS = ["reverse", "forward", "central-difference"]
EPS = float(np.finfo(np.float64).eps)


@pytest.fixture(scope="module")
def sweep():
    return dc.sweep_sizes("rosenbrock", [2, 4, 8], METHODS, budget=QUICK)


def test_there_is_a_record_for_each_size_and_method(sweep):
    """In the order of sizes, with the published keys; `point` is the size asked for, `size` counts entries."""
    assert [(r["size"], r["method"]) for r in sweep.records] == [(n, m) for n in (2, 4, 8) for m in METHODS]
    assert all(tuple(record) == KEYS for record in sweep.records)
    assert {record["problem"] for record in sweep.records} == {"rosenbrock"}
    assert [record["point"] for record in sweep["reverse"]] == ["2", "4", "8"]
    assert sweep.entries == (2, 4, 8) and sweep.methods == tuple(METHODS)


def test_errors_are_certified_where_that_is_affordable(sweep):
    """Rosenbrock's gradients are exact to rounding by reverse mode, to truncation by differences."""
    assert all("certified digits" in text for text in sweep.against.values())
    for record in sweep["reverse"]:
        assert record["rel_error"] <= 8 * EPS  # five operations an entry, condition about 1 at 1.2
    for record in sweep["central-difference"]:
        assert (
            0 < record["rel_error"] < 1e-6
        )  # EPS**(2/3) times the third derivative over the first, which is below 1e4


def test_times_and_costs_are_filled(sweep):
    """Every record that ran has a median, a minimum, a spread, and its cost in values."""
    for record in sweep.records:
        assert record["status"] == "ok"
        assert 0 < record["min_s"] <= record["median_s"] and record["iqr_s"] >= 0 and record["gradient_to_value"] > 0


def test_a_power_law_is_fitted_exactly():
    """Measurements on 3 n**1.5 have exponent 1.5 and no uncertainty; small sizes that do not fit are left out."""
    sizes = [1, 2, 10, 100, 1000, 10_000]
    growth = fit_growth(sizes, [5.0, 5.0, *(3 * n**1.5 for n in sizes[2:])])
    assert growth.sizes == (100.0, 1000.0, 10_000.0)  # the upper half
    assert math.isclose(growth.exponent, 1.5, rel_tol=1e-9)
    assert growth.uncertainty < 1e-9
    assert math.isclose(growth.at(400.0), 3 * 400.0**1.5, rel_tol=1e-9)


def test_the_uncertainty_of_a_slope_by_hand():
    """Logarithms 0, 1, 0 at log sizes 0, 1, 2: slope 0, residuals -1/3, 2/3, -1/3, standard error sqrt(2/3 / 2)."""
    growth = fit_growth([1, math.e, math.e**2], [1.0, math.e, 1.0])
    assert math.isclose(growth.exponent, 0.0, abs_tol=1e-12)
    assert math.isclose(growth.uncertainty, math.sqrt((6 / 9) / 1 / 2), rel_tol=1e-9)


def test_what_has_no_logarithm_is_not_fitted():
    """Zeros, None and infinities are left out, and one measurement has no slope."""
    assert fit_growth([1, 2, 4], [0.0, None, 1.0]) is None
    assert fit_growth([1, 2, 4, 8], [math.inf, 1.0, 2.0, math.nan]).sizes == (2.0, 4.0)
    assert math.isnan(fit_growth([1, 2], [1.0, 2.0]).uncertainty)


def test_what_would_take_too_long_is_skipped():
    """A limit that the first size already exceeds leaves rows that say so."""
    sweep = dc.sweep_sizes("rosenbrock", [2, 4000], ["complex-step"], budget=QUICK, most_s=1e-6)
    first, second = sweep.records
    assert (first["status"], second["status"]) == ("ok", "skipped")
    assert "at size 2" in second["reason"] and second["median_s"] is None
    assert "complex-step skipped at 4000" in str(sweep)


def test_a_method_that_refuses_is_skipped_in_its_own_words():
    """The symbolic method's limit of operations is its reason."""
    (record,) = dc.sweep_sizes("logistic-map-chaos", [50], ["symbolic"], budget=QUICK).records
    assert record["status"] == "skipped" and "100000" in record["reason"]


def test_without_certification_errors_are_against_agreement():
    """Where certifying would take too long, the exact methods' median stands in, and every record says so."""
    sweep = dc.sweep_sizes("rosenbrock", [2, 8], METHODS, budget=QUICK, reference_s=1e-9)
    assert "agreement of reverse, forward" in sweep.against[8]
    for record in sweep.records[3:]:
        assert "agreement" in record["reason"] and record["rel_error"] is not None
        assert record["ulp_error"] is None  # ULP are of certified entries alone


def test_agreement_by_hand():
    """Of 1, 3 and 8 the median is 3: errors 2, 0 and 5; a difference has no vote."""

    def record(method, gradient):
        return new_record(method=method, status="ok", gradient=gradient)

    records = [record("a", 1.0), record("b", 3.0), record("c", 8.0), record("forward-difference", 100.0)]
    assert agree(records, "no graph") == "the agreement of a, b, c: no graph"
    assert [r["abs_error"] for r in records] == [2.0, 0.0, 5.0, 97.0]
    assert agree(records[2:], "no graph").startswith("nothing")


def test_a_function_with_points_of_its_own():
    """A callable takes its points from `point`; data type and gradients follow."""
    sweep = dc.sweep_sizes(
        lambda x: np.sum(x**3), [2, 4], ["reverse"], point=lambda n: np.ones(n), dtype=np.float32, budget=QUICK
    )
    assert {record["dtype"] for record in sweep.records} == {"float32"}
    np.testing.assert_array_equal(sweep.records[1]["gradient"], [3.0] * 4)


def test_long_gradients_are_not_kept():
    """Above a thousand entries a record has its errors, not the gradient."""
    (record,) = dc.sweep_sizes(lambda x: np.sum(x**3), [1001], ["reverse"], point=np.ones, budget=QUICK).records
    assert record["gradient"] is None and record["abs_error"] == 0.0


def test_named_sizes_grow_with_their_entries():
    """A problem whose sizes are names is measured against the number of entries."""
    sweep = dc.sweep_sizes("gmm", ["test"], ["reverse"], budget=QUICK)
    assert sweep.axis == (18.0,) and sweep.sizes == ("test",)


def test_faces(sweep):
    """Text, HTML, JSON and pandas show records and exponents."""
    text = str(sweep)
    assert "exponent" in text and "gradient over value" in text and "certified digits" in text
    assert "<table>" in sweep._repr_html_() and "3 sizes" in repr(sweep)
    found = json.loads(sweep.to_json())
    assert len(found["records"]) == 9 and "exponent" in found["exponents"]["reverse"]["time"]
    assert list(sweep.to_pandas()["size"]) == [2, 2, 2, 4, 4, 4, 8, 8, 8]


def test_mistakes_are_told():
    """No point, no size, a problem or a method that does not exist."""
    with pytest.raises(OptionError, match="point"):
        dc.sweep_sizes(np.sum)
    with pytest.raises(OptionError, match="no size"):
        dc.sweep_sizes(np.sum, [], point=np.ones)
    with pytest.raises(UnknownNameError, match="rosenbrock"):
        dc.sweep_sizes("rosenbrok")
    with pytest.raises(UnknownNameError, match="reverse"):
        dc.sweep_sizes("rosenbrock", [2], ["revers"])


def test_no_name_or_number_is_cut_off():
    """With many sizes the lines grow longer; every cell stays whole, and every method has its full name."""
    sizes = list(range(2, 22, 2))
    text = str(dc.sweep_sizes("rosenbrock", sizes, ["central-difference"], budget=QUICK))
    assert "…" not in text and text.count("central-difference") == 3
