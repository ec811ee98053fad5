"""One element on a CUDA device as source text: the rows' device (or scalar) code with every number and function typed.

A Python number in device code is a float64, and one of them makes a float32 kernel compute in float64, at 1/2 to 1/64
of the speed. So numbers are written ``as_f4(0.1)``, functions ``exp_f4(x)``, and products ``times_f4(x, y)``: a
product that the compiler may not contract with the sum it stands in, since the arithmetic is the user's.
"""

from __future__ import annotations

import ast
import functools
import math
import re
from typing import Any

import numpy as np

from ..core.node import Node
from ..errors import UnsupportedOpError
from .cuda_names import ALIASES, AS_THEY_STAND, FUNCTIONS
from .numba_templates import simplest

_HOLE = re.compile(r"\{(\d+)\}")
_BACK = re.compile(r"\b_hole_(\d+)\b")
_NUMBERS = {"inf": math.inf, "nan": math.nan, "pi": math.pi, "e": math.e, "tau": math.tau}
_CALLS = {ast.Mult: "times", ast.FloorDiv: "floor_divide", ast.Mod: "remainder"}


def code_of(dtype: np.dtype) -> str:
    """The letter and size by which emitted names tell types: f8, f4, i8 or b1."""
    return dtype.str[1:]


def literal(value: Any, dtype: np.dtype) -> str:
    """A number as source text of exactly this value and type."""
    if dtype.kind == "b":
        return "True" if value else "False"
    if dtype.kind == "i":
        return f"as_i8({int(value)})"
    number = float(value)
    if not math.isfinite(number):
        return f"as_{code_of(dtype)}({'-' if number < 0 else ''}{'nan' if math.isnan(number) else 'inf'})"
    text = repr(number) if math.copysign(1.0, number) > 0 else f"({number!r})"
    return text if dtype.char == "d" else f"as_f4({text})"


def converted(text: str, source: np.dtype, target: np.dtype) -> str:
    """`text` of type `source` as `target`."""
    return text if source == target else f"as_{code_of(target)}({text})"


def device_template(node: Node) -> str:
    """The device code of the row of `node`.

    Raises
    ------
    UnsupportedOpError
        Where there is none.
    """
    row = node.op
    template = row.scalar if row.cuda == "" else row.cuda
    if template is None:
        raise UnsupportedOpError(
            f"op {row.name!r} has no code for a CUDA device: its row's `cuda` column is empty.\n"
            "  Use device='cpu', or fill the `cuda` column of the row."
        )
    return template


def element(node: Node, operands: list[str]) -> str:
    """One element of an elementwise node as an expression over the texts of its operands.

    Raises
    ------
    UnsupportedOpError
        Where the node's code names a function that the device does not have.
    """
    row, dtype = node.op, node.dtype
    if row.name == "cast":
        return converted(operands[0], node.args[0].dtype, dtype)
    within = dtype
    if row.result == "bool":
        within = np.result_type(*(a.dtype for a in node.args))
    else:
        keep = 1 if row.name == "where" else 0
        operands = [
            text if place < keep else converted(text, a.dtype, dtype)
            for place, (text, a) in enumerate(zip(operands, node.args, strict=True))
        ]
    template = simplest(device_template(node), operands)
    expression = _typed(template, code_of(within), row.name).format(*operands)
    return expression if template == "{0}" else f"as_{code_of(dtype)}({expression})"


@functools.cache
def _typed(template: str, code: str, name: str) -> str:
    tree = ast.parse(_HOLE.sub(r"_hole_\1", template), mode="eval")
    return _BACK.sub(r"{\1}", ast.unparse(_Typed(code, name).visit(tree)))


class _Typed(ast.NodeTransformer):
    """Writes the type into the numbers, functions and products of a template."""

    def __init__(self, code: str, name: str) -> None:
        self.code, self.name, self.float = code, name, code[0] == "f"

    def _call(self, function: str, *arguments: ast.expr) -> ast.Call:
        return ast.Call(ast.Name(f"{function}_{self.code}"), list(arguments), [])

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)) or not self.float:
            return node
        return self._call("as", ast.Constant(float(node.value)))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant):
            node.left = self.visit(node.left)
            node.right = ast.Constant(int(node.right.value))  # type: ignore[arg-type]  # rows raise to whole numbers only
            return node
        self.generic_visit(node)
        function = _CALLS.get(type(node.op))
        return node if function is None or not self.float else self._call(function, node.left, node.right)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr in _NUMBERS:
            return self._call("as", ast.Name(node.attr) if node.attr in ("inf", "nan") else _number(node.attr))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = ast.unparse(node.func).rpartition(".")[2]
        name = ALIASES.get(name, name)
        arguments = [self.visit(a) for a in node.args]
        if name in AS_THEY_STAND:
            return ast.Call(ast.Name(name), arguments, [])
        if name not in FUNCTIONS or not self.float:
            raise UnsupportedOpError(
                f"op {self.name!r} has no code for a CUDA device: {name!r} does not exist there on {self.code}.\n"
                "  Use device='cpu', or fill the `cuda` column of the row."
            )
        return self._call(name, *arguments)


def _number(name: str) -> ast.Constant:
    return ast.Constant(_NUMBERS[name])
