"""Errors against what the exact methods agree on, where no gradient can be certified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from diffcompare.analysis.records import Record

# These have a truncation error, so their agreement shows nothing.
TRUNCATED = ("difference", "richardson", "numdifftools", "scipy-differentiate")


def agree(records: Sequence[Record], why: str) -> str:
    """Fill absolute and relative errors against the median, entry by entry, of the exact methods' gradients, in place.

    An exact method is one without truncation error. Of two, the median is the mean, and each has half of their distance
    as its error: the errors show disagreement, not truth.

    Parameters
    ----------
    records : sequence of dict
        Of one point, with gradients.
    why : str
        Why there is no certified gradient.

    Returns
    -------
    str
        What the errors are against, in words.
    """
    usable = [r for r in records if r["gradient"] is not None and r["status"] in ("ok", "inaccurate")]
    exact = [r for r in usable if not any(word in r["method"] for word in TRUNCATED)]
    if len(exact) < 2:
        return f"nothing: {why}, and fewer than two exact methods ran"
    median = np.median([flat(r["gradient"]) for r in exact], axis=0)
    names = ", ".join(r["method"] for r in exact)
    largest = float(np.max(np.abs(median), initial=0.0))
    for record in usable:
        errors = np.abs(flat(record["gradient"]) - median)
        with np.errstate(all="ignore"):
            relative = np.where(errors == 0, 0.0, errors / np.where(median != 0, np.abs(median), largest))
        record["abs_error"] = float(np.max(errors, initial=0.0))
        record["rel_error"] = float(np.max(relative, initial=0.0))
        record["reason"] = f"errors are against the agreement of {names}: {why}"
    return f"the agreement of {names}: {why}"


def flat(gradient: Any) -> np.ndarray:
    """All entries of a gradient in one row."""
    parts = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
    return np.concatenate([np.asarray(part, np.float64).ravel() for part in parts])
