"""Methods of low floors whose code stands on a higher one (tapes, SymPy, plots), found by name on first use.

This is the one place where a lower floor reaches upward, and it does so by name and at the caller's wish only.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

FACES = {
    "draw": "diffcompare.draw.drawing:draw",
    "draw_graph": "diffcompare.draw.drawing:draw_graph",
    "from_sympy": "diffcompare.lower.sympy_io:from_sympy",
    "kernels": "diffcompare.lower.kernels:kernels",
    "latex": "diffcompare.core.latex:latex",
    "parse": "diffcompare.core.parse:parse",
    "plot_check": "diffcompare.plot.check:plot_check",
    "plot_benchmark": "diffcompare.plot.benchmark:plot_benchmark",
    "plot_comparison": "diffcompare.plot.comparison:plot_comparison",
    "plot_size_sweep": "diffcompare.plot.size_sweep:plot_size_sweep",
    "plot_swell": "diffcompare.plot.swell:plot_swell",
    "plot_training": "diffcompare.plot.training:plot_training",
    "plot_history": "diffcompare.plot.history:plot_history",
    "plot_step_sweep": "diffcompare.plot.step_sweep:plot_step_sweep",
    "problem": "diffcompare.problems:get",
    "source": "diffcompare.lower.tape:source",
    "tape": "diffcompare.lower.tape:tape",
    "to_sympy": "diffcompare.lower.sympy_io:function_to_sympy",
    "write_report": "diffcompare.report.page:write_report",
}


def face(name: str) -> Callable:
    """The function that FACES names; its module is imported now."""
    module, attribute = FACES[name].split(":")
    return getattr(importlib.import_module(module), attribute)
