"""How cost grows: an elementwise sum from 10 to 10,000,000 elements, and a chain of 10 to 100,000 scalar operations.

Times are the shortest sample in microseconds a call, of a prepared function; the first gradient counts everything from
the Python function on, in seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from contest import start_afresh
from recording import RESULTS, add_json_option, save
from table import show
from yardstick_problems import elementwise

import diffcompare as dc
from diffcompare.analysis.timing import Budget, time_in_turns

ELEMENTS = [10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000]
NODES = [10, 100, 1_000, 10_000, 100_000]
VALUE_GOAL = 3.0
FIRST_GOAL_S = 2.0  # for 100,000 scalar operations
CHAIN: tuple[Callable[[Any], Any], ...] = (np.sin, lambda x: 0.5 * x, np.tanh, lambda x: x + 0.25)


def chain(operations: int) -> Callable[[Any], Any]:
    """A function of one number that is this many scalar operations, each on the result of the one before."""

    def function(x: Any) -> Any:
        for number in range(operations):
            x = CHAIN[number % len(CHAIN)](x)
        return x

    return function


def measure(kind: str, size: int, rounds: int) -> dict[str, Any]:
    """One record: value and gradient of one size."""
    scalar = kind == "scalar operations"
    point: Any = 0.3 if scalar else np.random.default_rng(0).normal(size=size)
    function = dc.function(chain(size) if scalar else lambda x: elementwise(np, x))
    start = time.perf_counter()
    prepared = dc.prepare(function, point, method="reverse")
    prepared.value_and_gradient(point)
    first_s = time.perf_counter() - start
    out = None if scalar else np.empty(size)
    calls = {
        "value": lambda: prepared.value(point),
        "gradient": (lambda: prepared.value_and_gradient(point))
        if scalar
        else (lambda: prepared.value_and_gradient(point, out=out)),
    }
    timings = time_in_turns(calls, Budget(rounds=rounds))
    value_s, gradient_s = timings["value"].min_s, timings["gradient"].min_s
    return {
        "kind": kind, "size": size, "value_s": value_s, "gradient_s": gradient_s, "first_s": first_s,
        "gradient_to_value": gradient_s / value_s, "executor": prepared.executor, **prepared.seconds,
    }  # fmt: skip


def row(record: dict[str, Any]) -> list[str]:
    """A line of the table."""
    value, gradient = record["value_s"], record["gradient_s"]
    each = 1e9 * gradient / record["size"]
    goal = f"{FIRST_GOAL_S:g}" if (record["kind"], record["size"]) == ("scalar operations", 100_000) else ""
    return [
        f"{record['size']:,} {record['kind']}", f"{1e6 * value:.2f}", f"{1e6 * gradient:.2f}", f"{each:.2f}",
        f"{record['gradient_to_value']:.2f}", f"{VALUE_GOAL:g}", f"{record['first_s']:.2f}", goal,
    ]  # fmt: skip


def draw(records: Sequence[dict[str, Any]], path: Path) -> None:
    """Two panels: elements on the left, scalar operations on the right."""
    import drawing

    figure, (left, right) = drawing.panels(2)
    arrays = [r for r in records if r["kind"] == "elements"]
    chains = [r for r in records if r["kind"] != "elements"]
    names = {"value and gradient": "gradient_s", "value": "value_s"}
    series = {name: [(r["size"], 1e6 * r[key]) for r in arrays] for name, key in names.items()}
    drawing.lines(left, "sum(sin(x) exp(-x²) + tanh(x))", "elements", "µs a call", series)
    series = {name: [(r["size"], 1e6 * r[key]) for r in chains] for name, key in names.items()}
    series["first gradient, all included"] = [(r["size"], 1e6 * r["first_s"]) for r in chains]
    drawing.lines(right, "A chain of scalar operations", "operations", "µs", series)
    drawing.write(figure, path)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, nargs="*", default=ELEMENTS, help="sizes of the array")
    parser.add_argument("--nodes", type=int, nargs="*", default=NODES, help="lengths of the chain")
    parser.add_argument("--rounds", type=int, default=10, help="samples of each call, in turns (default 10)")
    parser.add_argument("--svg", nargs="?", type=Path, const=RESULTS / "growth.svg", help="draw (results/growth.svg)")
    add_json_option(parser, "growth")
    options = parser.parse_args()
    start_afresh()
    records = [measure("elements", n, options.rounds) for n in options.elements]
    records += [measure("scalar operations", n, options.rounds) for n in options.nodes]
    columns = (
        "", "value µs", "gradient µs", "gradient ns each", "gradient / value", "goal", "first gradient s", "goal s"
    )  # fmt: skip
    show(f"Cost by size, one thread, {options.rounds} rounds in turns", columns, [row(r) for r in records])
    if options.json:
        save(options.json, "Cost of value and gradient by size, one thread", records, {"goals": {"ratio": VALUE_GOAL}})
    if options.svg:
        draw(records, options.svg)


if __name__ == "__main__":
    main()
