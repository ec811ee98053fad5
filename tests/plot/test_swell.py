"""The picture of expression swell."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import diffcompare as dc


def test_forms_with_equal_counts_share_a_line():
    """Each line has one label inside the figure; counts are on a logarithmic axis."""
    figure = dc.expression_swell("4*x*(1-x)", iterate=range(2, 5)).plot()
    (axes,) = figure.axes
    labels = " = ".join(text.get_text() for text in axes.texts)
    figure.canvas.draw()
    assert axes.get_yscale() == "log" and len(axes.lines) == len(axes.texts)
    assert "forward tape = reverse tape" in labels and "derivative, factored" in labels
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    plt.close(figure)


def test_a_label_of_many_forms_stays_short():
    """Forms of one kind with equal counts have the kind in the label once, and the label stays in the figure."""

    def product(n):
        return dc.Function(lambda *x: np.prod(np.stack(x)), names=[f"x{i}" for i in range(n)])

    figure = dc.expression_swell(product, sizes=(2, 4)).plot()
    (axes,) = figure.axes
    figure.canvas.draw()
    assert "derivative = expanded = Horner = factored" in [text.get_text() for text in axes.texts]
    assert all(Text.get_window_extent(text).x1 <= figure.bbox.x1 for text in axes.texts)
    plt.close(figure)


def test_a_single_function_is_drawn_as_bars():
    """One bar a form, in the axes that are given."""
    axes = plt.subplots()[1]
    figure = dc.expression_swell("x*exp(x)").plot(axes)
    assert figure is axes.get_figure(root=True)
    assert {bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)} >= {
        2.0
    }  # x*exp(x) is a product and an exponential
    plt.close(figure)
