"""The circuit as LaTeX, Mermaid, Graphviz, a table, and files; and from a shell."""

from __future__ import annotations

import re

import numpy as np
import pytest
from typer.testing import CliRunner

import diffcompare as dc
from diffcompare.cli import app
from diffcompare.errors import MissingPackageError, OptionError, UnknownNameError
from tests.draw.pictures import named

POINT = (-2.0, 5.0, -4.0)


@pytest.fixture(scope="module")
def drawing():
    """(x + y) z at the lecture's point."""
    return dc.parse("(x + y) * z").draw(at=POINT)


def test_rules_of_the_product(drawing):
    """The product switches: each factor receives the cotangent times the other factor, with the numbers."""
    rule = drawing.rules()["v2"]
    assert rule.formula == r"v_{2} = v_{1} \, z"
    assert rule.partials == (
        r"\frac{\partial v_{2}}{\partial v_{1}} = z",
        r"\frac{\partial v_{2}}{\partial z} = v_{1}",
    )
    assert rule.chain[1] == r"\bar{z} \mathrel{+}= \bar{v}_{2} \, \frac{\partial v_{2}}{\partial z} = 1 \cdot 3 = 3"


@pytest.mark.parametrize(
    ("text", "partial"),
    [("exp(x)", "v_{1}"), ("sin(x)", r"\cos\left(x\right)"), ("3 * x", "3"), ("-x", "-1"), ("log(x)", r"\frac{1}{x}")],
)
def test_local_partials_in_latex(text, partial):
    """The partial of a gate, in terms of its argument and its result."""
    rule = dc.parse(text).draw(at=0.5).rules()["v1"]
    assert rule.partials == (rf"\frac{{\partial v_{{1}}}}{{\partial x}} = {partial}",)


def test_rules_of_a_matrix_product():
    """W x sends back the outer product with x, and the transpose times the cotangent."""
    f = dc.function(lambda W, x: np.sum(W @ x))
    rule = f.draw(at=(np.eye(2), np.ones(2))).rules()["v1"]
    assert rule.formula == r"v_{1} = W \, x"
    assert r"\bar{W} \mathrel{+}= \bar{v}_{1} \, x^{\mathsf{T}}" in rule.chain[0]
    assert r"\bar{x} \mathrel{+}= W^{\mathsf{T}} \, \bar{v}_{1}" in rule.chain[1]


def test_rules_of_an_entry():
    """x[1] sends its cotangent to that entry of the cotangent of x."""
    rule = dc.function(lambda x: 3 * x[1]).draw(at=np.array([1.0, 2.0])).rules()["v1"]
    assert rule.formula == r"v_{1} = x\left[1\right]"
    assert rule.chain == (r"\bar{x}\left[1\right] \mathrel{+}= \bar{v}_{1}",)


def test_a_written_out_sigmoid_has_the_rule_of_the_sigmoid():
    """Closed, its partial is the sigmoid's, not that of its parts."""
    rules = dc.parse("1 / (1 + exp(-x))").draw(at=1.0, groups="closed").rules()
    assert len(rules) == 1 and rules["v1"].formula == r"v_{1} = \sigma\left(x\right)"
    assert rules._repr_latex_().startswith("$$\\begin{array}")


def test_rules_exist_for_every_operation_of_a_wide_circuit():
    """Selections, reductions and indices have rules too; braces balance."""
    f = dc.function(lambda x: np.sum(np.where(x > 0, np.maximum(x, 0.5), x**2)) + np.max(x) + np.mean(x) + x[0])
    found = f.draw(at=np.array([1.0, -2.0, 3.0])).rules()
    assert len(found) >= 9
    assert all(line.count("{") == line.count("}") for line in str(found).splitlines())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("log(1 + x)", "v1 = x + 1"),
        ("x - 3", "v1 = x \u2212 3"),
        ("3 - x", "v1 = 3\u2212x"),
        ("max(x, 0)", "v1 = max(x,0)"),
        ("x**3", "v1 = x\u00b3"),
        ("exp(x)", "v1 = exp(x)"),
        ("1 / x", "v1 = 1/x"),
        ("x * (-2)", "v1 = x \u00d7 (-2)"),
        ("abs(x)", "v1 = |x|"),
    ],
)
def test_gates_in_words(text, told):
    """A gate's formula names its argument, and a constant with its sign."""
    assert told in str(dc.parse(text).draw(at=0.5))


def test_a_missing_rule_is_told(drawing):
    """A name that no gate has raises, with the names there are."""
    with pytest.raises(UnknownNameError, match="v1, v2"):
        drawing.rules()["v9"]


def test_mermaid_and_dot_hold_the_numbers(drawing):
    """Both languages have every node, every wire, and value over cotangent on the wire."""
    mermaid, dot = drawing.to_mermaid(), drawing.to_dot()
    assert mermaid.startswith("flowchart LR") and '-->|"-12<br>1"|' in mermaid
    assert len(re.findall(r"^  n\d+ -->", mermaid, re.M)) == 5 == dot.count("->")
    assert 'n0 -> n3 [label="-2\\n-4"];' in dot


def test_the_table(drawing):
    """Printed, a drawing is a table of values and derivatives."""
    assert re.search(r"v2 = v1 \* z +-12 +1$", str(drawing), re.M)
    assert set(drawing._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", "<svg"), ("html", "<!doctype html>"), ("mmd", "flowchart"), ("dot", "digraph")]
)
def test_files(drawing, tmp_path, suffix, start):
    """The suffix says how a drawing is written."""
    path = tmp_path / f"circuit.{suffix}"
    drawing.save(path)
    assert path.read_text(encoding="utf-8").startswith(start)


def test_other_files_are_refused(drawing, tmp_path, monkeypatch):
    """An unknown suffix, and PNG without a converter, say what to do instead."""
    with pytest.raises(OptionError, match=r"\.svg"):
        drawing.save(tmp_path / "circuit.gif")
    monkeypatch.setattr("diffcompare.draw.drawing.shutil.which", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "cairosvg", None)
    with pytest.raises(MissingPackageError, match="cairosvg"):
        drawing.save(tmp_path / "circuit.png")


def run(*words):
    """Output of a command that must succeed."""
    done = CliRunner().invoke(app, ["draw", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_shell_draws(tmp_path):
    """`diffcompare draw` prints a table, another language, or writes a file."""
    words = ["(x+y)*z", "--at", "x=-2,y=5,z=-4"]
    assert "v2 = v1 * z" in run(*words)
    assert run(*words, "--format", "mermaid").startswith("flowchart")
    path = tmp_path / "circuit.svg"
    run(*words, "--partials", "-o", str(path))
    assert named(path.read_text(encoding="utf-8"))["v2"].value == -12.0
    page = tmp_path / "steps.html"
    run(*words, "--steps", "-o", str(page))
    assert 'class="dc-stepper"' in page.read_text(encoding="utf-8")
    assert r"\bar{z}" in run(*words, "--latex")
    assert "exp" in run("sigmoid(x)", "--at", "1", "--open") and "sigmoid" in run("1/(1+exp(-x))", "--closed")


@pytest.mark.parametrize(
    "words", [["--open", "--closed"], ["--format", "gif"], ["--steps"], ["-o", "circuit.gif"], ["--parts", "sine"]]
)
def test_mistakes_in_the_shell(words):
    """Options that do not fit raise what the command tells in a sentence."""
    with pytest.raises(OptionError):
        CliRunner().invoke(app, ["draw", "x*y", "--at", "x=1,y=2", *words], catch_exceptions=False)
