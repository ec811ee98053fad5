"""The pages of `docs/`: they name all there is, and their pictures are what the gallery's command makes."""

import importlib
import re
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

import diffcompare
import diffcompare.ops  # fills the table of rows
from diffcompare.core.tables import ROWS
from diffcompare.methods import METHODS
from diffcompare.problems import MODULES

DOCS = Path(__file__).parents[1] / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")
SVG_OF_OUR_OWN = ("circuit", "neuron")  # written by the library, not by matplotlib, whose versions differ


def load(name, folder):
    """A module of `docs/`, which is no package."""
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def gallery():
    """`docs/gallery.py`; matplotlib's backend stays what it was."""
    backend = mpl.get_backend()
    yield load("gallery", DOCS)
    mpl.use(backend)


@pytest.fixture(scope="module")
def contents():
    """`docs/_ext/contents.py`."""
    return load("contents", DOCS / "_ext")


def codes(table):
    """First cells of a table's rows."""
    return [row[0].text for row in table.rows]


def test_the_reference_lists_every_public_name_once():
    """The page of public names has each of them in one list, and no other."""
    blocks = re.findall(r"^\.\. (?:autosummary|functions-of-rows)::\n(.*?)^```", API, re.MULTILINE | re.DOTALL)
    listed = [name for block in blocks for name in re.findall(r"^   ([\w ]+)$", block, re.MULTILINE)]
    names = [name for line in listed for name in line.split()]
    assert sorted(names) == sorted(name for name in diffcompare.__all__ if name != "__version__")
    assert "`diffcompare.__version__`" in API


def test_the_operations_page_shows_every_row(contents):
    """The tables of the page, one a kind, hold each row of the package once."""
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    kinds = re.findall(r"^```\{table-of\} operations ([\w-]+)$", page, re.MULTILINE)
    shown = [name for kind in kinds for name in codes(contents.operations_table(kind))]
    assert sorted(shown) == sorted(set(ROWS) - {"input", "constant"})


def test_an_operation_has_its_derivative_domain_and_kinks(contents):
    """The row of sqrt is DLMF 4.7(ii): 1 / (2 sqrt(x)) for x > 0, infinite at 0."""
    (row,) = [row for row in contents.operations_table("elementwise").rows if row[0].text == "sqrt"]
    assert [cell.text for cell in row[:4]] == ["sqrt", "0.5 / y", "(0, inf)", "0.0: inf"]


def test_methods_and_problems_are_all_there(contents):
    """Each method and each problem is a row of its table."""
    assert codes(contents.methods_table()) == list(METHODS)
    assert codes(contents.problems_table()) == list(MODULES)


def test_each_picture_is_there_and_small(gallery):
    """Each SVG is committed, below the limit, and has no date in it."""
    for picture in gallery.PICTURES:
        text = picture.path.read_text(encoding="utf-8")
        assert len(text.encode()) <= gallery.LARGEST, picture.title
        assert "<svg" in text and "date" not in text, picture.title
    kept = {picture.path for picture in gallery.PICTURES} - {DOCS / "compare.svg"}
    assert kept == set((DOCS / "gallery").glob("*.svg"))


def test_a_circuit_in_the_gallery_is_what_the_library_draws(gallery):
    """The committed circuits have the bytes that are drawn now."""
    for picture in gallery.PICTURES:
        if picture.path.stem in SVG_OF_OUR_OWN:
            assert picture.svg() == picture.path.read_text(encoding="utf-8")


def test_a_measured_picture_has_the_same_bytes_each_time(gallery):
    """A picture of a kept measurement does not depend on when it is drawn."""
    (picture,) = [picture for picture in gallery.PICTURES if picture.path.stem == "compare"]
    assert picture.svg() == picture.svg()


def test_the_code_beside_a_picture_makes_its_result(gallery):
    """What the page shows beside a picture runs as it stands."""
    (picture,) = [picture for picture in gallery.PICTURES if picture.path.stem == "gradient-check"]
    names = {"np": gallery.np, "dc": gallery.dc}
    exec(picture.code.removesuffix("result.plot()"), names)  # noqa: S102 - it is our own page
    assert names["result"].verdict == "wrong"
