"""The table of problems: lazy, complete, and helpful about names."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from diffcompare import problems
from diffcompare.errors import OptionError, UnknownNameError

FOLDER = Path(problems.__file__).parent


@pytest.mark.parametrize("name", problems.names())
def test_a_problem_is_found_under_its_own_name(name):
    """The table's name is the problem's name."""
    assert problems.get(name).name == name


def test_every_file_with_a_problem_is_in_the_table():
    """No problem file is forgotten by the table, and no entry is without a file."""
    with_problem = {path.stem for path in FOLDER.glob("*.py") if "\nPROBLEM = " in path.read_text(encoding="utf-8")}
    assert with_problem == set(problems.MODULES.values())


def test_listing_the_names_imports_no_problem():
    """Importing the package and listing its names loads no problem file and no operation."""
    code = (
        "import sys; from diffcompare import problems; problems.names(); list(problems.PROBLEMS);"
        "print([m for m in sys.modules if m.startswith(('diffcompare.problems.', 'diffcompare.ops'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['diffcompare.problems.problem']"


def test_a_mistyped_name_is_answered_by_the_nearest():
    """An unknown name raises a KeyError that proposes the nearest names."""
    with pytest.raises(UnknownNameError, match="'rosenbrock'"):
        problems.get("rosenbrok")
    with pytest.raises(KeyError):
        problems.PROBLEMS["nothing like it"]


def test_the_table_is_a_mapping():
    """Membership, length and `Mapping.get` work as a dictionary's do."""
    assert "gmm" in problems.PROBLEMS
    assert "gnn" not in problems.PROBLEMS
    assert problems.PROBLEMS.get("gnn") is None
    assert len(problems.PROBLEMS) == len(problems.names())


@pytest.mark.parametrize("name", problems.names())
def test_a_problem_says_what_it_is_and_where_it_is_from(name):
    """Words, formula, source and tags are filled, and a problem on data names their licence."""
    problem = problems.get(name)
    assert all((problem.title, problem.formula, problem.source, problem.tags, problem.sizes))
    assert bool(problem.licence) == ("data" in problem.tags)


@pytest.mark.parametrize("name", problems.names())
def test_gradients_have_the_shapes_of_their_arguments(name):
    """At every size the value is one finite number and each derivative has the shape of its argument."""
    problem = problems.get(name)
    for size in problem.sizes:
        arguments = problem.point(size)
        assert np.ndim(problem.function(*arguments)) == 0
        assert np.isfinite(problem.function(*arguments))
        gradient = problem.gradient(*arguments)
        assert [np.shape(part) for part in gradient] == [np.shape(arguments[position]) for position in problem.wrt]
        assert sum(np.size(part) for part in gradient) == problem.inputs(size)


@pytest.mark.parametrize("name", problems.names())
def test_a_point_is_made_afresh(name):
    """Changing one point's arrays changes neither the next point nor the value there, so a run cannot spoil another."""
    problem = problems.get(name)
    size = problem.sizes[0]
    value = problem.function(*problem.point(size))
    for argument in problem.point(size):
        if isinstance(argument, np.ndarray):
            argument[...] = 0.123
    assert problem.function(*problem.point(size)) == value


@pytest.mark.parametrize("name", problems.names())
def test_the_first_size_is_the_default_or_the_published_one(name):
    """A point needs no size, and an impossible size is refused by one of our errors."""
    problem = problems.get(name)
    assert len(problem.point()) == len(problem.point(problem.sizes[0]))
    with pytest.raises((UnknownNameError, OptionError)):
        problem.point(-3)


@pytest.mark.parametrize("name, size", [("powell-singular", 10), ("extended-rosenbrock", 7), ("two-dot", 2.5)])
def test_a_size_that_breaks_the_rule_is_told_the_rule(name, size):
    """A wrong size names the problem, the size and what a size is."""
    with pytest.raises(OptionError, match=f"problem '{name}' has no size {size}: its size is a whole number"):
        problems.get(name).point(size)
