"""Random graphs through every executor (NumPy, compiled code, the interpreter), each within a bound by ball arithmetic.

The bound is derived for each graph (`fuzz_bounds`): a ball around every value that holds whatever rounds each operation
correctly, in whatever order sums are taken. Of results that no precision decides (a comparison of equal numbers) or
that are not finite there is no bound; they are counted. Code must give the same bits twice, and a second call must
leave the first one's results alone.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from contest import start_afresh
from fuzz_bounds import enclosures, outside
from fuzz_graphs import Sample, random_graph
from recording import add_json_option, save
from table import show

from diffcompare.core.graph import Graph
from diffcompare.errors import UnsupportedOpError
from diffcompare.lower.balls import finite
from diffcompare.lower.runner import EXECUTORS, runner

BALLS = "balls"
VERDICTS = ("ok", "not finite", "undecided", "unsupported", "mismatch")


class MismatchError(Exception):
    """An executor's result lies outside its bound; the message tells how far."""


def flat(result: tuple) -> list[np.ndarray]:
    """First output and others, as arrays."""
    first, others = result
    return [np.asarray(first), *(np.asarray(x) for x in others)]


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
        except Exception:  # noqa: BLE001 - a crash of any kind is looked for, as in `run_one`
            return graph
    return sample.graph


def report(number: int, options: argparse.Namespace, sample: Sample, executor: str, error: Exception) -> None:
    """Print a mismatch with what is needed to see it again."""
    again = f"--seed {options.seed} --first {number} --graphs 1 --steps {options.steps} --scalars {options.scalars:g}"
    print(f"\nMISMATCH in {executor}, graph {number}: {type(error).__name__}: {error}")
    print(f"  again: python benchmarks/fuzz.py {again}")
    print("  smallest graph that fails:")
    print("    " + str(smallest(sample, executor)).replace("\n", "\n    "))
    for node, value in zip(sample.graph.inputs, sample.point, strict=True):
        print(f"    {node.name} = np.{value!r}" if np.ndim(value) else f"    {node.name} = {value!r}")


def run_one(number: int, options: argparse.Namespace, counts: Counter[tuple[str, str]]) -> dict[str, float]:
    """Draw a graph and check it everywhere; adds to `counts` and returns the seconds of each evaluation."""
    sample = random_graph(np.random.default_rng([options.seed, number]), options.steps, options.scalars)
    balls, seconds = None, {}
    for name in (BALLS, *options.executors):
        start = time.perf_counter()
        try:
            if name == BALLS:
                balls = enclosures(sample.graph, sample.point)
                verdict = "undecided" if balls is None else "ok"
            else:
                verdict = check(sample.graph, sample, name, balls)
        except Exception as error:  # noqa: BLE001 - a crash of any kind is a mismatch, shown with its graph
            verdict = "mismatch"
            report(number, options, sample, name, error)
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
    parser.add_argument("--steps", type=int, default=14, help="most operations tried in a graph (default 14)")
    parser.add_argument("--scalars", type=float, default=0.2, help="share of graphs of numbers alone (default 0.2)")
    parser.add_argument("--executors", nargs="+", default=known, choices=known)
    add_json_option(parser, "fuzz")
    return parser.parse_args()


def keep(path: Path, options: argparse.Namespace, last: int, counts: Counter[tuple[str, str]]) -> None:
    """Add a run to those that the file at `path` holds; sums over all runs are its summary."""
    records = json.loads(path.read_text(encoding="utf-8"))["records"] if path.exists() else []
    about = {"seed": options.seed, "first": options.first, "last": last, "steps": options.steps}
    for name in (BALLS, *options.executors):
        verdicts = {verdict: counts[name, verdict] for verdict in VERDICTS}
        records.append({**about, "scalars": options.scalars, "executor": name, **verdicts})
    summary: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        summary[record["executor"]].update({verdict: record[verdict] for verdict in VERDICTS})
    save(path, "Random graphs through every executor; one record a run and executor", records, summary)


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
        for name, spent in run_one(number, options, counts).items():
            seconds[name] += spent
        wrong = sum(counts[name, "mismatch"] for name in seconds)
        if wrong >= options.most or time.perf_counter() - began > options.seconds:
            break
    done = number - options.first + 1
    rows = [[e, *(str(counts[e, v]) for v in VERDICTS), f"{1e3 * seconds[e] / done:.1f}"] for e in seconds]
    show(f"Random graphs {options.first} to {number}, seed {options.seed}", ("", *VERDICTS, "a graph ms"), rows)
    if options.json:
        keep(options.json, options, number, counts)
    return int(any(counts[name, "mismatch"] for name in seconds))


if __name__ == "__main__":
    sys.exit(main())
