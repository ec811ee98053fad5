"""Value and gradient of ten functions outside the yardstick: the library beside JAX (compiled, float64), one thread.

Contenders take turns in one process, so only ratios within one run mean something. NumPy, statement by statement, is
the reference of the check. Times are the shortest sample of an ordinary call in microseconds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping, Sequence

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


def cells(name: str, records: Mapping[str, Record], rivals: Sequence[str]) -> list[str]:
    """One line of the table."""
    times = [f"{1e6 * r.min_s:.1f}" if r.ran else "-" for r in records.values()]
    first = [f"{records[c].first_s:.2f}" for c in ("diffcompare", *rivals)]
    faster = [f"{ratio(records, rival, 'diffcompare'):.2f}" for rival in rivals]
    return [name, *times, *first, *faster, f"{WORST_GOAL:g}"]


def mean_over(table: Iterable[Mapping[str, Record]], rival: str) -> float:
    """Geometric mean of how many times faster than `rival` the library is, where both ran."""
    ratios = [ratio(records, rival, "diffcompare") for records in table]
    return geometric_mean(r for r in ratios if not math.isnan(r))


def chosen() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", nargs="+", default=list(FUNCTIONS), choices=FUNCTIONS, metavar="NAME")
    parser.add_argument("--peers", nargs="*", default=["jax"], choices=peers.PEERS, metavar="NAME")
    parser.add_argument("--size", type=int, default=1_000_000, help="options of Black-Scholes; the others follow it")
    parser.add_argument("--rounds", type=int, default=20, help="samples of each contender, in turns (default 20)")
    add_json_option(parser, "functions")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = chosen()
    start_afresh()
    rivals, size = options.peers, options.size
    makers: dict[str, Maker] = {"numpy": peers.by_numpy, **peers.OWN, **{name: peers.PEERS[name] for name in rivals}}
    table = {n: contest(n, FUNCTIONS[n](size), makers, Budget(rounds=options.rounds)) for n in options.functions}
    means = {f"{rival} / diffcompare": mean_over(table.values(), rival) for rival in rivals}
    blank = [""] * (len(makers) + 1 + len(rivals))
    rows = [cells(name, records, rivals) for name, records in table.items()]
    rows.append(["geometric mean", *blank, *(f"{mean:.2f}" for mean in means.values()), f"{GOAL:g}"])
    first_columns = [f"{c} first s" for c in ("diffcompare", *rivals)]
    columns = ["", *(f"{c} µs" for c in makers), *first_columns, *means, "goal"]
    show(f"Ten functions outside the yardstick, size {size:,}, one thread", columns, rows)
    everyone = [record for records in table.values() for record in records.values()]
    show_reasons(everyone)
    if options.json:
        extra = {"size": size, "geometric_means": means, "goals": {"mean": GOAL, "worst": WORST_GOAL}}
        save(options.json, "Ten functions outside the yardstick, one thread", [r.to_dict() for r in everyone], extra)


if __name__ == "__main__":
    main()
