"""Operations against size: one line a form that a derivative can be written or computed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffcompare.analysis.swell import FORMS
from diffcompare.plot.comparison import COLOURS, MARKERS, leave_to_notebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from diffcompare.analysis.swell import Swell

GAP = 11.0  # points from one label to the next


def plot_swell(swell: Swell, axes: Axes | None = None) -> Figure:
    """Figure of operations (logarithmic) against size; bars where there is one function.

    Parameters
    ----------
    swell : Swell
        What `diffcompare.expression_swell` gave.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure of matplotlib.pyplot.
    """
    new = axes is None
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(8.5, 5.2), layout="constrained")[1]
    shown = [form for form in FORMS if any(count for count in swell[form])]
    if len(swell) > 1:
        _lines(axes, swell, shown)
    else:
        _bars(axes, swell, shown)
    axes.set_title(f"{swell.name}: operations".replace("$", r"\$"), fontsize=11, loc="left")
    figure = axes.get_figure(root=True)
    assert figure is not None
    if new:
        leave_to_notebook(figure)
    return figure


def _lines(axes: Axes, swell: Swell, shown: list[str]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_yscale("log")
    ends = []
    groups = _equal(swell, shown)
    for number, (forms, points) in enumerate(groups):
        tape = any(form in ("dag", "forward", "reverse") for form in forms)
        look: dict[str, Any] = {
            "color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)],
            "linestyle": "-" if tape else "--", "linewidth": 2.2 if tape else 1.2, "markersize": 5,
        }  # fmt: skip
        axes.plot([n for n, _ in points], [c for _, c in points], **look)
        ends.append((points[-1], _label(forms), look["color"]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    low, high = min(swell.sizes), max(swell.sizes)
    axes.set_xlim(low - 0.03 * (high - low), high + 0.95 * (high - low))
    axes.set_xticks([t for t in axes.get_xticks() if low <= t <= high])
    axes.set_xlabel("size")
    axes.set_ylabel("operations [1]  (solid: tapes; dashed: formulas)")
    axes.grid(True, which="major", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    _labels(axes, ends)


def _equal(swell: Swell, shown: list[str]) -> list[tuple[list[str], list[tuple[Any, int]]]]:
    """Forms with the same counts stand together, for their lines lie on each other; points are (size, count)."""
    groups: dict[tuple, list[str]] = {}
    for form in shown:
        points = tuple((n, c) for n, c in zip(swell.sizes, swell[form], strict=True) if c)
        groups.setdefault(points, []).append(form)
    return [(forms, list(points)) for points, forms in groups.items()]


def _label(forms: list[str]) -> str:
    """The names of forms, each beginning with the first name without it: `derivative = expanded = Horner`."""
    first, *others = [FORMS[form][0] for form in forms]
    return " = ".join([first, *(name.removeprefix(f"{first}, ") for name in others)])


def _labels(axes: Axes, ends: list[tuple[tuple[Any, int], str, str]]) -> None:
    """Names at the right ends of their lines, moved apart, each joined to its end by a thin line."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # settles the layout, so that distances on paper are known
    scale = 72.0 / figure.dpi
    heights = [float(axes.transData.transform(point)[1]) * scale for point, _, _ in ends]
    order = sorted(range(len(ends)), key=lambda i: heights[i])
    placed: dict[int, float] = {}
    below = -float("inf")
    for i in order:
        below = placed[i] = max(heights[i], below + GAP)
    over = max(0.0, below - axes.get_window_extent().y1 * scale)
    high = max(point[0] for point, _, _ in ends)
    left = (axes.transData.transform((high, 1.0))[0]) * scale
    for i, (point, text, colour) in enumerate(ends):
        x = axes.transData.transform(point)[0] * scale
        axes.annotate(
            text, point, xytext=(left - x + 14, placed[i] - over - heights[i]), textcoords="offset points",
            fontsize=8.5, va="center", color=colour,
            arrowprops={"arrowstyle": "-", "color": "0.7", "linewidth": 0.6, "shrinkB": 3},
        )  # fmt: skip


def _bars(axes: Axes, swell: Swell, shown: list[str]) -> None:
    counts = [swell[form][0] or 0 for form in shown]
    bars = axes.barh(range(len(shown)), counts, color=[COLOURS[0]] * len(shown), height=0.7)
    axes.bar_label(bars, labels=[f"{c:,}" for c in counts], padding=3, fontsize=9)
    axes.set_yticks(range(len(shown)), [FORMS[form][0] for form in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, max(counts) * 1.12)
    axes.set_xlabel("operations [1]")
    axes.grid(True, axis="x", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
