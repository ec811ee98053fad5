"""Rows' scalar templates without branches, so that the loops they stand in can be vectorised.

``a if c else b`` becomes ``f_choose(c, a, b)``, which computes both and takes one; ``and`` and ``or`` between
comparisons become ``&`` and ``|``. Nothing in a template has side effects, so the values are the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

_HOLE = re.compile(r"\{(\d+)\}")
_BACK = re.compile(r"\b_hole_(\d+)\b")


class _Branchless(ast.NodeTransformer):
    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("f_choose"), [node.test, node.body, node.orelse], [])

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        together = node.values[0]
        for value in node.values[1:]:
            together = ast.BinOp(together, ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr(), value)
        return together


def branchless(template: str) -> str:
    """`template` with every choice and condition as a call or an operator.

    Examples
    --------
    >>> branchless("{0} if {0} >= {1} or {0} != {0} else {1}")
    'f_choose(({0} >= {1}) | ({0} != {0}), {0}, {1})'
    """
    if " if " not in template and " and " not in template and " or " not in template:
        return template
    tree = ast.parse(_HOLE.sub(r"_hole_\1", template), mode="eval")
    return _BACK.sub(r"{\1}", ast.unparse(_Branchless().visit(tree)))


_NUMBER = re.compile(r"\(?(?:as_f4\()?(\d+\.\d+)\)*$")
# By the place of a constant operand of pow and its value: LLVM rewrites some of these calls itself, into ones that
# it then cannot vectorise. At most two roundings, like pow's own error.
_POWERS = {
    (1, "2.0"): "{0} * {0}",
    (1, "3.0"): "{0} * ({0} * {0})",
    (1, "4.0"): "({0} * {0}) * ({0} * {0})",
    (0, "2.0"): "exp2({1})",
    (0, "10.0"): "exp10({1})",
}


def simplest(template: str, operands: Sequence[str]) -> str:
    """`template`, or what it comes to where an operand is a number.

    Examples
    --------
    >>> simplest("math.pow({0}, {1})", ["x", "3.0"])
    '{0} * ({0} * {0})'
    """
    if template != "math.pow({0}, {1})":
        return template
    for place, operand in enumerate(operands):
        found = _NUMBER.match(operand)
        if found and (place, found[1]) in _POWERS:
            return _POWERS[place, found[1]]
    return template
