"""Time a node of building a long chain of scalar operations and of pulling it back, and how deep the stack gets."""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
from table import show

import diffcompare as dc
from diffcompare.analysis.timing import collection_off
from diffcompare.core.graph import Graph
from diffcompare.transform.pullback import pullback

LIMIT_US = 10.0
LINKS: tuple[Callable[[Any], Any], ...] = (
    np.sin,
    lambda x: 0.5 * x,
    np.tanh,
    lambda x: x + 0.25,
    np.exp,
    lambda x: -x,
)


def build(operations: int) -> Graph:
    """A chain of this many scalar operations on one input, each on the result of the one before."""
    x = dc.variable("x")
    node: Any = x
    for link in itertools.islice(itertools.cycle(LINKS), operations):
        node = link(node)
    return Graph((x,), (node,))


def measure(operations: int) -> tuple[float, float, int]:
    """Seconds of building and of pulling back, and the number of nodes of value and gradient together."""
    with collection_off():
        start = time.perf_counter()
        graph = build(operations)
        built = time.perf_counter()
        gradient = pullback(graph, (0,))
        done = time.perf_counter()
    return built - start, done - built, len(gradient.nodes)


def deepest_stack(call: Callable[[], object]) -> int:
    """Most Python frames at a time, above the caller's, while `call` runs."""
    depth = deepest = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal depth, deepest
        depth += {"call": 1, "return": -1}.get(event, 0)
        deepest = max(deepest, depth)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
    return deepest


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--operations", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="lengths of the chain"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="measurements a length, of which the median is shown (default 5)"
    )
    options = parser.parse_args()
    rows = []
    for operations in options.operations:
        samples = [measure(operations) for _ in range(options.rounds)]
        building, pulling = (1e6 / operations * statistics.median(s[i] for s in samples) for i in (0, 1))
        both = sorted(1e6 / operations * (s[0] + s[1]) for s in samples)
        depth = deepest_stack(lambda n=operations: measure(n))  # type: ignore[misc]
        rows.append((
            f"{operations:,}", f"{building:.2f}", f"{pulling:.2f}", f"{statistics.median(both):.2f}", f"{both[0]:.2f}",
            f"{LIMIT_US:.0f}", f"{samples[0][2]:,}", str(depth),
        ))  # fmt: skip
    columns = (
        "operations", "build µs/op", "pull back µs/op", "both µs/op", "both min µs/op", "limit µs/op", "nodes of both",
        "deepest stack frames",
    )  # fmt: skip
    show(f"A chain of scalar operations, {options.rounds} rounds", columns, rows)


if __name__ == "__main__":
    main()
