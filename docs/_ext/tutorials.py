"""Tutorials are the notebooks of ``notebooks/``, converted when the pages are built."""

from __future__ import annotations

from pathlib import Path

import jupytext
from sphinx.application import Sphinx

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def convert(app: Sphinx) -> None:
    """Write each notebook as ``tutorials/NAME.ipynb``, and take away what has no source any more."""
    folder = Path(app.srcdir) / "tutorials"
    folder.mkdir(exist_ok=True)
    sources = sorted(NOTEBOOKS.glob("*.py"))
    for old in folder.glob("*.ipynb"):
        if old.stem not in {source.stem for source in sources}:
            old.unlink()
    for source in sources:
        notebook = jupytext.read(source)
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"  # random ones would make every build a new one
        text = jupytext.writes(notebook, fmt="ipynb")
        target = folder / f"{source.stem}.ipynb"
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Convert before the sources are read."""
    app.connect("builder-inited", convert)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
