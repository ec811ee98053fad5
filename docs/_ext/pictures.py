"""The page of the gallery: each picture of ``gallery.py`` with its caption and the code that makes it."""

from __future__ import annotations

import os

from gallery import PICTURES, Picture
from sphinx.application import Sphinx

PLACE = "<!-- pictures -->"


def section(picture: Picture, folder: str | os.PathLike[str]) -> str:
    """Heading, picture, caption and code, in Markdown."""
    path = picture.path.relative_to(folder).as_posix()
    return (
        f"## {picture.title}\n\n```{{image}} {path}\n:alt: {picture.caption}\n:class: gallery\n```\n\n"
        f"{picture.caption}\n\n```python\n{picture.code}\n```\n"
    )


def fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the pictures in their place."""
    if page == "gallery":
        source[0] = source[0].replace(PLACE, "\n".join(section(picture, app.srcdir) for picture in PICTURES))


def setup(app: Sphinx) -> dict[str, bool]:
    """Fill the page when it is read."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
