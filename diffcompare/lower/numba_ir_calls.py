"""What emitted text may call, in LLVM code: intrinsics, elementary and special functions, exact sums, matrix products.

Matrix products go the way of `np.dot` in Numba, to the BLAS that SciPy brings: the results are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.extending import _Intrinsic

from . import numba_arrays, numba_special
from .numba_ir_values import (
    BYTE,
    DOUBLE,
    INT,
    ITEM_BYTES,
    POINTER,
    VALUE,
    WORD,
    Array,
    ForeignTextError,
    Value,
    convert,
    size,
    together,
)

_CASTS = {np.float64: types.float64, np.float32: types.float32, np.int64: types.int64, bool: types.boolean,
          np.uintp: types.uint64}  # fmt: skip
# What Numba calls too; each is one instruction, or a call that LLVM turns into one.
_INSTRUCTIONS = {
    math.sqrt: "llvm.sqrt", math.fabs: "llvm.fabs", math.copysign: "llvm.copysign", abs: "llvm.fabs",
    **{numba_special.functions()[f"f_{name}"]: f"llvm.{name}" for name in ("floor", "ceil", "trunc", "rint")},
}  # fmt: skip


class _Typing:
    """As much of Numba's typing context as the intrinsics of this package ask for."""

    @staticmethod
    def unify_pairs(a: Any, b: Any) -> Any:
        return together(a, b)


class _Context:
    """As much of Numba's target context as they ask for."""

    @staticmethod
    def get_dummy_value() -> Any:
        return None


def call(builder: ir.IRBuilder, function: Any, arguments: Sequence[Value]) -> Value | tuple[Value, ...] | None:
    """The result of a function of numbers."""
    if isinstance(function, _Intrinsic):
        return _intrinsic(builder, function, arguments)
    if function in _CASTS:
        kind = _CASTS[function]
        return Value(kind, convert(builder, arguments[0], kind))
    if function in (min, max):
        return _extreme(builder, function, arguments)
    if function in (numba_arrays.add_exactly, numba_arrays.with_lost):
        same = arguments[0].kind
        if same not in (types.float64, types.float32) or any(a.kind != same for a in arguments):
            raise ForeignTextError("an exact sum of several types")
        exact = _add_exactly if function is numba_arrays.add_exactly else _with_lost
        return exact(builder, same, *(a.ir for a in arguments))
    if function in _INSTRUCTIONS:
        return _instruction(builder, _INSTRUCTIONS[function], arguments)
    symbol = getattr(function, "diffcompare_symbol", None)
    if symbol is not None:
        return _special(builder, symbol, arguments)
    raise ForeignTextError(f"a call of {function}")


def _intrinsic(builder: ir.IRBuilder, function: Any, arguments: Sequence[Value]) -> Value | None:
    found = function._defn(_Typing, *(a.kind for a in arguments))
    if found is None:
        raise ForeignTextError(f"{function} of {[a.kind for a in arguments]}")
    signature, codegen = found
    given = [convert(builder, a, kind) for a, kind in zip(arguments, signature.args, strict=True)]
    result = codegen(_Context, builder, signature, given)
    return None if signature.return_type == types.none else Value(signature.return_type, result)


def _extreme(builder: ir.IRBuilder, function: Any, arguments: Sequence[Value]) -> Value:
    a, b = arguments
    if a.kind != types.int64 or b.kind != types.int64:
        raise ForeignTextError("min and max of anything but whole numbers")
    first = builder.icmp_signed("<" if function is min else ">", a.ir, b.ir)
    return Value(types.int64, builder.select(first, a.ir, b.ir))


def _add_exactly(builder: ir.IRBuilder, kind: Any, total: Any, lost: Any, term: Any) -> tuple[Value, Value]:
    new = builder.fadd(total, term)
    taken = builder.fsub(new, total)
    error = builder.fadd(builder.fsub(total, builder.fsub(new, taken)), builder.fsub(term, taken))
    return Value(kind, new), Value(kind, builder.fadd(lost, error))


def _with_lost(builder: ir.IRBuilder, kind: Any, total: Any, lost: Any) -> Value:
    finite = builder.fcmp_ordered("==", builder.fsub(lost, lost), lost.type(0.0))
    return Value(kind, builder.select(finite, builder.fadd(total, lost), total))


def _instruction(builder: ir.IRBuilder, name: str, arguments: Sequence[Value]) -> Value:
    if name == "llvm.fabs" and arguments[0].kind == types.int64:
        raise ForeignTextError("the absolute value of a whole number")
    single = all(a.kind == types.float32 for a in arguments)
    kind = types.float32 if single else types.float64
    given = [convert(builder, a, kind) for a in arguments]
    shape = ir.FunctionType(VALUE[kind], [VALUE[kind]] * len(given))
    return Value(kind, builder.call(builder.module.declare_intrinsic(name, [VALUE[kind]], shape), given))


def _special(builder: ir.IRBuilder, symbol: str, arguments: Sequence[Value]) -> Value:
    given = [convert(builder, a, types.float64) for a in arguments]
    shape = ir.FunctionType(DOUBLE, [DOUBLE] * len(given) + [INT])
    return Value(types.float64, builder.call(declared(builder, symbol, shape), [*given, INT(0)]))


def declared(builder: ir.IRBuilder, name: str, shape: ir.FunctionType) -> Any:
    """A function of another library."""
    known = builder.module.globals.get(name)
    return known if known is not None else ir.Function(builder.module, shape, name)


# Matrix products.
def dot(builder: ir.IRBuilder, slot: Callable[[Any], Any], arrays: Sequence[Array]) -> Value | None:
    """``np.dot(a, b)`` of vectors, or ``np.dot(a, b, out)``; `slot` makes a variable of an LLVM type."""
    element = arrays[0].element
    if element not in (types.float64, types.float32) or any(a.element != element for a in arrays):
        raise ForeignTextError("a matrix product that BLAS does not have")
    kind = BYTE(ord("d" if element == types.float64 else "s"))
    if len(arrays) == 2:
        return _inner(builder, slot, kind, *arrays)
    a, b, out = arrays
    ranks = len(a.shape), len(b.shape)
    if out.swapped or ranks not in ((2, 2), (1, 2), (2, 1)):
        raise ForeignTextError("a product of such shapes")
    lengths = [length for array in (a, b) for length in array.shape]
    empty = [builder.icmp_signed("==", length, WORD(0)) for length in lengths]
    condition = empty[0]
    for one in empty[1:]:
        condition = builder.or_(condition, one)
    with builder.if_else(condition, likely=False) as (nothing, something):
        with nothing:
            fill_with_zeros(builder, out)
        with something:
            (_product if ranks == (2, 2) else _vector_product)(builder, slot, kind, a, b, out)
    return None


def fill_with_zeros(builder: ir.IRBuilder, out: Array) -> None:
    """Set all bytes of an array to zero."""
    bytes_each = ITEM_BYTES[out.element]
    length = builder.mul(size(builder, out), WORD(bytes_each))
    name, bit = "llvm.memset", ir.IntType(1)
    shape = ir.FunctionType(ir.VoidType(), [POINTER, BYTE, WORD, bit])
    function = builder.module.declare_intrinsic(name, [POINTER, WORD], shape)
    builder.call(function, [_bytes(builder, out.data), BYTE(0), length, bit(0)])


def _bytes(builder: ir.IRBuilder, pointer: Any) -> Any:
    return builder.bitcast(pointer, POINTER)


def _constant(builder: ir.IRBuilder, slot: Callable[[Any], Any], element: Any, value: float) -> Any:
    place = slot(VALUE[element])
    builder.store(VALUE[element](value), place)
    return _bytes(builder, place)


def _blas(builder: ir.IRBuilder, name: str, arguments: Sequence[Any]) -> None:
    failed = builder.call(declared(builder, name, ir.FunctionType(INT, [a.type for a in arguments])), arguments)
    with builder.if_then(builder.icmp_signed("!=", failed, INT(0)), likely=False):  # as in Numba: SciPy has no BLAS
        builder.call(declared(builder, "PyGILState_Ensure", ir.FunctionType(INT, [])), [])
        builder.call(declared(builder, "PyErr_Print", ir.FunctionType(ir.VoidType(), [])), [])
        builder.call(declared(builder, "abort", ir.FunctionType(ir.VoidType(), [])), [])


def _inner(builder: ir.IRBuilder, slot: Callable[[Any], Any], kind: Any, a: Array, b: Array) -> Value:
    if len(a.shape) != 1 or len(b.shape) != 1:
        raise ForeignTextError("a product that makes an array")
    place = slot(VALUE[a.element])
    pointers = (_bytes(builder, pointer) for pointer in (a.data, b.data, place))
    _blas(builder, "numba_xxdot", [kind, BYTE(0), a.shape[0], *pointers])
    return Value(a.element, builder.load(place))


def _vector_product(builder: ir.IRBuilder, slot: Callable, kind: Any, a: Array, b: Array, out: Array) -> None:
    """Matrix times vector, or vector times matrix; BLAS takes matrices by columns."""
    by_matrix = len(b.shape) == 2  # vector times matrix is the transposed matrix times the vector
    matrix, vector = (b, a) if by_matrix else (a, b)
    transposed = matrix.swapped if by_matrix else not matrix.swapped
    rows, columns = matrix.shape if matrix.swapped else reversed(matrix.shape)
    one, zero = (_constant(builder, slot, out.element, value) for value in (1.0, 0.0))
    _blas(
        builder, "numba_xxgemv",
        [kind, BYTE(ord("t" if transposed else "n")), rows, columns, one, _bytes(builder, matrix.data), rows,
         _bytes(builder, vector.data), zero, _bytes(builder, out.data)],
    )  # fmt: skip


def _product(builder: ir.IRBuilder, slot: Callable, kind: Any, a: Array, b: Array, out: Array) -> None:
    (m, k), n = a.shape, b.shape[1]
    one, zero = (_constant(builder, slot, out.element, value) for value in (1.0, 0.0))
    lead = {id(x): x.shape[0] if x.swapped else x.shape[1] for x in (a, b)}
    flags = [BYTE(ord("t" if x.swapped else "n")) for x in (b, a)]
    _blas(
        builder, "numba_xxgemm",
        [kind, *flags, n, m, k, one, _bytes(builder, b.data), lead[id(b)], _bytes(builder, a.data), lead[id(a)], zero,
         _bytes(builder, out.data), out.shape[1]],
    )  # fmt: skip
