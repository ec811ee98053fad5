"""How NumPy's and SciPy's functions find what they mean for traced values."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..errors import UnsupportedOpError
from .places import user_line
from .rows import LAZY_NAMES, implements
from .tables import DISPATCH, ROWS

_REDUCE = {
    "add": np.sum, "multiply": np.prod, "maximum": np.max, "minimum": np.min,
    "logical_and": np.all, "logical_or": np.any,
}  # fmt: skip
_ACCUMULATE = {"add": np.cumsum, "multiply": np.cumprod}


@implements("ufunc")
def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple, options: dict) -> Any:
    """Build what `ufunc` does to traced `inputs`; options that write into arrays are refused by name."""
    for option in ("out", "where", "dtype"):
        if options.get(option) is not None and options.get(option) is not True:
            raise UnsupportedOpError(
                f"np.{ufunc.__name__}(..., {option}=...) cannot be traced: nothing is written in place.\n"
                f"  at {user_line()}\n  Leave {option}= out; np.where selects, .astype converts."
            )
    if method == "__call__":
        handler = DISPATCH.get(ufunc)
        if handler is None and ufunc.__name__ in LAZY_NAMES:
            handler = ROWS[LAZY_NAMES[ufunc.__name__]]
        return handler(*inputs) if handler is not None else unknown(ufunc)
    if method == "reduce" and ufunc.__name__ in _REDUCE:
        options = {"axis": options.get("axis", 0), "keepdims": options.get("keepdims", False)}
        return DISPATCH[_REDUCE[ufunc.__name__]](*inputs[:1], **options)
    if method == "accumulate" and ufunc.__name__ in _ACCUMULATE:
        return DISPATCH[_ACCUMULATE[ufunc.__name__]](inputs[0], options.get("axis", 0))
    if method == "outer":
        a, b = inputs
        return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b)
    return unknown(getattr(ufunc, method))


@implements("unknown")
def unknown(function: Callable) -> NoReturn:
    """Raise `UnsupportedOpError` for a function that has no row, naming it and the nearest that have one."""
    name = getattr(function, "__name__", str(function))
    known = sorted({getattr(f, "__name__", "") for f in DISPATCH if callable(f)} | set(LAZY_NAMES))
    near = difflib.get_close_matches(name, known, n=3)
    hint = f" Near it in name: {', '.join(near)}." if near else ""
    raise UnsupportedOpError(
        f"{getattr(function, '__module__', None) or 'numpy'}.{name} has no row in diffcompare's table of operations.\n"
        f"  at {user_line()}\n  Write it with operations that have one (`diffcompare ops` lists them).{hint}"
    )
