"""The scripts of `benchmarks/` run and print their table; what they measure is no business of a test."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from diffcompare.lower.cuda_presence import why_not

FOLDER = Path(__file__).parents[1] / "benchmarks"
SMALL = {
    "call_overhead.py": ["--rounds", "1"],
    "certified.py": ["--rounds", "2", "--mixtures", "test"],
    "checker_power.py": ["--seeds", "1", "--functions", "2"],
    "first_gradient.py": ["--rounds", "1", "--problems", "tiny"],
    "functions.py": ["--rounds", "1", "--functions", "banded_quadratic", "--size", "1000"],
    "fuzz.py": ["--graphs", "5", "--executors", "numpy", "interpreter"],
    "graph_speed.py": ["--rounds", "1", "--operations", "100"],
    "growth.py": ["--rounds", "1", "--elements", "10", "--nodes", "10"],
    "harness.py": ["--rounds", "1"],
    "import_time.py": ["--rounds", "1"],
    "scale.py": ["--elements", "1000", "--nodes", "100", "--rounds", "1"],
    "yardstick.py": ["--rounds", "1", "--problems", "tiny"],
}
ON_A_GPU = {"gpu.py"}
SHARED = {
    "checker_functions.py", "checker_settings.py", "contest.py", "drawing.py", "functions_outside.py",
    "fuzz_bounds.py", "fuzz_graphs.py", "gpu_contenders.py", "gpu_kernel.py", "peers.py", "recording.py", "table.py",
    "yardstick_limits.py", "yardstick_problems.py",
}  # fmt: skip


def run(script, *options):
    """What a script prints, line by line."""
    command = [sys.executable, str(FOLDER / script), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.fixture
def folder(monkeypatch):
    """The folder's modules can be imported."""
    monkeypatch.syspath_prepend(str(FOLDER))


def test_every_script_is_run_here():
    """A script that is added to the folder is added to this test."""
    assert {path.name for path in FOLDER.glob("*.py")} == {*SMALL, *ON_A_GPU, *SHARED}


def test_every_script_is_explained():
    """The folder's README names each script."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [script for script in (*SMALL, *ON_A_GPU) if f"`{script}`" not in text] == []


@pytest.mark.skipif(not why_not(), reason="there is a device: python benchmarks/gpu.py measures it")
def test_without_a_device_nothing_is_measured():
    """The GPU's script says why, and its status is not that of success."""
    done = subprocess.run([sys.executable, str(FOLDER / "gpu.py")], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == f"No kernel was run and nothing was measured: {why_not()}.\n"


def test_times_on_a_gpu_become_a_table_and_a_picture(folder, tmp_path):
    """Shares are of the copy's bytes a second, and of the time of the kernel by hand; what did not run is a dash."""
    import gpu

    times = {"copy": 1e-4, "by hand": 1e-4, "diffcompare": 1.25e-4, "numpy": None}
    records = [
        {"contender": name, "size": 1000, "dtype": "float32", "bytes": 8004, "min_s": seconds, "reason": ""}
        for name, seconds in times.items()
    ]
    columns, rows = gpu.table(records, list(times))
    assert rows == [["1,000", "100", "100", "125", "-", "80", "1.25"]] and len(columns) == len(rows[0])
    gpu.draw(records, tmp_path / "gpu.svg")
    assert (tmp_path / "gpu.svg").read_text().count('<g id="line2d_') > len(times)


@pytest.mark.parametrize("script", SMALL)
def test_a_script_prints_a_table_with_units(script):
    """A script ends well, and prints its command, the machine, and a table whose headings name units."""
    printed = run(script, *SMALL[script])
    assert printed[1].startswith("$ python ") and script in printed[1]
    assert "Python 3." in printed[2]
    heading, rule, *rest = printed[4:]
    rows = rest[: rest.index("")] if "" in rest else rest  # reasons follow an empty line
    assert " ms " in heading or " µs" in heading or " s " in heading
    assert set(rule) <= set("|-: ")
    assert rows and all(row.count("|") == heading.count("|") for row in rows)


def test_a_record_holds_the_environment_and_every_contender(tmp_path):
    """A saved run tells what it ran on, and why a contender has no time."""
    path = tmp_path / "deep" / "yardstick.json"
    run("yardstick.py", "--rounds", "1", "--problems", "tiny", "--peers", "pytensor", "--json", str(path))
    saved = json.loads(path.read_text(encoding="utf-8"))
    assert {"cpu", "versions", "commit"} <= set(saved["environment"])
    assert [r["contender"] for r in saved["records"]] == ["limit", "diffcompare", "bound", "pytensor"]
    assert all((r["min_s"] is not None) if r["status"] == "ok" else r["reason"] for r in saved["records"])


def test_growth_is_drawn(tmp_path):
    """The figure is an SVG file."""
    path = tmp_path / "growth.svg"
    run("growth.py", "--rounds", "1", "--elements", "10", "20", "--nodes", "10", "20", "--svg", str(path))
    assert path.read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_a_wrong_gradient_is_not_timed(folder):
    """A contender that is wrong by a millionth is inaccurate, one that raises has failed; both with a reason."""
    from contest import Problem, contest

    from diffcompare.analysis.timing import Budget

    def broken(problem):
        raise ArithmeticError("broken on purpose")

    makers = {"right": lambda p: lambda: (1.0, 2.0), "wrong": lambda p: lambda: (1.0, 2.000002), "broken": broken}
    found = contest("any", Problem(np.sum, [], (0,), 10), makers, Budget(rounds=1, sample_s=1e-4))
    assert [r.status for r in found.values()] == ["ok", "inaccurate", "failed"]
    assert "1.0e-06" in found["wrong"].reason and found["broken"].reason == "ArithmeticError: broken on purpose"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # graphs are drawn by trying what NumPy says of the numbers
def test_the_fuzz_sees_a_small_mistake(folder):
    """One element off by 0.1 % lies outside the balls of most random graphs; untouched results lie inside."""
    import fuzz_bounds
    from fuzz_graphs import random_graph

    from diffcompare.core.evaluate import evaluator

    seen = 0
    for number in range(20):
        sample = random_graph(np.random.default_rng([1, number]))
        balls = fuzz_bounds.enclosures(sample.graph, sample.point)
        if balls is None:
            continue
        found = [np.array(a, np.float64) for a in evaluator(sample.graph)(*sample.point)]
        assert fuzz_bounds.outside(sample.graph, found, balls) == ""
        places = [a for a in found if a.size]
        if places:
            places[-1].flat[-1] = places[-1].flat[-1] * (1 + 1e-3) + 1e-3
            seen += "outside" in fuzz_bounds.outside(sample.graph, found, balls)
    assert seen >= 10


def test_random_graphs_are_the_same_again(folder):
    """The same seed gives the same operations and point."""
    from fuzz_graphs import random_graph

    first, second = (random_graph(np.random.default_rng([3, 5])) for _ in range(2))
    operations = [sorted((n.op.name, n.shape) for n in sample.graph.nodes) for sample in (first, second)]
    assert operations[0] == operations[1]
    np.testing.assert_equal(first.point, second.point)
