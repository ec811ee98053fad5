"""Pictures of a benchmark run: work and precision, growth, profiles, cost over the value, break-even, preparation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.bench.session import BY_HAND
from diffcompare.errors import OptionError
from diffcompare.plot import benchmark_numbers as numbers
from diffcompare.plot.benchmark_numbers import LARGEST_RATIO, timed, timed_methods
from diffcompare.plot.comparison import ZERO_AT, leave_to_notebook, look
from diffcompare.plot.profiles import geometric_mean, share_within, variants

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from diffcompare.bench.results import BenchmarkRun

CALLS = np.logspace(0.0, 7.0, 141)
RATIOS = np.logspace(0.0, math.log10(LARGEST_RATIO), 161)
# Five, so that with the seven colours of `look` no two of 35 methods have the same line.
LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (1.2, 1.6)), (0, (7.0, 1.5, 1.2, 1.5, 1.2, 1.5)))


def plot_benchmark(run: BenchmarkRun, kind: str = "work-precision", axes: Axes | None = None, **options: Any) -> Figure:
    """One picture of a run.

    Parameters
    ----------
    run : BenchmarkRun
        What `diffcompare.benchmark` gave.
    kind : str, default "work-precision"
        One of `PICTURES`.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    **options
        ``problem`` and ``point`` choose the case of "break-even", and ``problem`` that of "scaling".

    Returns
    -------
    matplotlib.figure.Figure
        `diffcompare.plot.benchmark_numbers.numbers_behind` gives what it shows as rows.

    Raises
    ------
    OptionError
        If there is no such picture, or the run has nothing to show in it.
    """
    if kind not in PICTURES:
        raise OptionError(f"there is no picture {kind!r}; there are {', '.join(PICTURES)}.")
    timed_methods(run)  # complains where nothing was timed, before a figure is made
    new = axes is None
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(8.4, 4.8), layout="constrained")[1]
    PICTURES[kind][1](axes, run, **options)
    axes.grid(True, which="major", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    figure = axes.get_figure(root=True)
    assert figure is not None
    if new:
        leave_to_notebook(figure)
    return figure


def line_of(number: int) -> dict[str, Any]:
    """Colour, dashes and marker of the line of the method with this number."""
    return {**look(number), "linestyle": LINES[number % len(LINES)], "linewidth": 1.6, "markersize": 5.5}


def work_precision(axes: Axes, run: BenchmarkRun) -> None:
    """Relative error against the time of a gradient over that by hand: a cloud a method, its geometric mean marked."""
    _logarithmic(axes)
    found = numbers.work_precision(run)
    _errors(axes, [float(row[6] or 0.0) for row in found.rows])
    middles: dict[str, tuple[float, float]] = {}
    looks: dict[str, dict[str, Any]] = {}
    in_line = variants([method for _, method in timed_methods(run) if found.of(method)])
    first = {label: members[0][0] for members in in_line.values() for label, _ in members}
    order = {method: number for number, method in timed_methods(run)}
    for method, number in order.items():
        points = [(float(row[5] or 0.0), max(float(row[6] or 0.0), ZERO_AT)) for row in found.of(method)]
        if points:
            # Variants of one method look alike: the line that joins them tells that they are one.
            looks[method] = look(order[first[method]] if method in first else number)
            x, y = zip(*points, strict=True)
            axes.plot(x, y, linestyle="none", markersize=4, markeredgewidth=0, alpha=0.4, **looks[method])
            middles[method] = (geometric_mean(x), geometric_mean(y))
    for name, members in in_line.items():
        x, y = zip(*(middles[label] for label, _ in members), strict=True)
        axes.plot(x, y, markersize=9, markeredgecolor="black", linewidth=1.6, label=name, **looks[members[0][0]])
        for label, words in members:
            axes.annotate(
                words.partition(" ")[2], middles[label], xytext=(8, 5), textcoords="offset points", fontsize=8
            )
    for method, place in middles.items():
        if method not in first:
            style = {**looks[method], "label": method, "markeredgecolor": "black"}
            axes.plot(*place, linestyle="none", markersize=9, **style)
    axes.set_xlabel("time of a gradient over that of NumPy's, written by hand [1]")
    axes.set_ylabel("largest relative error of an entry [1]\n(dotted: $2^{-53}$)")
    _title(axes, "Error against time: a small mark a case, a large one their geometric mean")
    _legend(axes, "line: " + ", ".join(dict.fromkeys(w.split()[0] for m in in_line.values() for _, w in m)))


def _errors(axes: Axes, errors: Sequence[float]) -> None:
    """Ticks of whole decades on the error axis, and a "0" where there is one; half a unit in the last place dotted."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    least, most = max(min(errors), ZERO_AT), max(*errors, 1e-15)
    top = math.ceil(math.log10(most))
    ticks = [10.0**k for k in range(-16, top + 1, max(1, (top + 17) // 8))] + ([ZERO_AT] if 0.0 in errors else [])
    axes.set_ylim(min(least / 3, 3e-17), 4 * most)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda t, _: "0" if t <= ZERO_AT else f"$10^{{{round(math.log10(t))}}}$")
    )
    axes.axhline(2.0**-53, color="0.55", linewidth=1.0, linestyle=":", zorder=0)


def scaling(axes: Axes, run: BenchmarkRun, problem: str | None = None) -> None:
    """Time against size of the problem with most sizes, with exponents."""
    _logarithmic(axes)
    found = numbers.scaling(run, problem)
    several = len({row[1] for row in found.rows}) > 1
    for number, method in timed_methods(run, baseline=True):
        rows = found.of(method)
        for dtype in dict.fromkeys(str(row[1]) for row in rows):
            x, y, slopes = zip(*((row[2], row[3], row[4]) for row in rows if row[1] == dtype), strict=True)
            name = f"{method}, {dtype}" if several else method
            if slopes[0] is not None:
                name += f": n$^{{{slopes[0]:.2f}}}$"
            hand = {"linestyle": "--", "color": "0.45", "marker": "x", "markersize": 5}
            axes.plot(x, y, label=name, **(hand if method == BY_HAND else line_of(number)))
    axes.set_xlabel("entries differentiated, n")
    axes.set_ylabel("median time of one gradient [s]")
    _title(axes, f"Growth with size: {numbers.growing(run, problem)}; exponents are of the larger half of the sizes")
    _legend(axes)


def profile(axes: Axes, run: BenchmarkRun) -> None:
    """Share of the cases in which a method is within a factor of the fastest sound one (Dolan and Moré 2002)."""
    lines = numbers.profile_lines(run)
    ranked = sorted(timed_methods(run), key=lambda entry: -share_within(*lines[entry[1]], 2.0))
    for number, method in ranked:
        x, y = lines[method]
        # Corners where they are, and places for marks between them.
        at = np.unique(np.concatenate([RATIOS, x]))
        share = np.array([share_within(x, y, ratio) for ratio in at])
        marks = (0.02 + 0.017 * (number % 7), 0.14)
        axes.step(at, share, where="post", label=method, markevery=marks, **line_of(number))
    axes.set_xscale("log")
    axes.set_xlim(1.0, LARGEST_RATIO)
    axes.set_ylim(-0.02, 1.03)
    axes.set_xlabel("time over that of the fastest method whose result is sound [1]")
    axes.set_ylabel("share of the cases solved within it [1]")
    cases = len(run.cases())
    _title(axes, f"Performance profile of {cases} cases: further up and left is better")
    _legend(axes)


def ratio(axes: Axes, run: BenchmarkRun) -> None:
    """Cost of a gradient in values of the function, a row of marks a method."""
    found = numbers.ratio(run)
    methods = [(number, name) for number, name in timed_methods(run, baseline=True) if found.of(name)]
    for place, (number, method) in enumerate(methods):
        costs = [r["gradient_to_value"] for r in timed(run, method) if r["gradient_to_value"]]
        style = {"color": "0.45", "marker": "x"} if method == BY_HAND else look(number)
        middle = geometric_mean(costs)
        axes.plot(costs, [place] * len(costs), linestyle="none", alpha=0.6, markersize=5.5, **style)
        axes.plot([middle], [place], marker="|", markersize=18, markeredgewidth=2.2, color="black")
        axes.annotate(
            f"{middle:.2g}" if middle < 99.5 else f"{middle:,.0f}", (1.01, place), fontsize=9, va="center",
            xycoords=("axes fraction", "data"), annotation_clip=False,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yticks(range(len(methods)), [method for _, method in methods])
    axes.set_ylim(len(methods) - 0.4, -0.6)
    axes.axvline(1.0, color="0.55", linewidth=1.0, linestyle=":")
    axes.set_xlabel("time of a gradient over that of the function itself in NumPy [1]")
    _title(axes, "What a gradient costs: a mark a case; bar and number are the geometric mean")


def break_even(axes: Axes, run: BenchmarkRun, problem: str | None = None, point: str | None = None) -> None:
    """Preparation and calls together, against the number of calls, for one case."""
    _logarithmic(axes)
    found = numbers.break_even(run, problem, point)
    for number, method in timed_methods(run):
        for _, once, each, _ in found.of(method):
            total = float(once or 0.0) + (CALLS - 1.0) * float(each or 0.0)
            axes.plot(CALLS, total, label=method, markevery=(0.02 + 0.017 * (number % 7), 0.14), **line_of(number))
    axes.set_xlim(CALLS[0], CALLS[-1])
    axes.set_xlabel("gradients computed")
    axes.set_ylabel("time in all, preparation included [s]")
    name, at, _ = numbers.largest_case(run, problem, point)
    _title(axes, f"After how many calls a method pays: {name} ({at})")
    _legend(axes)


def preparation(axes: Axes, run: BenchmarkRun) -> None:
    """Time to the first gradient against the time of one more."""
    _logarithmic(axes)
    found = numbers.first_and_later(run)
    for number, method in timed_methods(run):
        rows = found.of(method)
        if rows:
            x, y = zip(*((row[4], row[5]) for row in rows), strict=True)
            axes.plot(x, y, linestyle="none", markersize=6, alpha=0.75, markeredgewidth=0, label=method, **look(number))
    axes.set_xlabel("derive, compile and first call [s]")
    axes.set_ylabel("median time of one gradient [s]")
    _title(axes, "To the first gradient, and from then on: a mark a case")
    _legend(axes)


def _logarithmic(axes: Axes) -> None:
    """Set before anything is drawn: a single small number leaves linear axes without an extent."""
    axes.set_xscale("log")
    axes.set_yscale("log")


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text.replace("$", r"\$"), fontsize="medium", loc="left")  # a "$" would start a formula


def _legend(axes: Axes, below: str = "") -> None:
    """The methods' names beside the axes."""
    title = below if below != "line: " else None
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, frameon=False, fontsize=9, handlelength=3.2,
        title=title, title_fontsize=8,
    )  # fmt: skip


Picture = Callable[..., None]
# Name -> what it shows, and what draws it.
PICTURES: dict[str, tuple[str, Picture]] = {
    "work-precision": ("Error against time", work_precision),
    "profile": ("How often a method is how close to the fastest", profile),
    "ratio": ("Cost of a gradient in values of the function", ratio),
    "scaling": ("Time against size", scaling),
    "break-even": ("After how many calls a method pays", break_even),
    "preparation": ("Time to the first gradient against time of one more", preparation),
}


def pictures_of(run: BenchmarkRun) -> Sequence[str]:
    """The pictures that this run has something to show in."""
    able = []
    for name in PICTURES:
        try:
            found = numbers.numbers_behind(run, name)
        except OptionError:
            continue  # says that there is nothing
        if found.rows:
            able.append(name)
    return able
