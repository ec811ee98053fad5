"""Time of `import diffcompare` above that of `import numpy`, each in fresh processes that take turns."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from table import show

LIMIT_MS = 50.0
MEASURE = """
import sys, time
start = time.perf_counter()
import {}
print(1e3 * (time.perf_counter() - start), len(sys.modules))
"""


def import_once(module: str) -> tuple[float, int]:
    """Milliseconds that `import module` takes in a fresh process, and the number of modules loaded after it."""
    run = subprocess.run([sys.executable, "-c", MEASURE.format(module)], check=True, capture_output=True, text=True)
    milliseconds, modules = run.stdout.split()
    return float(milliseconds), int(modules)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="processes a module (default 21)")
    rounds = parser.parse_args().rounds
    names = ("numpy", "diffcompare")
    samples: dict[str, list[float]] = {name: [] for name in names}
    modules = {name: import_once(name)[1] for name in names}  # also writes the bytecode
    for number in range(rounds):
        for name in names[:: -1 if number % 2 else 1]:
            samples[name].append(import_once(name)[0])
    middle = {name: statistics.median(samples[name]) for name in names}
    rows = [(f"import {n}", f"{middle[n]:.1f}", f"{min(samples[n]):.1f}", str(modules[n]), "") for n in names]
    above = middle["diffcompare"] - middle["numpy"]
    least = min(samples["diffcompare"]) - min(samples["numpy"])
    more = modules["diffcompare"] - modules["numpy"]
    rows.append(("difference", f"{above:.1f}", f"{least:.1f}", str(more), f"{LIMIT_MS:.0f}"))
    show(f"Import, {rounds} fresh processes each", ("", "median ms", "min ms", "modules", "limit ms"), rows)


if __name__ == "__main__":
    main()
