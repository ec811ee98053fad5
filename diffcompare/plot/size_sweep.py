"""Time with fitted slopes, error, and the cost of a gradient over that of a value, against size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from diffcompare.plot.comparison import leave_to_notebook, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from diffcompare.analysis.size_sweep_result import SizeSweep

PANELS = {
    "time": ("median_s", "median time of one gradient [s]"),
    "error": ("rel_error", "largest relative error of an entry [1]"),
    "ratio": ("gradient_to_value", "time of a gradient over that of a value [1]"),
}
ZERO_AT = 1e-17  # an error of zero is drawn here, below the smallest that float64 shows


def plot_size_sweep(sweep: SizeSweep) -> Figure:
    """Three panels with logarithmic axes, one line a method; the legend gives the exponent of time.

    Dashed lines are the fitted power laws, over the sizes they were fitted to; hollow points are inaccurate.

    Parameters
    ----------
    sweep : SizeSweep
        What `diffcompare.sweep_sizes` gave.
    """
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(13.0, 5.0), layout="constrained")
    for axes, measure in zip(panels, PANELS, strict=True):
        _panel(axes, sweep, measure)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=min(4, max(1, len(labels))), fontsize=9, frameon=False
    )
    figure.suptitle(f"{sweep.problem}, by size".replace("$", r"\$"), fontsize=11, x=0.01, ha="left")
    leave_to_notebook(figure)
    return figure


def _panel(axes: Axes, sweep: SizeSweep, measure: str) -> None:
    key, label = PANELS[measure]
    axes.set_xscale("log")
    axes.set_yscale("log")
    zero = False
    for number, method in enumerate(sweep.methods):
        points = [(x, r) for x, r in zip(sweep.axis, sweep[method], strict=True) if _shown(r[key])]
        growth = sweep.exponents[method][measure]
        time = sweep.exponents[method]["time"]
        name = method if time is None else f"{method}: time grows as size$^{{{time.exponent:.2f}}}$"
        style: dict[str, Any] = {"markersize": 5.5, "linewidth": 1.2, **look(number)}
        heights = [max(float(r[key]), ZERO_AT) for _, r in points]
        zero = zero or ZERO_AT in heights
        axes.plot([x for x, _ in points], heights, label=name, alpha=0.9, **style)
        hollow = [(x, y) for (x, r), y in zip(points, heights, strict=True) if r["status"] != "ok"]
        axes.plot(
            [x for x, _ in hollow], [y for _, y in hollow], linestyle="none", markerfacecolor="white",
            **{**style, "markersize": 5.0}, zorder=3,
        )  # fmt: skip
        if growth is not None and measure == "time":
            ends = (growth.sizes[0], growth.sizes[-1])
            axes.plot(
                ends, [growth.at(x) for x in ends], linestyle="--", linewidth=2.6, alpha=0.35, color=style["color"]
            )
    if measure == "time":
        _device(axes, sweep)
    if measure == "error":
        axes.axhline(2.0**-53, color="0.55", linewidth=0.9, linestyle=":", zorder=0)
        label += "\n(dotted: $2^{-53}$" + ("; zero is drawn at $10^{-17}$)" if zero else ")")
    axes.set_xlabel("size")
    axes.set_ylabel(label)
    axes.grid(True, which="major", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)


def _device(axes: Axes, sweep: SizeSweep) -> None:
    """Kernels alone as a thin line, and where the device overtakes: dashed with copies, dotted without."""
    for method, kernels in sweep.kernels.items():
        style = look(sweep.methods.index(method))
        points = [(x, s) for x, s in zip(sweep.axis, kernels, strict=True) if s is not None]
        axes.plot(
            [x for x, _ in points], [s for _, s in points], color=style["color"], linewidth=1.0, linestyle="-.",
            label=f"{method}: kernels alone",
        )  # fmt: skip
    for (there, other, copies), size in sweep.crossovers().items():
        if size:
            axes.axvline(
                size, color=look(sweep.methods.index(there))["color"], linewidth=0.9, linestyle="--" if copies else ":",
                label=f"{there} ahead of {other} {'with' if copies else 'without'} copies from {size:,.0f}",
            )  # fmt: skip


def _shown(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
