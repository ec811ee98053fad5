"""Formulas as MathML, which browsers draw themselves: pages load no script from a network."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

SHORT_FRACTION = re.compile(r"\\frac\s*(\d)\s*(\w)")  # \frac12, which the converter does not know
APPLIED = re.compile(r"<mo>&ApplyFunction;</mo>(?=\s*<m(?:i|n|sub|sup|frac)\b)")
BAR = re.compile(r"<mo[^>]*>\|</mo>")
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
    code = SHORT_FRACTION.sub(r"\\frac{\1}{\2}", node.astext().strip())
    if block and r"\\" in code and r"\begin{" not in code:
        code = rf"\begin{{align*}}{code}\end{{align*}}"
    try:
        found = tex2mathml(code, as_block=block)
    except MathError as error:
        LOG.warning("this formula cannot be converted to MathML: %s\n  %s", error, code, location=node)
        return ""
    found = APPLIED.sub('<mspace width="0.17em"/>', found)  # sin x, not sinx
    return BAR.sub('<mo stretchy="false" lspace="0" rspace="0">|</mo>', found)  # |x|, not | x |


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
