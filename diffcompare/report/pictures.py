"""The pictures of a run as SVG in a page, in colours that suit light and dark, each with its numbers."""

from __future__ import annotations

import html
import io
import math
import re
from typing import TYPE_CHECKING

from diffcompare.analysis.tables import number
from diffcompare.plot.benchmark import PICTURES, pictures_of, plot_benchmark
from diffcompare.plot.benchmark_numbers import Cell, Numbers, numbers_behind
from diffcompare.plot.comparison import COLOURS

if TYPE_CHECKING:
    from diffcompare.bench.results import BenchmarkRun

SIZE = (8.8, 4.7)  # inches, which gives letters of readable size on a page 60 rem wide
GRID = "#e6e6e6"  # what matplotlib writes for a grey of 0.9
EXPLAINED = {
    "work-precision": "Left is faster, below is more exact. A line joins the orders or steps of one method.",
    "profile": "The height at 1 is the share of cases in which a method is the fastest sound one; the height at the "
    "right end is the share it solved at all.",
    "ratio": "Reverse mode in exact arithmetic costs a small multiple of the function, whatever its number of inputs. "
    "Compiled code can be below 1, because the function itself is timed as it runs in NumPy.",
    "scaling": "A straight line is a power of the size; its exponent stands behind the name.",
    "break-even": "Where two lines cross, the preparation of the one has paid. Both axes are logarithmic.",
    "preparation": "Left is ready sooner, below is faster from then on.",
}


def pictures_html(run: BenchmarkRun) -> str:
    """Every picture that the run has something to show in, each with its numbers in a table that opens."""
    shown = [_figure(run, kind) for kind in pictures_of(run)]
    return "\n".join(shown) or "<p>Nothing was timed, so there is nothing to draw.</p>"


def _figure(run: BenchmarkRun, kind: str) -> str:
    title = html.escape(PICTURES[kind][0])
    numbers = numbers_behind(run, kind)
    return (
        f'<figure id="picture-{kind}"><figcaption>{title}</figcaption><p>{html.escape(EXPLAINED[kind])}</p>'
        f'<div class="wide" tabindex="0" role="group" aria-label="{title}">{svg(run, kind, title)}</div>'
        f"<details><summary>Numbers behind: {len(numbers.rows)} rows</summary>"
        f'<div class="wide">{numbers_html(numbers)}</div></details></figure>'
    )


def svg(run: BenchmarkRun, kind: str, title: str) -> str:
    """One picture as an SVG element to stand in a page.

    Parameters
    ----------
    run : BenchmarkRun
        What `diffcompare.benchmark` gave.
    kind : str
        One of `diffcompare.plot.benchmark.PICTURES`.
    title : str
        What it is called for those who do not see it; already escaped.

    Returns
    -------
    str
    """
    import matplotlib
    from matplotlib.figure import Figure

    text = io.StringIO()
    settings = {**matplotlib.rcParamsDefault, "svg.hashsalt": kind, "svg.fonttype": "path"}
    settings.pop("backend")  # stays whatever it is
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=SIZE, layout="constrained")
        plot_benchmark(run, kind, figure.add_subplot())
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(text.getvalue(), kind, title)


def _for_page(text: str, kind: str, title: str) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    box = re.search(r'viewBox="[^"]*"', text)
    assert box is not None
    opening = f'<svg {box[0]} role="img" aria-label="{title}" fill="currentColor" stroke-linejoin="round">'
    text = opening + text[text.index(">") + 1 :]
    text = re.sub(r'\bid="', f'id="{kind}-', text)
    text = re.sub(r'(?:xlink:)?href="#', f'href="#{kind}-', text)
    text = text.replace("url(#", f"url(#{kind}-")
    for place, colour in enumerate(COLOURS[:-1]):
        text = re.sub(colour, f"var(--s{place})", text, flags=re.IGNORECASE)
    text = re.sub(r"#e[56]e[56]e[56]", "var(--grid)", text)
    text = text.replace("#000000", "currentColor")  # black is the colour of letters
    return re.sub(r"\s*\n\s*", "\n", text)


def numbers_html(numbers: Numbers) -> str:
    """A table of numbers, every text escaped."""
    texts = [any(isinstance(row[i], str) for row in numbers.rows) for i in range(len(numbers.columns))]
    kinds = [' class="text"' if is_text else "" for is_text in texts]
    heads = "".join(f"<th{k}>{html.escape(c)}</th>" for k, c in zip(kinds, numbers.columns, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{k}>{_cell(cell)}</td>" for k, cell in zip(kinds, row, strict=True)) + "</tr>\n"
        for row in numbers.rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return html.escape(cell)
    if isinstance(cell, float):
        return "never" if math.isinf(cell) else number(cell)
    return number(None) if cell is None else f"{cell:,}"
