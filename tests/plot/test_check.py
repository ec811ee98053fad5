"""The picture of a check: remainders against steps, slopes, and the verdict."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

import diffcompare as dc

X = np.random.default_rng(0).standard_normal(8)


def check(factor=1.0):
    return dc.check_gradient(lambda x: np.sum(np.sin(x)), lambda x: factor * np.cos(x), X)


def texts(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_points_are_the_remainders(axes):
    """Step across, remainder over the size of the derivative upward; the first direction is among the lines."""
    found = check()
    assert found.plot(axes) is axes.get_figure()
    first = found.tests[0]
    drawn = [line for line in axes.get_lines() if len(line.get_xdata()) == len(first.steps)]
    wanted = np.abs(first.remainders) / first.size
    assert any(
        np.allclose(line.get_ydata(), wanted, rtol=1e-12, atol=1e-20) for line in drawn
    )  # rounding of one division


def test_a_correct_gradient_shows_slope_two(axes):
    """A guide of slope 2, and no level of an error."""
    check().plot(axes)
    names = texts(axes)
    assert "slope 2: a correct gradient" in names and "slope 0: its error" not in names and "noise of f" in names
    guide = next(line for line in axes.get_lines() if line.get_label().startswith("slope 2"))
    x, y = np.log(guide.get_xdata()), np.log(guide.get_ydata())
    assert np.polyfit(x, y, 1)[0] == pytest.approx(2.0, rel=1e-9)  # a straight line, to rounding


def test_a_wrong_gradient_shows_its_level_and_fault(axes):
    """The title names both."""
    check(2.0).plot(axes)
    assert "slope 0: its error" in texts(axes)
    assert "wrong" in axes.get_title(loc="left") and "twice the right one" in axes.get_title(loc="left")


def test_a_kink_shows_one_sided_quotients(axes):
    """Their difference stays level."""
    dc.check_gradient(lambda x: np.sum(np.abs(x)), np.sign, np.array([1.0, 0.0])).plot(axes)
    assert "forward quotient − backward quotient" in axes.get_ylabel() and "kink" in axes.get_title(loc="left")


def test_without_axes_a_figure_is_made(tmp_path):
    """And can be saved."""
    figure = check().plot()
    figure.savefig(tmp_path / "check.svg")
    assert (tmp_path / "check.svg").read_text(encoding="utf-8").count("<path") > 10
    plt.close(figure)


def test_nothing_beside_the_point_is_said(axes):
    """A function with a value at one point only."""
    dc.check_gradient(lambda x: 1.0 if x == 0.5 else np.nan, lambda x: 0.0, 0.5).plot(axes)
    assert any("no values beside the point" in text.get_text() for text in axes.texts)
