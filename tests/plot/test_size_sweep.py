"""The picture of a sweep over sizes."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

import diffcompare as dc
from diffcompare.analysis.timing import Budget


def test_three_panels_with_units():
    """Time, error and cost have logarithmic axes with units, a line a method, and a legend with exponents."""
    budget = Budget(sample_s=1e-4, rounds=2, each_s=0.01, least_rounds=1)
    figure = dc.sweep_sizes("rosenbrock", [2, 4, 8], ["reverse", "central-difference"], budget=budget).plot()
    assert len(figure.axes) == 3
    for axes, unit in zip(figure.axes, ("[s]", "[1]", "[1]"), strict=True):
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert unit in axes.get_ylabel()
        assert sum(line.get_marker() != "None" and len(line.get_xdata()) == 3 for line in axes.lines) >= 2
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert [label.split(":")[0] for label in labels] == ["reverse", "central-difference"]
    assert all("size$^{" in label for label in labels)
    plt.close(figure)
