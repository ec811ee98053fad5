"""Text to function: a whitelist over Python's syntax tree, never `eval`.

What is not on the list is refused with its column. Numbers are float64 from the start, so that `9**9**9` is inf at
once.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import math
import unicodedata
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..errors import ParseError
from .node import Node, variable
from .tables import DISPATCH, ROWS
from .trace import Function

LONGEST = 10_000  # characters
DEEPEST = 100  # brackets, and levels of the syntax tree
LARGEST = 2_000  # nodes of the syntax tree

CONSTANTS = {"pi": math.pi, "e": math.e}
_ALLOWED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,+-*/%()<>=! \t\n")
_HINTS = {
    "^": "For a power write **.", "&": "Write and.", "|": "Write or.", "~": "Write not.",
    "[": "Indexing is not accepted.", "{": "Sets and dictionaries are not accepted.",
    "'": "Strings are not accepted.", '"': "Strings are not accepted.", ":": "Only expressions are accepted.",
    ";": "Only one expression is accepted.", "\u2212": "Write the minus sign as -.", "\u00b7": "Write a product as *.",
    "\u00d7": "Write a product as *.", "\u03c0": "Write pi.",
}  # fmt: skip
_BINARY = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder", ast.Pow: "power",
}  # fmt: skip
_COMPARISONS = {
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal",
    ast.NotEq: "not_equal",
}  # fmt: skip
_ALIASES = {
    "abs": "absolute", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "ln": "log", "pow": "power", "expit": "sigmoid", "ceiling": "ceil",
    "lgamma": "gammaln", "loggamma": "gammaln", "mod": "remainder", "psi": "digamma",
}  # fmt: skip
_SPREAD = {"min": "minimum", "max": "maximum"}  # any number of arguments, two at least
_COMPOSED: dict[str, tuple[int, Callable[..., Any]]] = {
    "clip": (3, lambda x, low, high: _apply("minimum", [_apply("maximum", [x, low]), high])),
    "deg2rad": (1, lambda x: x * (math.pi / 180.0)),
    "gelu": (1, lambda x: x * _apply("ndtr", [x])),
    "rad2deg": (1, lambda x: x * (180.0 / math.pi)),
    "silu": (1, lambda x: x * _apply("sigmoid", [x])),
}
_LETTERS = ("beta", "gamma")  # functions whose names are also letters: variables where they are not called
_HIDDEN = ("stop_gradient", "identity", "sinc_slope")


def parse(text: str) -> Function:
    """The function that a text means.

    Parameters
    ----------
    text : str
        An expression such as ``"sin(x) * exp(-y**2)"``: numbers, names, ``+ - * / // % **``, comparisons, ``and or
        not``, the constants pi and e, and the elementwise functions by their NumPy or SciPy names, with abs, min, max
        and where.

    Returns
    -------
    Function
        Its arguments are the names in order of first appearance (`names`); all are scalars, and arrays broadcast.

    Raises
    ------
    ParseError
        For anything else; the message shows the place and says what is accepted.

    Examples
    --------
    >>> import diffcompare as dc
    >>> f = dc.parse("x**2 + sin(pi * y)")
    >>> f.names, f(3.0, 0.5)
    (('x', 'y'), 10.0)
    """
    if not isinstance(text, str):
        raise ParseError(f"parse takes a text, not {type(text).__name__}.")
    reader = _Reader(text)
    expression = reader.read()
    name = text.strip()
    return Function.from_expression(
        expression, list(reader.variables.values()), name if len(name) <= 60 else "expression"
    )


class _Reader:
    """One text on its way to nodes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: dict[str, Node] = {}
        self.called: set[str] = set()

    def read(self) -> Any:
        self._check_characters()
        tree = self._syntax_tree()
        self._check_size(tree)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        self.called = {node.func.id for node in calls if isinstance(node.func, ast.Name)}
        return self._evaluate(tree.body)

    def fail(self, what: str, column: int, hint: str) -> NoReturn:
        """Raise the error with a caret under the column."""
        start = max(0, min(column - 40, len(self.text) - 80))
        shown = "".join(c if c.isprintable() else " " for c in self.text[start : start + 80])
        caret = " " * (column - start) + "^"
        raise ParseError(f"{what}, at column {column + 1}:\n    {shown}\n    {caret}\n  {hint}") from None

    def _check_characters(self) -> None:
        if len(self.text) > LONGEST:
            raise ParseError(
                f"The text has {len(self.text)} characters; at most {LONGEST} are accepted.\n"
                "  Write long functions in Python, with NumPy."
            )
        if not self.text.strip():
            raise ParseError("The text is empty.\n  Write an expression, such as x**2 + sin(y).")
        depth = 0
        for column, c in enumerate(self.text):
            if c not in _ALLOWED:
                plain = unicodedata.normalize("NFKC", c)
                also = f" (it would be read as {plain!r})" if plain != c and plain.isascii() else ""
                hint = _HINTS.get(
                    c, "Names have the letters a to z, digits and _; operators are + - * / // % ** and < > ==."
                )
                self.fail(f"The character {c!r}{also} is not accepted", column, hint)
            depth += (c == "(") - (c == ")")
            if depth > DEEPEST:
                self.fail(f"Brackets are nested more than {DEEPEST} deep", column, "Write the function in Python.")
            if depth < 0:
                self.fail("This bracket closes nothing", column, "Remove it, or open one before.")

    def _syntax_tree(self) -> ast.Expression:
        # Line breaks are spaces, so that a column is a place in the text.
        flat = "".join(" " if c in "\t\n" else c for c in self.text)
        self.offset = len(flat) - len(flat.lstrip())
        try:
            return ast.parse(flat.lstrip(), mode="eval")
        except SyntaxError as error:
            column = min(self.offset + max(0, (error.offset or 1) - 1), max(0, len(self.text) - 1))
            self.fail(f"This is not an expression ({error.msg})", column, "Write it as in Python: 2*x, not 2x or 2 x.")
        except (RecursionError, MemoryError, ValueError) as error:
            raise ParseError(
                f"The text is nested too deeply to be read ({type(error).__name__}); at most {DEEPEST} levels are "
                "accepted.\n  Write the function in Python, with NumPy."
            ) from None

    def _check_size(self, tree: ast.Expression) -> None:
        count = 0
        stack: list[tuple[ast.AST, int]] = [(tree.body, 1)]
        while stack:
            node, depth = stack.pop()
            if isinstance(node, ast.expr):
                count += 1
            column = self._column(node)
            if count > LARGEST:
                self.fail(f"The expression has more than {LARGEST} parts", column, "Write the function in Python.")
            if depth > DEEPEST:
                self.fail(f"The expression is more than {DEEPEST} levels deep", column, "Write the function in Python.")
            stack.extend((child, depth + 1) for child in ast.iter_child_nodes(node))

    def _column(self, node: Any) -> int:
        return self.offset + getattr(node, "col_offset", 0)

    def _evaluate(self, root: ast.expr) -> Any:
        """The value of the tree: nodes, or floats where no variable is involved. A loop, so depth is no danger."""
        values: dict[int, Any] = {}
        stack: list[tuple[ast.expr, bool]] = [(root, False)]
        while stack:
            node, ready = stack.pop()
            operands = self._operands(node)
            if ready or not operands:
                values[id(node)] = self._combine(node, [values[id(o)] for o in operands])
            else:
                stack.append((node, True))
                stack.extend((o, False) for o in reversed(operands))
        return values[id(root)]

    def _operands(self, node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.BinOp):
            if type(node.op) not in _BINARY:
                self.fail(f"The operator {_word(node.op)} is not accepted", self._column(node), "Use + - * / // % **.")
            return [node.left, node.right]
        if isinstance(node, ast.UnaryOp):
            return [node.operand]  # Invert cannot arrive: its character is refused
        if isinstance(node, ast.Compare):
            for op in node.ops:
                if type(op) not in _COMPARISONS:
                    self.fail(f"The comparison {_word(op)} is not accepted", self._column(node), "Use < <= > >= == !=.")
            return [node.left, *node.comparators]
        if isinstance(node, ast.BoolOp):
            return list(node.values)
        if isinstance(node, ast.Call):
            self._check_call(node)
            return list(node.args)
        if isinstance(node, (ast.Constant, ast.Name)):
            return []
        hint = "Only numbers, names, operators and function calls are accepted."
        if isinstance(node, ast.IfExp):
            hint = "For a choice write where(condition, a, b)."
        self.fail(f"{_word(node)} is not accepted", self._column(node), hint)

    def _check_call(self, node: ast.Call) -> None:
        column = self._column(node)
        if not isinstance(node.func, ast.Name):
            self.fail("Only functions can be called", column, "Write a product as *: 2*(x + 1).")
        if node.keywords:
            self.fail(f"Named arguments of {node.func.id} are not accepted", column, "Give them by position.")
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self.fail("A starred argument is not accepted", self._column(argument), "Write the arguments out.")
        self._check_name(node.func.id, column)
        name, count = node.func.id, len(node.args)
        if name in _SPREAD:
            if count < 2:
                self.fail(f"{name} takes at least two arguments, not {count}", column, f"Write {name}(x, y).")
            return
        row = _rows().get(_ALIASES.get(name, name))
        if row is None and name not in _COMPOSED:
            near = difflib.get_close_matches(name, [*_rows(), *_ALIASES, *_SPREAD, *_COMPOSED], n=3, cutoff=0.6)
            hint = f"Did you mean {' or '.join(near)}?" if near else "`diffcompare ops` lists the functions."
            self.fail(f"There is no function {name!r}", column, hint)
        wanted = arity(row) if row is not None else _COMPOSED[name][0]
        if count != wanted:
            self.fail(f"{name} takes {wanted} argument(s), not {count}", column, "Add or remove arguments.")

    def _check_name(self, name: str, column: int) -> None:
        if name.startswith("_") or keyword.iskeyword(name) or not name.isascii():
            self.fail(f"The name {name!r} is not accepted", column, "Names begin with a letter a to z.")

    def _combine(self, node: Any, values: list[Any]) -> Any:
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.BinOp):
            return _apply(_BINARY[type(node.op)], values)
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.UAdd):
                return values[0]
            return _apply("negative" if isinstance(node.op, ast.USub) else "logical_not", values)
        if isinstance(node, ast.BoolOp):
            return _fold("logical_and" if isinstance(node.op, ast.And) else "logical_or", values)
        if isinstance(node, ast.Compare):
            pairs = zip(node.ops, values[:-1], values[1:], strict=True)
            return _fold("logical_and", [_apply(_COMPARISONS[type(op)], [a, b]) for op, a, b in pairs])
        name = node.func.id
        if name in _SPREAD:
            return _fold(_SPREAD[name], values)
        if name in _COMPOSED:
            return _COMPOSED[name][1](*values)
        return _apply(_ALIASES.get(name, name), values)

    def _number(self, node: ast.Constant) -> float:
        column = self._column(node)
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            self.fail(f"{node.value!r} is not a real number", column, "Write numbers as 2, 0.5 or 1e-3.")
        try:
            value = float(node.value)
        except OverflowError:
            value = math.inf
        if math.isinf(value):
            self.fail("This number is too large for float64", column, "The largest is about 1.8e308.")
        return value

    def _name(self, node: ast.Name) -> Any:
        name, column = node.id, self._column(node)
        self._check_name(name, column)
        if name in CONSTANTS:
            return CONSTANTS[name]
        is_function = name in _rows() or any(name in table for table in (_ALIASES, _SPREAD, _COMPOSED))
        if is_function and (name in self.called or name not in _LETTERS):
            self.fail(f"{name!r} is a function, and stands here without arguments", column, f"Write {name}(...).")
        if name not in self.variables:
            self.variables[name] = variable(name)
        return self.variables[name]


def arity(row: Any) -> int:
    """The number of arguments of an elementwise row."""
    return max((k + 1 for k in range(4) if f"{{{k}}}" in (row.scalar or row.sympy or "")), default=1)


def _rows() -> dict[str, Any]:
    return {n: r for n, r in ROWS.items() if r.kind == "elementwise" and n not in _HIDDEN and not n.startswith("_")}


def _apply(name: str, values: list[Any]) -> Any:
    if any(type(v) is Node for v in values):
        return _builder(name)(*values)
    with np.errstate(all="ignore"):
        return float(ROWS[name].numpy(*(np.float64(v) for v in values)))


def _builder(name: str) -> Callable[..., Any]:
    return DISPATCH["power"] if name == "power" else ROWS[name]


def _fold(name: str, values: list[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = _apply(name, [total, value])
    return total


_WORDS = {
    "Attribute": "an attribute (a dot after a name)", "Subscript": "indexing", "Lambda": "lambda", "IfExp": "if … else",
    "ListComp": "a comprehension", "GeneratorExp": "a comprehension", "NamedExpr": ":=", "Starred": "a star",
    "Tuple": "a tuple", "JoinedStr": "a string", "Await": "await", "Yield": "yield", "YieldFrom": "yield",
    "MatMult": "@", "LShift": "<<", "RShift": ">>", "BitXor": "^", "Is": "is", "IsNot": "is not", "In": "in",
    "NotIn": "not in",
}  # fmt: skip


def _word(node: Any) -> str:
    name = type(node).__name__
    word = _WORDS.get(name, name)
    return word[0].upper() + word[1:] if isinstance(node, ast.expr) and word.isascii() else word
