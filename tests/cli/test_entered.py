"""Which module enters which command."""

from __future__ import annotations

import subprocess
import sys

from diffcompare.cli import ENTERED, app


def test_every_command_is_entered_by_the_module_that_the_table_names():
    """Commands of `commands` itself are always there; any other that the table lacks could not be run by name."""
    homes = {c.name or c.callback.__name__: c.callback.__module__.rpartition(".")[2] for c in app.registered_commands}
    assert {name: home for name, home in homes.items() if home != "commands"} == ENTERED


def test_a_command_does_not_load_the_modules_of_others():
    script = (
        "import sys; sys.argv = ['diffcompare', 'bench', '--help']\n"
        "from diffcompare.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "loaded = {'numba', 'sympy', 'matplotlib', 'pandas', 'flint', 'diffcompare.cli.draw'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "--suite" in done.stdout


def test_a_word_that_is_no_command_is_told_with_the_nearest_ones():
    command = [sys.executable, "-m", "diffcompare", "benc"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 2 and "bench" in done.stderr
