"""One expression on a GPU: fused kernels beside a copy, a kernel by hand, CuPy, PyTorch, JAX, the CPU and NumPy.

Runs the tests marked `gpu` first, then times value and gradient of sum(sin(x) exp(-x x) + tanh(x)), arrays on the
device but for the columns `with copies`, `cpu` and `numpy`. Without a device it says so and ends with status 2.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from contest import CannotRunError
from gpu_contenders import CONTENDERS, ON_THE_HOST, Ready, ready
from recording import RESULTS, save
from table import show

from diffcompare.lower.cuda_presence import in_words, simulating, why_not

SIZES = [10**k for k in range(3, 10)]
SAMPLE_S = 0.02  # a sample repeats the call for so long
MOST_ON_THE_HOST = 10**8  # elements; NumPy takes seconds from there on
NO_DEVICE = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="N", help="elements (1e3 to 1e9)")
    parser.add_argument("--dtypes", nargs="+", choices=["float32", "float64"], default=["float32", "float64"])
    parser.add_argument("--rounds", type=int, default=7, help="samples of each contender, in turns (7)")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--no-tests", action="store_true", help="leave the tests marked gpu out")
    options = parser.parse_args()
    reason = "the simulator is no device" if simulating() else why_not()
    if reason:
        print(f"No kernel was run and nothing was measured: {reason}.")
        return NO_DEVICE
    if not options.no_tests:
        command = [sys.executable, "-m", "pytest", "-m", "gpu", "-q", "tests/lower"]
        tests = subprocess.run(command, cwd=RESULTS.parents[1])
        if tests.returncode:
            return tests.returncode
    records: list[dict[str, Any]] = []
    for dtype in options.dtypes:
        mine = [r for n in options.sizes for r in measure(n, dtype, options.contenders, options.rounds)]
        records += mine
        show(f"Value and gradient, {dtype}, microseconds a call; {in_words()}", *table(mine, options.contenders))
        print()
    for name, why in sorted({(r["contender"], r["reason"]) for r in records if r["reason"]}):
        print(f"{name} did not run: {why}")
    save(RESULTS / "gpu.json", "value and gradient on a GPU", records, {"device": in_words()})
    draw(records, RESULTS / "gpu.svg")
    return 0


def measure(size: int, dtype: str, names: Sequence[str], rounds: int) -> list[dict[str, Any]]:
    """A record for each contender at one size; those that have no memory, or are not installed, have a reason."""
    kind: Any = dtype  # NumPy's types ask for the two names as literals
    x = np.random.default_rng(size).standard_normal(size, dtype=kind)
    calls: dict[str, Ready] = {}
    reasons: dict[str, str] = {}
    for name in names:
        if name in ON_THE_HOST and size > MOST_ON_THE_HOST:
            reasons[name] = f"more than {MOST_ON_THE_HOST:,} elements are not run on the host"
            continue
        try:
            calls[name] = ready(name, x)
        except CannotRunError as error:
            reasons[name] = str(error)
    repeats = {name: repeats_of(*call) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, (call, end) in calls.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            end()
            samples[name].append((time.perf_counter() - start) / repeats[name])
    calls.clear()
    gc.collect()
    moved = 2 * x.nbytes + x.itemsize
    return [
        {
            "contender": name, "size": size, "dtype": dtype, "bytes": moved, "reason": reasons.get(name, ""),
            "min_s": min(samples[name]) if name in samples else None,
            "median_s": statistics.median(samples[name]) if name in samples else None,
        }
        for name in names
    ]  # fmt: skip


def repeats_of(call: Any, end: Any) -> int:
    """How often a call is repeated in one sample."""
    start = time.perf_counter()
    call()
    end()
    return max(1, int(SAMPLE_S / (time.perf_counter() - start)))


def table(records: Sequence[dict[str, Any]], names: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of times; then the share of the copy's bytes a second, and the time in units of the hand's."""
    columns = ["elements", *(f"{name} [µs]" for name in names), "of copy [%]", "of hand [×]"]
    rows = []
    for size in dict.fromkeys(r["size"] for r in records):
        times = {r["contender"]: r["min_s"] for r in records if r["size"] == size}
        mine = times.get("diffcompare")
        shares = [
            "-" if mine is None or times.get("copy") is None else f"{100 * times['copy'] / mine:.0f}",
            "-" if mine is None or times.get("by hand") is None else f"{mine / times['by hand']:.2f}",
        ]
        cells = ["-" if times[name] is None else f"{1e6 * times[name]:.4g}" for name in names]
        rows.append([f"{size:,}", *cells, *shares])
    return columns, rows


def draw(records: Sequence[dict[str, Any]], path: Path) -> None:
    """Bytes a second against size, a panel for each data type."""
    import matplotlib
    import matplotlib.pyplot as plt

    dtypes = list(dict.fromkeys(r["dtype"] for r in records))
    figure, panels = plt.subplots(1, len(dtypes), figsize=(6 * len(dtypes), 4.5), squeeze=False, layout="constrained")
    for axes, dtype in zip(panels[0], dtypes, strict=True):
        for name in dict.fromkeys(r["contender"] for r in records):
            mine = [r for r in records if r["dtype"] == dtype and r["contender"] == name and r["min_s"]]
            width = 2.4 if name == "diffcompare" else 1.2
            axes.plot(
                [r["size"] for r in mine], [r["bytes"] / r["min_s"] / 1e9 for r in mine], marker="o", markersize=3.5,
                linewidth=width, linestyle="--" if name == "copy" else "-", label=name,
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="elements", ylabel="bytes read and written [GB/s]", title=dtype)
        axes.grid(True, color="0.9")
    panels[0][0].legend(fontsize=8, frameon=False)
    with matplotlib.rc_context({"svg.hashsalt": "diffcompare"}):
        figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
