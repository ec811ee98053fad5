"""Time of `import diffcompare` above that of `import numpy`, in fresh processes that take turns.

Names are loaded when they are first used, so a second row imports what is needed to write and differentiate a function.
"""

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
{}
print(1e3 * (time.perf_counter() - start), len(sys.modules))
"""


STATEMENTS = ("import numpy", "import numpy, diffcompare", "from diffcompare import function, gradient")


def run_once(statement: str) -> tuple[float, int]:
    """Milliseconds that a statement takes in a fresh process, and the number of modules loaded after it."""
    run = subprocess.run([sys.executable, "-c", MEASURE.format(statement)], check=True, capture_output=True, text=True)
    milliseconds, modules = run.stdout.split()
    return float(milliseconds), int(modules)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="processes a statement (default 21)")
    rounds = parser.parse_args().rounds
    samples: dict[str, list[float]] = {statement: [] for statement in STATEMENTS}
    modules = {statement: run_once(statement)[1] for statement in STATEMENTS}  # also writes the bytecode
    for number in range(rounds):
        for statement in STATEMENTS[:: -1 if number % 2 else 1]:
            samples[statement].append(run_once(statement)[0])
    numpy_ms = statistics.median(samples[STATEMENTS[0]])
    rows = []
    for statement, times in samples.items():
        middle = statistics.median(times)
        above = "" if statement == STATEMENTS[0] else f"{middle - numpy_ms:.1f}"
        limit = f"{LIMIT_MS:.0f}" if statement == STATEMENTS[1] else ""  # the last one also fills the table of rows
        rows.append((statement, f"{middle:.1f}", f"{min(times):.1f}", str(modules[statement]), above, limit))
    columns = ("", "median ms", "min ms", "modules", "above NumPy ms", "limit ms")
    show(f"Import, {rounds} fresh processes each", columns, rows)


if __name__ == "__main__":
    main()
