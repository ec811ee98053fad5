"""How often wrong gradients are noticed and right ones rejected: by diffcompare, and by the rules of other tools."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import drawing
import numpy as np
from checker_functions import SIZES, Case, Fault, faults, hard, smooth
from checker_settings import RULES
from recording import RESULTS, add_json_option, save
from table import show

RIGHT_SMOOTH, RIGHT_HARD = "right, smooth", "right, hard"
DARK = 85.0  # percent: from here on, numbers are white
UNDECIDED = ("noisy", "ill-conditioned", "kink")  # what diffcompare says instead of accepting or rejecting
Record = dict[str, Any]


def measure(case: Case, fault: Fault | None, rule: str, seed: int, kind: str) -> Record:
    """One answer of one rule about one claim."""
    claim = case.gradient if fault is None else fault.gradient
    start = time.perf_counter()
    with np.errstate(all="ignore"):
        answer = RULES[rule](case, claim, seed)
    return {
        "rule": rule, "function": case.name, "fault": fault.name if fault else "none",
        "class": fault.size if fault else kind, "seed": seed, "rejected": answer.rejected, "verdict": answer.verdict,
        "evaluations": answer.evaluations, "entries": sum(np.size(part) for part in claim),
        "seconds": time.perf_counter() - start,
    }  # fmt: skip


def run(seeds: int, rules: Sequence[str], most: int | None) -> list[Record]:
    """Every rule on every claim, right and wrong."""
    records = []
    for seed in range(seeds):
        for kind, cases in ((RIGHT_SMOOTH, smooth()[:most]), (RIGHT_HARD, hard()[:most])):
            for case in cases:
                wrong = faults(case, np.random.default_rng(100 + seed)) if kind == RIGHT_SMOOTH else []
                for fault in (None, *wrong):
                    records += [measure(case, fault, rule, seed, kind) for rule in rules]
    return records


def rate(records: Sequence[Record], **where: str) -> tuple[int, int]:
    """How many were rejected, of how many."""
    chosen = [r for r in records if all(r[key] == value for key, value in where.items())]
    return sum(r["rejected"] for r in chosen), len(chosen)


def percent(records: Sequence[Record], **where: str) -> float:
    """Rejected, in percent; nan where there is nothing."""
    hits, count = rate(records, **where)
    return 100.0 * hits / count if count else float("nan")


def row(records: Sequence[Record], rule: str) -> list[str]:
    """Cells of one rule: false alarms as counts, detection by size of the fault, cost."""
    mine = [r for r in records if r["rule"] == rule]
    right = [r for r in mine if r["fault"] == "none"]
    alarms = ["{} of {}".format(*rate(mine, **{"class": kind})) for kind in (RIGHT_SMOOTH, RIGHT_HARD)]
    alarms.append(str(sum(r["verdict"] in UNDECIDED for r in right)))
    found = [f"{percent(mine, **{'class': size}):.1f}" for size in SIZES]
    calls = [r["evaluations"] for r in right]
    milliseconds = 1e3 * float(np.median([r["seconds"] for r in right]))
    return [rule, *alarms, *found, f"{np.median(calls):.0f}", f"{max(calls)}", f"{milliseconds:.2f}"]


def summary(records: Sequence[Record], rules: Sequence[str]) -> dict[str, Any]:
    """Rates of each rule, in percent, for the record."""
    kinds = (RIGHT_SMOOTH, RIGHT_HARD, *SIZES)
    return {rule: {kind: percent(records, rule=rule, **{"class": kind}) for kind in kinds} for rule in rules}


def counts(records: Sequence[Record]) -> list[Record]:
    """One record for each rule and fault, or kind of right gradient: how many claims, how many rejected."""
    keys = ("rule", "fault", "class")
    groups = dict.fromkeys(tuple(r[key] for key in keys) for r in records)
    found = []
    for group in groups:
        rejected, claims = rate(records, **dict(zip(keys, group, strict=True)))
        found.append({**dict(zip(keys, group, strict=True)), "claims": claims, "rejected": rejected})
    return found


def draw(records: Sequence[Record], rules: Sequence[str], path: Path) -> None:
    """A grid of numbers: what each rule rejects, in percent; faults downward, right gradients below."""
    kinds = list(dict.fromkeys((r["fault"], r["class"]) for r in records if r["fault"] != "none"))
    kinds.sort(key=lambda kind: list(SIZES).index(kind[1]))
    rows = [(name, {"fault": name}) for name, _ in kinds]
    right = [("right: smooth functions", RIGHT_SMOOTH), ("right: kinks, noise, scales …", RIGHT_HARD)]
    cells = [[percent(records, rule=rule, **where) for rule in rules] for _, where in rows]
    alarms = [[percent(records, rule=rule, fault="none", **{"class": kind}) for rule in rules] for _, kind in right]
    figure = drawing.Figure(figsize=(9.2, 0.34 * (len(rows) + len(right)) + 2.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=[len(rows), len(right)])
    _grid(upper, cells, [name for name, _ in rows], "Blues")
    _grid(lower, alarms, [name for name, _ in right], "Oranges")
    upper.set_title("Wrong gradients that are noticed [%]", loc="left", fontsize=11)
    lower.set_title("Right gradients that are rejected [%]", loc="left", fontsize=11)
    for axis in (upper, lower):
        axis.set_xticks(range(len(rules)), [rule.replace(" ", "\n", 1) for rule in rules], fontsize=9)
    drawing.write(figure, path)


def _grid(axis: Any, cells: Sequence[Sequence[float]], names: Sequence[str], colours: str) -> None:
    axis.imshow(np.array(cells), cmap=colours, vmin=0.0, vmax=130.0, aspect="auto")
    axis.set_yticks(range(len(names)), names, fontsize=9)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    for down, line in enumerate(cells):
        for across, value in enumerate(line):
            text = "100" if value == 100.0 else f"{value:.1f}" if 99.0 < value or 0.0 < value < 1.0 else f"{value:.0f}"
            axis.text(
                across, down, text, ha="center", va="center", fontsize=9, color="white" if value > DARK else "black"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="of faults and directions (default 5)")
    parser.add_argument("--functions", type=int, help="only so many of each kind")
    parser.add_argument("--svg", nargs="?", type=Path, const=RESULTS / "checker_power.svg", help="draw it")
    add_json_option(parser, "checker_power")
    options = parser.parse_args()
    rules = list(RULES)
    records = run(options.seeds, rules, options.functions)
    columns = (
        "", "false alarms, smooth", "false alarms, hard", "undecided", *(f"{size} %" for size in SIZES),
        "calls of f", "most", "median ms",
    )  # fmt: skip
    title = f"Wrong gradients noticed, by relative size of the fault; {options.seeds} seeds, {len(records)} answers"
    show(title, columns, [row(records, rule) for rule in rules])
    missed = [r for r in records if r["rule"] == "diffcompare" and r["fault"] != "none" and not r["rejected"]]
    alarms = [r for r in records if r["rule"] == "diffcompare" and r["fault"] == "none" and r["rejected"]]
    print()
    for words, chosen in (("not noticed", missed), ("false alarm", alarms)):
        for text in sorted({f"{r['function']}: {r['fault']} ({r['verdict']})" for r in chosen}):
            print(f"diffcompare, {words}: {text}")
    if options.json:
        save(options.json, "Power of gradient checks", counts(records), summary(records, rules))
    if options.svg:
        draw(records, rules, options.svg)


if __name__ == "__main__":
    main()
