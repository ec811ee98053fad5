"""Time of a `value_and_gradient` call by the reverse method on three floats, above the time of its compiled kernel."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from table import show

import diffcompare as dc
from diffcompare.analysis.timing import Budget, time_in_turns
from diffcompare.lower.numba_emit import compile_graph
from diffcompare.transform.pullback import pullback
from diffcompare.transform.simplify import simplify

LIMIT_US = 3.0
POINT = (0.5, 2.0, -1.5)
TURNS = 1_000  # calls that the compiled loop makes, so that the one call of the loop itself does not count


def function(x: Any, y: Any, z: Any) -> Any:
    """A small expression of three scalars."""
    return np.sin(x * y) + np.exp(z) / (1.0 + x * x)


def loop_over(kernel: Callable) -> Callable[[], float]:
    """Calls the kernel `TURNS` times inside compiled code, each time at another point so that none can be left out."""

    @numba.njit
    def loop(x: float, y: float, z: float) -> float:
        total = 0.0
        for turn in range(TURNS):
            value, (x_bar, y_bar, z_bar) = kernel(x + 1e-9 * turn, y, z)
            total += value + x_bar + y_bar + z_bar
        return total

    return lambda: loop(*POINT)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="samples of each call, taken in turns (default 20)")
    rounds = parser.parse_args().rounds
    kernel = compile_graph(simplify(pullback(dc.trace(function, *POINT), (0, 1, 2)))).call
    prepared = dc.prepare(function, *POINT, method="reverse")
    operator = dc.value_and_gradient(function, method="reverse")
    names = (
        "kernel, in a compiled loop", "kernel, called from Python", "prepare(f, ...).value_and_gradient(x, y, z)",
        "value_and_gradient(f)(x, y, z)",
    )  # fmt: skip
    calls: tuple[Callable[[], object], ...] = (
        loop_over(kernel),
        lambda: kernel(*POINT),
        lambda: prepared.value_and_gradient(*POINT),
        lambda: operator(*POINT),
    )
    results = [call() for call in calls[1:]]
    np.testing.assert_equal(results[1:], results[:1] * 2)  # checked, then timed
    timings = time_in_turns(dict(zip(names, calls, strict=True)), Budget(rounds=rounds))
    rows = []
    for name in names:
        timing, turns = timings[name], TURNS if name == names[0] else 1
        if timing.failure is not None:
            raise timing.failure
        if name == names[0]:
            bare = timing.median_s / turns
        above = 1e6 * (timing.median_s / turns - bare)
        cells = [f"{1e6 * seconds / turns:.3f}" for seconds in (timing.median_s, timing.min_s, timing.iqr_s)]
        rows.append((name, *cells, *(("", "") if name == names[0] else (f"{above:.2f}", f"{LIMIT_US:.0f}"))))
    columns = ("", "median µs", "min µs", "spread (IQR) µs", "above kernel µs", "limit µs")
    show(f"A call on three floats, {rounds} rounds in turns", columns, rows)


if __name__ == "__main__":
    main()
