"""Loss against steps and against seconds, one line a run, and how far each step h of a difference gets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from diffcompare.plot.comparison import COLOURS, leave_to_notebook, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from diffcompare.optimize.training_result import TrainingComparison

DASHES = ("-", "--", ":", "-.")


def plot_training(comparison: TrainingComparison) -> Figure:
    """Two panels of losses, and a third where differences ran with several steps h.

    With several steps the first two show by how much each loss lies above the least that any run reached, so that one
    sees where each of them stops; what is below the rounding of the loss is left out.

    The third shows the norm of the true gradient where each run ended, against h, and hollow what the method itself
    took it for, 0 on the lowest line; a line across shows where methods without a chosen step ended. Runs that diverged
    are not in it.

    Parameters
    ----------
    comparison : TrainingComparison
        What `diffcompare.compare_training` gave.
    """
    import matplotlib.pyplot as plt

    stepped = [r for r in comparison.records if r["step"] is not None and r["gradient_norm"] is not None]
    several = len({r["step"] for r in stepped}) > 1
    count = 3 if several else 2
    figure, panels = plt.subplots(1, count, figsize=(4.5 * count + 0.5, 4.8), layout="constrained")
    least = min((min(_finite(p.losses), default=math.inf) for p in comparison.histories.values()), default=0.0)
    for axes, against in zip(panels, ("steps", "seconds"), strict=False):
        _losses(axes, comparison, against, least if several else None)
    panels[1].sharey(panels[0])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=min(count, max(1, len(labels))), fontsize=9, frameon=False
    )
    if several:
        _floors(panels[2], comparison, stepped)
    figure.suptitle(comparison.head().replace("$", r"\$"), fontsize=11, x=0.01, ha="left")
    leave_to_notebook(figure)
    return figure


def _styles(comparison: TrainingComparison) -> dict[str, dict[str, Any]]:
    """A colour for each method, a kind of line and a strength of the colour for each of its steps."""
    methods = list(dict.fromkeys(r["method"] for r in comparison.records))
    found: dict[str, dict[str, Any]] = {}
    for number, method in enumerate(methods):
        runs = [r["label"] for r in comparison.records if r["method"] == method and r["label"] in comparison.histories]
        for place, label in enumerate(runs):
            found[label] = {
                "color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[place % len(DASHES)],
                "linewidth": max(0.9, 3.0 - 0.7 * number), "alpha": 0.95 - 0.6 * place / max(1, len(runs) - 1),
            }  # fmt: skip
    return found


def _losses(axes: Axes, comparison: TrainingComparison, against: str, above: float | None) -> None:
    """One line a run: its loss, or how far that lies above a number."""
    styles = _styles(comparison)
    zero, rounding = (0.0, -math.inf) if above is None else (above, 4 * 2.0**-52 * abs(above))
    lowest = min((min(_finite(path.losses), default=1.0) for path in comparison.histories.values()), default=1.0)
    if above is not None or lowest > 0:
        axes.set_yscale("log")
    for label, path in comparison.histories.items():
        places = list(range(len(path))) if against == "steps" else path.seconds
        pairs = [(x, y - zero) for x, y in zip(places, path.losses, strict=True) if math.isfinite(y)]
        shown = [(x, y) for x, y in pairs if y > rounding]
        axes.plot([x for x, _ in shown], [y for _, y in shown], label=label, **styles[label])
    if against == "seconds" and comparison.histories:
        axes.set_xscale("log")
    if comparison.target is not None and comparison.target > zero:
        axes.axhline(comparison.target - zero, color="0.5", linewidth=0.9, linestyle=(0, (1, 2)))
        axes.annotate(
            "target", (1.0, comparison.target - zero), xycoords=("axes fraction", "data"), xytext=(-3, 3),
            textcoords="offset points", ha="right", fontsize=8, color="0.35",
        )  # fmt: skip
    axes.set_xlabel("steps" if against == "steps" else "time [s]")
    if against == "steps":
        axes.set_ylabel("loss" if above is None else "loss above the least of all")
    axes.grid(True, which="major", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)


def _finite(numbers: Sequence[float]) -> list[float]:
    return [n for n in numbers if math.isfinite(n)]


def _floors(axes: Axes, comparison: TrainingComparison, stepped: Sequence[dict[str, Any]]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    methods = list(dict.fromkeys(r["method"] for r in comparison.records))
    zero_at = _zero(axes, comparison)
    for number, method in enumerate(methods):
        style = {**look(number), "markersize": 5.5}
        runs = sorted((r for r in stepped if r["method"] == method and r["status"] != "diverged"), key=_step)
        if runs:
            steps = [r["step"] for r in runs]
            axes.plot(steps, [r["gradient_norm"] for r in runs], label=method, linewidth=1.4, **style)
            axes.plot(
                steps, [max(r["own_norm"], zero_at) for r in runs], linestyle="none", markerfacecolor="white",
                zorder=1.5, **{**style, "markersize": 4.5},
            )  # fmt: skip
    for number, (names, norm) in enumerate(_without_step(comparison)):
        axes.axhline(norm, color="0.35", linewidth=1.2, linestyle=DASHES[1 + number % 3])
        axes.annotate(
            " = ".join(names), (0.0, norm), xycoords=("axes fraction", "data"), xytext=(4, 3),
            textcoords="offset points", fontsize=8, color="0.25",
        )  # fmt: skip
    axes.set_xlabel("step h of the difference")
    axes.set_ylabel("norm of the gradient where it ended\n(filled: the true one, hollow: the method's own)")
    axes.grid(True, which="major", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)


def _zero(axes: Axes, comparison: TrainingComparison) -> float:
    """Where norms of 0 are drawn: below all others, on a line with that name."""
    norms = [r[key] for r in comparison.records for key in ("gradient_norm", "own_norm") if r[key] is not None]
    least = min([n for n in norms if n > 0], default=1.0) / 30.0
    if 0 in norms:
        axes.axhline(least, color="0.6", linewidth=0.8, linestyle=":")
        axes.annotate(
            "0", (0.0, least), xycoords=("axes fraction", "data"), xytext=(4, 3), textcoords="offset points",
            fontsize=8, color="0.25",
        )  # fmt: skip
    return least


def _without_step(comparison: TrainingComparison) -> list[tuple[list[str], float]]:
    """Methods without a chosen step and the norm where they ended; those that a picture cannot tell apart together."""
    found: list[tuple[list[str], float]] = []
    for record in comparison.records:
        norm = record["gradient_norm"]
        if record["step"] is None and norm and record["status"] != "diverged":
            same = next((names for names, other in found if abs(math.log(norm / other)) < 0.05), None)
            if same is None:
                found.append(([record["label"]], norm))
            else:
                same.append(record["label"])
    return found


def _step(record: dict[str, Any]) -> float:
    return record["step"]
