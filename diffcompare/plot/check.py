"""Remainder of a claimed gradient against the step, with the slopes of a correct and of a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.plot.comparison import COLOURS, leave_to_notebook, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from diffcompare.analysis.check_line import LineTest
    from diffcompare.analysis.check_result import GradientCheck

GUIDE = "0.45"
NOISE = "0.88"
SHOWN = 7  # directions, the worst first


def plot_check(check: GradientCheck, axes: Axes | None = None) -> Figure:
    """Figure of the remainder (vertical) against the step (horizontal), one line a direction.

    Both are relative: the step to the size of each entry, the remainder to the size of the derivative. A correct
    gradient follows the dashed slope 2 into the grey noise, a wrong one turns level above it. Points of which the noise
    may be all are hollow; a remainder of zero lies on the lowest line. At a kink the difference of the one-sided
    quotients is drawn instead: it falls with slope 1 where f is smooth, and stays level where it has the kink.

    Parameters
    ----------
    check : GradientCheck
        What `diffcompare.check_gradient` gave.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure of matplotlib.pyplot.

    Returns
    -------
    matplotlib.figure.Figure
    """
    new = axes is None
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(7.6, 5.2), layout="constrained")[1]
    axes.set_xscale("log")
    axes.set_yscale("log")
    tests = sorted(check.tests, key=lambda test: -abs(test.error) / test.size if np.isfinite(test.error) else 0.0)
    shown = [test for test in tests if np.any(np.isfinite(test.remainders))][:SHOWN]
    kink = check.verdict == "kink"
    if shown:
        _draw(axes, shown, kink)
    else:
        axes.text(0.5, 0.5, "f has no values beside the point", ha="center", transform=axes.transAxes)
    _words(axes, check, len(shown), kink)
    figure: Any = axes.get_figure(root=True)
    if new:
        leave_to_notebook(figure)
    return figure


def _draw(axes: Axes, tests: list[LineTest], kink: bool) -> None:
    sizes = [np.abs(test.jumps if kink else test.remainders) / test.size for test in tests]
    floors = [(4.0 if kink else 1.0) * test.floors / test.size for test in tests]
    seen = np.concatenate([*sizes, *floors])
    seen = seen[np.isfinite(seen) & (seen > 0)]
    bottom, top = 10.0 ** np.floor(np.log10(np.min(seen))) / 10.0, 10.0 * float(np.max(seen))
    steps = np.unique(np.concatenate([test.steps for test in tests]))
    _noise(axes, tests, floors, bottom)
    labels: dict[str, int] = {}
    for number, (test, size, floor) in enumerate(zip(tests, sizes, floors, strict=True)):
        labels[test.label] = labels.get(test.label, 0) + 1
        name = f"{test.label} {labels[test.label]}" if test.label == "balanced" else test.label
        style = look(number)
        drawn = np.maximum(size, bottom * 2.0)
        axes.plot(test.steps, drawn, color=style["color"], linewidth=1.3, zorder=2.5, alpha=0.85)
        for clear in (True, False):
            points = np.isfinite(size) & ((size > floor) == clear)
            axes.plot(
                test.steps[points], drawn[points], linestyle="none", markersize=6.5, zorder=3, color=style["color"],
                marker=style["marker"], markerfacecolor=style["color"] if clear else "white",
                label=f"{name}: {test.outcome}" if clear == bool(np.any(size > floor)) else None,
            )  # fmt: skip
    if not kink:
        _guides(axes, tests[0], steps, sizes[0], floors[0])
    axes.set_xlim(float(steps[0]) / 2.0, float(steps[-1]) * 2.0)
    axes.set_ylim(bottom, top)


def _noise(axes: Axes, tests: list[LineTest], floors: list[np.ndarray], bottom: float) -> None:
    """The region that the noise of f may fill, along the direction with the most steps."""
    longest = max(range(len(tests)), key=lambda number: len(tests[number].steps))
    axes.fill_between(
        tests[longest].steps, np.full(len(floors[longest]), bottom), floors[longest], color=NOISE, zorder=0
    )
    axes.plot(tests[longest].steps, floors[longest], color="0.6", linewidth=0.9, zorder=1, label="noise of f")


def _guides(axes: Axes, test: LineTest, steps: np.ndarray, size: np.ndarray, floor: np.ndarray) -> None:
    """A line of slope 2 (1 where differences are one-sided), and for a wrong gradient the level of its error."""
    clear = np.flatnonzero(np.isfinite(size) & (size > floor))
    power = 1 if test.one_sided else 2
    if len(clear):
        start = clear[0]
        guide = 2.5 * size[start] * (steps / test.steps[start]) ** power
        axes.plot(steps, guide, color=GUIDE, linestyle=(0, (5, 3)), linewidth=1.1, zorder=1.5,
                  label=f"slope {power}: a correct gradient")  # fmt: skip
    if test.outcome == "differs":
        level = abs(test.error) / test.size
        axes.axhline(level, color=COLOURS[1], linestyle=":", linewidth=1.2, zorder=1.5, label="slope 0: its error")


def _words(axes: Axes, check: GradientCheck, shown: int, kink: bool) -> None:
    more = f", {shown} of {len(check.tests)} directions" if shown < len(check.tests) else ""
    # A "$" in the name would start a formula.
    axes.set_title(
        f"{check.what} of {check.subject}: {check.verdict}{more}".replace("$", r"\$"), fontsize=11, loc="left"
    )
    axes.set_xlabel("step h, relative to the size of each entry")
    drawn = "forward quotient − backward quotient" if kink else "difference quotient − claimed derivative"
    axes.set_ylabel(f"|{drawn}|,\nrelative to the size of the derivative")
    axes.grid(True, which="major", color="0.92", linewidth=0.8)
    axes.set_axisbelow(True)
    if shown:
        axes.legend(frameon=True, framealpha=0.9, edgecolor="none", fontsize=8.5, loc="best")
    if check.likely_fault:
        axes.set_title(
            f"{axes.get_title(loc='left')}\n{check.likely_fault}".replace("$", r"\$"), fontsize=10, loc="left"
        )
