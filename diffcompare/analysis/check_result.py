"""The result of a check: the verdict, what it rests on, and how small an error would have been seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.analysis import check_report
from diffcompare.analysis.check_line import LineTest
from diffcompare.analysis.printing import keep
from diffcompare.analysis.records import to_json
from diffcompare.core.faces import face
from diffcompare.errors import GradientMismatchError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VERDICTS = ("correct", "wrong", "noisy", "kink", "ill-conditioned")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a gradient that is wrong.

    Attributes
    ----------
    name : str
        Argument and index, as ``x[0, 2]``.
    argument : int
        Position of the argument.
    index : tuple of int
        Index in the argument; empty for a number.
    claimed, estimated : float
        What was claimed, and what differences of f say.
    bound : float
        How far the estimate may be off; inf where the claim is not a number and nothing was estimated.
    """

    name: str
    argument: int
    index: tuple[int, ...]
    claimed: float
    estimated: float
    bound: float

    @property
    def error(self) -> float:
        """Claimed minus estimated."""
        return self.claimed - self.estimated


@dataclass(frozen=True, slots=True, eq=False)
class GradientCheck:
    """What a check found.

    Attributes
    ----------
    verdict : str
        ``correct``; ``wrong``: the remainder of some direction stops above the noise, whatever the step; ``kink``: the
        one-sided derivatives differ at the point, so there is no gradient; ``noisy``: the values scatter more than
        their arithmetic explains, too much to tell; ``ill-conditioned``: rounding alone hides the derivative.
    rate : float or None
        Power of the step with which the remainders shrink (the median over the directions): 2 for a correct gradient, 0
        for a wrong one. None where no remainder rises above the noise, as for a quadratic function.
    worst : Entry or None
        The entry with the largest error compared with the size of the gradient; None where none was found wrong.
    entries : tuple of Entry
        Every entry that was found wrong, worst first.
    likely_fault : str
        What the numbers say went wrong, in words; empty where they say nothing.
    evaluations, gradient_evaluations : int
        Calls of f, and of the claimed gradient.
    resolution : float
        The smallest error of the derivative along a random direction that would have been noticed, relative to the size
        of the derivative.
    entry_resolution : ndarray, shape (n,)
        The smallest absolute error of each entry that would have been noticed, were it the only one that is wrong.
    rtol : float
        The resolution that a verdict ``correct`` had to reach.
    noise : float
        Standard deviation of the noise in values of f.
    value : float
        f at the point.
    tests : tuple of LineTest
        Every direction, with its steps and remainders.
    subject, source : str
        Name of the function, and where the claim comes from.
    size : int
        Number of entries that are differentiated.
    notes : tuple of str
        What else was seen: calls that failed, arguments that were overwritten, values that differ from call to call.
    certified_error : float or None
        Largest relative error against the certified gradient, where one was asked for and can be had.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> check = dc.check_gradient(lambda x: np.sum(x**3), lambda x: 3.001 * x**2, at=np.array([0.3, 0.7]))
    >>> check.verdict, check.worst.name, check.likely_fault
    ('wrong', 'x[1]', 'the gradient is 1.000333 times the right one')
    """

    verdict: str
    rate: float | None
    worst: Entry | None
    entries: tuple[Entry, ...]
    likely_fault: str
    evaluations: int
    gradient_evaluations: int
    resolution: float
    entry_resolution: np.ndarray
    rtol: float
    noise: float
    value: float
    tests: tuple[LineTest, ...] = field(repr=False)
    subject: str
    source: str
    size: int
    what: str = "gradient"
    notes: tuple[str, ...] = ()
    certified_error: float | None = None

    def raise_if_wrong(self) -> None:
        """Raise unless the verdict is ``correct``.

        Raises
        ------
        GradientMismatchError
            With the report as its message; it is an AssertionError too.
        """
        if self.verdict != "correct":
            raise GradientMismatchError(str(self))

    def __str__(self) -> str:
        return check_report.text(self)

    def __repr__(self) -> str:
        return f"<GradientCheck of {self.subject}: {self.verdict}, {self.evaluations} evaluations>"

    def _repr_html_(self) -> str:
        return check_report.page(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything in plain dictionaries, lists, numbers and texts, as `to_json` writes it."""
        return check_report.dictionary(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """JSON text of `to_dict`, also written to `path` if one is given."""
        return keep(to_json(self.to_dict()), path)

    def plot(self, axes: Any = None) -> Figure:
        """Remainder against step for every direction, with the slopes of a correct and of a wrong gradient.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return face("plot_check")(self, axes)
