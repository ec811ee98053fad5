"""Error against time: one labelled point a method, on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from diffcompare.analysis.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from diffcompare.analysis.comparison import Comparison

# Told apart by colour-blind readers too: Okabe and Ito, "Color Universal Design", 2008,
# https://jfly.uni-koeln.de/color/
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h")
# An error of zero has no logarithm: it is drawn here, left of the smallest that float64 shows (2**-53 is 1.1e-16).
ZERO_AT = 1e-18
LINE = 12.0  # points from one label to the next
Box = tuple[float, float, float, float]  # left, right, bottom, top in points


def plot_comparison(comparison: Comparison, axes: Axes | None = None) -> Figure:
    """Figure of relative error (horizontal) against median time of a call (vertical); without times, errors only.

    Parameters
    ----------
    comparison : Comparison
        What `diffcompare.compare` gave.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure of matplotlib.pyplot.

    Returns
    -------
    matplotlib.figure.Figure
    """
    new = axes is None
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(8.0, 5.0), layout="constrained")[1]
    shown = [r for r in comparison.records if r["rel_error"] is not None and math.isfinite(r["rel_error"])]
    if not shown:
        _nothing(axes, comparison)
    elif comparison.timed:
        _error_against_time(axes, [r for r in shown if r["median_s"] is not None])
    else:
        _errors(axes, shown)
    _title(axes, comparison, shown)
    figure = axes.figure.figure if axes.figure is not None else axes.get_figure(root=True)
    if new:
        leave_to_notebook(figure)
    return figure


def leave_to_notebook(figure: Any) -> None:
    """Where a notebook shows returned figures itself, keep pyplot from showing this one a second time."""
    import matplotlib
    import matplotlib.pyplot as plt

    if "inline" in matplotlib.get_backend().lower():
        plt.close(figure)


def position(record: Record) -> float:
    """Where on the error axis a record stands."""
    return max(float(record["rel_error"]), ZERO_AT)


def look(number: int) -> dict[str, Any]:
    """Colour and marker of the contender with this number; no two of the first 77 are alike."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}


def _error_against_time(axes: Axes, records: Sequence[Record]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for number, record in enumerate(records):
        half = record["iqr_s"] / 2
        hollow: dict[str, Any] = {} if record["status"] == "ok" else {"markerfacecolor": "none"}
        axes.errorbar(
            position(record), record["median_s"], yerr=min(half, record["median_s"] * 0.9), linestyle="none",
            markersize=8, capsize=2, elinewidth=1, **look(number), **hollow,
        )  # fmt: skip
    _limits(axes, records)
    axes.set_ylabel("median time of one gradient [s]")
    axes.grid(True, which="major", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    _labels(axes, records)


def _limits(axes: Axes, records: Sequence[Record]) -> None:
    errors, times = [position(r) for r in records], [r["median_s"] for r in records]
    axes.set_xlim(min(*errors, 1e-17) / 3, max(*errors, 1e-12) * 10)
    # Room for labels on every side, at least a decade in all.
    axes.set_ylim(min(times) / 2.5, max(max(times), 4 * min(times)) * 2.5)
    _error_axis(axes, any(r["rel_error"] == 0 for r in records))


def _error_axis(axes: Axes, zero: bool) -> None:
    import numpy as np
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = np.log10(axes.get_xlim())
    step = max(1, round((high - low) / 8))
    ticks = [10.0**k for k in range(-16, int(high) + 1, step)] + ([ZERO_AT] if zero else [])
    axes.xaxis.set_major_locator(FixedLocator([t for t in ticks if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]))
    axes.xaxis.set_minor_locator(NullLocator())
    power = "$10^{{{}}}$"
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda t, _: "0" if t <= ZERO_AT else power.format(round(np.log10(t))))
    )
    axes.axvline(2.0**-53, color="0.55", linewidth=0.9, linestyle=":", zorder=0)
    axes.set_xlabel(
        "largest relative error of an entry, against the certified gradient [1]\n"
        "(dotted: $2^{-53}$, half a unit in the last place)"
    )


def _labels(axes: Axes, records: Sequence[Record]) -> None:
    """Method names beside their points, moved up or down until none lies on another; a thin line shows whose it is."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    scale = 72.0 / figure.dpi
    figure.draw_without_rendering()  # settles the layout, so that distances on paper are known
    on_paper = [axes.transData.transform((position(r), r["median_s"])) * scale for r in records]
    places = [(float(x), float(y)) for x, y in on_paper]
    box = axes.get_window_extent()
    inside = (box.x0 * scale, box.x1 * scale, box.y0 * scale + 2, box.y1 * scale - 2)
    taken: list[Box] = [(x - 5, x + 5, y - 5, y + 5) for x, y in places]
    for i in sorted(range(len(records)), key=lambda i: -places[i][1]):
        text = records[i]["method"]
        side, shift, room = _free_place(places[i], 5.4 * len(text) + 4, taken, inside)  # for a font of 9 points
        taken.append(room)
        line = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.7, "shrinkB": 4} if abs(shift) > LINE else None
        axes.annotate(
            text, (position(records[i]), records[i]["median_s"]), xytext=(9 * side, shift), textcoords="offset points",
            fontsize=9, va="center", ha="left" if side > 0 else "right", arrowprops=line, color="0.1",
            bbox={"facecolor": axes.get_facecolor(), "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
            zorder=3.5 if line is None else 3.0,
        )  # fmt: skip


def _free_place(place: tuple[float, float], width: float, taken: Sequence[Box], inside: Box) -> tuple[int, float, Box]:
    """Side (1 is right), shift upward in points, and box of a label: the nearest place where nothing else is."""
    x, y = place
    for step in range(41):
        for side in (1, -1):
            for shift in (step * LINE / 2, -step * LINE / 2):
                left = x + 9 if side > 0 else x - 9 - width
                room = (left, left + width, y + shift - LINE / 2, y + shift + LINE / 2)
                if _within(room, inside) and not any(_overlap(room, other) for other in taken):
                    return side, shift, room
    return 1, 0.0, (x + 9, x + 9 + width, y - LINE / 2, y + LINE / 2)


def _within(a: Box, b: Box) -> bool:
    return b[0] <= a[0] and a[1] <= b[1] and b[2] <= a[2] and a[3] <= b[3]


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def _errors(axes: Axes, records: Sequence[Record]) -> None:
    """Errors alone, one line a method, where nothing was timed."""
    axes.set_xscale("log")
    for number, record in enumerate(records):
        filled: dict[str, Any] = {} if record["status"] == "ok" else {"markerfacecolor": "none"}
        axes.plot(position(record), number, linestyle="none", markersize=8, **look(number), **filled)
    errors = [position(r) for r in records]
    axes.set_xlim(min(*errors, 1e-17) / 3, max(*errors, 1e-12) * 10)
    axes.set_yticks(range(len(records)), [r["method"] for r in records])
    axes.set_ylim(len(records) - 0.5, -0.5)
    axes.grid(True, axis="both", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    _error_axis(axes, any(r["rel_error"] == 0 for r in records))


def _nothing(axes: Axes, comparison: Comparison) -> None:
    why = comparison.no_reference or "no method gave a gradient"
    axes.text(0.5, 0.5, f"No errors to show:\n{why}", ha="center", va="center", transform=axes.transAxes, wrap=True)
    axes.set_xticks([])
    axes.set_yticks([])


def _title(axes: Axes, comparison: Comparison, shown: Sequence[Record]) -> None:
    name = comparison.problem if len(comparison.problem) <= 70 else comparison.problem[:67] + "…"
    # A "$" in the name would start a formula.
    axes.set_title(name.replace("$", r"\$"), fontsize=11, loc="left")
    absent = [r["method"] for r in comparison.records if not any(r is s for s in shown)]
    hollow = [r["method"] for r in shown if r["status"] != "ok"]
    remarks = [f"not shown: {', '.join(absent)}"] if absent and shown else []
    remarks += [f"hollow: inaccurate ({', '.join(hollow)})"] if hollow else []
    if remarks:
        axes.set_title("\n".join([axes.get_title(loc="left"), *remarks]), fontsize=9, loc="left")
