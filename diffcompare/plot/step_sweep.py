"""Error against step: measured points, theory as dashed lines, and what libraries choose, on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.analysis.records import Record
from diffcompare.errors import OptionError
from diffcompare.plot.comparison import leave_to_notebook, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from diffcompare.analysis.step_sweep_result import StepSweep

LEAST_ERROR = 1e-20  # predicted errors below this are not drawn
BETWEEN = 15.0  # points from one library's label to the next
Curve = tuple[list[float], list[float]]


def plot_step_sweep(sweep: StepSweep, axes: Axes | Sequence[Axes] | None = None) -> Figure:
    """Figure of error (vertical) against step (horizontal), one panel a data type.

    Points are measured; dashed lines are the truncation and round-off errors that theory predicts, stars the predicted
    optimum; labels above name the libraries whose default step lies there, and circles the error each gets. Hollow
    points took no step: x + h is x. An error of zero lies on the lowest line.

    Parameters
    ----------
    sweep : StepSweep
        What `diffcompare.sweep_steps` gave.
    axes : matplotlib.axes.Axes or sequence of them, optional
        Where to draw, one a data type; by default a new figure of matplotlib.pyplot.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    OptionError
        If there are not as many axes as data types.
    """
    new = axes is None
    if axes is None:
        import matplotlib.pyplot as plt

        count = len(sweep.dtypes)
        size = (6.2 * count + 0.6, 6.8)
        panels = list(plt.subplots(1, count, figsize=size, sharey=True, squeeze=False, layout="constrained")[1][0])
    else:
        panels = list(np.atleast_1d(np.asarray(axes, dtype=object)))
    if len(panels) != len(sweep.dtypes):
        raise OptionError(
            f"{len(panels)} axes for {len(sweep.dtypes)} data types: give one for each of {', '.join(sweep.dtypes)}."
        )
    floor, top, zero = _range(sweep)
    for panel, dtype in zip(panels, sweep.dtypes, strict=True):
        _panel(panel, sweep, dtype, (floor, top))
        _ticks(panel, floor if zero else None)
    panels[0].set_ylabel("absolute error against the certified derivative")
    figure: Any = panels[0].get_figure(root=True)
    if new:
        _surroundings(figure, panels[0], sweep)
        figure.draw_without_rendering()  # settles the layout, so that distances on paper are known
    for panel, dtype in zip(panels, sweep.dtypes, strict=True):
        _libraries(panel, [entry for entry in sweep.libraries if entry["dtype"] == dtype], floor)
    if new:
        leave_to_notebook(figure)
    return figure


def _range(sweep: StepSweep) -> tuple[float, float, bool]:
    """Lowest and highest error that the axes show, and whether the lowest stands for errors of 0."""
    errors = [r["error"] for r in (*sweep.records, *sweep.libraries) if r["error"] is not None]
    positive = [e for e in errors if e > 0 and math.isfinite(e)] or [1e-16, 1.0]
    low = 10.0 ** (math.floor(math.log10(min(positive))) - 1)
    return max(low, 1e-300), 10.0 * max(positive), 0 in errors


def _panel(axes: Axes, sweep: StepSweep, dtype: str, limits: tuple[float, float]) -> None:
    floor, top = limits
    axes.set_xscale("log")
    axes.set_yscale("log")
    found = [s for s in sweep.summaries if s["dtype"] == dtype]
    for number, best in enumerate(found):
        _method(axes, sweep.select(best["method"], dtype), best, number, floor)
    axes.set_ylim(floor / 2, top)
    steps = [r["step"] for r in (*sweep.records, *sweep.libraries)]
    axes.set_xlim(min(steps) / 2, max(steps) * 2)
    axes.set_xlabel("step h, in the unit of the argument")
    axes.text(
        0.5, 0.98, dtype, transform=axes.transAxes, ha="center", va="top", fontsize=12, fontweight="bold", zorder=5
    )
    axes.grid(True, which="major", color="0.92", linewidth=0.8)
    axes.set_axisbelow(True)


def _ticks(axes: Axes, floor: float | None) -> None:
    """Powers of ten; where `floor` is given it stands for 0."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=10))
        axis.set_minor_locator(NullLocator())
    if floor is not None:
        lowest = floor
        axes.axhline(floor, color="0.6", linewidth=0.8, linestyle=":", zorder=0.5)
        axes.set_yticks(sorted({floor, *(t for t in axes.get_yticks() if t > 5 * floor)}))
        power = "$10^{{{}}}$"
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda t, _: "0" if t <= 1.01 * lowest else power.format(round(math.log10(t))))
        )


def _method(axes: Axes, records: Sequence[Record], best: Record, number: int, floor: float) -> None:
    style = look(number)
    colour, marker = style["color"], style["marker"]
    parts = ("predicted_truncation", "predicted_round_off")
    # A method that adapts its order trades one error for the other from step to step: only their sum is a curve.
    for keys in [(part,) for part in parts] if best["order"] is not None else [parts]:
        axes.plot(*_curve(records, keys), color=colour, linestyle=(0, (5, 2.5)), linewidth=1.0, alpha=0.75, zorder=2)
    for status, face in (("ok", colour), ("inaccurate", "none")):
        rows = [r for r in records if r["status"] == status]
        errors = [max(r["error"], floor) for r in rows]
        axes.plot(
            [r["step"] for r in rows], errors, linestyle="none", marker=marker, markersize=4, color=colour,
            markerfacecolor=face, markeredgewidth=0.7,
            zorder=3 - 0.01 * number,  # where errors coincide, the simpler method is on top
        )  # fmt: skip
    if best["predicted_step"] is not None and best["predicted_error"] > 0:
        axes.plot(
            best["predicted_step"], best["predicted_error"], marker="*", markersize=15, color=colour,
            markeredgecolor="black", markeredgewidth=0.8, linestyle="none", zorder=4.5,
        )  # fmt: skip


def _curve(records: Sequence[Record], keys: Sequence[str]) -> Curve:
    known = [r for r in records if all(r[key] is not None for key in keys)]
    rows = [(r["step"], sum(r[key] for key in keys)) for r in known]
    return [h for h, error in rows if error > LEAST_ERROR], [error for _, error in rows if error > LEAST_ERROR]


def _libraries(axes: Axes, entries: Sequence[Record], floor: float) -> None:
    """A circle at each library's step and error, and its name above, with a line from one to the other."""
    shown: dict[tuple[float, float], list[str]] = {}
    for entry in entries:
        if entry["error"] is not None:
            shown.setdefault((entry["step"], entry["error"]), []).append(entry["library"])
    if not shown:
        return
    top = axes.get_ylim()[1]
    figure: Any = axes.get_figure(root=True)
    scale = 72.0 / figure.dpi
    places = sorted(shown)
    wanted = [float(axes.transData.transform((step, top))[0]) * scale for step, _ in places]
    for (step, error), want, put in zip(places, wanted, apart(wanted, BETWEEN), strict=True):
        axes.plot([step, step], [max(error, floor), top], color="0.45", linewidth=0.7, linestyle=":", zorder=1.5)
        axes.plot(
            step, max(error, floor), marker="o", markersize=8, markerfacecolor="none", markeredgecolor="black",
            markeredgewidth=1.2, linestyle="none", zorder=4,
        )  # fmt: skip
        axes.annotate(
            ", ".join(shown[step, error]), (step, top), xytext=(put - want, 14), textcoords="offset points",
            rotation=50, rotation_mode="anchor", ha="left", va="center", fontsize=8, color="0.15",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "0.45", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def apart(places: Sequence[float], least: float) -> list[float]:
    """Ascending places moved as little as needed until neighbours are at least this far apart.

    Places that would touch form a group about their mean (pool adjacent violators).
    """
    groups: list[list[float]] = []  # sum of (place - rank * least) and number of places
    for rank, place in enumerate(places):
        groups.append([place - rank * least, 1.0])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, count = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += count
    starts = [total / count for total, count in groups for _ in range(int(count))]
    return [start + rank * least for rank, start in enumerate(starts)]


def _surroundings(figure: Any, axes: Axes, sweep: StepSweep) -> None:
    from matplotlib.lines import Line2D

    name = sweep.problem if len(sweep.problem) <= 80 else sweep.problem[:77] + "…"
    point = ", ".join(sweep.head()[1:2])
    # A "$" in the name would start a formula.
    figure.suptitle(f"{name}, {point}".replace("$", r"\$"), fontsize=12, x=0.02, ha="left")
    methods = list(dict.fromkeys(s["method"] for s in sweep.summaries))
    keys = [Line2D([], [], linestyle="none", markersize=6, label=m, **look(i)) for i, m in enumerate(methods)]
    keys += [
        Line2D([], [], color="0.3", linestyle=(0, (5, 2.5)), linewidth=1, label="theory: truncation, round-off"),
        Line2D([], [], color="0.8", marker="*", markersize=13, markeredgecolor="black", linestyle="none",
               label="predicted optimum"),
        Line2D([], [], color="black", marker="o", markersize=8, markerfacecolor="none", linestyle="none",
               label="a library's default step"),
    ]  # fmt: skip
    figure.legend(
        handles=keys,
        loc="outside lower center",
        ncols=3 if len(sweep.dtypes) == 1 else min(5, len(keys)),
        frameon=False,
        fontsize=9,
    )
