"""Choices in compiled code as single instructions, without branches: a loop with branches is not vectorised."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def choose(typing_context, condition, a, b):
    """``a if condition else b`` with both computed, in the type that holds both."""
    kind = typing_context.unify_pairs(a, b)
    if not isinstance(kind, types.Number | types.Boolean):
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return kind(types.boolean, kind, kind), codegen


def _extreme(name: str) -> Any:
    def extreme(typing_context, a, b):
        if not isinstance(a, types.Float) or a != b:
            return None

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = arguments[0].type
            function = builder.module.declare_intrinsic(f"llvm.{name}", [kind], ir.FunctionType(kind, [kind, kind]))
            return builder.call(function, arguments)

        return a(a, a), codegen

    extreme.__name__ = extreme.__qualname__ = name
    return intrinsic(extreme)


largest, smallest = _extreme("maximum"), _extreme("minimum")  # nan where one is nan, as NumPy's max and min
