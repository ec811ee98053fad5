"""LaTeX of a graph: one formula, with what is too long left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .graph import Graph
from .node import Node

LARGEST = 200  # operations of the formula written out; longer parts become dots

# How tightly a formula binds: sums, products, negation, powers, everything that needs no bracket.
_COMPARED, _SUM, _PRODUCT, _NEGATIVE, _POWER, _ATOM = range(6)
_INFIX = {
    "add": ("{0} + {1}", _SUM), "subtract": ("{0} - {1}", _SUM), "multiply": (r"{0} \, {1}", _PRODUCT),
    "matmul": (r"{0} \, {1}", _PRODUCT), "remainder": (r"{0} \bmod {1}", _PRODUCT), "negative": ("-{0}", _NEGATIVE),
    "less": ("{0} < {1}", _COMPARED), "less_equal": (r"{0} \le {1}", _COMPARED), "greater": ("{0} > {1}", _COMPARED),
    "greater_equal": (r"{0} \ge {1}", _COMPARED), "equal": ("{0} = {1}", _COMPARED),
    "not_equal": (r"{0} \ne {1}", _COMPARED), "logical_and": (r"{0} \land {1}", _COMPARED),
    "logical_or": (r"{0} \lor {1}", _COMPARED), "logical_not": (r"\lnot {0}", _NEGATIVE),
}  # fmt: skip
# Forms that bring their own brackets: their operands need none.
_CLOSED = {
    "divide": r"\frac{{{0}}}{{{1}}}", "reciprocal": r"\frac{{1}}{{{0}}}", "sqrt": r"\sqrt{{{0}}}",
    "cbrt": r"\sqrt[3]{{{0}}}", "absolute": r"\left|{0}\right|", "floor": r"\left\lfloor {0} \right\rfloor",
    "ceil": r"\left\lceil {0} \right\rceil", "floor_divide": r"\left\lfloor \frac{{{0}}}{{{1}}} \right\rfloor",
    "exp": "e^{{{0}}}", "exp2": "2^{{{0}}}", "norm": r"\left\| {0} \right\|",
    "where": r"\begin{{cases}} {1} & {0} \\ {2} & \text{{otherwise}} \end{{cases}}",
    "stop_gradient": r"\underline{{{0}}}",
}  # fmt: skip
_COMMANDS = {
    "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh",
    "log": r"\log",
    "log2": r"\log_2", "log10": r"\log_{10}", "arcsin": r"\arcsin", "arccos": r"\arccos", "arctan": r"\arctan",
    "maximum": r"\max", "minimum": r"\min", "max": r"\max", "min": r"\min", "sum": r"\sum", "prod": r"\prod",
    "gamma": r"\Gamma", "gammaln": r"\log \Gamma", "digamma": r"\psi", "beta": r"\mathrm{B}", "sigmoid": r"\sigma",
    "sech_squared": r"\operatorname{sech}^{2}",
    "ndtr": r"\Phi", "det": r"\det", "j0": "J_0", "j1": "J_1", "i0": "I_0", "i1": "I_1",
}  # fmt: skip
_GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_DOTS = r"\cdots"


def latex(graph: Graph) -> str:
    r"""The formula of a graph in LaTeX, without dollar signs.

    Parameters
    ----------
    graph : Graph
        Several outputs are joined by commas.

    Returns
    -------
    str
        Parts that would bring it above `LARGEST` operations appear as ``\cdots``.

    Examples
    --------
    >>> import diffcompare as dc
    >>> latex(dc.trace(lambda x: x**2 / (1.0 + x), 1.0))
    '\\frac{x^{2}}{1 + x}'
    """
    sizes: dict[int, int] = {}
    formulas: dict[int, tuple[str, int]] = {}
    for node in graph.nodes:
        sizes[id(node)] = 1 + sum(sizes[id(a)] for a in node.args)
        room = LARGEST if sizes[id(node)] <= LARGEST else LARGEST // (2 * max(1, len(node.args)))
        operands = [formulas[id(a)] if sizes[id(a)] <= room else (_DOTS, _ATOM) for a in node.args]
        formulas[id(node)] = _formula(node, operands)
    return ", ".join(formulas[id(output)][0] for output in graph.outputs)


def _formula(node: Node, operands: list[tuple[str, int]]) -> tuple[str, int]:
    name = node.op.name
    if name == "input":
        return _symbol(node.name), _ATOM
    if name == "constant":
        return _number(node.value)
    texts = [text for text, _ in operands]
    if name in _CLOSED:
        return _CLOSED[name].format(*texts), _POWER if name in ("exp", "exp2") else _ATOM
    if name in _INFIX:
        form, level = _INFIX[name]
        # The right operand of a difference or remainder needs a bracket at the same level too.
        strict = name in ("subtract", "remainder", "negative") or level == _COMPARED
        bound = [_bracket(o, level + (strict and k == len(operands) - 1)) for k, o in enumerate(operands)]
        return form.format(*bound), level
    if name in ("power", "square"):
        return f"{_bracket(operands[0], _ATOM)}^{{{'2' if name == 'square' else texts[1]}}}", _POWER
    if name == "transpose":
        return f"{_bracket(operands[0], _ATOM)}^{{\\mathsf{{T}}}}", _POWER
    if name in ("cast", "reshape", "broadcast", "broadcast_to"):
        return operands[0]
    command = _COMMANDS.get(name) or rf"\operatorname{{{_escape(name)}}}"
    return rf"{command}\left({', '.join(texts)}\right)", _ATOM


def _bracket(operand: tuple[str, int], level: int) -> str:
    text, own = operand
    return text if own >= level else rf"\left({text}\right)"


def _escape(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in " _" else " " for c in name)
    return kept.replace("_", r"\_")


def _symbol(name: str) -> str:
    stem, _, index = name.partition("_")
    letter = "\\" + stem if stem in _GREEK else _escape(stem)
    if len(stem) > 1 and stem not in _GREEK:
        letter = rf"\mathrm{{{letter}}}"
    return f"{letter}_{{{_escape(index)}}}" if index else letter


def _number(value: Any) -> tuple[str, int]:
    if np.ndim(value):
        shape = r" \times ".join(map(str, np.shape(value)))
        return f"C_{{{shape}}}", _ATOM
    number = np.asarray(value).item()
    if isinstance(number, bool):
        return rf"\text{{{str(number).lower()}}}", _ATOM
    if number in (math.pi, math.e):
        return ("e" if number == math.e else r"\pi"), _ATOM
    if number != number:
        return r"\mathrm{nan}", _ATOM
    if number in (np.inf, -np.inf):
        return (r"\infty", _ATOM) if number > 0 else (r"-\infty", _NEGATIVE)
    text = repr(int(number)) if float(number).is_integer() and abs(number) < 1e16 else repr(number)
    level = _NEGATIVE if text.startswith("-") else _ATOM
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \times 10^{{{int(exponent)}}}", min(level, _PRODUCT)
    return text, level
