"""The data types of a graph, and how they promote (NumPy 2's rules, floats by default)."""

from __future__ import annotations

import numpy as np

from ..errors import DTypeError

FLOAT64, FLOAT32 = np.dtype("float64"), np.dtype("float32")
INT64, BOOL = np.dtype("int64"), np.dtype("bool")

_PROMOTED: dict[tuple, np.dtype] = {}
_BY_CHAR: dict[str, np.dtype] = {"d": FLOAT64, "f": FLOAT32, "?": BOOL}


def graph_dtype(dtype: np.dtype, what: str = "an array") -> np.dtype:
    """The graph's type for values of `dtype`: float64, float32, int64 or bool.

    Raises
    ------
    DTypeError
        For complex, half and extended precision, and for anything that is not a number.
    """
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        return INT64
    known = _BY_CHAR.get(dtype.char)
    if known is not None:
        return known
    if dtype.kind == "c":
        hint = "Pass the real and imaginary parts as two arguments; complex numbers occur inside the complex step only."
    elif dtype.kind == "f":
        hint = "Convert it with .astype(np.float64)."
    else:
        hint = "Pass numbers: float64, float32, integers or booleans."
    raise DTypeError(f"{what} has dtype {dtype}, which cannot be part of an expression.\n  {hint}")


def promote(rule: str, dtypes: tuple[np.dtype, ...]) -> np.dtype:
    """The result's type: rule `float` (integers become float64), `same` (NumPy's promotion) or `bool`."""
    key = (rule, dtypes)
    found = _PROMOTED.get(key)
    if found is None:
        found = BOOL if rule == "bool" else np.result_type(*dtypes)
        if rule == "float" and found.kind in "iub":
            found = FLOAT64
        found = _PROMOTED[key] = graph_dtype(found)
    return found


def weak(strong: tuple[np.dtype, ...], value: bool | int | float) -> np.dtype:
    """The type a Python number takes beside arrays of the types `strong` (it never widens float32)."""
    key = (strong, type(value))
    found = _PROMOTED.get(key)
    if found is None:
        found = _PROMOTED[key] = graph_dtype(np.result_type(*strong, type(value)(0)))
    return found
