"""`diffcompare sizes`."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from diffcompare.cli import app


def run(*words):
    return CliRunner().invoke(app, ["sizes", *words], catch_exceptions=False)


def test_sizes_of_a_problem(tmp_path):
    """JSON on standard output, the picture in its file."""
    picture = tmp_path / "sizes.svg"
    done = run("rosenbrock", "--sizes", "2,4", "--methods", "complex-step", "--json", "--plot", str(picture))
    assert done.exit_code == 0
    assert [record["size"] for record in json.loads(done.stdout)["records"]] == [2, 4]
    assert "<svg" in picture.read_text(encoding="utf-8")


def test_nothing_that_ran_is_a_failure():
    """A sweep without one gradient has exit code 1, and shows why."""
    done = run("logistic-map-chaos", "--sizes", "50", "--methods", "symbolic")
    assert done.exit_code == 1 and "skipped" in done.stdout
