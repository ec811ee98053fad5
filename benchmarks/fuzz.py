"""Random graphs through every executor (NumPy, compiled code, the interpreter), each within a bound by ball arithmetic.

The bound is derived for each graph: ball arithmetic with a precision some hundred roundings above that of the data type
gives a ball around every value that holds whatever rounds each operation correctly, in whatever order sums are taken.
Of results that no precision decides (a comparison of equal numbers) or that are not finite there is no bound; they are
counted. Code must give the same bits twice, and a second call must leave the first one's results alone.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from contest import start_afresh
from flint import arb
from fuzz_graphs import Sample, random_graph
from table import show

from diffcompare.core.graph import Graph
from diffcompare.errors import UnsupportedOpError
from diffcompare.lower.ball_arrays import box, to_balls
from diffcompare.lower.ball_base import Undecided, precision
from diffcompare.lower.balls import ball_evaluator, finite
from diffcompare.lower.runner import EXECUTORS, runner

BALLS = "balls"
SLACK_BITS = 9  # 512 roundings an operation: vector mathematics is off by 4 ULP, a derived form by some dozens
VERDICTS = ("ok", "not finite", "undecided", "unsupported", "mismatch")
UNDERFLOW = 2.0**20  # smallest normal numbers by which a result may be off: what underflows is multiplied later


class MismatchError(Exception):
    """An executor's result lies outside its bound; the message tells how far."""


def flat(result: tuple) -> list[np.ndarray]:
    """First output and others, as arrays."""
    first, others = result
    return [np.asarray(first), *(np.asarray(x) for x in others)]


def enclosures(graph: Graph, point: Sequence[Any]) -> list[np.ndarray] | None:
    """A ball for every element of every output; None where a comparison stays undecided."""
    width = narrowest(graph).nmant
    with precision(width - SLACK_BITS):
        once_more = arb(1, 2.0 ** (SLACK_BITS - width))  # a function near its extreme may give a ball without slack
        try:
            found = [box(ball) for ball in ball_evaluator(graph)(*map(to_balls, point))]
        except Undecided:
            return None
        return [ball if ball.dtype == bool else box(ball * once_more) for ball in found]


def narrowest(graph: Graph) -> np.finfo:
    """The coarsest floating-point type of a graph."""
    return max((np.finfo(n.dtype) for n in graph.nodes if n.dtype.kind == "f"), key=lambda info: info.eps)


def outside(graph: Graph, found: Sequence[np.ndarray], balls: Sequence[np.ndarray]) -> str:
    """Where the first number lies outside its ball, in words; empty if none does."""
    around_zero = arb(0, UNDERFLOW * float(narrowest(graph).tiny))
    for number, (values, around) in enumerate(zip(found, balls, strict=True)):
        if values.shape != around.shape:
            return f"output {number} has shape {values.shape}, not {around.shape}"
        for place in np.ndindex(values.shape):
            ball, value = around[place], values[place]
            if isinstance(ball, (bool, np.bool_)):
                if bool(ball) != bool(value):
                    return f"output {number} at {place} is {value}, not {ball}"
            elif finite(ball) and not (np.isfinite(value) and (ball + around_zero).contains(arb(float(value)))):
                return f"output {number} at {place} is {value!r}, outside {ball}"
    return ""


def check(graph: Graph, sample: Sample, executor: str, balls: Sequence[np.ndarray] | None) -> str:
    """Run one executor and compare; "ok", "undecided" or "unsupported".

    Raises
    ------
    MismatchError
        When a result lies outside its ball, differs from call to call, or is overwritten by a later call.
    """
    try:
        call = runner(graph, executor).call
    except UnsupportedOpError:
        return "unsupported"
    with np.errstate(all="ignore"):
        found = flat(call(*sample.point))
        kept = [a.copy() for a in found]
        call(*sample.other)
        again = flat(call(*sample.point))
    for first, copy, second in zip(found, kept, again, strict=True):
        if first.tobytes() != copy.tobytes():
            raise MismatchError("a later call overwrote the results of an earlier one")
        if first.tobytes() != second.tobytes():
            raise MismatchError("two calls at one point differ")
    if [(a.shape, a.dtype) for a in found if a.ndim] != [(n.shape, n.dtype) for n in graph.outputs if n.shape]:
        raise MismatchError(f"shapes or data types {[(a.shape, str(a.dtype)) for a in found]} are not the graph's")
    if balls is None:
        return "undecided"
    words = outside(graph, found, balls)
    if words:
        raise MismatchError(words)
    return "ok" if all(finite(ball) for ball in balls) else "not finite"


def smallest(sample: Sample, executor: str) -> Graph:
    """The first node that fails as the only output; the whole graph if only the combination does."""
    for node in sample.graph.nodes:
        if not node.args:
            continue
        graph = Graph(sample.graph.inputs, (node,))
        try:
            balls = enclosures(graph, sample.point)
            if executor != BALLS:
                check(graph, sample, executor, balls)
        except Exception:  # noqa: BLE001 - as in `main`
            return graph
    return sample.graph


def report(number: int, seed: int, sample: Sample, executor: str, error: Exception) -> None:
    """Print a mismatch with what is needed to see it again."""
    print(f"\nMISMATCH in {executor}, graph {number}: {type(error).__name__}: {error}")
    print(f"  again: python benchmarks/fuzz.py --seed {seed} --first {number} --graphs 1")
    print("  smallest graph that fails:")
    print("    " + str(smallest(sample, executor)).replace("\n", "\n    "))
    for node, value in zip(sample.graph.inputs, sample.point, strict=True):
        print(f"    {node.name} = np.{value!r}" if np.ndim(value) else f"    {node.name} = {value!r}")


def run_one(number: int, seed: int, executors: Sequence[str], counts: Counter[tuple[str, str]]) -> dict[str, float]:
    """Draw a graph and check it everywhere; adds to `counts` and returns the seconds of each evaluation."""
    sample = random_graph(np.random.default_rng([seed, number]))
    balls, seconds = None, {}
    for name in (BALLS, *executors):
        start = time.perf_counter()
        try:
            if name == BALLS:
                balls = enclosures(sample.graph, sample.point)
                verdict = "undecided" if balls is None else "ok"
            else:
                verdict = check(sample.graph, sample, name, balls)
        except Exception as error:  # noqa: BLE001 - a crash of any kind is a mismatch, shown with its graph
            verdict = "mismatch"
            report(number, seed, sample, name, error)
        counts[name, verdict] += 1
        seconds[name] = time.perf_counter() - start
    return seconds


def chosen() -> argparse.Namespace:
    """The options of the command line."""
    known = [name for name in EXECUTORS if name != "auto"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--first", type=int, default=0, help="number of the first graph (default 0)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all graphs (default 0)")
    parser.add_argument("--most", type=int, default=5, help="mismatches after which to stop (default 5)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="time after which to stop")
    parser.add_argument("--executors", nargs="+", default=known, choices=known)
    return parser.parse_args()


def main() -> int:
    """Run the graphs; 1 if any executor disagreed."""
    options = chosen()
    start_afresh()
    warnings.simplefilter("ignore", RuntimeWarning)  # graphs are drawn by trying what NumPy says of the numbers
    faulthandler.enable()
    counts: Counter[tuple[str, str]] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    began, number = time.perf_counter(), options.first
    for number in range(options.first, options.first + options.graphs):
        for name, spent in run_one(number, options.seed, options.executors, counts).items():
            seconds[name] += spent
        wrong = sum(counts[name, "mismatch"] for name in seconds)
        if wrong >= options.most or time.perf_counter() - began > options.seconds:
            break
    done = number - options.first + 1
    rows = [[e, *(str(counts[e, v]) for v in VERDICTS), f"{1e3 * seconds[e] / done:.1f}"] for e in seconds]
    show(f"Random graphs {options.first} to {number}, seed {options.seed}", ("", *VERDICTS, "a graph ms"), rows)
    return int(any(counts[name, "mismatch"] for name in seconds))


if __name__ == "__main__":
    sys.exit(main())
