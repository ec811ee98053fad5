"""Sphinx's settings: ``python -m sphinx -W --keep-going -b html docs docs/_build/html``, with warnings as errors.

Pages load nothing from a network. ``-D nb_execution_mode=force`` runs the notebooks, so that tutorials show results.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE), str(HERE.parent)]

from numpydoc.xref import DEFAULT_LINKS  # noqa: E402

import diffcompare  # noqa: E402 - its folder has just been entered

project = "diffcompare"
author = "The diffcompare authors"
copyright = "the diffcompare authors, BSD-3-Clause"
release = version = diffcompare.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "mathml",
    "pictures",
    "references",
    "tables",
    "tutorials",
]
exclude_patterns = ["_build", "_ext"]
templates_path = ["_templates"]
nitpicky = True  # a reference that leads nowhere is a warning
default_role = "name"  # see _ext/references.py

autosummary_generate = True
autosummary_filename_map = {"diffcompare.Function": "diffcompare.Function-class"}  # beside diffcompare.function
autodoc_typehints = "none"  # types stand in the docstrings, with shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
DEFAULT_LINKS.clear()  # to Python's and NumPy's pages, which would have to be loaded
numpydoc_xref_param_type = True  # the package's own classes are links, other types are text
numpydoc_xref_ignore = "all"
numpydoc_xref_aliases = {
    name: f"diffcompare.{module}{name}"
    for module, names in (("", diffcompare.__all__), ("errors.", vars(diffcompare.errors)), ("problems.", ["Problem"]))
    for name in names
    if name[0].isupper()
}

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_execution_timeout = 300
nb_execution_raise_on_error = True

html_theme = "furo"
html_title = f"diffcompare {release}"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_theme_options = {"navigation_with_keys": True}
