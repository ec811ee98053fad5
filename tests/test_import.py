"""What `import diffcompare` loads, and what it does not."""

import subprocess
import sys

import pytest

HEAVY = {"dask", "flint", "jax", "matplotlib", "numba", "pandas", "rich", "scipy", "sympy", "torch", "typer"}


def loaded_by(statement: str) -> set[str]:
    """The top-level packages in `sys.modules` after `statement`, in a fresh process."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import diffcompare",
        "from diffcompare import function, gradient, variable",
        "import diffcompare as dc; dc.sigmoid(dc.variable('x')) ** 2",
    ],
)
def test_heavy_packages_are_left_alone(statement):
    """Neither importing the package nor building an expression loads a package that takes long to load."""
    assert loaded_by(statement) & HEAVY == set()


def test_the_check_sees_what_is_loaded():
    """A statement that does load a heavy package is seen to load it."""
    assert "scipy" in loaded_by("import scipy")


def test_every_public_name_is_there():
    """Each name that `dir(diffcompare)` shows can be had."""
    code = "import diffcompare as dc\nfor name in dir(dc): getattr(dc, name)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    """A misspelt name raises AttributeError, as modules do."""
    import diffcompare

    with pytest.raises(AttributeError, match="gradiant"):
        diffcompare.gradiant  # noqa: B018
