"""Value and gradient of ten functions outside the yardstick: the library beside JAX (compiled, float64), one thread.

Contenders take turns in one process, so only ratios within one run mean something. NumPy, statement by statement, is
the reference of the check. Times are the shortest sample of an ordinary call in microseconds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping

import peers
from contest import Maker, Record, contest, geometric_mean, start_afresh
from functions_outside import FUNCTIONS
from recording import add_json_option, save, show_reasons
from table import show

from diffcompare.analysis.timing import Budget

GOAL = 2.0  # times faster than JAX in geometric mean
WORST_GOAL = 1.0


def ratio(records: Mapping[str, Record], name: str, other: str) -> float:
    """Time of one contender in units of another's; nan where either has none."""
    return records[name].min_s / records[other].min_s if name in records and other in records else math.nan


def main() -> None:
    """Measure and print."""
    makers: dict[str, Maker] = {"numpy": peers.by_numpy, **peers.OWN, **peers.PEERS}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", nargs="+", default=list(FUNCTIONS), choices=FUNCTIONS, metavar="NAME")
    parser.add_argument("--peers", nargs="*", default=["jax"], choices=peers.PEERS, metavar="NAME")
    parser.add_argument("--size", type=int, default=1_000_000, help="options of Black-Scholes; the others follow it")
    parser.add_argument("--rounds", type=int, default=20, help="samples of each contender, in turns (default 20)")
    add_json_option(parser, "functions")
    options = parser.parse_args()
    start_afresh()
    chosen = {name: make for name, make in makers.items() if name not in peers.PEERS or name in options.peers}
    table: dict[str, dict[str, Record]] = {}
    rows = []
    for name in options.functions:
        found = contest(name, FUNCTIONS[name](options.size), chosen, Budget(rounds=options.rounds))
        table[name] = found
        times = [f"{1e6 * r.min_s:.1f}" if r.ran else "-" for r in found.values()]
        first = [f"{found[c].first_s:.2f}" for c in ("diffcompare", *options.peers)]
        faster = [ratio(found, peer, "diffcompare") for peer in options.peers]
        rows.append([name, *times, *first, *(f"{r:.2f}" for r in faster), f"{WORST_GOAL:g}"])
    means = {
        f"{peer} / diffcompare": geometric_mean(r for t in table.values() if (r := ratio(t, peer, "diffcompare")) > 0)
        for peer in options.peers
    }
    blank = [""] * (len(chosen) + 1 + len(options.peers))
    rows.append(["geometric mean", *blank, *(f"{mean:.2f}" for mean in means.values()), f"{GOAL:g}"])
    first_columns = [f"{c} first s" for c in ("diffcompare", *options.peers)]
    columns = ["", *(f"{c} µs" for c in chosen), *first_columns, *means, "goal"]
    show(f"Ten functions outside the yardstick, size {options.size:,}, one thread", columns, rows)
    records = [record for row in table.values() for record in row.values()]
    show_reasons(records)
    if options.json:
        extra = {"size": options.size, "geometric_means": means, "goals": {"mean": GOAL, "worst": WORST_GOAL}}
        save(options.json, "Ten functions outside the yardstick, one thread", [r.to_dict() for r in records], extra)


if __name__ == "__main__":
    main()
