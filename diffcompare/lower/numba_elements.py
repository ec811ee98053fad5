"""One element as source text: numbers, conversions, the rows' scalar code, and how reductions start and combine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.node import Node
from .numba_special import translate
from .numba_templates import simplest

_PLAIN = frozenset({"{0} + {1}", "{0} - {1}", "{0} * {1}", "-{0}"})
_START = {"sum": 0, "prod": 1, "any": False, "all": True}
_CAST = {"float64": "as_f8", "float32": "as_f4", "int64": "as_i8", "bool": "as_b1"}


def literal(value: Any, dtype: np.dtype) -> str:
    """A number as source text of exactly this value and type."""
    if dtype.kind == "b":
        return "True" if value else "False"
    if dtype.kind == "i":
        return f"({int(value)})"
    number = float(value)
    if math.isnan(number):
        text = "f_nan"
    elif math.isinf(number):
        text = "f_inf" if number > 0 else "(-f_inf)"
    else:
        text = repr(number) if math.copysign(1.0, number) > 0 else f"({number!r})"
    return text if dtype.char == "d" else f"as_f4({text})"


def converted(text: str, source: np.dtype, target: np.dtype) -> str:
    """`text` of type `source` as `target`."""
    return text if source == target else f"{_CAST[target.name]}({text})"


def element(node: Node, operands: list[str]) -> str:
    """One element of an elementwise node as an expression over the texts of its operands."""
    row, dtype = node.op, node.dtype
    if row.name == "cast":
        return f"{_CAST[dtype.name]}({operands[0]})"
    if row.result != "bool":
        keep = 1 if row.name == "where" else 0
        operands = [
            text if place < keep else converted(text, a.dtype, dtype)
            for place, (text, a) in enumerate(zip(operands, node.args, strict=True))
        ]
    expression = translate(simplest(row.scalar, operands)).format(*operands)
    return expression if row.scalar in _PLAIN and dtype.kind != "b" else f"{_CAST[dtype.name]}({expression})"


def is_reduction(sink: Node) -> bool:
    """True for the sinks that combine elements, false for those that put them somewhere."""
    return sink.op.name in _START or sink.op.name in ("max", "min")


def filled_first(sink: Node) -> bool:
    """True when the array of `sink` must hold its start value before the loop over its operand."""
    if not is_reduction(sink):
        return sink.op.name != "concatenate"
    shape, axes = sink.args[0].shape, dict(sink.attributes)["axis"]
    loops = [axis for axis, n in enumerate(shape) if n != 1]
    kept = [k for k, axis in enumerate(loops) if axis not in axes]
    return 0 in shape or kept != list(range(len(kept))) or (len(kept) == len(loops))


def start_value(sink: Node) -> Any:
    """What an empty reduction gives, of the type of the sink."""
    if not is_reduction(sink):
        return 0
    if sink.op.name in _START:
        return _START[sink.op.name]
    low = sink.op.name == "max"
    if sink.dtype.kind == "f":
        return -math.inf if low else math.inf
    if sink.dtype.kind == "b":
        return not low
    limits = np.iinfo(sink.dtype)
    return limits.min if low else limits.max


def combine(sink: Node, total: str, value: str) -> str:
    """`value` taken into `total` by the reduction `sink`."""
    name = sink.op.name
    if name in ("max", "min") and sink.dtype.kind == "f":
        return f"f_{'largest' if name == 'max' else 'smallest'}({total}, {value})"
    if name in ("max", "min"):
        sign = ">" if name == "max" else "<"
        return f"{value} if {value} {sign} {total} or {value} != {value} else {total}"
    return {"sum": f"{total} + {value}", "prod": f"{total} * {value}", "any": f"{total} or {value}",
            "all": f"{total} and {value}"}[name]  # fmt: skip
