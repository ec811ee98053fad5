"""Notebooks as sources: what opens and closes them, and the numbers of the lectures among what they assert."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").glob("*.py"))
LESSONS = [path for path in NOTEBOOKS if not path.name.startswith("00")]
SEED = json.loads((ROOT / "tests" / "data" / "seed_numbers.json").read_text(encoding="utf-8"))
LITERAL = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.USub, ast.Div, ast.List, ast.Tuple, ast.Load)


def cells(path):
    """(kind, text) of each cell of a notebook in percent format, magics left out; kind is markdown or code."""
    parts = re.split(r"^# %%(.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [
        ("markdown" if "[markdown]" in kind else "code", text)
        for kind, text in zip(parts[1::2], parts[2::2], strict=True)
    ]


def numbers(text):
    """Every number that a code cell writes down: constants, with a sign, and quotients of two of them."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Constant, ast.UnaryOp, ast.BinOp)) and all(
            isinstance(n, LITERAL) for n in ast.walk(node)
        ):
            value = ast.literal_eval(node) if not isinstance(node, ast.BinOp) else _quotient(node)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found.add(float(value))
    return found


def _quotient(node):
    above, below = (ast.literal_eval(part) for part in (node.left, node.right))
    return above / below if below else None


@cache
def asserted(path):
    """The numbers, without their signs, of those cells of a notebook that assert something."""
    checked = (text for kind, text in cells(path) if kind == "code" and re.search(r"\bassert(_\w+)?\b", text))
    return frozenset(abs(number) for text in checked for number in numbers(text))


def results(entry, tables=("gradient_at_start", "mean_abs_error", "loss")):
    """The float64 numbers that an entry of the file gives as results: no inputs, and not what slides print."""
    for key, value in entry.items():
        if isinstance(value, dict) and "float" in value:
            yield from np.ravel(value["float"]).tolist()
        elif isinstance(value, dict) and key != "printed":
            yield from results(value, tuple(value) if key in tables else tables)
        elif key in tables or key.endswith("_float64"):
            yield from np.ravel(value).tolist()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_with_what_one_learns(path):
    """The first cell is a title and what the reader will learn."""
    kind, text = cells(path)[0]
    assert kind == "markdown" and text.lstrip().startswith("# # ")
    assert "ou will learn" in text


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_notebook_closes_with_exercises_whose_answers_are_checked(path):
    """The last part is of exercises, and its code asserts something about answers."""
    parts = cells(path)
    last = max(
        i for i, (kind, text) in enumerate(parts) if kind == "markdown" and re.search(r"^# ## ", text, re.MULTILINE)
    )
    assert "Exercises" in parts[last][1] or "Solutions" in parts[last][1]
    assert any(kind == "code" and "assert" in text for kind, text in parts[last:])


@pytest.mark.parametrize("key", [key for key in SEED if not key.startswith("_")])
def test_the_numbers_of_the_lectures_are_asserted_in_a_notebook(key):
    """One notebook asserts every result of the worked example, to the last digit of float64."""
    wanted = {abs(number) for number in results(SEED[key])}
    assert wanted, "the file has no results under this key"
    missing = {path.stem: wanted - asserted(path) for path in NOTEBOOKS}
    nearest = min(missing, key=lambda name: len(missing[name]))
    assert not missing[nearest], f"{nearest} lacks {sorted(missing[nearest])[:5]}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_formula_is_torn(path):
    """Each paragraph, list item and line of a table has both dollar signs of its formulas: no line broke one up."""
    for text in (text for kind, text in cells(path) if kind == "markdown"):
        lines = "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.splitlines())
        for part in re.split(r"\n\s*\n|\n(?=\s*[-+*|] )", lines):
            assert part.count("$") % 2 == 0, part


def test_the_reader_of_numbers_sees_signs_and_quotients():
    """Numbers are read from lists, with their signs, and as quotients; texts and names are none."""
    assert numbers("assert f(x1) == [-2.5, 1e-05, 1 / 3, '7']") >= {-2.5, 1e-05, 1 / 3}
    assert 7.0 not in numbers("assert '7' == x7")
