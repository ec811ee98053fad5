"""Formulas as MathML, which browsers draw themselves: pages load no script from a network."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

# LaTeX that the converter does not know, in words that it knows.
KNOWN = (
    (re.compile(r"\\frac\s*(\d)\s*(\w)"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\begin\{array\}\{[lcr|]+\}"), r"\\begin{matrix}"),
    (re.compile(r"\\end\{array\}"), r"\\end{matrix}"),
    (re.compile(r"\\\\\[\w+\]"), r"\\\\"),  # room between rows
    (re.compile(r"\\bar\{([^{}]*)\}_"), r"{{}\\bar{\1}}_"),  # the index stands beside, not below
    (re.compile(r"\\mathrel\{([^{}]*)\}"), r"\1"),
)
# MathML that browsers space badly.
SPACED = (
    (re.compile(r"<mo>&ApplyFunction;</mo>(?=\s*<m(?:i|n|sub|sup|frac)\b)"), '<mspace width="0.17em"/>'),  # sin x
    (re.compile(r"<mo[^>]*>\|</mo>"), '<mo stretchy="false" lspace="0" rspace="0">|</mo>'),  # |x|
)
LOG = logging.getLogger(__name__)


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula of a line of text."""
    writer.body.append(_converted(node, block=False))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula of its own."""
    writer.body.append(f'<div class="math">{_converted(node, block=True)}</div>')
    raise nodes.SkipNode


def _converted(node: nodes.Element, block: bool) -> str:
    code = _rewritten(node.astext().strip(), KNOWN)
    if block and r"\\" in code and r"\begin{" not in code:
        code = rf"\begin{{align*}}{code}\end{{align*}}"
    try:
        return _rewritten(tex2mathml(code, as_block=block), SPACED)
    except MathError as error:
        LOG.warning("this formula cannot be converted to MathML: %s\n  %s", error, code, location=node)
        return ""


def _rewritten(text: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
