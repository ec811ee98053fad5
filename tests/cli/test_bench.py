"""`diffcompare bench`, `diff` and `report`: what they write, and how mistakes and failures end."""

from __future__ import annotations

import json
import os

import pytest
from typer.testing import CliRunner

from diffcompare.cli import app, main
from tests.plot.runs_by_hand import run_by_hand

SMALL = [
    "bench",
    "--problems",
    "product-of-sum",
    "--methods",
    "reverse,complex-step",
    "--budget",
    "0.01",
    "--repeat",
    "3",
]


def ended(monkeypatch, capsys, *words):
    """Exit code and what went to standard error of the program, started as from a shell."""
    monkeypatch.setattr("sys.argv", ["diffcompare", *map(str, words)])
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().err


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "old.json"
    run_by_hand().save(path)
    return path


def test_a_run_is_written_in_every_format(tmp_path, monkeypatch, capsys):
    """The results file and all exports hold the same records."""
    exports = [tmp_path / f"r{suffix}" for suffix in (".csv", ".md", ".tex", ".html", ".pyperf.json")]
    words = [*SMALL, "-o", tmp_path / "r.json", *(word for path in exports for word in ("--export", path))]
    code, err = ended(monkeypatch, capsys, *words)
    assert code == 0 and all(path.stat().st_size > 0 for path in exports)
    assert all(f"wrote {path}" in err for path in exports)
    methods = [r["method"] for r in json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["records"]]
    assert methods == ["value", "by-hand", "reverse", "complex-step"]
    assert all(f'<td class="text">{m}' in exports[3].read_text(encoding="utf-8") for m in methods)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bench", "--suite", "quik"], "quick"),
        (["bench", "--problems", "rosenbrok"], "rosenbrock"),
        (["bench", "--methods", "revers"], "reverse"),
        (["bench", "--problems", "gmm", "--sizes", "d3_K7"], "test"),
        (["bench", "--dtype", "float16"], "float64"),
        (["bench", "--resume"], "--output"),
        (["bench", "--export", "r.doc"], ".csv"),
        (["diff", "{old}", "{old}", "--effect", "0"], "positive"),
    ],
)
def test_what_another_command_mends_is_exit_code_2(monkeypatch, capsys, results, words, said):
    """A name or an option that does not exist: a sentence with what does, and nothing is run."""
    code, err = ended(monkeypatch, capsys, *(word.replace("{old}", str(results)) for word in words))
    assert code == 2 and err.startswith("diffcompare: ") and said in err and "Traceback" not in err


def test_a_results_file_that_exists_is_left_alone(monkeypatch, capsys, results):
    before = results.read_bytes()
    code, err = ended(monkeypatch, capsys, *SMALL, "-o", results)
    assert code == 2 and "--overwrite" in err and "--resume" in err and results.read_bytes() == before


@pytest.mark.parametrize("option", ["-o", "--export"])
@pytest.mark.parametrize("path", ["absent/r.csv", "folder.csv"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_measured(tmp_path, monkeypatch, capsys, option, path):
    (tmp_path / "folder.csv").mkdir()
    monkeypatch.setattr("diffcompare.bench.runner.benchmark", lambda *_, **__: pytest.fail("it was measured"))
    code, err = ended(monkeypatch, capsys, *SMALL, option, tmp_path / path)
    assert code == 1 and "cannot write" in err


@pytest.mark.parametrize("command", ["diff", "report"])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[: len(text) // 2], "not whole"),
        (lambda text: text.replace("benchmark/1", "benchmark/7"), "benchmark/7"),
        (lambda text: "[]", "no schema"),
        (lambda text: json.dumps(json.loads(text) | {"records": 5}), "records"),
        (lambda text: json.dumps(json.loads(text) | {"loops": []}), "samples"),
        (lambda text: text.replace('"inaccurate"', '"splendid"'), "splendid"),
    ],
)
def test_a_file_that_is_no_results_file_is_exit_code_1(monkeypatch, capsys, results, tmp_path, command, damage, said):
    results.write_text(damage(results.read_text(encoding="utf-8")), encoding="utf-8")
    words = [command, results, results] if command == "diff" else [command, results, "-o", tmp_path / "r.html"]
    code, err = ended(monkeypatch, capsys, *words)
    assert code == 1 and said in err and "Traceback" not in err and not (tmp_path / "r.html").exists()


def test_a_results_file_that_is_absent_is_exit_code_1(monkeypatch, capsys, tmp_path):
    code, err = ended(monkeypatch, capsys, "report", tmp_path / "absent.json")
    assert code == 1 and "cannot read" in err


def test_a_peer_that_fails_to_import_is_a_row_with_its_reason(tmp_path, monkeypatch, capsys):
    """The others are measured, and the run ends well."""
    (tmp_path / "symengine.py").write_text("raise ImportError('a shared library is broken')\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    words = ["bench", "--problems", "product-of-sum", "--methods", "reverse,symengine", *SMALL[5:]]
    code, _ = ended(monkeypatch, capsys, *words, "-o", tmp_path / "r.json")
    records = {r["method"]: r for r in json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["records"]}
    assert code == 0 and records["reverse"]["status"] == "ok"
    assert records["symengine"]["status"] in ("failed", "skipped") and "symengine" in records["symengine"]["reason"]


def test_lost_digits_end_a_difference_with_exit_code_1(results, tmp_path):
    """A run beside itself has nothing; beside one with a method that lost digits it names that one."""
    worse = run_by_hand()
    record = worse.find("line", "a", "10")
    record["digits"] -= 2.0
    worse.save(tmp_path / "new.json")
    same = CliRunner().invoke(app, ["diff", str(results), str(results)])
    assert same.exit_code == 0 and "12 unchanged" in same.output
    found = CliRunner().invoke(app, ["diff", str(results), str(tmp_path / "new.json"), "--json"])
    assert found.exit_code == 1
    changed = [c for c in json.loads(found.output)["changes"] if c["kind"] != "unchanged"]
    assert [(c["problem"], c["point"], c["method"], c["what"]) for c in changed] == [("line", "10", "a", "digits")]


def test_long_and_short_output(monkeypatch, capsys):
    for option, there in (("--full", True), ("--short", False)):
        monkeypatch.setattr("sys.argv", ["diffcompare", *SMALL, option])
        main_ends(monkeypatch)
        assert ("3 entries" in capsys.readouterr().out) == there


def main_ends(monkeypatch):
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
