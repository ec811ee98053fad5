"""Figures of this folder: lines over logarithmic axes, and bars; as SVG without a date, so that equal runs agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

COLOURS = ("#0b6e99", "#c2410c", "#4d7c0f", "#7c3aed", "#a16207")
MARKERS = ("o", "s", "^", "D", "v")
Line = Sequence[tuple[float, float]]


def panels(count: int) -> tuple[Any, Sequence[Any]]:
    """A figure with `count` panels in a row."""
    figure = Figure(figsize=(5.6 * count, 4.2), layout="constrained")  # opens no window
    return figure, figure.subplots(1, count, squeeze=False)[0]


def lines(axis: Any, title: str, across: str, upward: str, series: Mapping[str, Line]) -> None:
    """Draw series over logarithmic axes, each named at its last point.

    Parameters
    ----------
    axis : matplotlib axes
        The panel.
    title, across, upward : str
        Texts; the axes' with units.
    series : mapping of str to sequence of pairs
        Points (x, y), in the order in which they are joined.
    """
    for (name, points), colour, marker in zip(series.items(), COLOURS, MARKERS, strict=False):
        axis.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=4.5, linewidth=1.6, label=name)
    axis.set(xscale="log", yscale="log", title=title, xlabel=across, ylabel=upward)
    axis.grid(True, which="major", color="#d4d4d4", linewidth=0.6)
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)


def bars(axis: Any, title: str, across: str, groups: Sequence[str], series: Mapping[str, Sequence[float]]) -> None:
    """Draw horizontal bars, one group a row and one bar a series, with its number at its end.

    Parameters
    ----------
    axis : matplotlib axes
        The panel.
    title, across : str
        Texts; the axis's with its unit.
    groups : sequence of str
        Names of the rows, the first on top.
    series : mapping of str to sequence of float
        One number a group.
    """
    height = 0.8 / len(series)
    for number, ((name, values), colour) in enumerate(zip(series.items(), COLOURS, strict=False)):
        places = [row + (number - (len(series) - 1) / 2) * height for row in range(len(groups))]
        drawn = axis.barh(places, values, height * 0.92, color=colour, label=name)
        axis.bar_label(drawn, fmt="%.2f", padding=3, fontsize=7)
    axis.set(title=title, xlabel=across, yticks=range(len(groups)), yticklabels=groups)
    axis.invert_yaxis()
    axis.margins(x=0.12)
    axis.legend(frameon=False, loc="best")
    axis.spines[["top", "right"]].set_visible(False)


def write(figure: Any, path: Path) -> None:
    """Save, as SVG by its suffix; no date and fixed names inside, so that equal figures are equal files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "diffcompare"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
