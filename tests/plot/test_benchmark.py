"""Pictures of runs, and the numbers behind them, on a run made by hand."""

from __future__ import annotations

import math

import matplotlib
import pytest

matplotlib.use("Agg")

from matplotlib.figure import Figure

from diffcompare.bench.results import BenchmarkRun
from diffcompare.errors import OptionError
from diffcompare.plot.benchmark import PICTURES, pictures_of, plot_benchmark
from diffcompare.plot.benchmark_numbers import BEHIND, numbers_behind, profile_lines
from diffcompare.plot.profiles import exponent, variants
from tests.plot.runs_by_hand import run_by_hand

NAMES = {"a": "reverse", "b": "central-difference", "b (order=4)": "central-difference (order=4)"}


@pytest.fixture
def run():
    return run_by_hand(NAMES)


def drawn(run, kind, **options):
    figure = Figure(figsize=(8.4, 4.8), layout="constrained")
    axes = figure.add_subplot()
    plot_benchmark(run, kind, axes, **options)
    figure.savefig("/dev/null", format="svg")
    return axes


@pytest.mark.parametrize("kind", PICTURES)
def test_every_picture_is_drawn_with_units_and_a_title(run, kind):
    axes = drawn(run, kind)
    assert axes.get_title(loc="left")
    assert any(unit in axes.get_xlabel() + axes.get_ylabel() for unit in ("[1]", "[s]"))


@pytest.mark.parametrize("kind", PICTURES)
def test_the_legend_lies_inside_the_picture_and_beside_the_axes(run, kind):
    axes = drawn(run, kind)
    legend = axes.get_legend()
    if legend is not None:
        box, figure = legend.get_window_extent(), axes.get_figure().bbox
        assert box.x0 > axes.get_window_extent().x1 and box.x1 <= figure.x1 + 1 and box.y0 >= figure.y0 - 1


def test_every_picture_has_its_numbers():
    assert BEHIND.keys() == PICTURES.keys()


def test_profile_of_three_methods(run):
    """Fastest of sound ones: reverse, tied, reverse (8 µs is second), central; a wrong result solves nothing."""
    lines = profile_lines(run)
    assert lines["reverse"] == ([1.0, 1.0, 1.0, 1.0, 3.0, 1e4], [0.0, 0.25, 0.5, 0.75, 1.0, 1.0])
    assert lines["central-difference"] == ([1.0, 1.0, 1.0, 2.0, 1e4], [0.0, 0.25, 0.5, 0.75, 0.75])
    row = dict(
        zip(numbers_behind(run, "profile").columns, numbers_behind(run, "profile").of("reverse")[0], strict=True)
    )
    assert row["within 1 × [share]"] == 0.75 and row["within 5 × [share]"] == 1.0


def test_growth_has_the_exponents_of_the_times(run):
    """1 µs to 10 µs over a decade of sizes is an exponent of 1; 2 µs to 10 µs is log10(5)."""
    found = {row[0]: row[4] for row in numbers_behind(run, "scaling").rows}
    # The logarithms of both ends are rounded once each, and divided by a difference of 1 decade.
    assert found["reverse"] == pytest.approx(1.0, abs=1e-14)
    assert found["central-difference"] == pytest.approx(math.log10(5.0), abs=1e-14)
    assert found["central-difference (order=4)"] is None
    assert "line" in drawn(run, "scaling").get_title(loc="left")
    assert exponent([10.0], [1.0]) is None and exponent([], []) is None and exponent([5, 5], [1.0, 2.0]) is None


def test_work_is_counted_in_gradients_by_hand(run):
    rows = {(row[0], row[2]): row[5:] for row in numbers_behind(run, "work-precision").rows}
    assert rows["reverse", "10"] == (0.5, 1e-16) and rows["central-difference", "3"] == (0.5, 1e-8)
    assert ("central-difference (order=4)", "100") not in rows


def test_orders_of_one_method_are_joined_by_a_line(run):
    axes = drawn(run, "work-precision")
    (line,) = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2]
    assert line.get_label() == "central-difference"
    # Geometric means of the times over 2 µs: (1, 5, 0.5, 1) and (4, 4, 10).
    assert line.get_xdata() == pytest.approx([2.5**0.25, 160.0 ** (1 / 3)], rel=1e-14)
    assert {text.get_text() for text in axes.texts} == {"2", "4"}


def test_an_error_of_zero_is_drawn_and_labelled(run):
    axes = drawn(run, "work-precision")
    assert "0" in [label.get_text() for label in axes.get_yticklabels()]
    assert axes.get_ylim()[0] < 1e-18


def test_variants_are_in_the_order_of_their_option():
    labels = ["reverse", "richardson (step=0.1)", "richardson (step=0.001)", "forward", "forward (level=2)"]
    assert variants(labels) == {
        "richardson": [("richardson (step=0.001)", "step 0.001"), ("richardson (step=0.1)", "step 0.1")]
    }
    assert variants(["central-difference (order=4)", "central-difference (order=4, step=0.1)"]) == {}


def test_cost_is_the_geometric_mean_over_the_value(run):
    (row,) = numbers_behind(run, "ratio").of("reverse")
    # 1, 10, 4 and 6 values: the fourth root of 240. Each ratio and logarithm is rounded.
    assert list(row[1:]) == pytest.approx([4, 1.0, 240.0**0.25, 10.0], rel=1e-14)


def test_break_even_takes_the_largest_case_or_the_one_asked_for(run):
    assert "line (100)" in drawn(run, "break-even").get_title(loc="left")
    assert numbers_behind(run, "break-even", problem="curve", point="3").of("reverse")[0][1:3] == (2e-3, 4e-6)
    with pytest.raises(OptionError, match="timed no case"):
        drawn(run, "break-even", problem="absent")


def test_a_run_without_times_has_no_pictures():
    empty = BenchmarkRun("made", {}, "2026-01-01T00:00:00+00:00")
    assert list(pictures_of(empty)) == []
    with pytest.raises(OptionError, match="nothing to draw"):
        empty.plot()


def test_a_picture_that_does_not_exist_is_refused_with_those_that_do(run):
    for call in (run.plot, lambda kind: numbers_behind(run, kind)):
        with pytest.raises(OptionError, match="work-precision"):
            call("pie")


def test_growth_needs_two_sizes(run):
    run.records = [r for r in run.records if r["point"] in ("10", "3")]
    run.samples, run.loops = run.samples[: len(run.records)], run.loops[: len(run.records)]
    assert "scaling" not in pictures_of(run)
    with pytest.raises(OptionError, match="two sizes"):
        drawn(run, "scaling")


def test_no_two_of_thirty_methods_have_the_same_line():
    from diffcompare.plot.benchmark import line_of

    looks = [tuple(str(part) for part in line_of(number).values()) for number in range(30)]
    assert len(set(looks)) == 30
