"""Emitted text as a function in LLVM code, read from Python's syntax tree: scalars are variables, arrays are names.

The text is what `numba_writer` writes: loops over `range`, choices, elements, slices and shapes of arrays, calls of
known functions. Anything else raises ForeignTextError.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from llvmlite import ir
from numba import types

from .numba_ir_expressions import Made, Reader, Result, scalar
from .numba_ir_values import VALUE, WORD, Array, ForeignTextError, Value, binary, convert, flat, load, memory, store


def translate(module: ir.Module, name: str, source: str, kinds: Sequence[Any], space: Mapping, distinct: bool) -> Made:
    """The function that `source` defines, added to `module` as `name`; `distinct`: its arrays share no memory."""
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    given = [t for kind in kinds for t in _given(kind)]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), given), name)
    function.linkage = "internal"
    made = Made(function, kinds)
    builder = ir.IRBuilder(function.append_basic_block("variables"))
    body = function.append_basic_block("body")
    builder.position_at_end(body)
    text = _Text(made, builder, Reader(function, space, builder))
    arguments = iter(function.args)
    for argument, kind in zip(definition.args.args, kinds, strict=True):
        text.receive(argument.arg, kind, arguments)
    for argument in function.args if distinct else ():
        if isinstance(argument.type, ir.PointerType):
            argument.add_attribute("noalias")
    text.statements(definition.body)
    if not builder.block.is_terminated:
        builder.ret_void()
    ir.IRBuilder(function.entry_basic_block).branch(body)
    return made


def _given(kind: Any) -> list[Any]:
    if isinstance(kind, types.Array):
        return [memory(kind.dtype).as_pointer(), *[WORD] * kind.ndim]
    return [VALUE[kind]]


@dataclass(slots=True)
class _Text:
    """Adds statements to a function."""

    made: Made
    builder: ir.IRBuilder
    reader: Reader
    _depth: int = 0
    _changed: set[str] = field(default_factory=set)  # variables to which the open loop or choice gave another type

    def receive(self, name: str, kind: Any, arguments: Iterator) -> None:
        """Bind an argument."""
        if isinstance(kind, types.Array):
            self.reader.arrays[name] = Array(
                kind.dtype, next(arguments), tuple(next(arguments) for _ in range(kind.ndim))
            )
        else:
            self._assign(name, Value(kind, next(arguments)))

    # Statements.
    def statements(self, body: list[ast.stmt]) -> None:
        """Add a block of statements."""
        for statement in body:
            found = getattr(self, f"_do_{type(statement).__name__}", None)
            if found is None:
                raise ForeignTextError(ast.dump(statement))
            found(statement)

    def _do_Pass(self, node: ast.Pass) -> None:
        pass

    def _do_Expr(self, node: ast.Expr) -> None:
        self.reader.value(node.value)

    def _do_Assign(self, node: ast.Assign) -> None:
        (target,) = node.targets
        self._put(target, self.reader.value(node.value))

    def _do_AugAssign(self, node: ast.AugAssign) -> None:
        old = self.reader.value(node.target)
        self._put(
            node.target, binary(self.builder, type(node.op).__name__, scalar(old), self.reader.number(node.value))
        )

    def _put(self, target: ast.expr, value: Result) -> None:
        if isinstance(target, ast.Tuple):
            assert isinstance(value, tuple)
            for one, entry in zip(target.elts, value, strict=True):
                self._put(one, entry)
        elif isinstance(target, ast.Name):
            self._assign(target.id, value)
        elif isinstance(target, ast.Subscript):
            array = self.reader.array(target.value)
            if isinstance(target.slice, ast.Constant) and target.slice.value is ...:
                self._fill(array, value)
            else:
                store(self.builder, array, self.reader.index(target.slice), scalar(value))
        else:
            raise ForeignTextError(ast.dump(target))

    def _assign(self, name: str, value: Result) -> None:
        if isinstance(value, Array):
            if name in self.reader.scalars:
                raise ForeignTextError(f"{name} is an array and a number")
            self.reader.arrays[name] = value
            return
        found = scalar(value)
        if name not in self.reader.scalars:
            self.reader.scalars[name] = found.kind, self.reader.slot(VALUE[found.kind])
        elif self.reader.scalars[name][0] != found.kind:
            if name in self.reader.read:
                raise ForeignTextError(f"{name} is of two types in one loop")
            self.reader.scalars[name] = found.kind, self.reader.slot(VALUE[found.kind])
            self._changed.add(name)
        self.builder.store(found.ir, self.reader.scalars[name][1])

    def _fill(self, array: Array, value: Result) -> None:
        """``array[...] = value``."""
        out = flat(self.builder, array)
        if isinstance(value, Array):
            if len(value.shape) != len(array.shape):
                raise ForeignTextError("a copy into another shape")
            source = flat(self.builder, value)
        with self._loop(WORD(0), out.shape[0]) as k:
            place = [Value(types.uint64, k)]
            entry = load(self.builder, source, place) if isinstance(value, Array) else scalar(value)
            store(self.builder, out, place, entry)

    @contextmanager
    def _loop(self, first: Any, stop: Any) -> Iterator[Any]:
        slot, function = self.reader.slot(WORD), self.made.function
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
            raise ForeignTextError("a loop over anything but a range")
        bounds = [convert(self.builder, self.reader.number(bound), types.int64) for bound in loop.args[:2]]
        first, stop = bounds if len(bounds) == 2 else (WORD(0), bounds[0])
        assert isinstance(node.target, ast.Name)
        step = self.reader.number(loop.args[2]) if len(loop.args) == 3 else None
        with self._inside():
            if step is not None:
                self._stepped(node, first, stop, step)
            else:
                with self._loop(first, stop) as k:
                    self._assign(node.target.id, Value(types.int64, k))
                    self.statements(node.body)

    def _stepped(self, node: ast.For, first: Any, stop: Any, step: Value) -> None:
        if not isinstance(step.ir, ir.Constant) or step.ir.constant <= 0:
            raise ForeignTextError("a step that is not a positive number")
        length = self.builder.sub(stop, first)
        more = self.builder.add(length, WORD(step.ir.constant - 1))
        with self._loop(WORD(0), self.builder.sdiv(more, step.ir)) as k:
            place = self.builder.add(first, self.builder.mul(k, step.ir, flags=("nsw",)), flags=("nsw",))
            assert isinstance(node.target, ast.Name)
            self._assign(node.target.id, Value(types.int64, place))
            self.statements(node.body)

    def _do_If(self, node: ast.If) -> None:
        with self.builder.if_else(self.reader.bit(node.test)) as (then, otherwise):
            for branch, body in ((then, node.body), (otherwise, node.orelse)):
                with branch, self._inside():
                    self.statements(body)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """A loop or a choice: arrays that it names, and variables to which it gives another type, end with it."""
        if not self._depth:
            self.reader.read.clear()
        known, changed, self._changed = dict(self.reader.arrays), self._changed, set()
        self._depth += 1
        yield
        self._depth -= 1
        self.reader.arrays = {name: found for name, found in self.reader.arrays.items() if known.get(name) is found}
        self.reader.scalars = {name: found for name, found in self.reader.scalars.items() if name not in self._changed}
        self._changed |= changed

    def _do_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self.builder.ret_void()
            return
        result = self.reader.value(node.value)
        if isinstance(result, Array) or any(isinstance(leaf, Array) for leaf in _entries(result)):
            raise ForeignTextError("an array as a result")
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


def _kinds(result: Any) -> Any:
    return result.kind if isinstance(result, Value) else tuple(_kinds(entry) for entry in result)


def _entries(result: Result) -> list[Any]:
    if isinstance(result, tuple) and not isinstance(result, Value):
        return [leaf for entry in result for leaf in _entries(entry)]
    return [result]
