"""The plot of error against step."""

from __future__ import annotations

import matplotlib
import pytest

matplotlib.use("Agg")

from matplotlib.figure import Figure

import diffcompare as dc
from diffcompare.errors import OptionError
from diffcompare.plot.step_sweep import apart


@pytest.fixture(scope="module")
def sweep():
    return dc.sweep_steps("exp(x)", 0.3)


@pytest.fixture(scope="module")
def figure(sweep):
    import matplotlib.pyplot as plt

    made = sweep.plot()
    made.canvas.draw()
    yield made
    plt.close(made)


def test_a_panel_for_each_type_with_logarithmic_axes(figure):
    """Both data types have a panel, named in it; both axes are logarithmic and say what they show."""
    assert isinstance(figure, Figure) and len(figure.axes) == 2
    for axes, dtype in zip(figure.axes, ("float64", "float32"), strict=True):
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert "step h" in axes.get_xlabel() and dtype in [text.get_text() for text in axes.texts]
    assert "error" in figure.axes[0].get_ylabel()


def test_every_measured_point_lies_inside(figure, sweep):
    """Each ok record is a point of its method's colour between the limits; an error of zero too."""
    for axes, dtype in zip(figure.axes, sweep.dtypes, strict=True):
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        drawn = {(x, y) for line in axes.lines for x, y in zip(*line.get_data(), strict=True) if left < x < right}
        for record in sweep.records:
            if record["dtype"] == dtype and record["status"] == "ok":
                assert left < record["step"] < right and record["error"] < top
                assert any(x == record["step"] and y == record["error"] for x, y in drawn) or record["error"] == 0
        assert bottom > 0


def test_theory_is_dashed_and_the_optimum_a_star(figure, sweep):
    """Each method has dashed lines, and one star at its predicted optimum."""
    axes = figure.axes[0]
    stars = {tuple(float(v[0]) for v in line.get_data()) for line in axes.lines if line.get_marker() == "*"}
    predicted = {
        (s["predicted_step"], s["predicted_error"]) for s in sweep.summaries if s["dtype"] == "float64"
    }  # fmt: skip
    assert stars == predicted
    # Two for each formula, one for Richardson extrapolation, whose order adapts.
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert len(dashed) == 2 * 6 + 1


def test_libraries_are_named_and_apart(figure):
    """Every library has its name above, none over another, all within the figure."""
    for axes in figure.axes:
        labels = [text for text in axes.texts if text.get_rotation()]
        named = ", ".join(text.get_text() for text in labels)
        for library in ("SciPy 2-point", "JAX check_grads", "PyTorch gradcheck", "MiniTorch", "scipy.differentiate"):
            assert library in named
        for text in labels:
            box = text.get_window_extent()
            assert figure.bbox.y1 >= box.y1 and figure.bbox.x1 >= box.x1


def test_places_move_apart_as_little_as_needed():
    """Neighbours come to lie the distance apart about their mean; those far enough stay."""
    assert apart([0.0, 10.0, 12.0], 4.0) == [0.0, 9.0, 13.0]
    assert apart([1.0, 1.0, 1.0], 2.0) == [-1.0, 1.0, 3.0]


def test_the_plot_goes_into_given_axes(sweep):
    """With axes of the caller's the figure is theirs; there must be one a data type."""
    figure = Figure()
    assert sweep.plot(figure.subplots(1, 2)) is figure
    with pytest.raises(OptionError, match="1 axes for 2 data types"):
        sweep.plot(Figure().add_subplot())


def test_a_sweep_without_errors_is_drawn():
    """Where no method ran, the panel is empty but for its name."""
    sweep = dc.sweep_steps("floor(x)*x", 1.5, methods="complex-step", dtypes="float64", steps=[0.1])
    figure = Figure()
    sweep.plot(figure.add_subplot()).canvas.draw()
    assert not [line for line in figure.axes[0].lines if line.get_marker() == "X"]


def test_an_error_of_zero_lies_on_a_line_named_zero():
    """Exact differences of a line have errors of zero, which a logarithm cannot show."""
    sweep = dc.sweep_steps("3*x", 1.0, methods="central-difference", dtypes="float64", steps=[0.25, 1e-5])
    figure = Figure()
    sweep.plot(figure.add_subplot()).canvas.draw()
    assert "0" in [label.get_text() for label in figure.axes[0].get_yticklabels()]
