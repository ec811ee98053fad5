"""What the harness adds: to the time of one call, and to the time that a comparison takes."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from table import show

from diffcompare.analysis.timing import Budget, time_in_turns

LIMIT = 5.0  # per cent
WRITTEN_OUT = 100
SUMMANDS = {"about 0.1 µs": 5, "about 0.3 µs": 40, "about 10 µs": 600, "about 100 µs": 6_000}


def work(summands: int) -> Callable[[], object]:
    """A call of a length that grows with `summands`; for 0, one that does nothing."""
    numbers = range(summands)
    return (lambda: sum(numbers)) if summands else (lambda: None)


def written_out(call: Callable[[], object]) -> Callable[[], None]:
    """`WRITTEN_OUT` calls one after another, without a loop."""
    names: dict[str, Callable] = {}
    text = "def run():\n" + "    call()\n" * WRITTEN_OUT
    exec(text, {"call": call}, names)  # noqa: S102 - the text is above
    return names["run"]


def outside(call: Callable[[], object], budget: Budget) -> float:
    """Time of a comparison outside its samples (calibration, bookkeeping) over the time inside, in per cent."""
    start = time.perf_counter()
    timing = time_in_turns({"call": call}, budget)["call"]
    whole = time.perf_counter() - start
    inside = sum(timing.samples) * timing.loops
    return 100 * (whole - inside) / inside


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="samples of each call, taken in turns (default 20)")
    budget = Budget(rounds=parser.parse_args().rounds)
    empty = work(0)
    pair = time_in_turns({"loop": empty, "written out": written_out(empty)}, budget)
    added = pair["loop"].min_s - pair["written out"].min_s / WRITTEN_OUT
    rows = []
    for name, summands in SUMMANDS.items():
        call = work(summands)
        alone = time_in_turns({"call": call}, budget)["call"].min_s
        share = min(outside(call, budget) for _ in range(3))
        shares = [f"{100 * added / alone:.1f}", f"{share:.1f}", f"{LIMIT:.0f}"]
        rows.append((name, f"{1e6 * alone:.3f}", f"{1e6 * added:.4f}", *shares))
    columns = ("call", "min µs", "loop adds µs", "loop adds %", "outside the samples %", "limit %")
    show(f"What timing adds, {budget.rounds} rounds", columns, rows)


if __name__ == "__main__":
    main()
