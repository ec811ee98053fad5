"""Seconds to certify a gradient: two variables, and Gaussian mixtures up to d = 10, K = 25 with 1,000 points."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from recording import add_json_option, save
from table import show

import diffcompare as dc
from diffcompare.analysis.reference import Reference, reference_gradient

TWO_LIMIT_S = 1e-3
MIXTURE_LIMIT_S = 60.0


def two_variables(x: Any, y: Any) -> Any:
    """The staged circuit of the CS231n notes."""
    return (x + dc.sigmoid(y)) / (dc.sigmoid(x) + (x + y) ** 2)


def measure(certify: Callable[[], Reference], rounds: int) -> tuple[list[float], Reference]:
    """Seconds of each of `rounds` calls after a first one, and the last result; with one round, of the first call."""
    samples = []
    if rounds > 1:
        certify()
    for _ in range(rounds):
        start = time.perf_counter()
        found = certify()
        samples.append(time.perf_counter() - start)
    return samples, found


def main() -> None:
    """Measure, check and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=201, help="calls of the small function (default 201)")
    parser.add_argument(
        "--mixtures", nargs="*", default=["d2_K5", "d10_K5", "d10_K25"], help="files of the problem `gmm`"
    )
    add_json_option(parser, "certified")
    options = parser.parse_args()
    rows, records = [], []
    small = dc.function(two_variables)
    cases: list[tuple[str, Callable[[], Reference], int, float]] = [
        ("two variables", lambda: reference_gradient(small, (3.0, -4.0)), max(2, options.rounds), TWO_LIMIT_S)
    ]
    problem = dc.problems.get("gmm")
    for size in options.mixtures:
        mixture = partial(reference_gradient, problem.function, problem.point(size), problem.wrt)
        cases.append((f"gmm {size}", mixture, 1, MIXTURE_LIMIT_S))
    for name, certify, rounds, limit in cases:
        samples, found = measure(certify, rounds)
        if found.status != "certified":
            raise SystemExit(f"{name}: {found.status}: {found.reason}")
        median, entries = statistics.median(samples), sum(int(np.size(a)) for a in found.arrays)
        rows.append((
            name, f"{entries:,}", f"{median * 1e3:,.3f}", f"{min(samples) * 1e3:,.3f}", f"{limit * 1e3:,.0f}",
            str(found.digits), str(found.precision_bits),
        ))  # fmt: skip
        records.append({
            "case": name, "entries": entries, "median_s": median, "min_s": min(samples), "rounds": rounds,
            "limit_s": limit, "digits": found.digits, "precision_bits": found.precision_bits, "route": found.route,
        })  # fmt: skip
    columns = ("case", "entries", "median ms", "min ms", "limit ms", "digits", "bits")
    show("A certified gradient, from the point on; the mixtures with tracing", columns, rows)
    if options.json:
        save(options.json, "Certified gradients", records, {"limits_s": {"two": TWO_LIMIT_S, "gmm": MIXTURE_LIMIT_S}})


if __name__ == "__main__":
    main()
