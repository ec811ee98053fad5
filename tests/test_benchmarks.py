"""The scripts of `benchmarks/` run and print their table; what they measure is no business of a test."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
SMALL = {
    "call_overhead.py": ["--rounds", "1"],
    "graph_speed.py": ["--rounds", "1", "--operations", "100"],
    "import_time.py": ["--rounds", "1"],
}


def test_every_script_is_run_here():
    """A script that is added to the folder is added to this test."""
    assert {path.name for path in FOLDER.glob("*.py")} == {*SMALL, "table.py"}


@pytest.mark.parametrize("script", SMALL)
def test_a_script_prints_a_table_with_units(script):
    """A script ends well, and prints its command, the machine, and a table whose headings name units."""
    command = [sys.executable, str(FOLDER / script), *SMALL[script]]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert printed[1].startswith("$ python ") and script in printed[1]
    assert "Python 3." in printed[2]
    heading, rule, *rows = printed[4:]
    assert " ms " in heading or " µs" in heading
    assert set(rule) <= set("|-: ")
    assert rows and all(row.count("|") == heading.count("|") for row in rows)
