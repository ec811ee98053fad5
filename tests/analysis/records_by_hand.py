"""Records and comparisons with round numbers, to test how they are shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from diffcompare.analysis.comparison import Comparison
from diffcompare.analysis.environment import environment
from diffcompare.analysis.records import Record, break_even, new_record

# method: (relative error, median [s], derive, compile, first call [s])
CONTENDERS = {
    "symbolic": (1e-16, 3e-6, 0.31, 0.02, 2e-5),
    "central-difference": (4e-11, 2.2e-5, 0.0, 0.0, 1e-3),
    "forward-difference": (3.1e-9, 1.4e-5, 0.0, 0.0, 2e-3),
    "reverse": (0.0, 9e-7, 1e-3, 0.41, 1e-5),
}
HOSTILE = "op '<b>erfinv</b>' | not `known`\n  Use another."


def record(
    method: str, rel: float, median: float, derive: float, compiling: float, first: float, **known: Any
) -> Record:
    """A complete record."""
    return new_record(
        problem="f", size=2, dtype="float64", method=method, status="ok", value=-0.4, evaluations=3, operations=41,
        gradient=(2.0, np.array([1.0, 0.5])), abs_error=2 * rel, rel_error=rel, ulp_error=rel / 2**-52,
        digits=min(15.95, -np.log10(max(rel, 1e-17))), worst_entry="y[1]", condition=6.2,
        condition_error=rel / 2**-52, trace_s=4e-4, derive_s=derive, compile_s=compiling, first_s=first,
        median_s=median, min_s=0.9 * median, iqr_s=0.02 * median, rounds=20, peak_bytes=2048,
        gradient_to_value=median / 5e-6, host="A processor, 2 cores", **known,
    )  # fmt: skip


def comparison(problem: str = "(x + y)**2") -> Comparison:
    """A comparison of the contenders, one skipped and one failed method."""
    records = [record(name, *numbers) for name, numbers in CONTENDERS.items()]
    records.append(new_record(problem="f", method="cuda", status="skipped", reason="no NVIDIA driver"))
    records.append(new_record(problem="f", method="<peer>", status="failed", reason=HOSTILE))
    break_even(records)
    gradient = (2.0, np.array([1.0, 0.5]))
    reference = SimpleNamespace(
        value=-0.4, gradient=gradient, arrays=tuple(map(np.asarray, gradient)), digits=20, condition=6.2, wrt=(0, 1),
        status="certified", reason="",
    )  # fmt: skip
    return Comparison(records, reference, environment(), problem, (3.0, np.arange(2.0)), ("x", "y"))
