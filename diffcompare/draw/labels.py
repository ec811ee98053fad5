"""Words and numbers of a drawing: the sign of each gate, short values, and sentences for screen readers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.node import Node

FEW = 4  # entries of an array that are shown as numbers
_DATA = 16  # entries of an array that a node's attributes hold

_SIGNS = {
    "add": "+", "subtract": "\u2212", "multiply": "\u00d7", "divide": "\u00f7", "negative": "\u2212x",
    "reciprocal": "1/x", "square": "x\u00b2", "sqrt": "\u221ax", "cbrt": "\u221bx", "absolute": "|x|", "power": "x^y",
    "matmul": "@", "maximum": "max", "minimum": "min", "sum": "\u03a3", "prod": "\u03a0", "sigmoid": "\u03c3",
    "norm": "\u2016x\u2016", "transpose": "x\u1d40", "exp": "exp", "exp2": "2^x", "where": "if",
    "stop_gradient": "stop", "broadcast_to": "spread", "floor": "\u230ax\u230b", "ceil": "\u2308x\u2309", "less": "<",
    "less_equal": "\u2264", "greater": ">", "greater_equal": "\u2265", "equal": "=", "not_equal": "\u2260",
    "logical_and": "and", "logical_or": "or", "logical_not": "not", "gamma": "\u0393", "digamma": "\u03c8",
    "concatenate": "join", "place": "pad", "floor_divide": "\u230a\u00f7\u230b", "remainder": "mod", "ndtr": "\u03a6",
    "log_softmax": "log softmax", "logsumexp": "log \u03a3 exp", "fold": "…", "inv": "x\u207b\u00b9",
}  # fmt: skip
# With a constant c in the first place, or in the second.
_HELD = {
    "add": ("+{c}", "+{c}"), "subtract": ("{c}\u2212x", "\u2212{c}"), "multiply": ("\u00d7{c}", "\u00d7{c}"),
    "divide": ("{c}/x", "\u00f7{c}"), "power": ("{c}^x", "x^{c}"), "maximum": ("max({c},x)", "max(x,{c})"),
    "minimum": ("min({c},x)", "min(x,{c})"),
}  # fmt: skip
_RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
_X = re.compile(r"(?<![a-z])x(?![a-z])")  # where a sign holds the argument's place
_INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "matmul": "@", "power": "**"}


def gate_label(op: str, held: Sequence[Node | None], attributes: dict[str, Any], entering: tuple[int, ...]) -> str:
    """What stands in a gate; `held` are the constants in it, by place, `entering` is the first argument's shape."""
    for place, node in enumerate(held):
        if node is not None:
            c = number(node.value)
            if op == "power" and place == 1 and float(node.value).is_integer():
                return "x" + c.translate(_RAISED)
            bracketed = f"({c})" if c.startswith("-") and op != "divide" else c
            return _HELD[op][place].format(c=bracketed)
    if op in ("index", "slice"):
        return _index(attributes, entering, integers=op == "index")
    return _SIGNS.get(op, op.replace("_", " "))


def _index(attributes: dict[str, Any], entering: tuple[int, ...], integers: bool) -> str:
    """The brackets of x[…]; `integers` says that axes of length 1 are dropped."""
    parts = []
    bounds = zip(attributes["starts"], attributes["lengths"], attributes["steps"], entering, strict=True)
    for start, length, step, whole in bounds:
        if length == whole and step == 1:
            parts.append(":")
        elif length == 1 and integers:
            parts.append(str(start))
        elif step > 0:
            stop = start + (length - 1) * step + 1
            parts.append(f"{start or ''}:{stop if stop < whole else ''}" + f":{step}" * (step != 1))
        else:
            stop = start + length * step
            parts.append(f"{start if start < whole - 1 else ''}:{stop if stop >= 0 else ''}:{step}")
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    text = f"[{', '.join(parts)}]"
    return text if len(text) <= 14 else "[\u2026]"


def number(value: Any) -> str:
    """A number with four significant digits, without trailing zeros.

    Examples
    --------
    >>> number(-12.0), number(0.19661193), number(1234567.0), number(2 / 3 * 1e-7)
    ('-12', '0.1966', '1.235e+06', '6.667e-08')
    """
    value = np.asarray(value).item()
    if isinstance(value, bool):
        return str(value).lower()
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    short = f"{value:.4g}"
    if "e" in short and 1e-4 <= abs(value) < 1e6:
        short = f"{float(short):.10g}"
    return short


def lines(value: Any) -> list[str]:
    """A value in one or two short lines: its numbers where they are few, else shape and mean."""
    array = np.asarray(value)
    if array.ndim == 0:
        return [number(array)]
    if array.size <= FEW:
        text = _nested(array)
        if len(text) <= 18:
            return [text]
        breaks = [i + 1 for i, c in enumerate(text) if c == ","]
        middle = min(breaks, key=lambda i: abs(i - len(text) / 2), default=len(text))
        return [line for line in (text[:middle], text[middle:].strip()) if line]
    shape = f"shape ({', '.join(map(str, array.shape))}{',' * (array.ndim == 1)})"
    if array.dtype.kind == "b":
        return [shape, f"{int(array.sum())} true"]
    with np.errstate(all="ignore"):
        return [shape, f"mean {number(array.mean())}"]


def _nested(array: np.ndarray) -> str:
    if array.ndim == 0:
        return number(array)
    return f"[{', '.join(_nested(part) for part in array)}]"


def join(value: Any) -> str:
    """`lines` as one text."""
    return " ".join(lines(value)) if np.size(value) <= FEW else ", ".join(lines(value))


def data(value: Any) -> str:
    """A value for a program that reads the drawing: JSON with all digits, or the summary of a large array."""
    array = np.asarray(value)
    return json.dumps(array.tolist()) if array.size <= _DATA else join(array)


def formula(op: str, label: str, names: Sequence[str]) -> str:
    """How a gate computes, in plain text: ``x + y``, ``exp(v3)``, ``1/v4``."""
    if len(names) == 2 and op in _INFIX:
        return f"{names[0]} {_INFIX[op]} {names[1]}"
    if len(names) != 1:
        return f"{op}({', '.join(names)})"
    (name,) = names
    if _X.search(label):
        whole = f"({name})" if name.startswith("-") else name
        return _X.sub(lambda _: whole, label)
    if op in _HELD:
        return f"{name} {label[0]} {label[1:]}"
    return name + label if op in ("index", "slice") else f"{op}({name})"


def sentence(name: str, kind: str, text: str, value: Any, cotangent: Any, known: bool) -> str:
    """One cell as a sentence, for tooltips and screen readers."""
    what = {
        "input": f"Input {name}",
        "constant": f"Constant {text}",
        "cut": f"{name}, whose operations are not drawn",
    }.get(kind, f"{name} = {text}")
    if not known or kind == "constant":
        return f"{what}."
    told = f"{what}: value {join(value)}"
    if cotangent is not None:
        told += f", derivative of the output with respect to it {join(cotangent)}"
    return f"{told}."
