"""Save what a script of this folder measured, with what it ran on; and words for what did not run."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from contest import Record

from diffcompare.analysis.environment import environment

RESULTS = Path(__file__).parent / "results"


def add_json_option(parser: argparse.ArgumentParser, name: str) -> None:
    """The option `--json`, with a place in `results/` where none is given."""
    default = RESULTS / f"{name}.json"
    parser.add_argument(
        "--json", nargs="?", type=Path, const=default, metavar="PATH", help=f"save (default results/{name}.json)"
    )


def save(path: Path, title: str, records: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> None:
    """Write records and environment as JSON.

    Parameters
    ----------
    path : Path
        The file; its folder is made.
    title : str
        What was measured.
    records : sequence of mapping
        One a measurement, all with the same keys; times in seconds.
    summary : mapping
        What the records come to, such as geometric means.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    script = Path(sys.argv[0]).name
    content = {
        "title": title,
        "command": shlex.join(["python", f"benchmarks/{script}", *sys.argv[1:]]),
        "environment": environment().to_dict(),
        "summary": dict(summary),
        "records": list(records),
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def show_reasons(records: Iterable[Record]) -> None:
    """One line for each contender that has no time, with the reason; equal reasons stand together."""
    problems: dict[tuple[str, str, str], list[str]] = {}
    for record in records:
        if not record.ran:
            problems.setdefault((record.contender, record.status, record.reason), []).append(record.problem)
    for (contender, status, reason), names in problems.items():
        print(f"\n{contender} {status} on {', '.join(names)}: {reason}", end="")
    print()
