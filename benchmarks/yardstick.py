"""Value and gradient of ten problems: the library beside gradients written by hand and beside its peers, one thread.

Contenders take turns in one process, so only ratios within one run mean something. Each is checked before it is timed.
Times are the shortest sample of an ordinary call in microseconds.
"""

from __future__ import annotations

import argparse
import functools
import math
from collections.abc import Mapping, Sequence

import peers
import yardstick_limits
from contest import Call, Maker, Problem, Record, contest, geometric_mean, start_afresh
from recording import add_json_option, save, show_reasons
from table import show
from yardstick_problems import PROBLEMS

import diffcompare as dc
from diffcompare.analysis.timing import Budget, time_in_turns

CALL_BOUND = ("tiny", "rosenbrock10")
LIMIT_GOAL, MEAN_GOAL = 2.0, 1.2
LIMIT_GOALS = dict.fromkeys(CALL_BOUND, 3.0) | {"logistic_map2000": 8.0}
CASADI_GOAL = 4.0  # on the call-bound problems, where CasADi runs on buffers it was bound to
VALUE_GOAL = 3.0
Records = Mapping[str, Record]


def limit(problem: Problem) -> Call:
    """The gradient written by hand."""
    return functools.partial(getattr(yardstick_limits, problem.function.__name__), *problem.inputs)


def gradient_to_value(problem: Problem, budget: Budget) -> float:
    """Time of value and gradient in units of the time of the value, both prepared."""
    prepared = dc.prepare(peers.traced(problem), *problem.inputs, method="reverse", wrt=problem.wrt)
    calls = {"value": lambda: prepared.value(*problem.inputs), "gradient": peers.bound(problem)}
    timings = time_in_turns(calls, budget)
    return timings["gradient"].min_s / timings["value"].min_s


def ratio(records: Records, name: str, other: str) -> float:
    """Time of one contender in units of another's; nan where either has none."""
    return records[name].min_s / records[other].min_s if name in records and other in records else math.nan


def missed(name: str, records: Records, to_value: float) -> list[str]:
    """The goals that this problem misses, in words."""
    words = []
    goal = LIMIT_GOALS.get(name, LIMIT_GOAL)
    if not records["diffcompare"].ran:
        return ["everything"]
    if ratio(records, "diffcompare", "limit") > goal:
        words.append(f"limit ×{goal:g}")
    for peer in peers.PEERS:
        allowed = CASADI_GOAL if peer == "casadi" and name in CALL_BOUND else 1.0
        if ratio(records, "diffcompare", peer) > allowed:
            words.append(peer if allowed == 1.0 else f"{peer} ×{allowed:g}")
    if to_value > VALUE_GOAL:
        words.append(f"value ×{VALUE_GOAL:g}")
    return words


def best_peer(records: Records) -> str:
    """Time in units of the fastest peer's, with its name."""
    ran = {name: records[name].min_s for name in peers.PEERS if name in records and records[name].ran}
    if not ran or not records["diffcompare"].ran:
        return "-"
    best = min(ran, key=ran.__getitem__)
    return f"{ratio(records, 'diffcompare', best):.2f} {best}"


def cells(name: str, records: Records, to_value: float) -> list[str]:
    """One line of the table."""
    times = [f"{1e6 * r.min_s:.2f}" if r.ran else "-" for r in records.values()]
    ratios = [_two(ratio(records, own, "limit")) for own in peers.OWN]
    goal = f"{LIMIT_GOALS.get(name, LIMIT_GOAL):g}"
    verdict = ", ".join(missed(name, records, to_value)) or "none"
    return [name, *times, *ratios, goal, best_peer(records), _two(to_value), verdict]


def summary(table: Mapping[str, Records], to_value: Mapping[str, float]) -> dict[str, float]:
    """Geometric means over the problems on which both sides ran, named by what is divided by what."""
    pairs = [(own, "limit") for own in peers.OWN] + [("diffcompare", peer) for peer in peers.PEERS]
    means = {}
    for own, other in pairs:
        ratios = [ratio(records, own, other) for records in table.values()]
        means[f"{own} / {other}"] = geometric_mean(r for r in ratios if not math.isnan(r))
    means["gradient / value"] = geometric_mean(r for r in to_value.values() if not math.isnan(r))
    return means


def last_line(means: Mapping[str, float], contenders: Sequence[str]) -> list[str]:
    """The geometric means; under a peer's times stands the library's time in units of the peer's."""
    under = [_two(means.get(f"diffcompare / {c}", math.nan)) if c in peers.PEERS else "" for c in contenders]
    met = "none" if means["diffcompare / limit"] <= MEAN_GOAL else f"limit ×{MEAN_GOAL:g}"
    ratios = [_two(means[f"{own} / limit"]) for own in peers.OWN]
    return ["geometric mean of ratios", *under, *ratios, f"{MEAN_GOAL:g}", "", _two(means["gradient / value"]), met]


def _two(number: float) -> str:
    return "-" if math.isnan(number) else f"{number:.2f}"


def main() -> None:
    """Measure and print."""
    makers: dict[str, Maker] = {"limit": limit, **peers.OWN, **peers.PEERS}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=PROBLEMS, metavar="NAME")
    parser.add_argument("--peers", nargs="*", default=list(peers.PEERS), choices=peers.PEERS, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=20, help="samples of each contender, in turns (default 20)")
    add_json_option(parser, "yardstick")
    options = parser.parse_args()
    start_afresh()
    budget = Budget(rounds=options.rounds)
    chosen = {name: make for name, make in makers.items() if name not in peers.PEERS or name in options.peers}
    table: dict[str, Records] = {}
    to_value: dict[str, float] = {}
    for name in options.problems:
        table[name] = contest(name, PROBLEMS[name](), chosen, budget)
        to_value[name] = gradient_to_value(PROBLEMS[name](), budget) if table[name]["bound"].ran else math.nan
    means = summary(table, to_value)
    rows = [cells(name, table[name], to_value[name]) for name in table]
    columns = [*(f"{c} µs" for c in chosen), *(f"{own} / limit" for own in peers.OWN)]
    columns = ["", *columns, "goal", "/ best peer", "gradient / value", "goals missed"]
    rows.append(last_line(means, list(chosen)))
    show(f"Value and gradient, one thread, {options.rounds} rounds in turns", columns, rows)
    records = [record for row in table.values() for record in row.values()]
    show_reasons(records)
    if options.json:
        extra = {"gradient_to_value": to_value, "geometric_means": means, "goals": {"limit": LIMIT_GOAL, **LIMIT_GOALS}}
        save(options.json, "Value and gradient of the yardstick, one thread", [r.to_dict() for r in records], extra)


if __name__ == "__main__":
    main()
