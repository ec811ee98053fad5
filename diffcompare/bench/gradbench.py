"""A tool for GradBench: one JSON message a line comes in, one answer a line goes out.

The other side, an eval, starts the tool, defines modules and has their functions evaluated; `gradbench_modules` says
which there are. Nothing that a message holds ends the loop: what is wrong with it is told in its answer.

References
----------
GradBench, https://gradben.ch and https://github.com/gradbench/gradbench.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from diffcompare.bench.gradbench_modules import MODULES, Evaluation
from diffcompare.errors import DataError, DiffCompareError
from diffcompare.problems.problem import require_known

TOOL = "diffcompare"
# What wrong shapes, sizes and numbers raise, in NumPy and in compiled code; any other error is a defect of ours.
MISTAKES = (
    DiffCompareError, ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
Message = Mapping[str, Any]


def answers(lines: Iterable[bytes]) -> Iterator[str]:
    """One line of JSON for each line that is not blank, as the lines come in.

    Parameters
    ----------
    lines : iterable of bytes
        The messages of an eval, UTF-8.

    Yields
    ------
    str
        An object with the message's `id`, None where it has none, and `error` where something is wrong.

    Examples
    --------
    >>> list(answers([b'{"id": 0, "kind": "start"}']))
    ['{"id": 0, "tool": "diffcompare"}']
    """
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(line), allow_nan=False)


def _answer(line: bytes) -> dict[str, Any]:
    """The answer to one line."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "success": False, "error": f"the line is no JSON: {error}"}
    if not isinstance(message, dict):
        return {"id": None, "success": False, "error": f"a message is an object, not {type(message).__name__}."}
    identity = {"id": message.get("id")}
    try:
        return identity | _reply(message)
    except MISTAKES as error:
        return identity | {"success": False, "error": _told(error)}


def _told(error: BaseException) -> str:
    """An error in words: our own as they are, others with their name."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return text if isinstance(error, DiffCompareError) else f"{type(error).__name__}: {text}"


def _reply(message: Message) -> dict[str, Any]:
    """What an answer holds beside its `id`."""
    kind = _text(message, "kind")
    if kind == "start":
        return {"tool": TOOL}
    if kind == "define":
        require_known(_text(message, "module"), tuple(MODULES), "module")
        return {"success": True}
    if kind == "evaluate":
        return _evaluated(message)
    return {}


def _evaluated(message: Message) -> dict[str, Any]:
    """Output and times of the function that the message names."""
    module, name = _text(message, "module"), _text(message, "function")
    require_known(module, tuple(MODULES), "module")
    require_known(name, tuple(MODULES[module]), f"function of {module}")
    if "input" not in message:
        raise DataError("the message has no 'input' to evaluate.")
    given = message["input"]
    least, seconds = _limits(given)
    began = time.perf_counter_ns()
    evaluation = MODULES[module][name](given)
    evaluation.run()  # what is left to be compiled or loaded on first use
    times = [{"name": "prepare", "nanoseconds": time.perf_counter_ns() - began}]
    result, runs = _timed(evaluation, least, seconds)
    output = evaluation.output(result)
    try:
        json.dumps(output, allow_nan=False)
    except ValueError:
        raise DataError(f"the output of {module}.{name} holds nan or inf, for which JSON has no word.") from None
    times += [{"name": "evaluate", "nanoseconds": run} for run in runs]
    return {"success": True, "output": output, "timings": times}


def _timed(evaluation: Evaluation, least: int, seconds: float) -> tuple[Any, list[int]]:
    """The last result, and the nanoseconds of each run: at least so many, and until they add up to so many seconds."""
    runs: list[int] = []
    result, total = None, 0
    while len(runs) < least or total < 1e9 * seconds:
        began = time.perf_counter_ns()
        result = evaluation.run()
        runs.append(time.perf_counter_ns() - began)
        total += runs[-1]
    return result, runs


def _limits(given: Any) -> tuple[int, float]:
    """`min_runs` and `min_seconds` of an input; one run where it does not ask for more."""
    if not isinstance(given, dict):
        return 1, 0.0
    least, seconds = given.get("min_runs", 1), given.get("min_seconds", 0.0)
    for name, limit in (("min_runs", least), ("min_seconds", seconds)):
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not math.isfinite(limit):
            raise DataError(f"{name} is a number, not {limit!r}.")
    return max(1, math.ceil(least)), float(seconds)


def _text(message: Message, key: str) -> str:
    """The text that a message has under a key."""
    text = message.get(key)
    if not isinstance(text, str):
        raise DataError(f"the message has no text {key!r}; it is {text!r}.")
    return text
