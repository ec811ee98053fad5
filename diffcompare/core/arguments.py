"""What a caller may pass as an argument, and what it becomes: an array, a float, or a static value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import DTypeError, ShapeError
from .device_arrays import DeviceArray, device_array, on_device
from .dtypes import BOOL, FLOAT64, INT64, graph_dtype
from .node import Node

_SCALARS = (float, int, bool)
# Bits of ``ndarray.flags.num``: NPY_ARRAY_C_CONTIGUOUS and its companions in NumPy's C interface.
CONTIGUOUS, OWNED, ALIGNED, WRITEABLE = 0x1, 0x4, 0x100, 0x400


class Static(NamedTuple):
    """An argument that is part of the trace: a Python int, bool, string or object that is not differentiated."""

    value: Any


def positions(wrt: int | Sequence[int] | None, count: int) -> tuple[int, ...]:
    """The positions that `wrt` names among `count` arguments, negative ones counted from the end.

    Raises
    ------
    ShapeError
        When a position does not exist or is named twice.
    """
    if wrt is None:
        return tuple(range(count))
    asked = (wrt,) if isinstance(wrt, (int, np.integer)) else tuple(wrt)
    found = []
    for position in asked:
        if not isinstance(position, (int, np.integer)) or not -count <= position < count:
            raise ShapeError(
                f"wrt={wrt!r} names argument {position!r}, but the function was called with {count} "
                f"argument{'s' * (count != 1)}.\n  Positions count from 0."
            )
        found.append(int(position) % count)
    if len(set(found)) != len(found):
        raise ShapeError(f"wrt={wrt!r} names an argument twice.")
    return tuple(found)


def normalise(args: Sequence[Any], wrt: tuple[int, ...]) -> tuple[Any, ...]:
    """Every argument as a float, an int, a bool (scalars), a C-contiguous array, a node or `Static`.

    Differentiated integers become float64; lists, pandas Series and arrays of any layout or byte order become native
    contiguous arrays (not copied when they are that already).

    Raises
    ------
    DTypeError
        For values that are not numbers in a differentiated position, complex numbers, and masked entries.
    """
    return tuple(_one(a, i in wrt, i) for i, a in enumerate(args))


def _one(value: Any, differentiated: bool, position: int) -> Any:
    if type(value) is float or type(value) is Node:
        return value
    what = f"argument {position}"
    if type(value) is not np.ndarray and on_device(value):
        return _on_device(value, differentiated, what)
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray and np.ma.is_masked(value):
        raise DTypeError(
            f"{what} is a masked array with masked entries, which a derivative cannot leave out.\n"
            "  Fill them (x.filled(0.0)) or compress the array, and weigh the terms yourself."
        )
    if not differentiated and (isinstance(value, (bool, int, str, bytes)) or value is None or not _numeric(value)):
        return Static(value)
    if not _numeric(value):
        raise DTypeError(
            f"{what} is {_brief(value)}, which cannot be differentiated.\n"
            "  Name the arguments to differentiate with wrt=..., then the others may be anything."
        )
    array = value if isinstance(value, np.ndarray) else _array(value, what)
    dtype = graph_dtype(array.dtype, what)
    if differentiated and dtype is INT64:
        dtype = FLOAT64
    if differentiated and dtype is BOOL:
        raise DTypeError(f"{what} is boolean, which cannot be differentiated.\n  Leave it out of wrt, or convert it.")
    if array.ndim == 0:
        return array.astype(dtype)[()] if dtype.char == "f" else array.astype(dtype).item()
    return np.ascontiguousarray(array, dtype)


def _on_device(value: Any, differentiated: bool, what: str) -> DeviceArray:
    array = device_array(value, what)
    if differentiated and array.dtype.kind != "f":
        raise DTypeError(f"{what} is {array!r}, which cannot be differentiated.\n  Leave it out of wrt, or convert.")
    return array


def _numeric(value: Any) -> bool:
    return isinstance(value, (*_SCALARS, complex, np.ndarray, np.generic, list, tuple)) or hasattr(value, "__array__")


def _array(value: Any, what: str) -> np.ndarray:
    if isinstance(value, (list, tuple)) and _holds_node(value):
        raise ShapeError(f"{what} is a list that holds traced values.\n  Join them with np.stack([...]).")
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ShapeError(f"{what} is {_brief(value)}, which is not an array: {error}.") from error


def _holds_node(value: Any) -> bool:
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is Node:
            return True
        if isinstance(item, (list, tuple)):
            stack.extend(item)
    return False


def _brief(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"


def signature(args: Sequence[Any]) -> tuple:
    """What a trace depends on: shape and dtype of each dynamic argument, the value of each static one."""
    key: list[Any] = []
    for a in args:
        if type(a) is float:
            key.append("d")
        elif isinstance(a, Static):
            key.append(("static", type(a.value), a.value))
        elif isinstance(a, (np.ndarray, np.generic)):
            key.append((a.shape, a.dtype.char))
        elif isinstance(a, DeviceArray):
            key.append((a.shape, a.dtype.char, "device"))
        else:
            key.append(type(a).__name__)
    return tuple(key)


def abstract(arg: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of a normalised dynamic argument."""
    if isinstance(arg, (np.ndarray, np.generic, DeviceArray)):
        return arg.shape, arg.dtype
    return (), {float: FLOAT64, bool: BOOL}.get(type(arg), INT64)


class Look(NamedTuple):
    """The text of a quick look at later arguments, for functions that are generated for one set of shapes.

    Attributes
    ----------
    opening : list of str
        Lines that take the tuple `args` apart into x0, x1 ..., and return `nothing` where it has another length.
    test : str
        An expression in these: true where they are normalised already, with the shapes and dtypes of the example.
    space : dict
        What the test names.
    """

    opening: list[str]
    test: str
    space: dict[str, Any]


def look(args: Sequence[Any], nothing: str = "None", owned: bool = False) -> Look | None:
    """A quick look at arguments like these; None where one of them is static, or lies on a device.

    With `owned`, arrays must own their memory: two different ones then share none.
    """
    if any(isinstance(a, (Static, DeviceArray)) for a in args):
        return None
    tests: list[str] = []
    space: dict[str, Any] = {"array": np.ndarray, "f8": np.float64}
    for i, a in enumerate(args):
        shape, dtype = abstract(a)
        space[f"shape{i}"], space[f"dtype{i}"] = shape, dtype
        if shape:
            tests.append(array_test(f"x{i}", f"dtype{i}", f"shape{i}", CONTIGUOUS | OWNED * owned))
        else:
            tests.append(f"(type(x{i}) is float or type(x{i}) is f8)" if dtype is FLOAT64 else "False")
    names = "".join(f"x{i}, " for i in range(len(args)))
    opening = [" try:", f"  [{names}] = args", " except ValueError:", f"  return {nothing}"]  # of another length
    return Look(opening, " and ".join(tests) or "True", space)


def array_test(name: str, dtype: str, shape: str, flags: int) -> str:
    """An expression, true where `name` is an array of this dtype and shape with all of these flags."""
    flagged = f"{name}.flags.c_contiguous" if flags == CONTIGUOUS else f"{name}.flags.num & {flags} == {flags}"
    return f"type({name}) is array and {name}.dtype is {dtype} and {name}.shape == {shape} and {flagged}"


def matcher(args: Sequence[Any]) -> Callable[[tuple], bool] | None:
    """A function that takes a quick look at a tuple of arguments; None where one of these is static."""
    found = look(args, "False")
    if found is None:
        return None
    lines = ["def fits(args):", *found.opening, f" return {found.test}"]
    exec("\n".join(lines), found.space)  # noqa: S102 - our own names and numbers only
    return found.space["fits"]
