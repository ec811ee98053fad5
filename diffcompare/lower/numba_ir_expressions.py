"""Expressions of emitted text in LLVM code: numbers, elements, parts and shapes of arrays, choices and calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from . import numba_ir_calls as calls
from . import numba_ir_rows
from .numba_ir_values import (
    BIT,
    ITEM_BYTES,
    VALUE,
    WORD,
    Array,
    ForeignTextError,
    Value,
    binary,
    compare,
    convert,
    flat,
    literal,
    load,
    memory,
    negated,
    size,
)

_VIEWS = {np.int64: types.int64, np.bool_: types.boolean, np.float32: types.float32, np.float64: types.float64}
Result = Value | Array | tuple | None


@dataclass(slots=True)
class Made:
    """A function in LLVM code: its arrays come as address and lengths.

    Attributes
    ----------
    function : ir.Function
        What other functions of the module call.
    kinds : sequence
        Numba types of its arguments.
    result : type, tuple or None
        Numba type of what it returns; a tuple of such for a tuple.
    """

    function: ir.Function
    kinds: Sequence[Any]
    result: Any = None


def leaves(result: Any) -> list[Any]:
    """The entries of a nested tuple, in order."""
    return [leaf for entry in result for leaf in leaves(entry)] if isinstance(result, tuple) else [result]


def nested(kinds: Any, parts: Iterator) -> Any:
    """Numbers in the order of `leaves`, as nested as their types are."""
    return tuple(nested(kind, parts) for kind in kinds) if isinstance(kinds, tuple) else Value(kinds, next(parts))


def scalar(value: Result) -> Value:
    """`value` where a number is needed."""
    if not isinstance(value, Value):
        raise ForeignTextError("an array or a tuple in place of a number")
    return value


@dataclass(slots=True)
class Reader:
    """Reads the expressions of one function.

    Attributes
    ----------
    function : ir.Function
        Where their code goes, by `builder`.
    space : mapping
        What the text may name, with the functions of the module that were made before.
    scalars : dict
        Type and place of each variable that holds a number.
    arrays : dict
        The arrays by name.
    read : set of str
        Variables that were read.
    """

    function: ir.Function
    space: Mapping[str, Any]
    builder: ir.IRBuilder
    scalars: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def slot(self, kind: Any) -> Any:
        """A variable; all of them are made in the first block, so that LLVM turns them into registers."""
        return ir.IRBuilder(self.function.entry_basic_block).alloca(kind)

    def value(self, node: ast.expr) -> Result:
        """What an expression stands for."""
        found = getattr(self, f"_read_{type(node).__name__}", None)
        if found is None:
            raise ForeignTextError(ast.dump(node))
        return found(node)

    def number(self, node: ast.expr) -> Value:
        """A number."""
        return scalar(self.value(node))

    def bit(self, node: ast.expr) -> Any:
        """The truth of a number."""
        return convert(self.builder, self.number(node), types.boolean)

    def array(self, node: ast.expr) -> Array:
        """An array."""
        found = self.value(node)
        if not isinstance(found, Array):
            raise ForeignTextError("part of something that is no array")
        return found

    def _read_Constant(self, node: ast.Constant) -> Value:
        if not isinstance(node.value, (bool, int, float)):
            raise ForeignTextError(f"{node.value!r} as a value")
        return literal(node.value)

    def _read_Name(self, node: ast.Name) -> Result:
        if node.id in self.arrays:
            return self.arrays[node.id]
        if node.id in self.scalars:
            self.read.add(node.id)
            kind, slot = self.scalars[node.id]
            return Value(kind, self.builder.load(slot))
        found = self.space.get(node.id)
        if not isinstance(found, (bool, int, float)):
            raise ForeignTextError(f"{node.id} as a value")
        return literal(found)

    def _read_Tuple(self, node: ast.Tuple) -> tuple:
        return tuple(self.value(entry) for entry in node.elts)

    def _read_BinOp(self, node: ast.BinOp) -> Value:
        return binary(self.builder, type(node.op).__name__, self.number(node.left), self.number(node.right))

    def _read_UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return Value(types.boolean, self.builder.not_(self.bit(node.operand)))
        if not isinstance(node.op, ast.USub):
            raise ForeignTextError(ast.dump(node.op))
        return negated(self.builder, self.number(node.operand))

    def _read_Compare(self, node: ast.Compare) -> Value:
        left, whole = self.number(node.left), None
        for operation, right in zip(node.ops, node.comparators, strict=True):
            following = self.number(right)
            bit = compare(self.builder, type(operation).__name__, left, following)
            whole, left = bit if whole is None else self.builder.and_(whole, bit), following
        return Value(types.boolean, whole)

    def _read_BoolOp(self, node: ast.BoolOp) -> Value:
        slot, last = self.slot(BIT), len(node.values) - 1
        done = self.function.append_basic_block("decided")
        for place, part in enumerate(node.values):
            found = self.number(part)
            if found.kind != types.boolean:
                raise ForeignTextError("a choice between numbers by their truth")
            self.builder.store(found.ir, slot)
            if place == last:
                self.builder.branch(done)
                break
            more = self.function.append_basic_block("more")
            self.builder.cbranch(found.ir, *((more, done) if isinstance(node.op, ast.And) else (done, more)))
            self.builder.position_at_end(more)
        self.builder.position_at_end(done)
        return Value(types.boolean, self.builder.load(slot))

    def _read_IfExp(self, node: ast.IfExp) -> Value:
        kind, slot = None, None
        with self.builder.if_else(self.bit(node.test)) as parts:
            for branch, part in zip(parts, (node.body, node.orelse), strict=True):
                with branch:
                    found = self.number(part)
                    if slot is None:
                        kind, slot = found.kind, self.slot(VALUE[found.kind])
                    if found.kind != kind:
                        raise ForeignTextError("a choice between two types")
                    self.builder.store(found.ir, slot)
        return Value(kind, self.builder.load(slot))

    def _read_Attribute(self, node: ast.Attribute) -> Result:
        array = self.array(node.value)
        if node.attr == "shape":
            return tuple(Value(types.int64, length) for length in array.shape)
        if node.attr == "size":
            return Value(types.int64, size(self.builder, array))
        if node.attr == "T":
            if len(array.shape) != 2:
                raise ForeignTextError("the transpose of anything but a matrix")
            return Array(array.element, array.data, array.shape[::-1], not array.swapped)
        raise ForeignTextError(node.attr)

    def _read_Subscript(self, node: ast.Subscript) -> Result:
        found = self.value(node.value)
        if isinstance(found, Array):
            if isinstance(node.slice, ast.Slice):
                return self._slice(found, node.slice)
            return load(self.builder, found, self.index(node.slice))
        place = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(found, tuple) and not isinstance(found, Value) and isinstance(place, int):
            return found[place]
        raise ForeignTextError(ast.dump(node))

    def index(self, node: ast.expr) -> list[Value]:
        """The places of an element."""
        return [self.number(entry) for entry in (node.elts if isinstance(node, ast.Tuple) else [node])]

    def _slice(self, array: Array, node: ast.Slice) -> Array:
        """A part of a vector that lies within it."""
        if len(array.shape) != 1 or node.step is not None or node.upper is None:
            raise ForeignTextError("a slice of such a kind")
        first = self.number(node.lower).ir if node.lower is not None else WORD(0)
        stop = self.number(node.upper).ir
        return Array(array.element, self.builder.gep(array.data, [first]), (self.builder.sub(stop, first),))

    # Calls.
    def _read_Call(self, node: ast.Call) -> Result:
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        assert isinstance(node.func, ast.Name)
        function = self.space.get(node.func.id, {"min": min, "max": max, "abs": abs}.get(node.func.id))
        arguments = [self.value(argument) for argument in node.args]
        if isinstance(function, Made):
            return self._own(function, arguments)
        arrays = [argument for argument in arguments if isinstance(argument, Array)]
        if arrays:
            bounds = (convert(self.builder, scalar(found), types.int64) for found in arguments[len(arrays) :])
            numba_ir_rows.call(self.builder, function, arrays, [*bounds])
            return None
        return calls.call(self.builder, function, [scalar(argument) for argument in arguments])

    def _own(self, made: Made, arguments: list[Result]) -> Result:
        given: list[Any] = []
        for argument, kind in zip(arguments, made.kinds, strict=True):
            if isinstance(kind, types.Array):
                if not isinstance(argument, Array) or argument.element != kind.dtype or argument.swapped:
                    raise ForeignTextError("another array than the function takes")
                given += [argument.data, *argument.shape]
            else:
                given.append(convert(self.builder, scalar(argument), kind))
        whole, kinds = self.builder.call(made.function, given), leaves(made.result)
        if made.result is None:
            return None
        parts = [whole] if len(kinds) == 1 else [self.builder.extract_value(whole, k) for k in range(len(kinds))]
        return nested(made.result, iter(parts))

    def _method(self, node: ast.Call, function: ast.Attribute) -> Result:
        owner = function.value
        if isinstance(owner, ast.Name) and self.space.get(owner.id) is np:
            if function.attr != "dot":
                raise ForeignTextError(f"np.{function.attr}")
            return calls.dot(self.builder, self.slot, [self.array(argument) for argument in node.args])
        array = self.array(owner)
        if function.attr == "reshape":
            return self._reshaped(array, node.args[0])
        if function.attr == "view" and isinstance(node.args[0], ast.Attribute) and array.element == types.float64:
            kind = _VIEWS[getattr(np, node.args[0].attr)]
            return self._viewed(array, kind)
        raise ForeignTextError(function.attr)

    def _reshaped(self, array: Array, shape: ast.expr) -> Array:
        if not isinstance(shape, ast.Tuple):
            return flat(self.builder, array)  # by -1
        if array.swapped:
            raise ForeignTextError("another shape of a transpose")
        lengths = tuple(convert(self.builder, self.number(entry), types.int64) for entry in shape.elts)
        return Array(array.element, array.data, lengths)

    def _viewed(self, array: Array, kind: Any) -> Array:
        """The memory of float64 numbers as numbers of another type."""
        data = self.builder.bitcast(array.data, memory(kind).as_pointer())
        per = 8 // ITEM_BYTES[kind]
        return Array(kind, data, (self.builder.mul(size(self.builder, array), WORD(per), flags=("nsw",)),))
