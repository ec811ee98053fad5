"""Polynomials inside partials: near a removable singularity the quotient is replaced by its Taylor polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def horner(t: Any, coefficients: Sequence[float]) -> Any:
    """The polynomial with `coefficients` (lowest power first) at `t`, by Horner's rule."""
    total = coefficients[-1] * t + coefficients[-2]
    for c in reversed(coefficients[:-2]):
        total = total * t + c
    return total


def horner_text(t: str, coefficients: Sequence[float]) -> str:
    """`horner` as code of one element."""
    text = repr(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        text = f"({c!r} + {t} * {text})"
    return text
