"""`diffcompare swell`."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from diffcompare.cli import app
from diffcompare.cli.swell import read_range
from diffcompare.errors import OptionError


def run(*words):
    done = CliRunner().invoke(app, ["swell", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_iterates_of_a_text(tmp_path):
    """The published counts of three iterates, as text and JSON, and the picture."""
    picture = tmp_path / "swell.svg"
    found = json.loads(run("4*x*(1-x)", "--iterate", "2..4", "--json", "--plot", str(picture)))
    assert [record["derivative"] for record in found["records"]] == [2, 21, 82]
    assert "<svg" in picture.read_text(encoding="utf-8")
    assert "82" in run("4*x*(1-x)", "--iterate", "4")


def test_ranges():
    """Ranges and lists may be mixed; anything else is a mistake."""
    assert read_range("2..4, 10") == [2, 3, 4, 10]
    with pytest.raises(OptionError, match="neither"):
        read_range("2-7")


def test_a_picture_needs_a_known_suffix(tmp_path):
    """The message names the suffixes."""
    with pytest.raises(OptionError, match="svg"):
        CliRunner().invoke(app, ["swell", "x*x", "--plot", str(tmp_path / "a.gif")], catch_exceptions=False)
