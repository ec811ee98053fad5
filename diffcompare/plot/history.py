"""The path of an optimiser: loss and gradient norm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffcompare.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from diffcompare.optimize.history import History

AXES = {"steps": "steps", "calls": "gradients", "seconds": "time [s]"}


def plot_history(history: History, axes: Any = None, against: str = "steps") -> Figure:
    """Loss and gradient norm of a `History`, on a logarithmic axis.

    Parameters
    ----------
    history : History
        What to draw.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    against : str, default "steps"
        "steps", "calls" or "seconds".

    Raises
    ------
    OptionError
        If `against` is none of the three.
    """
    import matplotlib.pyplot as plt

    if against not in AXES:
        raise OptionError(f"against={against!r} does not exist; it is one of {', '.join(AXES)}.")
    if axes is None:
        _, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    places = range(len(history)) if against == "steps" else getattr(history, against)
    axes.plot(places, history.losses, label="loss", color="#0072b2")
    axes.plot(places, history.gradient_norms, label="norm of the gradient", color="#d55e00", linestyle="--")
    if min(history.losses) > 0 and min(history.gradient_norms) > 0:
        axes.set_yscale("log")
    axes.set_xlabel(AXES[against])
    axes.set_title(f"{history.optimizer}: {history.stopped}", fontsize="medium")
    axes.grid(True, alpha=0.25)
    axes.legend(frameon=False)
    return axes.figure
