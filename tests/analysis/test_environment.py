"""The environment block: complete, light, and without the name of the host."""

import getpass
import json
import platform
import subprocess
import sys

import numba
import pytest

from diffcompare.analysis.environment import environment, peers, version


@pytest.fixture(scope="module")
def here():
    return environment()


def test_every_part_says_something(here):
    """No section is empty and no entry blank."""
    for title, entries in here.sections():
        assert entries, title
        assert all(text.strip() for text in entries.values()), title


def test_versions_are_the_installed_ones(here):
    """NumPy's and Python's own words agree with the block."""
    import numpy as np

    assert here.versions["numpy"] == np.__version__
    assert here.versions["python"].startswith(platform.python_version())


def test_neither_host_nor_user_is_named(here):
    """A saved result can be shared: it does not hold the network name or the user."""
    words = here.to_json() + str(here) + here.host
    assert platform.node() not in words.split()
    assert f"/{getpass.getuser()}/" not in words


def test_json_gives_the_block_back(here):
    """`to_json` is valid JSON of `to_dict`."""
    assert json.loads(here.to_json()) == here.to_dict()


def test_host_names_the_processor(here):
    """The `host` of a record is the processor, with its cores."""
    assert here.cpu["model"] in here.host and "cores" in here.host


def test_a_missing_package_has_no_version():
    """A distribution that does not exist is None, not an exception."""
    assert version("no-such-distribution-of-diffcompare") is None


def test_a_missing_peer_says_how_to_get_it(monkeypatch):
    """Each absent peer names the command that installs it."""
    monkeypatch.setattr("diffcompare.analysis.environment.version", lambda distribution: None)
    assert all(text.startswith("not installed (pip install ") for text in peers().values())


def test_the_block_loads_nothing_heavy():
    """Asking for the environment imports neither SymPy, Numba, matplotlib, pandas nor rich."""
    code = (
        "import sys; from diffcompare.analysis.environment import environment; str(environment());"
        "print([m for m in ('sympy', 'numba', 'matplotlib', 'pandas', 'rich', 'flint') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_numba_is_asked_once_it_is_loaded():
    """With Numba in the process the block gives its number of threads."""
    assert f"{numba.get_num_threads()} threads" in environment().threads["numba"]
