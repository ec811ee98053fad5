"""The names that rows' ball templates may use: `log1p({0})` means `log1p` of this module, on balls and on series alike.

The functions stand in four files: `ball_base` (comparisons, conditions, division), `ball_elementary`, `ball_kinks` and
`ball_special`. Each takes python-flint's `arb` or `arb_series` and gives a rigorous enclosure.
"""

from __future__ import annotations

from . import ball_base, ball_elementary, ball_kinks, ball_special
from .ball_base import *  # noqa: F403 - this module is a table of names
from .ball_base import HALF, INFINITY, NAN, ONE, ZERO, Ball, Undecided, ball, head, precision
from .ball_elementary import *  # noqa: F403
from .ball_kinks import *  # noqa: F403
from .ball_special import *  # noqa: F403

__all__ = ["HALF", "INFINITY", "NAN", "NAMES", "ONE", "ZERO", "Ball", "Undecided", "ball", "head", "precision"]

NAMES: dict[str, object] = {
    name: value
    for module in (ball_base, ball_elementary, ball_kinks, ball_special)
    for name, value in vars(module).items()
    if callable(value) and getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
}
NAMES["pi"] = ball_elementary.arb.pi
