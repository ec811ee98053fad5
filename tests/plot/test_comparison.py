"""The plot of error against time."""

from __future__ import annotations

import matplotlib
import pytest

matplotlib.use("Agg")

from matplotlib.figure import Figure

from diffcompare.plot.comparison import ZERO_AT, look
from tests.analysis.records_by_hand import CONTENDERS, comparison


@pytest.fixture
def figure():
    import matplotlib.pyplot as plt

    made = comparison().plot()
    made.canvas.draw()
    yield made
    plt.close(made)


def test_the_plot_is_a_figure_with_logarithmic_axes(figure):
    """Both axes are logarithmic and name their units."""
    (axes,) = figure.axes
    assert isinstance(figure, Figure)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert "[1]" in axes.get_xlabel() and "[s]" in axes.get_ylabel()


def test_every_measured_method_is_a_labelled_point_inside(figure):
    """Each has a label and lies within the axes, an error of zero too; the others are named above."""
    (axes,) = figure.axes
    assert {text.get_text() for text in axes.texts} == set(CONTENDERS)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for rel_error, median, *_ in CONTENDERS.values():
        assert left < max(rel_error, ZERO_AT) < right and bottom < median < top
    assert "not shown: cuda, <peer>" in axes.get_title(loc="left")


def test_no_label_lies_on_another(figure):
    """The boxes of the labels are apart, and inside the figure."""
    (axes,) = figure.axes
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(figure.bbox.x0 <= b.x0 and b.x1 <= figure.bbox.x1 for b in boxes)


def test_without_times_the_errors_are_shown():
    """One line a method, without an axis of time."""
    result = comparison()
    for record in result:
        record["median_s"] = None
    (axes,) = result.plot().axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CONTENDERS)


def test_without_errors_the_plot_says_why():
    """A comparison without a reference gives a figure that tells the reason."""
    result = comparison()
    for record in result:
        record["rel_error"] = None
    (axes,) = result.plot().axes
    assert "No errors to show" in axes.texts[0].get_text()


def test_the_plot_goes_into_given_axes():
    """With axes of the caller's, the figure is theirs."""
    figure = Figure()
    axes = figure.add_subplot()
    assert comparison().plot(axes) is figure


def test_no_two_methods_look_alike():
    """Colours and markers together tell twenty methods apart."""
    looks = [tuple(look(i).values()) for i in range(20)]
    assert len(set(looks)) == 20
