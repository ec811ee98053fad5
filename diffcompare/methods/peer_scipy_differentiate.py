"""scipy.differentiate: SciPy's own adaptive difference quotients, over the function's values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..core.graph import Graph
from .flat import by_rows, flat_function
from .packages import version
from .peers import importing
from .protocol import Opaque, Prepared


@dataclass(frozen=True, slots=True)
class SciPyDifferentiate:
    """Difference quotients by ``scipy.differentiate.jacobian``, which sees values only.

    Attributes
    ----------
    order : int, default 8
        Order of the quotients, an even number.
    initial_step : float, default 0.5
        The step that is tried first, in the units of the arguments; it is divided by `step_factor` until the quotients
        settle.
    step_factor : float, default 2.0
        As SciPy's.

    Examples
    --------
    >>> import diffcompare as dc
    >>> "scipy-differentiate" in dc.methods.available()
    True
    """

    name: ClassVar[str] = "scipy-differentiate"
    needs_graph: ClassVar[bool] = False
    order: int = 8
    initial_step: float = 0.5
    step_factor: float = 2.0

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Bind to a graph or to a callable; see `Prepared`.

        Raises
        ------
        MethodUnavailableError
            When SciPy is older than 1.15, or does not load.
        """
        with importing("scipy.differentiate"):
            from scipy.differentiate import jacobian
        flat = flat_function(target, wrt)

        def rows(args: tuple) -> tuple[np.ndarray, np.ndarray]:
            f = flat.at(args)

            def over_last(points: np.ndarray) -> np.ndarray:  # SciPy passes many points, entries along the first axis
                columns = points.reshape(len(points), -1).T
                return np.stack([f(x) for x in columns], axis=-1).reshape(-1, *points.shape[1:])

            with np.errstate(all="ignore"):
                found = jacobian(
                    over_last, flat.start(args), order=self.order, initial_step=self.initial_step,
                    step_factor=self.step_factor,
                )  # fmt: skip
            return found.df, found.error

        return by_rows(self.name, flat, rows, f"SciPy {version('scipy')}")
