"""What large problems take: memory of a million elements, a million scalar operations, two threads against one.

Each measurement runs in a fresh process. Memory is the growth of the resident set from before the arguments exist to
its peak, with the code compiled before. Seconds count everything from the Python function on, without a store of
compiled code: on the clock, and of the processor, which other programs lengthen less. Threads take turns; their ratio
is that of the shortest calls, beside the median of all turns and the load they were measured under.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from contest import NO_STORE, ONE_THREAD
from growth import CHAIN, chain
from recording import add_json_option, save
from table import show
from yardstick_problems import elementwise

import diffcompare as dc
from diffcompare.analysis.timing import collection_off
from diffcompare.transform.pullback import pullback

MEMORY_GOAL = 6.0  # arrays: the argument, the gradient, and four more
FIRST_GOAL_S = 2.0  # for 100,000 scalar operations
THREADS_GOAL = 1.5
ALL_THREADS = {"NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def function(x: Any) -> Any:
    """The yardstick's elementwise sum."""
    return elementwise(np, x)


def memory(size: int) -> dict[str, Any]:
    """Peak of the resident set of value and gradient, in arrays of `size` float64."""
    dc.prepare(function, np.zeros(1000), method="reverse").value_and_gradient(np.zeros(1000))
    before = _reset_peak()
    x = np.random.default_rng(0).normal(size=size)
    prepared = dc.prepare(function, x, method="reverse")
    for _ in range(3):
        kept = prepared.value_and_gradient(x)
    grown = _status_bytes("VmHWM") - before
    assert np.size(kept[1]) == size
    return {"peak_bytes": grown, "arrays": grown / x.nbytes, "goal": MEMORY_GOAL}


def _reset_peak() -> int:
    """Forget the peak of the resident set so far (Linux); gives its present size in bytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status_bytes("VmRSS")


def _status_bytes(key: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(f"/proc/self/status has no {key}: memory is measured on Linux only.")


def irregular(operations: int) -> Callable[[Any], Any]:
    """A chain as `growth.chain`, in an order that does not repeat."""
    order = np.random.default_rng(0).integers(0, len(CHAIN), operations).tolist()

    def function(x: Any) -> Any:
        for number in order:
            x = CHAIN[number](x)
        return x

    return function


def scalars(size: int, repeating: bool) -> dict[str, Any]:
    """Seconds of tracing, of the pullback, and of everything up to the first gradient."""
    made = (chain if repeating else irregular)(size)
    start, start_cpu = time.perf_counter(), time.process_time()
    prepared = dc.prepare(made, 0.3, method="reverse")
    prepared.value_and_gradient(0.3)
    first_s, first_cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    with collection_off():
        start = time.perf_counter()
        graph = dc.trace(made, 0.3)
        middle = time.perf_counter()
        pullback(graph, (0,))
        pullback_s = time.perf_counter() - middle
    goal = FIRST_GOAL_S if size == 100_000 else None
    return {
        "first_s": first_s, "first_cpu_s": first_cpu_s, "trace_s": middle - start, "pullback_s": pullback_s,
        "executor": prepared.executor, "goal": goal,
    }  # fmt: skip


def threads(size: int, rounds: int) -> dict[str, Any]:
    """Time on one thread over that on two, in turns of one call each."""
    import numba

    x, out = np.random.default_rng(0).normal(size=size), np.empty(size)
    prepared = dc.prepare(function, x, method="reverse")
    load = os.getloadavg()[0]
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds + 2):
        for count, samples in seconds.items():
            numba.set_num_threads(count)
            start = time.perf_counter()
            prepared.value_and_gradient(x, out=out)
            samples.append(time.perf_counter() - start)
    one, two = (np.array(samples[2:]) for samples in seconds.values())  # the first turns touch memory anew
    return {
        "ratio": float(one.min() / two.min()), "median_ratio": float(np.median(one / two)), "rounds": rounds,
        "min_s": [float(one.min()), float(two.min())], "load": load,
        "executor": prepared.executor, "goal": THREADS_GOAL,
    }  # fmt: skip


def measured(name: str, size: int, options: argparse.Namespace) -> dict[str, Any]:
    """One record, from a process of its own."""
    environment = {**os.environ, **(ALL_THREADS if name == "threads" else ONE_THREAD), **NO_STORE}
    command = [sys.executable, __file__, "--measure", name, str(size), "--rounds", str(options.rounds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return {"measurement": name, "size": size, **json.loads(done.stdout)}


def row(record: dict[str, Any]) -> list[str]:
    """A line of the table."""
    words = {
        "memory": ("peak, in arrays of that size", "arrays"),
        "repeating": ("first gradient s", "first_s"),
        "irregular": ("first gradient s", "first_s"),
        "threads": ("one thread over two, shortest calls", "ratio"),
    }
    what, key = words[record["measurement"]]
    others = {
        "first_cpu_s": "of the processor",
        "trace_s": "trace",
        "pullback_s": "pullback",
        "median_ratio": "median",
        "load": "load",
    }
    more = ", ".join(f"{word} {record[name]:.2f}" for name, word in others.items() if name in record)
    goal = "" if record["goal"] is None else f"{record['goal']:g}"
    return [f"{record['measurement']}, {record['size']:,}", what, f"{record[key]:.2f}", goal, more]


MEASUREMENTS: dict[str, Callable[[int, argparse.Namespace], dict[str, Any]]] = {
    "memory": lambda size, options: memory(size),
    "repeating": lambda size, options: scalars(size, True),
    "irregular": lambda size, options: scalars(size, False),
    "threads": lambda size, options: threads(size, options.rounds),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, default=1_000_000, help="size of the array (default 1,000,000)")
    parser.add_argument("--nodes", type=int, nargs="*", default=[100_000, 1_000_000], help="lengths of the chains")
    parser.add_argument("--rounds", type=int, default=40, help="turns of the threads (default 40)")
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "SIZE"), help="one measurement, here, as JSON")
    add_json_option(parser, "scale")
    options = parser.parse_args()
    if options.measure:
        name, size = options.measure
        print(json.dumps(MEASUREMENTS[name](int(size), options)))
        return
    todo = [("memory", options.elements), *((k, n) for n in options.nodes for k in ("repeating", "irregular"))]
    records = [measured(name, size, options) for name, size in [*todo, ("threads", options.elements)]]
    show(
        "Large problems, s and ratios", ("", "what (s or ratio)", "found", "goal", "more s "), [row(r) for r in records]
    )
    if options.json:
        keys = sorted({key for record in records for key in record})
        save(options.json, "Large problems", [{key: r.get(key) for key in keys} for r in records], {})


if __name__ == "__main__":
    main()
