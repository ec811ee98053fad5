"""README's commands: two, each one line, and the second is the one that continuous integration runs."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_readme_has_two_commands():
    """The README gives exactly two commands to copy."""
    assert len(COMMANDS) == 2


@pytest.mark.parametrize("command", COMMANDS[:2], ids=["main job", "tests"])
def test_a_command_is_one_line_that_starts_from_nothing(command):
    """Each command is one line that makes its environment, installs into it, and uses nothing else."""
    assert command.count("\n") == 1
    make, install, run = command.strip().split(" && ")
    assert make == "python3.11 -m venv .venv"
    assert re.fullmatch(r'\.venv/bin/pip install -e (\.|"\.\[[a-z,]+\]")', install)
    assert run.startswith(".venv/bin/")


def test_the_main_command_is_installed():
    """The first command runs a script that the project installs."""
    script = COMMANDS[0].split(" && ")[-1].split()[0].removeprefix(".venv/bin/")
    assert script in PROJECT["scripts"]


def test_the_extras_that_readme_names_exist():
    """Every extra in an install command of README and CONTRIBUTING is declared."""
    text = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {name for names in re.findall(r'install -e "\.\[([a-z0-9,]+)\]"', text) for name in names.split(",")}
    assert {"test", "dev"} <= named <= set(PROJECT["optional-dependencies"])


def test_continuous_integration_runs_the_second_command():
    """`.ci/run` holds README's test command, character for character, as a line of its own."""
    lines = [line.strip() for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()]
    assert COMMANDS[1].strip() in lines


def test_the_code_of_readme_runs(tmp_path):
    """README's Python code runs as it stands, copied into a file."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    script = tmp_path / "readme.py"
    script.write_text(code, encoding="utf-8")
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    subprocess.run(
        [sys.executable, str(script)], check=True, env={**os.environ, "PYTHONPATH": paths, "MPLBACKEND": "Agg"}
    )


def test_the_files_that_readme_links_to_exist():
    """Each relative link and picture of the README leads to a file of the project."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert "docs/compare.svg" in links
    assert [link for link in links if not (ROOT / link).exists()] == []
