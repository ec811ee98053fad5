"""The table of operations; importing this package fills it."""

from ..core import dispatch  # noqa: F401 - how NumPy's functions find the rows
from . import (  # noqa: F401 - imported for the rows they enter
    activations,
    arithmetic,
    comparison,
    exponential,
    indexing,
    linear_algebra,
    manipulation,
    powers,
    products,
    reductions,
    rounding,
    selection,
    series,
    shape,
    source,
    special,
    statistics,
    trigonometric,
)
