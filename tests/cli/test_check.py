"""`diffcompare check`: files, modules and texts, exit codes, files written."""

from __future__ import annotations

import json
import sys

import pytest
from typer.testing import CliRunner

from diffcompare.cli import app, main
from diffcompare.errors import OptionError, ParseError

SOURCE = """
import numpy as np

def loss(x, y):
    return np.sum(x**2) * y

def gradient(x, y):
    return 2 * x * y, np.sum(x**2)

def wrong(x, y):
    return 2 * x, np.sum(x**2)

class Model:
    @staticmethod
    def loss(x):
        return np.sum(np.abs(x))

LIMIT = 3
"""
AT = ["--at", "x=[1,2,3],y=2"]


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file of the user's, in the current folder; what it enters into Python's tables is taken out again."""
    path = tmp_path / "users_losses.py"
    path.write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield path
    for name in set(sys.modules) - known:
        if "users_losses" in name:
            del sys.modules[name]


def run(*words):
    return CliRunner().invoke(app, ["check", *words], catch_exceptions=False)


@pytest.mark.parametrize("place", ["users_losses.py", "users_losses"])
def test_functions_of_a_file_or_module(file, place):
    """Exit code 0 for a correct gradient, 1 for a wrong one, with the report."""
    right = run(f"{place}:loss", "--gradient", f"{place}:gradient", *AT)
    assert right.exit_code == 0 and right.stdout.startswith("correct")
    wrong = run(f"{place}:loss", "--gradient", f"{place}:wrong", *AT)
    assert wrong.exit_code == 1 and "the gradient of x alone is half" in wrong.stdout


def test_without_a_claim_reverse_mode_is_checked(file):
    """And a kink ends with code 1."""
    assert run(f"{file}:loss", *AT).exit_code == 0
    kink = run(f"{file}:Model.loss", "--at", "x=[1,0]")
    assert kink.exit_code == 1 and kink.stdout.startswith("kink")


def test_texts():
    """One text an argument, in the arguments' order, with any of the names in it."""
    partials = ["--gradient", "cos(x)*exp(y)", "--gradient", "exp(y)*sin(x)"]
    assert run("sin(x)*exp(y)", *partials, "--at", "x=1,y=2").exit_code == 0
    assert run("sin(x)*exp(y)", "--gradient", "exp(y)*sin(x)", "--at", "x=1,y=2", "--wrt", "y").exit_code == 0
    assert run("sin(x)", "--gradient", "sin(x)", "--at", "x=1").exit_code == 1


def test_json_and_files(tmp_path):
    """`--json` prints the data; the suffix of `-o` says what is written."""
    data = json.loads(run("x**3", "--gradient", "3*x**2", "--at", "x=2", "--json").stdout)
    assert data["verdict"] == "correct" and data["what"] == "gradient"
    for suffix, start in (("json", "{"), ("txt", "correct"), ("html", "<!doctype"), ("svg", "<?xml")):
        path = tmp_path / f"check.{suffix}"
        assert run("x**3", "--at", "x=2", "-o", str(path)).exit_code == 0
        assert path.read_text(encoding="utf-8").startswith(start)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["nothing.py:loss", "--at", "x=1"], OptionError),
        (["no_such_module:loss", "--at", "x=1"], OptionError),
        (["users_losses.py:nothing", "--at", "x=1"], OptionError),
        (["users_losses.py:LIMIT", "--at", "x=1"], OptionError),
        (["x*x", "--gradient", "users_losses.py:wrong", "--gradient", "x", "--at", "x=1"], OptionError),
        (["x*x", "--gradient", "2*z", "--at", "x=1"], OptionError),
        (["x*x", "--at", "x=1", "-o", "check.doc"], OptionError),
        (["log(x)", "--at", "x=-1"], OptionError),
        (["x*(", "--at", "x=1"], ParseError),
    ],
)  # fmt: skip
def test_mistakes_end_with_a_sentence_and_code_2(file, words, error, monkeypatch, capsys):
    """Without a traceback."""
    with pytest.raises(error):
        run(*words)
    monkeypatch.setattr(sys, "argv", ["diffcompare", "check", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("diffcompare: ")
