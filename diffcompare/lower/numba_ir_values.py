"""Numbers and arrays in LLVM code, and arithmetic on them with Numba's types and NumPy's error model.

What is not done here raises ForeignTextError; Numba's own front end then compiles the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types

BIT, BYTE, WORD, INT = ir.IntType(1), ir.IntType(8), ir.IntType(64), ir.IntType(32)
DOUBLE, FLOAT = ir.DoubleType(), ir.FloatType()
POINTER = BYTE.as_pointer()
VALUE = {
    types.float64: DOUBLE, types.float32: FLOAT, types.int64: WORD, types.uint64: WORD, types.int32: INT,
    types.boolean: BIT,
}  # fmt: skip
ITEM_BYTES = {types.float64: 8, types.float32: 4, types.int64: 8, types.int32: 4, types.boolean: 1}
_FLOATS = (types.float64, types.float32)
_COMPARISONS = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!="}


class ForeignTextError(Exception):
    """Text beyond what is compiled here; Numba's own front end compiles it instead."""


class Value(NamedTuple):
    """A number: its Numba type and its LLVM value."""

    kind: Any
    ir: Any


@dataclass(frozen=True, slots=True)
class Array:
    """A C-contiguous array, or with `swapped` the transpose of a matrix that is one (`shape` is the transpose's)."""

    element: Any
    data: Any
    shape: tuple[Any, ...]
    swapped: bool = False


def memory(kind: Any) -> Any:
    """The LLVM type of an element in memory."""
    return BYTE if kind == types.boolean else VALUE[kind]


def literal(value: bool | int | float) -> Value:
    """A literal."""
    if isinstance(value, bool):
        return Value(types.boolean, BIT(value))
    return Value(types.int64, WORD(value)) if isinstance(value, int) else Value(types.float64, DOUBLE(value))


def convert(builder: ir.IRBuilder, value: Value, kind: Any) -> Any:
    """The LLVM value of a number as another type."""
    given, x = value
    if given == kind:
        return x
    if given in _FLOATS:
        if kind in _FLOATS:
            return (builder.fpext if kind == types.float64 else builder.fptrunc)(x, VALUE[kind])
        if kind == types.boolean:
            return builder.fcmp_unordered("!=", x, x.type(0.0))
        return builder.fptosi(x, VALUE[kind])
    if kind in _FLOATS:
        signed = given in (types.int64, types.int32)
        return (builder.sitofp if signed else builder.uitofp)(x, VALUE[kind])
    if kind == types.boolean:
        return builder.icmp_signed("!=", x, x.type(0))
    if given == types.boolean:
        return builder.zext(x, VALUE[kind])
    if given == types.int32:
        return builder.sext(x, VALUE[kind])
    if {given, kind} == {types.int64, types.uint64}:
        return x
    raise ForeignTextError(f"{given} as {kind}")


def together(a: Any, b: Any) -> Any:
    """The type that holds both of two types."""
    if a == b:
        return a
    if types.float64 in (a, b) or (types.float32 in (a, b) and types.boolean not in (a, b)):
        return types.float64
    if types.float32 in (a, b):
        return types.float32
    if types.uint64 in (a, b):
        raise ForeignTextError("numbers without sign beside numbers with one")
    return types.int64


def binary(builder: ir.IRBuilder, name: str, a: Value, b: Value) -> Value:
    """``a + b`` for the name "Add" of Python's syntax tree, and so on."""
    kind = together(a.kind, b.kind)
    if name in ("BitAnd", "BitOr"):
        if kind in _FLOATS:
            raise ForeignTextError("bits of floats")
        x, y = convert(builder, a, kind), convert(builder, b, kind)
        return Value(kind, builder.and_(x, y) if name == "BitAnd" else builder.or_(x, y))
    if name == "Div" and kind not in _FLOATS:
        kind = types.float64
    if kind in (types.boolean, types.int32):
        kind = types.int64
    x, y = convert(builder, a, kind), convert(builder, b, kind)
    if kind in _FLOATS:
        operation = {"Add": builder.fadd, "Sub": builder.fsub, "Mult": builder.fmul, "Div": builder.fdiv}.get(name)
    elif name == "FloorDiv":
        return Value(kind, _floor_divide(builder, x, y))
    else:
        operation = {"Add": builder.add, "Sub": builder.sub, "Mult": builder.mul}.get(name)
    if operation is None:
        raise ForeignTextError(f"{name} of {kind}")
    return Value(kind, operation(x, y))


def _floor_divide(builder: ir.IRBuilder, x: Any, y: Any) -> Any:
    if not isinstance(y, ir.Constant) or y.constant <= 0:
        raise ForeignTextError("division of whole numbers by a variable")
    quotient = builder.sdiv(x, y)
    below = builder.icmp_signed("<", builder.srem(x, y), WORD(0))
    return builder.sub(quotient, builder.zext(below, WORD))


def compare(builder: ir.IRBuilder, name: str, a: Value, b: Value) -> Any:
    """A comparison by its name in Python's syntax tree, as a bit."""
    if name not in _COMPARISONS:
        raise ForeignTextError(name)
    kind = together(a.kind, b.kind)
    x, y = convert(builder, a, kind), convert(builder, b, kind)
    sign = _COMPARISONS[name]
    if kind in _FLOATS:
        return (builder.fcmp_unordered if sign == "!=" else builder.fcmp_ordered)(sign, x, y)
    signed = kind in (types.int64, types.int32)
    return (builder.icmp_signed if signed else builder.icmp_unsigned)(sign, x, y)


def negated(builder: ir.IRBuilder, value: Value) -> Value:
    """``-value``."""
    kind, x = value
    if isinstance(x, ir.Constant):
        return Value(kind, x.type(-x.constant))
    if kind in _FLOATS:
        return Value(kind, builder.fsub(x.type(-0.0), x))
    if kind != types.int64:
        raise ForeignTextError(f"-{kind}")
    return Value(kind, builder.sub(WORD(0), x))


# Elements of arrays.
def _place(builder: ir.IRBuilder, array: Array, index: list[Value]) -> Any:
    """The address of an element; a negative place counts from the end unless its type has no sign."""
    if array.swapped or len(index) != len(array.shape):
        raise ForeignTextError("a part of an array that is not an element")
    place = WORD(0)
    for axis, (kind, x) in enumerate(index):
        if kind == types.int64 and not (isinstance(x, ir.Constant) and x.constant >= 0):
            negative = builder.icmp_signed("<", x, WORD(0))
            x = builder.select(negative, builder.add(x, array.shape[axis]), x)
        elif kind not in (types.int64, types.uint64):
            raise ForeignTextError(f"an index of {kind}")
        step = WORD(1)
        for length in array.shape[axis + 1 :]:
            step = builder.mul(step, length, flags=("nsw",))
        place = builder.add(place, builder.mul(x, step, flags=("nsw",)), flags=("nsw",))
    return builder.gep(array.data, [place])


def load(builder: ir.IRBuilder, array: Array, index: list[Value]) -> Value:
    """An element."""
    found = builder.load(_place(builder, array, index))
    return Value(array.element, builder.trunc(found, BIT) if array.element == types.boolean else found)


def store(builder: ir.IRBuilder, array: Array, index: list[Value], value: Value) -> None:
    """Put a number into an element."""
    x = convert(builder, value, array.element)
    builder.store(builder.zext(x, BYTE) if array.element == types.boolean else x, _place(builder, array, index))


def size(builder: ir.IRBuilder, array: Array) -> Any:
    """The number of elements."""
    found = WORD(1)
    for length in array.shape:
        found = builder.mul(found, length, flags=("nsw",))
    return found


def flat(builder: ir.IRBuilder, array: Array) -> Array:
    """The array as a vector."""
    if array.swapped:
        raise ForeignTextError("another shape of a transpose")
    return array if len(array.shape) == 1 else Array(array.element, array.data, (size(builder, array),))
