"""`diffcompare sweep` in a shell."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from diffcompare.cli import app
from diffcompare.cli.sweep import iterated
from diffcompare.core.parse import parse
from diffcompare.errors import OptionError

QUICK = ["--methods", "forward-difference,central-difference", "--dtype", "float64"]
LOGISTIC = ["4*x*(1-x)", "--iterate", "3", "--at", "x=0.2"]


def run(*words):
    """Output of a sweep that must succeed."""
    done = CliRunner().invoke(app, ["sweep", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("method", "order", "published"), [("forward-difference", 1, 2.45e-8), ("central-difference", 2, 5.5e-11)]
)
def test_the_iterated_logistic_map_has_the_published_figure(method, order, published):
    """Figure 3 of Baydin et al. 2018: best error within a factor 3, slopes within 0.1, predicted optimum within 2."""
    found = json.loads(run(*LOGISTIC, *QUICK, "--json"))
    assert found["problem"] == "4*x*(1-x), applied 3 times"
    (best,) = [s for s in found["summaries"] if s["method"] == method]
    assert published / 3 < best["best_error"] < published * 3
    assert abs(best["slope_right"] - order) < 0.1 and abs(best["slope_left"] + 1) < 0.1
    assert 0.5 < best["fitted_step"] / best["predicted_step"] < 2
    assert 0.5 < best["fitted_error"] / best["predicted_error"] < 2


def test_sweep_prints_tables():
    """Both types, a row a method, and what libraries choose."""
    out = run("exp(x*y)", "--at", "x=1,y=2", "--wrt", "x", "--methods", "richardson")
    assert "float64: best step" in out and "float32: best step" in out and "SciPy 2-point" in out


def test_sweep_draws(tmp_path):
    """`--plot` writes the drawing beside the printed table."""
    path = tmp_path / "steps.svg"
    assert "central-difference" in run(*LOGISTIC, *QUICK, "--textbook", "--plot", str(path))
    assert "<svg" in path.read_text(encoding="utf-8")


def test_iterating_applies_the_text_to_its_value():
    """x + 1 applied 5 times adds 5; once is the text itself."""
    assert iterated(parse("x + 1"), 5)(2.0) == 7.0
    assert iterated(parse("x**2"), 3)(2.0) == 256.0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["x*y", "--iterate", "2", "--at", "x=1,y=2"], "needs one argument, but"),
        (["exp(x)", "--at", "x=1", "--plot", "steps.txt"], "suffix"),
        (["exp(x)", "--at", "x=1", "--plot", "no-such-folder/steps.svg"], "no folder"),
        (["exp(x)", "--at", "x=1", "--dtype", "float16"], "float64, float32"),
    ],
)
def test_mistakes_are_told(words, told):
    """They raise what `main` tells in a sentence."""
    with pytest.raises(OptionError, match=told):
        CliRunner().invoke(app, ["sweep", *words], catch_exceptions=False)


def test_a_sweep_in_which_nothing_ran_ends_with_an_error():
    """Rows that are all skipped are shown, and the exit code says so."""
    words = ["sweep", "floor(x)", "--at", "x=1.5", "--methods", "complex-step"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 1 and "no complex form" in done.stdout
