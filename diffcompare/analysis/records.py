"""Records: one plain dictionary per (problem, size, method), the same keys everywhere, and how to write them."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from diffcompare.errors import InternalError

Record = dict[str, Any]

# Key -> (unit, meaning). The order is that of the columns of every export. "1" is a pure number.
FIELDS: dict[str, tuple[str, str]] = {
    "problem": ("", "name of the function, or its text"),
    "point": ("", "which of the problem's sizes, or points; empty for a function"),
    "size": ("entries", "number of entries differentiated"),
    "dtype": ("", "data type of the arguments"),
    "method": ("", "way of differentiating"),
    "status": ("", "ok, inaccurate, failed or skipped"),
    "reason": ("", "why the status is not ok, in words; or that it is so by convention, or unchecked; else empty"),
    "value": ("1", "value of the function by this method"),
    "gradient": ("1", "derivative for each argument of `wrt`"),
    "abs_error": ("1", "largest absolute error of an entry, against the certified gradient"),
    "rel_error": ("1", "largest relative error of an entry"),
    "ulp_error": ("ULP", "largest error in units in the last place of the certified entry"),
    "digits": ("decimal digits", "correct digits of the worst entry"),
    "worst_entry": ("index", "which entry is worst"),
    "condition": ("1", "condition number of the gradient at the point"),
    "condition_error": ("condition units", "error over what the condition makes unavoidable"),
    "evaluations": ("calls of f", "values of the function that one gradient takes"),
    "operations": ("statements", "statements, or operations, that one gradient runs"),
    "trace_s": ("s", "recording the function as a graph"),
    "derive_s": ("s", "symbolic or graph work"),
    "compile_s": ("s", "generating and compiling code"),
    "first_s": ("s", "the first call"),
    "median_s": ("s", "median of the samples, per call"),
    "min_s": ("s", "shortest sample, per call"),
    "iqr_s": ("s", "interquartile range of the samples, per call"),
    "rounds": ("samples", "samples taken"),
    "peak_bytes": ("bytes", "most memory that one call allocates through Python and NumPy at once"),
    "gradient_to_value": ("1", "median time over that of the function itself"),
    "break_even_calls": ("calls", "calls until it has overtaken the method cheapest to prepare; inf is never"),
    "cached": ("", "whether compiled code came from a store"),
    "host": ("", "processor and system it ran on"),
}  # fmt: skip
KEYS = tuple(FIELDS)
SAME_SHORTEST = 1.25  # shortest samples of one call, taken twice on a busy machine, differ by less
STATUSES = ("ok", "inaccurate", "failed", "skipped")


def new_record(**known: Any) -> Record:
    """A record with every key of `FIELDS`; others are None, `reason` and `point` empty, `cached` False.

    Raises
    ------
    InternalError
        If a key does not exist.
    """
    unknown = set(known) - set(KEYS)
    if unknown:
        raise InternalError(f"a record has no key {sorted(unknown)}; its keys are those of `records.FIELDS`.")
    return {**dict.fromkeys(KEYS), "reason": "", "point": "", "cached": False, **known}


def plain(value: Any) -> Any:
    """`value` in terms that JSON knows: arrays and tuples as lists, numbers as Python's, nan and inf as words.

    JSON has no nan and no infinity: they become the texts "nan", "inf" and "-inf", which `float` reads back.
    """
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def to_json(content: Any, indent: int | None = 2) -> str:
    """Strictly valid JSON text of `content`, see `plain`."""
    return json.dumps(plain(content), indent=indent, ensure_ascii=False, allow_nan=False)


def to_csv(records: Iterable[Record]) -> str:
    """CSV text with a line of keys and one line a record; gradients are JSON lists, None is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(KEYS)
    for record in records:
        writer.writerow(["" if (cell := record[key]) is None else _cell(cell) for key in KEYS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, (np.ndarray, list, tuple)):
        return json.dumps(plain(value), ensure_ascii=False)
    if isinstance(value, float):
        return repr(float(value))  # the shortest text that reads back as the same number
    return value


def break_even(records: Sequence[Record]) -> None:
    """Fill `break_even_calls` of records that were timed, in place.

    A method that prepares longer (derive, compile, first call) than the cheapest one, and then is faster by more than
    the spread, has overtaken it after ceil(extra preparation / saving per call) calls. Without such a saving it never
    does: inf. The cheapest itself has 0. A wrong result is no measure: the cheapest is among those that are `ok`.
    """
    timed = [r for r in records if r["median_s"] is not None]
    sound = [r for r in timed if r["status"] == "ok"] or timed
    if not sound:
        return
    cheapest = min(sound, key=preparation)
    for record in timed:
        record["break_even_calls"] = 0.0 if record is cheapest else _calls_to_overtake(record, cheapest)


def _calls_to_overtake(record: Record, cheapest: Record) -> float:
    extra = preparation(record) - preparation(cheapest)
    saving = cheapest["median_s"] - record["median_s"]
    if saving <= max(record["iqr_s"], cheapest["iqr_s"]):
        return math.inf
    return float(max(0, math.ceil(extra / saving)))


def preparation(record: Record) -> float:
    """Seconds from the graph to the end of the first call: derive, compile, first call."""
    return sum(record[key] or 0.0 for key in ("derive_s", "compile_s", "first_s"))


def fastest(records: Sequence[Record]) -> list[Record]:
    """The sound record with the smallest median time, and all that could not be told from it.

    Those are within the spread (the larger of the two interquartile ranges), and have a shortest sample at most
    `SAME_SHORTEST` times that of the fastest: interruptions lengthen samples and widen the spread, but a call whose
    undisturbed samples are longer is slower, however noisy the others are.
    """
    timed = [r for r in records if r["median_s"] is not None and r["status"] == "ok"]
    if not timed:
        return []
    best = min(timed, key=lambda r: r["median_s"])
    return [r for r in timed if _not_told_apart(r, best)]


def _not_told_apart(record: Record, best: Record) -> bool:
    within_spread = record["median_s"] - best["median_s"] <= max(record["iqr_s"], best["iqr_s"])
    return record is best or (within_spread and record["min_s"] <= SAME_SHORTEST * best["min_s"])
