"""Seconds to the first gradient in a fresh process: with an empty store of compiled code, a filled one, and JAX's.

Every number is the shortest of several processes that take turns. "import" is `import numba` or `import jax`; "after"
is everything from there to the first gradient: tracing, deriving, compiling, one call. NumPy is loaded before, and
Python's own bytecode is there from an earlier process.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contest import ONE_THREAD, geometric_mean
from functions_outside import FUNCTIONS
from recording import RESULTS, add_json_option, save
from table import show
from yardstick_problems import PROBLEMS

OUTSIDE_SIZE = 100_000  # of functions outside the yardstick
FOLDER = Path(__file__).parent
WARM_GOAL_S = 0.3
LONGEST_DRAWN_S = 10.0
DEFAULT = ["tiny", "rosenbrock1000", "elementwise1000", "helmholtz50", "logistic_regression", "mlp"]
DEFAULT += ["gaussian_mixture", "two_layer_net", "stencil", "runge_kutta"]
CONTENDERS = {"empty store": "diffcompare", "filled store": "diffcompare", "JAX": "jax"}
CHILD = """
import sys, time
sys.path.insert(0, {folder!r})
from functions_outside import FUNCTIONS
from yardstick_problems import PROBLEMS
problem = PROBLEMS[{problem!r}]() if {problem!r} in PROBLEMS else FUNCTIONS[{problem!r}]({size})
start = time.perf_counter()
import {package}
imported = time.perf_counter()
import peers
peers.{contender}(problem)()
print(imported - start, time.perf_counter() - imported)
"""


def run_once(problem: str, contender: str, store: Path) -> tuple[float, float]:
    """Seconds of the import and of what follows, in a fresh process whose compiled code is kept in `store`."""
    package = "jax" if contender == "jax" else "numba"
    code = CHILD.format(folder=str(FOLDER), problem=problem, size=OUTSIDE_SIZE, contender=contender, package=package)
    environment = {**os.environ, **ONE_THREAD, "DIFFCOMPARE_CACHE_DIR": str(store)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    imported, after = run.stdout.split()
    return float(imported), float(after)


def measure(problem: str, names: Mapping[str, str], rounds: int) -> list[dict[str, Any]]:
    """One record a contender, the shortest of `rounds` processes each, which take turns."""
    best: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / "filled"
        run_once(problem, "diffcompare", filled)
        for number in range(rounds):
            for name, contender in names.items():
                store = filled if name == "filled store" else Path(folder) / f"empty{number}"
                found = run_once(problem, contender, store)
                best[name] = min(best.get(name, found), found, key=sum)
    return [{"problem": problem, "contender": n, "import_s": i, "after_s": a} for n, (i, a) in best.items()]


def draw(records: list[dict[str, Any]], problems: list[str], names: Mapping[str, str], path: Path) -> None:
    """Bars: one group a problem, one bar a contender; what takes far longer than the others is in the table only."""
    import drawing

    long = {r["problem"] for r in records if r["import_s"] + r["after_s"] > LONGEST_DRAWN_S}
    problems, records = [p for p in problems if p not in long], [r for r in records if r["problem"] not in long]
    figure, (axis,) = drawing.panels(1)
    figure.set_size_inches(8, 1.2 + 0.75 * len(problems))
    series = {n: [r["import_s"] + r["after_s"] for r in records if r["contender"] == n] for n in names}
    drawing.bars(axis, "First gradient in a fresh process", "s, import of Numba or JAX included", problems, series)
    drawing.write(figure, path)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", nargs="+", default=DEFAULT, choices=[*PROBLEMS, *FUNCTIONS], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each contender (default 3)")
    parser.add_argument("--svg", nargs="?", type=Path, const=RESULTS / "first_gradient.svg", help="draw")
    add_json_option(parser, "first_gradient")
    options = parser.parse_args()
    names = {n: c for n, c in CONTENDERS.items() if c != "jax" or importlib.util.find_spec("jax")}
    records, rows = [], []
    for problem in options.problems:
        found = measure(problem, names, options.rounds)
        records += found
        total = {r["contender"]: r["import_s"] + r["after_s"] for r in found}
        cells = [f"{r[key]:.2f}" for r in found for key in ("import_s", "after_s")]
        ratio = f"{total['empty store'] / total['JAX']:.2f}" if "JAX" in total else "-"
        rows.append([problem, *cells, f"{WARM_GOAL_S:g}", ratio, "1"])
    columns = [f"{name}: {part} s" for name in names for part in ("import", "after")]
    columns = ["", *columns, "goal of filled, after s", "empty / JAX", "goal"]
    show(f"First gradient in a fresh process, best of {options.rounds}", columns, rows)
    if "JAX" not in names:
        print("\nJAX skipped: not installed: pip install jax")
    if options.json:
        mean = geometric_mean(r["after_s"] for r in records if r["contender"] == "filled store")
        save(options.json, "First gradient in a fresh process", records, {"filled_store_after_s_mean": mean})
    if options.svg:
        draw(records, options.problems, names, options.svg)


if __name__ == "__main__":
    main()
