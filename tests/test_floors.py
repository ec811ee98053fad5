"""Imports go downward: the floors of the package, and the checker that guards them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.floors import violations

PACKAGE = Path(__file__).parents[1] / "diffcompare"


def test_the_package_keeps_its_floors():
    """No module imports from a floor above its own, in a circle, or loads a heavy package before it is used."""
    found = violations(PACKAGE)
    assert not found, "\n".join(["", *found])


@pytest.fixture
def write(tmp_path):
    """Write a small package, from a mapping of file names to texts, and give its folder."""

    def write_package(files: dict[str, str]) -> Path:
        package = tmp_path / "diffcompare"
        sound = {
            "__init__.py": "from .operators import gradient\n",
            "errors.py": "",
            "core/__init__.py": "",
            "core/node.py": "import numpy as np\nfrom ..errors import TraceError\n",
            "core/graph.py": "from .node import Node\n",
            "lower/__init__.py": "",
            "lower/numba_emit.py": "import numba\nfrom numba import cuda\nfrom ..core import node\n",
            "lower/tape.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\n",
            "operators.py": "def gradient():\n    from .lower.numba_emit import compile\n",
        }
        for name, text in (sound | files).items():
            path = package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return package

    return write_package


def test_a_sound_package_has_no_violations(write):
    """Downward and sideways imports, and a heavy one in its file or inside a function, are all allowed."""
    assert violations(write({})) == []


@pytest.mark.parametrize(
    "text",
    [
        "from ..operators import gradient",
        "from diffcompare.operators import gradient",
        "import diffcompare.operators",
        "from .. import operators",
        "from diffcompare import operators",
        "from .. import gradient",
        "import importlib\nimportlib.import_module('diffcompare.operators')",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..operators import gradient",
        "def f():\n    from ..lower.numba_emit import compile",
    ],
)
def test_an_upward_import_is_found(write, text):
    """An import from a higher floor is found in every spelling, inside functions and for types too."""
    found = violations(write({"core/rows.py": text}))
    assert any("core/rows.py" in line and "up to floor" in line for line in found), found


@pytest.mark.parametrize(
    "package", ["flint", "matplotlib.pyplot", "numba", "pandas", "rich", "scipy.special", "sympy", "typer"]
)
@pytest.mark.parametrize(
    "form", ["import {0}", "from {0} import x", "try:\n    import {0}\nexcept ImportError:\n    pass"]
)
def test_a_heavy_package_at_the_top_of_a_file_is_found(write, package, form):
    """A heavy package imported when a light module is loaded is found."""
    found = violations(write({"core/rows.py": form.format(package)}))
    assert len(found) == 1
    assert f"core/rows.py:{1 + form.startswith('try')} imports {package}" in found[0]


@pytest.mark.parametrize(("package", "count"), [("sympy", 1), ("numba", 1), ("scipy.special", 0), ("pandas", 0)])
def test_sympy_and_numba_stay_in_their_files(write, package, count):
    """A function may import SciPy or pandas anywhere, SymPy and Numba only in the files that are named after them."""
    assert len(violations(write({"methods.py": f"def f():\n    import {package}\n"}))) == count


def test_cuda_in_a_second_file_is_found(write):
    """Only one file imports numba.cuda."""
    (found,) = violations(write({"lower/numba_loops.py": "from numba import cuda\n"}))
    assert "lower/numba_emit.py, lower/numba_loops.py" in found


def test_a_cycle_is_found(write):
    """Two modules of one floor that import each other are found."""
    (found,) = violations(write({"core/node.py": "from .graph import Graph\n"}))
    assert "diffcompare.core.graph -> diffcompare.core.node -> diffcompare.core.graph" in found or (
        "diffcompare.core.node -> diffcompare.core.graph -> diffcompare.core.node" in found
    )


def test_an_import_hidden_in_a_function_is_found(write):
    """A light module of our own, imported inside a function, is found: it hides a cycle."""
    (found,) = violations(write({"operators.py": "def f():\n    from .core.graph import Graph\n"}))
    assert "operators.py:2 imports diffcompare.core.graph inside a function" in found


def test_a_module_without_a_floor_is_found(write):
    """A new module at the top of the package needs a floor."""
    (found,) = violations(write({"extra.py": ""}))
    assert found.startswith("extra.py has no floor")
