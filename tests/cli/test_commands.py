"""The command line, in this process and as a command of its own."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import diffcompare as dc
from diffcompare.analysis.records import KEYS
from diffcompare.cli import app, main
from diffcompare.core.tables import ROWS
from diffcompare.errors import DiffCompareError, OptionError, UnknownNameError

QUICK = ["--methods", "central-difference,complex-step", "--no-time"]
EXPRESSION = ["compare", "sin(x)*exp(y)", "--at", "x=1,y=2"]


def run(*words):
    """Output of a command that must succeed."""
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def command(*words):
    """The finished process of `python -m diffcompare`."""
    return subprocess.run(
        [sys.executable, "-m", "diffcompare", *words], capture_output=True, text=True, check=False, encoding="utf-8"
    )


def test_compare_prints_a_row_for_each_method():
    """A text and a point give a table."""
    out = run(*EXPRESSION, *QUICK)
    assert "central-difference" in out and "complex-step" in out and "[digits]" in out


def test_compare_gives_json():
    """`--json` is the comparison's JSON, on standard output alone."""
    found = json.loads(run(*EXPRESSION, *QUICK, "--json"))
    assert [tuple(record) for record in found["records"]] == [KEYS] * 2


def test_compare_gives_csv_and_markdown():
    """`--csv` has a line of keys, `--markdown` a table."""
    assert tuple(next(csv.reader(io.StringIO(run(*EXPRESSION, *QUICK, "--csv"))))) == KEYS
    assert "| method | status |" in run(*EXPRESSION, *QUICK, "--markdown")


@pytest.mark.parametrize(
    ("suffix", "start"), [("json", "{"), ("md", "sin"), ("csv", "problem,"), ("html", "<!doctype")]
)
def test_compare_writes_files(tmp_path, suffix, start):
    """The suffix of `-o` says how; standard output stays empty."""
    path = tmp_path / f"result.{suffix}"
    assert run(*EXPRESSION, *QUICK, "-o", str(path)) == ""
    assert path.read_text(encoding="utf-8").startswith(start)


def test_compare_draws_the_plot(tmp_path):
    """`-o result.svg` writes the plot."""
    path = tmp_path / "result.svg"
    run(*EXPRESSION, *QUICK, "-o", str(path))
    assert "<svg" in path.read_text(encoding="utf-8")


def test_compare_takes_arrays():
    """Arrays stand in brackets: the gradient of 100 (x1 - x0**2)**2 + (1 - x0)**2 at the origin is (-2, 0)."""
    record = json.loads(run("compare", "--problem", "rosenbrock", "--at", "x=[0,0]", *QUICK, "--json"))["records"][1]
    assert record["gradient"] in ([-2.0, 0.0], [[-2.0, 0.0]])


def test_compare_takes_wrt():
    """`--wrt` names what is differentiated: d(x x y)/dx at (1, 2) is 4, exactly by the complex step."""
    out = run("compare", "x*x*y", "--at", "x=1,y=2", "--wrt", "x", *QUICK, "--json")
    record = json.loads(out)["records"][1]
    assert record["gradient"] == 4.0 and record["size"] == 1


def test_compare_takes_a_problem_and_a_size():
    """A named problem brings its point; `--size` chooses another."""
    record = json.loads(run("compare", "--problem", "rosenbrock", "--size", "4", *QUICK, "--json"))["records"][0]
    assert (record["problem"], record["size"]) == ("rosenbrock", 4)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["compare"], OptionError),
        (["compare", "x", "--problem", "rosenbrock"], OptionError),
        (["compare", "x"], OptionError),
        (["compare", "x", "--at", "x=1,2"], OptionError),
        (["compare", "x", "--at", "x=one"], OptionError),
        (["compare", "x", "--at", "x=1,x=2"], OptionError),
        (["compare", "x", "--at", "x=[1,[2]]"], OptionError),
        (["compare", "x", "--at", "x=1", "--wrt", "z"], OptionError),
        (["compare", "x", "--at", "x=1", "--json", "--csv"], OptionError),
        (["compare", "x", "--at", "x=1", "-o", "result.doc"], OptionError),
        (["compare", "x", "--at", "x=1", "-o", "/no/such/folder/result.json"], OptionError),
        (["compare", "x", "--at", "x=1", "--methods", "revers"], UnknownNameError),
        (["compare", "--problem", "rosenbrok"], UnknownNameError),
        (["ops", "no-such-operation"], UnknownNameError),
    ],
)
def test_mistakes_end_with_a_sentence_and_code_2(words, error, monkeypatch, capsys):
    """A mistake in the command is told without a traceback, and the code is that of usage."""
    with pytest.raises(error):
        CliRunner().invoke(app, words, catch_exceptions=False)
    monkeypatch.setattr(sys, "argv", ["diffcompare", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.err.startswith("diffcompare: ") and "Traceback" not in told.err and told.out == ""


def test_failures_end_with_code_1(monkeypatch, capsys):
    """What no other command would mend has the code 1."""

    def fail():
        raise DiffCompareError("the disk is full")

    monkeypatch.setattr("diffcompare.cli.commands.app", fail)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1 and capsys.readouterr().err == "diffcompare: the disk is full\n"


def test_a_comparison_without_any_gradient_ends_with_code_1():
    """Outside the domain the table is printed, with the reasons, and the code is 1."""
    done = CliRunner().invoke(app, ["compare", "log(x)", "--at", "x=-1", *QUICK])
    assert done.exit_code == 1 and "log(v0) is nan" in done.stdout


def test_info_tells_the_environment():
    """Versions, processor, vector mathematics, threads, GPU and peers, as text and as JSON."""
    out = run("info")
    for word in ("numpy", "processor", "vector mathematics", "threads", "GPU", "jax"):
        assert word in out
    assert "versions" in json.loads(run("info", "--json"))


def test_ops_lists_every_row():
    """Each row of the table has a line with its derivative, domain, kinks and source."""
    listed = {row["name"]: row for row in json.loads(run("ops", "--json"))}
    assert set(listed) == set(ROWS) - {"input", "constant"}
    assert listed["exp"]["derivative"] == "y"
    assert listed["absolute"]["kinks"].startswith("0.0: 0.0")
    assert all(row["derivative"] and row["source"] for row in listed.values())
    assert "log1p" in run("ops", "log1p") and "arctan" not in run("ops", "log1p")


def test_methods_and_problems_are_listed():
    """The lists are those of the library; what cannot run says why."""
    methods = {row["method"]: row for row in json.loads(run("methods", "--json"))}
    assert set(methods) == set(dc.methods.available())
    assert all(row["runs here"] or row["why not"] for row in methods.values())
    problems = {row["problem"]: row for row in json.loads(run("problems", "--json"))}
    assert problems.keys() == set(dc.problems.names())
    assert all(row["formula"] and row["source"] and row["sizes"] for row in problems.values())
    assert problems["gmm"]["entries"] == "18 to 2805" and problems["rosenbrock"]["formula"] in run(
        "problems", "--width=300"
    )
    assert "18 to 2805 entries" in run("problems") and "reverse" in run("methods")


def test_the_command_runs_from_a_shell():
    """As a process of its own: the table on standard output, code 0; a mistake on standard error, code 2."""
    done = command("compare", "x*y", "--at", "2,3", *QUICK)
    assert done.returncode == 0 and "complex-step" in done.stdout and done.stderr == ""
    mistake = command("compare", "__import__('os')", "--at", "x=1")
    assert mistake.returncode == 2 and mistake.stdout == "" and "Traceback" not in mistake.stderr


def test_help_loads_nothing_heavy():
    """`--help` needs neither SymPy, Numba, flint, matplotlib nor pandas."""
    code = (
        "import sys; sys.argv = ['diffcompare', '--help']\n"
        "from diffcompare.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('sympy', 'numba', 'flint', 'matplotlib', 'pandas', 'scipy')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "compare" in done.stdout and done.stdout.rstrip().endswith("[]")
