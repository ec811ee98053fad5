"""The picture of trainings with different gradients."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc

OPTIONS = {"optimizer": "gradient_descent", "learning_rate": 0.3, "steps": 60}


def half_square(x):
    return 0.5 * np.sum(x * x)


def test_the_third_panel_shows_the_floor_of_each_step():
    """True norms of forward differences lie on sqrt(n) h / 2; exact methods share one labelled line."""
    steps = [1e-1, 1e-2, 1e-3]
    result = dc.compare_training(
        half_square, np.ones(4), methods=["reverse", "symbolic", "forward-difference"], step_sizes=steps, **OPTIONS
    )
    figure = result.plot()
    losses, seconds, floors = figure.axes
    assert losses.get_xlabel() == "steps" and seconds.get_xlabel() == "time [s]"
    assert len(losses.lines) == len(seconds.lines) == 5
    # Above the least, 0, the forward difference stops at n (h/2)**2 / 2; h = 0.1, n = 4
    stopped = next(line for line in losses.lines if line.get_label() == "forward-difference, h = 0.1")
    np.testing.assert_allclose(np.asarray(stopped.get_ydata())[-1], 0.005, rtol=1e-5)
    line = next(line for line in floors.lines if line.get_label() == "forward-difference")
    np.testing.assert_allclose(np.asarray(line.get_xdata()), steps[::-1])
    # 0.7**60 of the start, 5e-10, is left
    np.testing.assert_allclose(np.asarray(line.get_ydata()), steps[::-1], rtol=1e-5)
    assert [text.get_text() for text in floors.texts if text.get_text() != "0"] == ["reverse = symbolic"]
    plt.close(figure)


def test_without_steps_there_are_two_panels_and_a_target_is_a_line():
    result = dc.compare_training(half_square, np.ones(4), target=0.1, **OPTIONS)
    figure = result.plot()
    assert len(figure.axes) == 2
    assert any(np.asarray(line.get_ydata())[0] == 0.1 for line in figure.axes[0].lines)
    plt.close(figure)
