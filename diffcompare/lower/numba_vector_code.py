"""LLVM code that calls a C function and names its vector forms, and a self-test of what LLVM makes of it.

A call that carries the attribute ``vector-function-abi-variant`` becomes a call of the vector function where the loop
around it is vectorised. The vector functions must be declared, and listed in ``llvm.compiler.used``, or they are
dropped before that. Reference: LLVM Language Reference Manual, "Call Site Attributes"; x86-64 vector function ABI.
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import re
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from .vector_library import LIBRARY, TESTED, VectorState, arity, probe, scalar, symbol

# Letter of the instruction set in a symbol -> width of its registers in bits, and the processor features it needs
# (x86-64 vector function ABI, section 2.6; "d" is AVX2 and "e" AVX-512).
_SETS = (("d", 256, ("avx2", "fma")), ("e", 512, ("avx512f", "avx512dq")))
_PURE = ("nounwind", "willreturn", "memory(none)")
_USED = "llvm.compiler.used"
# libmvec promises at most 4 ULP (glibc manual, "Errors in Math Functions"); 8 tells a wrong result from a rounding.
_TEST_ULP = 8


@functools.cache
def state() -> VectorState:
    """What evaluates elementary functions in this process; the first call runs the self-test."""
    found = probe(instruction_sets())
    wrong = self_test() if found else ""
    return scalar(wrong) if wrong else found


@functools.cache
def instruction_sets() -> tuple[tuple[str, int], ...]:
    """Letter and register width in bits of the vector calls that compiled code can make."""
    if "NUMBA_CPU_NAME" in os.environ or "NUMBA_CPU_FEATURES" in os.environ:
        words = os.environ.get("NUMBA_CPU_FEATURES", "").split(",")
        features = {word.strip().lstrip("+"): True for word in words if word.strip().startswith("+")}
    else:
        features = llvm.get_host_cpu_features()
    return tuple((letter, width) for letter, width, needs in _SETS if all(features.get(need) for need in needs))


def call(builder: ir.IRBuilder, name: str, arguments: list[Any]) -> Any:
    """Emit ``name(*arguments)``, float or double, so that it can be vectorised; gives the result."""
    module, element = builder.module, arguments[0].type
    bits = 32 if isinstance(element, ir.FloatType) else 64
    scalar = _declared(module, name + ("f" if bits == 32 else ""), ir.FunctionType(element, [element] * arity(name)))
    found = builder.call(scalar, arguments)
    variants, kept = [], []
    for letter, width in instruction_sets():
        vector = ir.VectorType(element, width // bits)
        target = symbol(name, letter, bits, width)
        kept.append(_declared(module, target, ir.FunctionType(vector, [vector] * arity(name))))
        variants.append(f"_ZGV_LLVM_N{width // bits}{'v' * arity(name)}_{scalar.name}({target})")
    for attribute in (*_PURE, f'"vector-function-abi-variant"="{",".join(variants)}"'):
        set.add(found.attributes, attribute)  # llvmlite's own `add` knows no such attributes
    _keep(module, kept)
    return found


def prefer_wide(builder: ir.IRBuilder) -> None:
    """Let LLVM use the widest registers in the function that is being built."""
    width = instruction_sets()[-1][1]
    set.add(builder.function.attributes, f'"prefer-vector-width"="{width}"')


def _declared(module: ir.Module, name: str, kind: ir.FunctionType) -> ir.Function:
    known = module.globals.get(name)
    return known if known is not None else ir.Function(module, kind, name)


def _keep(module: ir.Module, functions: list[ir.Function]) -> None:
    """List `functions` in llvm.compiler.used of `module`; the list is an array, so it is made anew."""
    pointer = ir.IntType(8).as_pointer()
    old = module.globals.pop(_USED, None)
    module.scope._useset.discard(_USED)
    entries = list(old.initializer.constant) if old is not None else []
    known = {str(entry) for entry in entries}
    entries += [entry for entry in (f.bitcast(pointer) for f in functions) if str(entry) not in known]
    used = ir.GlobalVariable(module, ir.ArrayType(pointer, len(entries)), _USED)
    used.initializer = ir.Constant(used.value_type, entries)
    used.linkage, used.section = "appending", "llvm.metadata"


def self_test() -> str:
    """Compile one loop that calls a vector function and run it; what went wrong in words, or nothing.

    The library's symbols have been found before: a loop with an unknown one would end the process.
    """
    try:
        llvm.load_library_permanently(LIBRARY)
        module = _loop(TESTED)
        engine, code = _compiled(module)
    except (RuntimeError, AttributeError, TypeError, ValueError) as error:
        return f"LLVM does not compile a loop over {LIBRARY}'s {TESTED} ({type(error).__name__}: {error})"
    if not re.search(r"call .*@_ZGV", code):
        return f"this LLVM does not vectorise a loop over {LIBRARY}'s {TESTED}"
    count = 67  # whole vectors and a remainder
    x = (ctypes.c_double * count)(*(-30.0 + 0.9 * k for k in range(count)))
    y = (ctypes.c_double * count)()
    run = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    run(engine.get_function_address("loop"))(ctypes.addressof(x), ctypes.addressof(y), count)
    for argument, value in zip(x, y, strict=True):
        expected = math.exp(argument)
        if not abs(value - expected) <= _TEST_ULP * math.ulp(expected):
            return f"{LIBRARY}'s {TESTED}({argument!r}) in a loop gives {value!r}, not {expected!r}"
    return ""


def _loop(name: str) -> ir.Module:
    """``for i in range(n): y[i] = name(x[i])``, n > 0."""
    module = ir.Module("self_test")
    module.triple = llvm.get_process_triple()
    double, size = ir.DoubleType(), ir.IntType(64)
    kind = ir.FunctionType(ir.VoidType(), [double.as_pointer(), double.as_pointer(), size])
    function = ir.Function(module, kind, "loop")
    for pointer in function.args[:2]:
        pointer.add_attribute("noalias")
    entry, body, done = (function.append_basic_block(label) for label in ("entry", "body", "done"))
    builder = ir.IRBuilder(entry)
    prefer_wide(builder)
    builder.branch(body)
    builder.position_at_end(body)
    i = builder.phi(size)
    value = call(builder, name, [builder.load(builder.gep(function.args[0], [i]))])
    builder.store(value, builder.gep(function.args[1], [i]))
    following = builder.add(i, size(1), flags=("nsw",))
    i.add_incoming(size(0), entry)
    i.add_incoming(following, body)
    builder.cbranch(builder.icmp_signed("<", following, function.args[2]), body, done)
    builder.position_at_end(done)
    builder.ret_void()
    return module


def _compiled(module: ir.Module) -> tuple[Any, str]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(parsed, builder)
    code = str(parsed)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return engine, code
