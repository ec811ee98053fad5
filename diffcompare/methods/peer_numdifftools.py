"""numdifftools: its own Richardson extrapolation of difference quotients, over the function's values."""

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
class NumDiffTools:
    """Difference quotients by ``numdifftools.Jacobian``, which sees values only.

    Attributes
    ----------
    scheme : {"central", "forward", "backward"}, default "central"
        The quotients that it extrapolates (its `method`).
    order : int, default 2
        Their order.

    Examples
    --------
    >>> import diffcompare as dc
    >>> "numdifftools" in dc.methods.available()
    True
    """

    name: ClassVar[str] = "numdifftools"
    needs_graph: ClassVar[bool] = False
    scheme: str = "central"
    order: int = 2

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Bind to a graph or to a callable; see `Prepared`.

        Raises
        ------
        MethodUnavailableError
            When numdifftools is not installed, or does not load.
        """
        with importing("numdifftools"):
            import numdifftools
        flat = flat_function(target, wrt)

        def rows(args: tuple) -> tuple[np.ndarray, np.ndarray]:
            f = flat.at(args)
            find = numdifftools.Jacobian(f, method=self.scheme, order=self.order, full_output=True)
            with np.errstate(all="ignore"):
                found = find(flat.start(args))
            return found.estimate, found.error_estimate

        return by_rows(self.name, flat, rows, f"numdifftools {version('numdifftools')}")
