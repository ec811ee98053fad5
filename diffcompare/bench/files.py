"""Results files: one JSON document a run, of a published schema with a version; and other programs' formats."""

from __future__ import annotations

import json
import os
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.analysis.records import KEYS, STATUSES, plain, to_json
from diffcompare.errors import DataError

if TYPE_CHECKING:
    from diffcompare.bench.results import BenchmarkRun

SCHEMA = "diffcompare-benchmark/1"  # the number is raised when a key leaves or changes its meaning
LARGEST_GRADIENT = 64  # entries; longer ones are left out of the file, their errors are in the record
# Key of a results file -> what it holds, as JSON names it.
PARTS: dict[str, type | tuple[type, ...]] = {
    "suite": str, "environment": dict, "started": str, "options": dict, "records": list, "samples": list,
    "loops": list, "notes": list, "complete": bool, "seconds": (int, float),
}  # fmt: skip


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every results file fulfils."""
    return json.loads(resources.files("diffcompare.bench").joinpath("schema.json").read_text(encoding="utf-8"))


def content(run: BenchmarkRun) -> dict[str, Any]:
    """What is written: plain dictionaries, lists, numbers and texts; nan and infinities are words."""
    return {
        "schema": SCHEMA,
        **{name: plain(getattr(run, name)) for name in PARTS if name not in ("records", "samples")},
        "records": [_short(record) for record in run.records],
        "samples": [list(sample) for sample in run.samples],
    }


def _short(record: dict[str, Any]) -> dict[str, Any]:
    gradient = record["gradient"]
    parts = gradient if isinstance(gradient, tuple) else (gradient,)
    if sum(np.size(part) for part in parts) > LARGEST_GRADIENT:
        record = record | {"gradient": None}
    return plain({key: record[key] for key in KEYS})


def save(run: BenchmarkRun, path: str | Path) -> None:
    """Write a run; a reader finds the old file or the new one, never a part."""
    write(path, to_json(content(run), indent=1) + "\n")


def write(path: str | Path, text: str) -> None:
    """Replace a file by `text`, whole or not at all.

    Raises
    ------
    DataError
        If the folder does not exist or cannot be written to.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.resolve().parent, prefix=f".{target.name}.")
    except OSError as error:
        raise DataError(f"cannot write {str(path)!r}: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        os.replace(name, target)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise DataError(f"cannot write {str(path)!r}: {error.strerror}.") from error


def read(path: str | Path) -> dict[str, Any]:
    """The content of a results file, checked.

    Raises
    ------
    DataError
        If there is no such file, it is not whole, or its schema is another one.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{str(path)!r} is not a results file: it is not text.") from error
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{str(path)!r} is not whole: {error.msg} in line {error.lineno}.\n"
            "  A run that was cut off keeps its last whole file where --output names one; run again with --resume."
        ) from error
    if not isinstance(found, dict) or "schema" not in found:
        raise DataError(f"{str(path)!r} is not a results file: it names no schema.")
    if found["schema"] != SCHEMA:
        raise DataError(f"{str(path)!r} is of schema {found['schema']!r}; this version reads {SCHEMA!r}.")
    _check_parts(found, str(path))
    return found


def _check_parts(found: dict[str, Any], path: str) -> None:
    missing = [name for name in PARTS if name not in found]
    if missing:
        raise DataError(f"{path!r} lacks {', '.join(missing)}.")
    odd = [name for name, kind in PARTS.items() if not isinstance(found[name], kind)]
    if odd:
        raise DataError(f"{path!r} is damaged: {', '.join(odd)} is not what the schema says.")
    if not len(found["records"]) == len(found["samples"]) == len(found["loops"]):
        raise DataError(f"{path!r} has not as many samples as records.")
    for number, (record, samples) in enumerate(zip(found["records"], found["samples"], strict=True)):
        if not (isinstance(record, dict) and isinstance(samples, list)):
            raise DataError(f"{path!r} is damaged: record {number} is not what the schema says.")
        lacking = [key for key in KEYS if key not in record]
        if lacking:
            raise DataError(f"{path!r}: record {number} lacks {', '.join(lacking)}.")
        if record["status"] not in STATUSES:
            raise DataError(f"{path!r}: record {number} has the status {record['status']!r}.")


def latex(run: BenchmarkRun) -> str:
    """A table of digits and median times, one line a record, for the package booktabs."""
    lines = [
        r"\begin{tabular}{lllrrr}",
        r"\toprule",
        r"problem & size & method & digits & median [\si{\micro\second}] & cost [values] \\",
        r"\midrule",
    ]
    for record in run.records:
        digits = "--" if record["digits"] is None else f"{record['digits']:.1f}"
        time = "--" if record["median_s"] is None else f"{1e6 * record['median_s']:.3g}"
        cost = "--" if record["gradient_to_value"] is None else f"{record['gradient_to_value']:.2g}"
        names = " & ".join(_latex_text(record[key]) for key in ("problem", "point", "method"))
        lines.append(rf"{names} & {digits} & {time} & {cost} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _latex_text(text: str) -> str:
    for sign in "\\_&%#$^{}~":
        text = text.replace(sign, {"\\": r"\textbackslash ", "^": r"\^{}", "~": r"\~{}"}.get(sign, f"\\{sign}"))
    return text


def pyperf(run: BenchmarkRun) -> str:
    """The timed records in the format of pyperf's result files, version 1.0 [1]_.

    References
    ----------
    .. [1] pyperf documentation, "Runner, JSON file format"; checked by reading it with pyperf itself.
    """
    benchmarks = []
    for row in run.rows():
        if row.samples:
            r = row.record
            name = f"{r['problem']}({r['point']},{r['dtype']}):{r['method']}"
            metadata = {"name": name, "unit": "second", "loops": row.loops}
            benchmarks.append({"metadata": metadata, "runs": [{"values": list(row.samples)}]})
    return json.dumps({"benchmarks": benchmarks, "version": "1.0", "metadata": {}}, allow_nan=False)
