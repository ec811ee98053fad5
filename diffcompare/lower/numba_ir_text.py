"""Emitted text as a function in LLVM code, read from Python's syntax tree: scalars are variables, arrays are names.

The text is what `numba_writer` writes: loops over `range`, choices, elements, slices and shapes of arrays, calls of
known functions. Anything else raises NotImplementedError.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from . import numba_ir_calls as calls
from .numba_ir_values import (
    BIT, ITEM_BYTES, VALUE, WORD, Array, Value, binary, compare, convert, flat, load, memory, negated, number, size, store,
)  # fmt: skip

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


def _kinds(result: Any) -> Any:
    return result.kind if isinstance(result, Value) else tuple(_kinds(entry) for entry in result)


def _nested(kinds: Any, parts: Iterator) -> Any:
    """Numbers in the order of `leaves`, as nested as their types are."""
    return tuple(_nested(kind, parts) for kind in kinds) if isinstance(kinds, tuple) else Value(kinds, next(parts))


_LENGTH = re.compile(r" ([ns]\d+) = ")


def in_two(source: str) -> tuple[str, str]:
    """A tape in two functions: ``rest`` has the lengths and places that the text begins with as arguments.

    To LLVM they are then plain numbers. As sums and products of lengths of arguments they stood in every address, and
    the search for cheap addresses took half of the time of compilation.
    """
    head, *lines = source.splitlines(True)
    names = list(itertools.takewhile(bool, (found and found[1] for found in map(_LENGTH.match, lines))))
    inner = [*head[head.index("(") + 1 : -3].split(", "), *names]
    start, rest = lines[: len(names)], lines[len(names) :]
    arguments = ", ".join(name for name in inner if name)
    return f"def rest({arguments}):\n{''.join(rest)}", f"{head}{''.join(start)} return rest({arguments})\n"


def translate(module: ir.Module, name: str, source: str, kinds: Sequence[Any], space: Mapping, distinct: bool) -> Made:
    """The function that `source` defines, added to `module` as `name`; `distinct`: its arrays share no memory."""
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    given = [t for kind in kinds for t in _given(kind)]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), given), name)
    function.linkage = "internal"
    made = Made(function, kinds)
    text = _Text(made, space, ir.IRBuilder(function.append_basic_block("variables")))
    body = function.append_basic_block("body")
    text.builder.position_at_end(body)
    arguments = iter(function.args)
    for argument, kind in zip(definition.args.args, kinds, strict=True):
        text.receive(argument.arg, kind, arguments)
    for argument in function.args if distinct else ():
        if isinstance(argument.type, ir.PointerType):
            argument.add_attribute("noalias")
    text.statements(definition.body)
    if not text.builder.block.is_terminated:
        text.builder.ret_void()
    ir.IRBuilder(function.entry_basic_block).branch(body)
    return made


def _given(kind: Any) -> list[Any]:
    if isinstance(kind, types.Array):
        return [memory(kind.dtype).as_pointer(), *[WORD] * kind.ndim]
    return [VALUE[kind]]


@dataclass(slots=True)
class _Text:
    made: Made
    space: Mapping[str, Any]
    builder: ir.IRBuilder
    _scalars: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    _arrays: dict[str, Array] = field(default_factory=dict)
    _depth: int = 0
    _read: set[str] = field(default_factory=set)  # variables that the outermost open loop has read
    _changed: set[str] = field(default_factory=set)  # variables that it gave another type

    def receive(self, name: str, kind: Any, arguments: Iterator) -> None:
        """Bind an argument."""
        if isinstance(kind, types.Array):
            self._arrays[name] = Array(kind.dtype, next(arguments), tuple(next(arguments) for _ in range(kind.ndim)))
        else:
            self._assign(name, Value(kind, next(arguments)))

    def _slot(self, kind: Any) -> Any:
        """A variable; all of them are made in the first block, so that LLVM turns them into registers."""
        return ir.IRBuilder(self.made.function.entry_basic_block).alloca(kind)

    # Statements.
    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            _handler(self, "do", statement)(statement)

    def _do_Pass(self, node: ast.Pass) -> None:
        pass

    def _do_Expr(self, node: ast.Expr) -> None:
        self._value(node.value)

    def _do_Assign(self, node: ast.Assign) -> None:
        (target,) = node.targets
        self._put(target, self._value(node.value))

    def _do_AugAssign(self, node: ast.AugAssign) -> None:
        old = self._value(node.target)
        self._put(node.target, binary(self.builder, type(node.op).__name__, _scalar(old), self._number(node.value)))

    def _put(self, target: ast.expr, value: Result) -> None:
        if isinstance(target, ast.Tuple):
            assert isinstance(value, tuple)
            for one, entry in zip(target.elts, value, strict=True):
                self._put(one, entry)
        elif isinstance(target, ast.Name):
            self._assign(target.id, value)
        elif isinstance(target, ast.Subscript):
            array = self._array(target.value)
            if isinstance(target.slice, ast.Constant) and target.slice.value is ...:
                self._fill(array, value)
            else:
                store(self.builder, array, self._index(target.slice), _scalar(value))
        else:
            raise NotImplementedError(ast.dump(target))

    def _assign(self, name: str, value: Result) -> None:
        if isinstance(value, Array):
            if name in self._scalars:
                raise NotImplementedError(f"{name} is an array and a number")
            self._arrays[name] = value
            return
        found = _scalar(value)
        if name not in self._scalars:
            self._scalars[name] = found.kind, self._slot(VALUE[found.kind])
        elif self._scalars[name][0] != found.kind:
            if name in self._read:
                raise NotImplementedError(f"{name} is of two types in one loop")
            self._scalars[name] = found.kind, self._slot(VALUE[found.kind])
            self._changed.add(name)
        self.builder.store(found.ir, self._scalars[name][1])

    def _fill(self, array: Array, value: Result) -> None:
        """``array[...] = value``."""
        out = flat(self.builder, array)
        if isinstance(value, Array):
            if len(value.shape) != len(array.shape):
                raise NotImplementedError("a copy into another shape")
            source = flat(self.builder, value)
        with self._loop(WORD(0), out.shape[0]) as k:
            place = [Value(types.uint64, k)]
            entry = load(self.builder, source, place) if isinstance(value, Array) else _scalar(value)
            store(self.builder, out, place, entry)

    @contextmanager
    def _loop(self, first: Any, stop: Any) -> Iterator[Any]:
        slot, function = self._slot(WORD), self.made.function
        self.builder.store(first, slot)
        head, body, done = (function.append_basic_block(name) for name in ("head", "loop", "done"))
        self.builder.branch(head)
        self.builder.position_at_end(head)
        k = self.builder.load(slot)
        self.builder.cbranch(self.builder.icmp_signed("<", k, stop), body, done)
        self.builder.position_at_end(body)
        yield k
        self.builder.store(self.builder.add(k, WORD(1), flags=("nsw",)), slot)
        self.builder.branch(head)
        self.builder.position_at_end(done)

    def _do_For(self, node: ast.For) -> None:
        loop = node.iter
        if not isinstance(loop, ast.Call) or not isinstance(loop.func, ast.Name) or loop.func.id != "range":
            raise NotImplementedError("a loop over anything but a range")
        bounds = [convert(self.builder, self._number(bound), types.int64) for bound in loop.args[:2]]
        first, stop = bounds if len(bounds) == 2 else (WORD(0), bounds[0])
        assert isinstance(node.target, ast.Name)
        step = self._number(loop.args[2]) if len(loop.args) == 3 else None
        with self._inside():
            if step is not None:
                self._stepped(node, first, stop, step)
            else:
                with self._loop(first, stop) as k:
                    self._assign(node.target.id, Value(types.int64, k))
                    self.statements(node.body)

    def _stepped(self, node: ast.For, first: Any, stop: Any, step: Value) -> None:
        if not isinstance(step.ir, ir.Constant) or step.ir.constant <= 0:
            raise NotImplementedError("a step that is not a positive number")
        length = self.builder.sub(stop, first)
        more = self.builder.add(length, WORD(step.ir.constant - 1))
        with self._loop(WORD(0), self.builder.sdiv(more, step.ir)) as k:
            place = self.builder.add(first, self.builder.mul(k, step.ir, flags=("nsw",)), flags=("nsw",))
            assert isinstance(node.target, ast.Name)
            self._assign(node.target.id, Value(types.int64, place))
            self.statements(node.body)

    def _do_If(self, node: ast.If) -> None:
        with self.builder.if_else(self._bit(node.test)) as (then, otherwise):
            for branch, body in ((then, node.body), (otherwise, node.orelse)):
                with branch, self._inside():
                    self.statements(body)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """A loop or a choice: arrays that it names, and variables to which it gives another type, end with it."""
        if not self._depth:
            self._read.clear()
        known, changed, self._changed = dict(self._arrays), self._changed, set()
        self._depth += 1
        yield
        self._depth -= 1
        self._arrays = {name: found for name, found in self._arrays.items() if known.get(name) is found}
        self._scalars = {name: found for name, found in self._scalars.items() if name not in self._changed}
        self._changed |= changed

    def _do_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self.builder.ret_void()
            return
        result = self._value(node.value)
        if isinstance(result, Array) or any(isinstance(leaf, Array) for leaf in _entries(result)):
            raise NotImplementedError("an array as a result")
        self.made.result = _kinds(result)
        values = [leaf.ir for leaf in _entries(result)]
        returned = values[0].type if len(values) == 1 else ir.LiteralStructType([v.type for v in values])
        function = self.made.function
        function.ftype = ir.FunctionType(returned, function.ftype.args)
        function.type, function.return_value.type = function.ftype.as_pointer(), returned
        whole = values[0]
        if len(values) != 1:
            whole = ir.Constant(returned, ir.Undefined)
            for place, value in enumerate(values):
                whole = self.builder.insert_value(whole, value, place)
        self.builder.ret(whole)

    # Expressions.
    def _value(self, node: ast.expr) -> Result:
        return _handler(self, "read", node)(node)

    def _number(self, node: ast.expr) -> Value:
        return _scalar(self._value(node))

    def _bit(self, node: ast.expr) -> Any:
        return convert(self.builder, self._number(node), types.boolean)

    def _array(self, node: ast.expr) -> Array:
        found = self._value(node)
        if not isinstance(found, Array):
            raise NotImplementedError("part of something that is no array")
        return found

    def _read_Constant(self, node: ast.Constant) -> Value:
        return number(node.value)

    def _read_Name(self, node: ast.Name) -> Result:
        if node.id in self._arrays:
            return self._arrays[node.id]
        if node.id in self._scalars:
            self._read.add(node.id)
            kind, slot = self._scalars[node.id]
            return Value(kind, self.builder.load(slot))
        found = self.space.get(node.id)
        if not isinstance(found, (bool, int, float)):
            raise NotImplementedError(f"{node.id} as a value")
        return number(found)

    def _read_Tuple(self, node: ast.Tuple) -> tuple:
        return tuple(self._value(entry) for entry in node.elts)

    def _read_BinOp(self, node: ast.BinOp) -> Value:
        return binary(self.builder, type(node.op).__name__, self._number(node.left), self._number(node.right))

    def _read_UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return Value(types.boolean, self.builder.not_(self._bit(node.operand)))
        if not isinstance(node.op, ast.USub):
            raise NotImplementedError(ast.dump(node.op))
        return negated(self.builder, self._number(node.operand))

    def _read_Compare(self, node: ast.Compare) -> Value:
        left, whole = self._number(node.left), None
        for operation, right in zip(node.ops, node.comparators, strict=True):
            following = self._number(right)
            bit = compare(self.builder, type(operation).__name__, left, following)
            whole, left = bit if whole is None else self.builder.and_(whole, bit), following
        return Value(types.boolean, whole)

    def _read_BoolOp(self, node: ast.BoolOp) -> Value:
        slot, last = self._slot(BIT), len(node.values) - 1
        done = self.made.function.append_basic_block("decided")
        for place, part in enumerate(node.values):
            found = self._number(part)
            if found.kind != types.boolean:
                raise NotImplementedError("a choice between numbers by their truth")
            self.builder.store(found.ir, slot)
            if place == last:
                self.builder.branch(done)
                break
            more = self.made.function.append_basic_block("more")
            self.builder.cbranch(found.ir, *((more, done) if isinstance(node.op, ast.And) else (done, more)))
            self.builder.position_at_end(more)
        self.builder.position_at_end(done)
        return Value(types.boolean, self.builder.load(slot))

    def _read_IfExp(self, node: ast.IfExp) -> Value:
        kind, slot = None, None
        with self.builder.if_else(self._bit(node.test)) as parts:
            for branch, part in zip(parts, (node.body, node.orelse), strict=True):
                with branch:
                    found = self._number(part)
                    if slot is None:
                        kind, slot = found.kind, self._slot(VALUE[found.kind])
                    if found.kind != kind:
                        raise NotImplementedError("a choice between two types")
                    self.builder.store(found.ir, slot)
        return Value(kind, self.builder.load(slot))

    def _read_Attribute(self, node: ast.Attribute) -> Result:
        array = self._array(node.value)
        if node.attr == "shape":
            return tuple(Value(types.int64, length) for length in array.shape)
        if node.attr == "T":
            if len(array.shape) != 2:
                raise NotImplementedError("the transpose of anything but a matrix")
            return Array(array.element, array.data, array.shape[::-1], not array.swapped)
        raise NotImplementedError(node.attr)

    def _read_Subscript(self, node: ast.Subscript) -> Result:
        found = self._value(node.value)
        if isinstance(found, Array):
            if isinstance(node.slice, ast.Slice):
                return self._slice(found, node.slice)
            return load(self.builder, found, self._index(node.slice))
        if isinstance(found, tuple) and not isinstance(found, Value) and isinstance(node.slice, ast.Constant):
            return found[node.slice.value]
        raise NotImplementedError(ast.dump(node))

    def _index(self, node: ast.expr) -> list[Value]:
        return [self._number(entry) for entry in (node.elts if isinstance(node, ast.Tuple) else [node])]

    def _slice(self, array: Array, node: ast.Slice) -> Array:
        """A part of a vector that lies within it."""
        if len(array.shape) != 1 or node.step is not None or node.upper is None:
            raise NotImplementedError("a slice of such a kind")
        first = self._number(node.lower).ir if node.lower is not None else WORD(0)
        stop = self._number(node.upper).ir
        return Array(array.element, self.builder.gep(array.data, [first]), (self.builder.sub(stop, first),))

    # Calls.
    def _read_Call(self, node: ast.Call) -> Result:
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        assert isinstance(node.func, ast.Name)
        function = self.space.get(node.func.id, {"min": min, "max": max, "abs": abs}.get(node.func.id))
        arguments = [self._value(argument) for argument in node.args]
        if isinstance(function, Made):
            return self._own(function, arguments)
        return calls.call(self.builder, function, [_scalar(argument) for argument in arguments])

    def _own(self, made: Made, arguments: list[Result]) -> Result:
        given: list[Any] = []
        for argument, kind in zip(arguments, made.kinds, strict=True):
            if isinstance(kind, types.Array):
                if not isinstance(argument, Array) or argument.element != kind.dtype or argument.swapped:
                    raise NotImplementedError("another array than the function takes")
                given += [argument.data, *argument.shape]
            else:
                given.append(convert(self.builder, _scalar(argument), kind))
        whole, kinds = self.builder.call(made.function, given), leaves(made.result)
        if made.result is None:
            return None
        parts = [whole] if len(kinds) == 1 else [self.builder.extract_value(whole, k) for k in range(len(kinds))]
        return _nested(made.result, iter(parts))

    def _method(self, node: ast.Call, function: ast.Attribute) -> Result:
        owner = function.value
        if isinstance(owner, ast.Name) and self.space.get(owner.id) is np:
            if function.attr != "dot":
                raise NotImplementedError(f"np.{function.attr}")
            return calls.dot(self.builder, self._slot, [self._array(argument) for argument in node.args])
        array = self._array(owner)
        if function.attr == "reshape":
            return self._reshaped(array, node.args[0])
        if function.attr == "view" and isinstance(node.args[0], ast.Attribute) and array.element == types.float64:
            kind = _VIEWS[getattr(np, node.args[0].attr)]
            return self._viewed(array, kind)
        raise NotImplementedError(function.attr)

    def _reshaped(self, array: Array, shape: ast.expr) -> Array:
        if not isinstance(shape, ast.Tuple):
            return flat(self.builder, array)  # by -1
        if array.swapped:
            raise NotImplementedError("another shape of a transpose")
        lengths = tuple(convert(self.builder, self._number(entry), types.int64) for entry in shape.elts)
        return Array(array.element, array.data, lengths)

    def _viewed(self, array: Array, kind: Any) -> Array:
        """The memory of float64 numbers as numbers of another type."""
        data = self.builder.bitcast(array.data, memory(kind).as_pointer())
        per = 8 // ITEM_BYTES[kind]
        return Array(kind, data, (self.builder.mul(size(self.builder, array), WORD(per), flags=("nsw",)),))


def _handler(text: _Text, prefix: str, node: ast.AST) -> Any:
    found = getattr(text, f"_{prefix}_{type(node).__name__}", None)
    if found is None:
        raise NotImplementedError(ast.dump(node))
    return found


def _scalar(value: Result) -> Value:
    if not isinstance(value, Value):
        raise NotImplementedError("an array or a tuple in place of a number")
    return value


def _entries(result: Result) -> list[Any]:
    if isinstance(result, tuple) and not isinstance(result, Value):
        return [leaf for entry in result for leaf in _entries(entry)]
    return [result]
