"""Emitted text compiled without Numba's front end, which takes longer than LLVM does: what comes out is Numba's.

A module has the text's functions and two ways in: one that Python calls with its objects, and one by Numba's own
convention, so that other compiled code may call it. Text that `numba_ir_text` does not know gives None here.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core.compiler import CompileResult, compile_result
from numba.core.compiler_lock import global_compiler_lock
from numba.core.environment import Environment
from numba.core.funcdesc import PythonFunctionDescriptor
from numba.core.typing import signature as typed

from .numba_ir_calls import declared
from .numba_ir_expressions import Made, leaves
from .numba_ir_text import translate
from .numba_ir_values import BIT, BYTE, DOUBLE, INT, POINTER, VALUE, WORD, ForeignTextError, Value, convert, memory

_NUMBERS = (types.float64, types.float32, types.int64)
_HEADER = object.__basicsize__  # bytes before the fields of an object; PyArrayObject begins with data, nd, dimensions
_DATA, _LENGTHS = _HEADER, _HEADER + 16
_BITS = 8 * struct.calcsize("P")


@global_compiler_lock
def compiled(
    dispatcher: Any, source: str, signature: Sequence[Any], space: Mapping[str, Any], parts: Sequence, distinct: bool
) -> CompileResult | None:
    """The result of compiling `source`, as Numba gives it; None where the text is beyond this compiler.

    Parameters
    ----------
    dispatcher : Dispatcher
        Numba's function object, which gets the result.
    source : str
        The text of one function.
    signature : sequence of Numba types
        Types of its arguments.
    space : mapping
        What it may name.
    parts : sequence of Outlined
        Functions that it calls, which are made in the same module.
    distinct : bool
        Whether its arrays share no memory.
    """
    if _BITS != 64:
        return None
    context, function = dispatcher.targetctx, dispatcher.py_func
    library = context.codegen().create_library(function.__name__)
    module = library.create_ir_module(function.__name__)
    try:
        names = dict(space)
        for part in parts:
            names[part.name] = translate(module, part.name, part.source, part.types, names, distinct)
        made = _body(module, source, signature, names, distinct)
        result = _numba_type(made.result)
    except ForeignTextError:
        return None
    about = PythonFunctionDescriptor(
        True, function.__module__, function.__qualname__, function.__name__, "", None, result, None,
        tuple(f"a{k}" for k in range(len(signature))), (), argtypes=tuple(signature), noalias=distinct,
    )  # fmt: skip
    _for_numba(module, made, about.llvm_func_name)
    _for_python(module, made, about.llvm_cpython_wrapper_name)
    place = ir.GlobalVariable(module, POINTER, about.env_name)
    place.linkage, place.initializer = "common", ir.Constant(POINTER, None)
    library.enable_object_caching()
    _finish(library, module)
    environment = Environment.from_fndesc(about)
    return compile_result(
        typing_context=dispatcher.typingctx, target_context=context, type_annotation="", library=library,
        entry_point=context.get_executable(library, about, environment), signature=typed(result, *signature),
        objectmode=False, lifted=(), fndesc=about, environment=environment, metadata={}, reload_init=[],
        referenced_envs=[],
    )  # fmt: skip


def _finish(library: Any, module: ir.Module) -> None:
    """Optimise and make machine code, without the two rounds before that by which Numba removes counted references."""
    parsed = llvm.parse_assembly(str(module))
    parsed.data_layout = library.codegen._data_layout
    library._final_module.link_in(parsed)
    passes, builder = library.codegen._module_pass_manager()
    passes.run(library._final_module, builder)
    library._final_module.verify()
    library._finalize_final_module()


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


def _body(module: ir.Module, source: str, signature: Sequence[Any], names: dict[str, Any], distinct: bool) -> Made:
    rest, start = in_two(source)
    lengths = start.count("\n") - 2
    if lengths:
        names["rest"] = translate(module, "rest", rest, [*signature, *[types.int64] * lengths], names, distinct)
        names["rest"].function.attributes.add("noinline")
        source = start
    made = translate(module, "body", source, signature, names, distinct)
    made.function.attributes.add("noinline")
    return made


def _numba_type(result: Any) -> Any:
    if isinstance(result, tuple):
        return types.Tuple(tuple(_numba_type(entry) for entry in result))
    if result is not None and result not in _NUMBERS:
        raise ForeignTextError(f"a result of {result}")
    return types.none if result is None else result


def _memory_type(result: Any) -> Any:
    """Where Numba's convention has a result: tuples of one type are arrays, others structures."""
    if not isinstance(result, tuple):
        return VALUE[result]
    if result and len({str(_numba_type(entry)) for entry in result}) == 1:
        return ir.ArrayType(_memory_type(result[0]), len(result))
    return ir.LiteralStructType([_memory_type(entry) for entry in result])


def _places(result: Any, before: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """For each number of a nested result, where it is."""
    if not isinstance(result, tuple):
        return [before]
    return [place for k, entry in enumerate(result) for place in _places(entry, (*before, k))]


def _numbers(builder: ir.IRBuilder, made: Made, whole: Any) -> list[Value]:
    """The numbers that a call of the body returned."""
    kinds = [] if made.result is None else leaves(made.result)
    if len(kinds) == 1:
        return [Value(kinds[0], whole)]
    return [Value(kind, builder.extract_value(whole, k)) for k, kind in enumerate(kinds)]


def _for_numba(module: ir.Module, made: Made, name: str) -> None:
    """The function as Numba's convention has it: result and exception by address, arrays as their fields."""
    fields: list[Any] = []
    for kind in made.kinds:
        if isinstance(kind, types.Array):
            fields += [POINTER, POINTER, WORD, WORD, memory(kind.dtype).as_pointer(), *[WORD] * (2 * kind.ndim)]
        else:
            fields.append(memory(kind))
    place = POINTER if made.result is None else _memory_type(made.result).as_pointer()
    function = ir.Function(module, ir.FunctionType(INT, [place, POINTER, *fields]), name)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    given, rest = [], iter(function.args[2:])
    for kind in made.kinds:
        if isinstance(kind, types.Array):
            _, _, _, _, data, *lengths = (next(rest) for _ in range(5 + 2 * kind.ndim))
            given += [data, *lengths[: kind.ndim]]
        else:
            found = next(rest)
            given.append(builder.trunc(found, BIT) if kind == types.boolean else found)
    whole = builder.call(made.function, given)
    if made.result is not None:
        for value, steps in zip(_numbers(builder, made, whole), _places(made.result), strict=True):
            builder.store(value.ir, builder.gep(function.args[0], [INT(0), *map(INT, steps)]))
    builder.ret(INT(0))


# What Python calls.
def _for_python(module: ir.Module, made: Made, name: str) -> None:
    """The function of Python's objects; the dispatcher has looked at their types. The lock is free meanwhile."""
    function = ir.Function(module, ir.FunctionType(POINTER, [POINTER, POINTER, POINTER]), name)
    python = _Python(ir.IRBuilder(function.append_basic_block("entry")))
    given = python.arguments(function.args[1], made.kinds)
    lock = python.call("PyEval_SaveThread", POINTER)
    whole = python.builder.call(made.function, given)
    python.call("PyEval_RestoreThread", ir.VoidType(), lock)
    values = iter(_numbers(python.builder, made, whole))
    python.builder.ret(python.object(made.result, values))


class _Python:
    """Calls of Python's C interface."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder

    def call(self, name: str, result: Any, *arguments: Any) -> Any:
        shape = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(declared(self.builder, name, shape), arguments)

    def arguments(self, whole: Any, kinds: Sequence[Any]) -> list[Any]:
        """The LLVM values of a tuple of objects."""
        given = []
        for place, kind in enumerate(kinds):
            found = self.call("PyTuple_GetItem", POINTER, whole, WORD(place))
            self._leave_if(self.builder.icmp_unsigned("==", found, POINTER(None)))
            given += self._array(found, kind) if isinstance(kind, types.Array) else [self._number(found, kind)]
        return given

    def _leave_if(self, failed: Any) -> None:
        with self.builder.if_then(failed, likely=False):
            self.builder.ret(POINTER(None))

    def _array(self, found: Any, kind: Any) -> list[Any]:
        data = self._field(found, _DATA, memory(kind.dtype).as_pointer())
        lengths = self._field(found, _LENGTHS, WORD.as_pointer())
        return [data, *(self.builder.load(self.builder.gep(lengths, [WORD(axis)])) for axis in range(kind.ndim))]

    def _field(self, found: Any, offset: int, kind: Any) -> Any:
        return self.builder.load(self.builder.bitcast(self.builder.gep(found, [WORD(offset)]), kind.as_pointer()))

    def _number(self, found: Any, kind: Any) -> Any:
        if kind == types.boolean:
            truth = self.call("PyObject_IsTrue", INT, found)
            self._leave_if(self.builder.icmp_signed("<", truth, INT(0)))
            return self.builder.trunc(truth, BIT)
        whole = kind in (types.int64, types.uint64)
        result, name = (WORD, "PyLong_AsLongLong") if whole else (DOUBLE, "PyFloat_AsDouble")
        value = self.call(name, result, found)
        compare = self.builder.icmp_signed if whole else self.builder.fcmp_ordered
        with self.builder.if_then(compare("==", value, result(-1)), likely=False):  # what an error gives, too
            error = self.call("PyErr_Occurred", POINTER)
            self._leave_if(self.builder.icmp_unsigned("!=", error, POINTER(None)))
        return convert(self.builder, Value(types.int64 if whole else types.float64, value), kind)

    def object(self, result: Any, values: Any) -> Any:
        """A new object for a result."""
        if isinstance(result, tuple):
            whole = self.call("PyTuple_New", POINTER, WORD(len(result)))
            for place, entry in enumerate(result):
                self.call("PyTuple_SetItem", INT, whole, WORD(place), self.object(entry, values))
            return whole
        if result is None:
            return self.call("Py_BuildValue", POINTER, self._empty())
        kind, x = next(values)
        if kind == types.int64:
            return self.call("PyLong_FromLongLong", POINTER, x)
        return self.call("PyFloat_FromDouble", POINTER, convert(self.builder, Value(kind, x), types.float64))

    def _empty(self) -> Any:
        """The empty format, for which `Py_BuildValue` gives None."""
        text = ir.GlobalVariable(self.builder.module, ir.ArrayType(BYTE, 1), "empty")
        text.initializer = ir.Constant(text.value_type, bytearray(b"\0"))
        text.linkage, text.global_constant = "internal", True
        return self.builder.bitcast(text, POINTER)
