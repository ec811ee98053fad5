"""Compiled code on disk: found again, never trusted, never half there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from numba import types
from numba.core.codegen import CPUCodeLibrary
from typer.testing import CliRunner

import diffcompare as dc
from diffcompare.cli import app
from diffcompare.lower import numba_store, store_folder
from diffcompare.lower.numba_special import named

SOURCE = "def f(x):\n return x * {} + {}\n"
OPTIONS = {"error_model": "numpy", "nogil": True}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store of this test's own, in a process that remembers no function."""
    monkeypatch.setenv("DIFFCOMPARE_CACHE_DIR", str(tmp_path / "store"))
    monkeypatch.delenv("DIFFCOMPARE_CACHE", raising=False)
    return tmp_path / "store"


def compiled(factor=2.0, name="f", **space):
    """x * factor + 1 from the store, as a process that has just started gets it."""
    numba_store._KNOWN.clear()
    source = SOURCE.format(factor, "c" if space else 1.0)
    function, cached, _ = numba_store.jit(source, name, (types.float64,), space, OPTIONS)
    return function, cached


def entry(folder):
    """The only entry of a store."""
    (path,) = folder.glob(f"*{store_folder.SUFFIX}")
    return path


def test_a_second_process_compiles_nothing(store):
    """What was compiled once is loaded."""
    first, again = compiled(), compiled()
    assert (first[1], again[1]) == (False, True)
    assert first[0](3.0) == again[0](3.0) == 7.0


def test_a_notebook_that_replaces_a_builtin_can_store(store, monkeypatch):
    """An entry holds none of Python's builtins: Jupyter puts a method that cannot be stored in the place of `input`."""
    monkeypatch.setattr("builtins.input", threading.Lock())  # cannot be pickled either
    assert compiled()[1] is False
    assert entry(store).stat().st_size < 50_000


def test_the_same_function_is_not_made_twice_in_a_process(store):
    """A function that is alive is handed out again."""
    function, _ = compiled()
    same, cached, _ = numba_store.jit(SOURCE.format(2.0, 1.0), "f", (types.float64,), {}, OPTIONS)
    assert same is function and cached


def test_constants_are_part_of_the_key(store):
    """Functions that differ in a literal, or in a number or array they name, are different entries."""
    assert compiled(2.0)[0](3.0) == 7.0
    assert compiled(3.0)[0](3.0) == 10.0
    assert compiled(2.0, c=5.0)[0](3.0) == 11.0
    assert compiled(2.0, c=6.0)[0](3.0) == 12.0
    for end in (1.0, 2.0):
        source = "def f(x):\n return x + c[1]\n"
        f, cached, _ = numba_store.jit(source, "f", (types.float64,), {"c": np.array([0.0, end])}, OPTIONS)
        assert f(3.0) == 3.0 + end and not cached


def test_signature_and_options_are_part_of_the_key(store):
    """One text for two types, or two error models, gives two functions."""
    numba_store._KNOWN.clear()
    source = "def f(x):\n return 1 / x\n"
    made = [numba_store.jit(source, "f", (t,), {}, OPTIONS) for t in (types.float64, types.int64)]
    assert [cached for _, cached, _ in made] == [False, False]
    assert made[0][0](0.0) == np.inf
    strict, cached, _ = numba_store.jit(source, "f", (types.float64,), {}, {"error_model": "python"})
    assert not cached
    with pytest.raises(ZeroDivisionError):
        strict(0.0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"garbage" * 1000,
        lambda data: data[:-100] + bytes([data[-100] ^ 1]) + data[-99:],
        lambda data: data[:5] + bytes([data[5] ^ 1]) + data[6:],
        lambda data: data + b"more",
    ],
    ids=["empty", "truncated", "garbage", "flipped", "head", "longer"],
)
def test_a_damaged_entry_is_made_anew(store, damage):
    """Whatever happened to a file, the function is right, and so is the entry afterwards."""
    compiled()
    path = entry(store)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    function, cached = compiled()
    assert not cached and function(3.0) == 7.0
    assert compiled()[1]


def test_an_entry_under_another_name_is_not_believed(store):
    """A whole entry that belongs to another key is replaced."""
    compiled(2.0)
    first = entry(store)
    data = first.read_bytes()
    first.unlink()
    compiled(3.0)
    second = entry(store)
    second.write_bytes(data)
    function, cached = compiled(3.0)
    assert not cached and function(3.0) == 10.0


def test_an_entry_with_a_right_checksum_around_nonsense_is_made_anew(store):
    """A checksum alone does not make machine code."""
    function, _ = compiled()
    body = numba_store.dumps(("not", "a", "result"))
    entry(store).write_bytes(numba_store._header(function.diffcompare_key, body) + body)
    function, cached = compiled()
    assert not cached and function(3.0) == 7.0


def test_an_interrupted_write_leaves_nothing(store, monkeypatch):
    """Neither an entry nor a part of one is there after Ctrl-C while it is written."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(store_folder.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compiled()
    assert list(store.iterdir()) == []


@pytest.mark.parametrize("moment", ["enable_object_caching", "_finalize_final_module"])
def test_an_interrupted_compilation_leaves_nothing(store, monkeypatch, moment):
    """Ctrl-C while LLVM works leaves no entry and no function that is half compiled; the next call compiles anew."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(CPUCodeLibrary, moment, interrupted)
        with pytest.raises(KeyboardInterrupt):
            compiled(5.0)
    assert not numba_store._KNOWN
    assert not store.exists() or list(store.iterdir()) == []
    function, cached = compiled(5.0)
    assert (function(2.0), cached) == (11.0, False)


def test_the_folder_is_private(store):
    """Nobody else reads or writes the folder that is made."""
    compiled()
    assert stat.S_IMODE(store.stat().st_mode) == 0o700


def test_a_folder_open_to_all_is_refused_with_one_warning(store):
    """Code that anybody may have put there is not run."""
    store.mkdir()
    store.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="every user may write"):
        function, cached = compiled()
    assert not cached and function(3.0) == 7.0 and list(store.iterdir()) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not compiled()[1]


def test_a_folder_of_another_user_is_refused(store, monkeypatch):
    """The owner of the folder decides what code lies in it."""
    store.mkdir(mode=0o700)
    monkeypatch.setattr(store_folder.os, "getuid", lambda: os.stat(store).st_uid + 1)
    with pytest.warns(RuntimeWarning, match="another user"):
        assert not compiled()[1]
    assert list(store.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path, monkeypatch):
    """Compilation goes on where nothing can be kept."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DIFFCOMPARE_CACHE_DIR", str(tmp_path / "file" / "store"))
    with pytest.warns(RuntimeWarning, match="not kept on disk"):
        assert compiled()[0](3.0) == 7.0


def test_the_store_can_be_turned_off(store, monkeypatch):
    """With DIFFCOMPARE_CACHE=0 no folder is made and no warning given."""
    monkeypatch.setenv("DIFFCOMPARE_CACHE", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [compiled()[1], compiled()[1]] == [False, False]
    assert not store.exists()


def test_special_functions_come_back(store):
    """Code that calls SciPy's functions by symbol works when it is loaded."""
    source = "def f(x):\n return f_digamma(x)\n"
    for expected in (False, True):
        numba_store._KNOWN.clear()
        function, cached, _ = numba_store.jit(source, "f", (types.float64,), named(source), OPTIONS)
        assert cached is expected
        assert abs(function(1.0) + 0.5772156649015329) < 1e-15


PROGRAM = """
import numpy as np, diffcompare as dc
def f(x, s):
    return np.sum(np.exp(-x) * np.sin(x)) * s
for n in (3, 5):
    p = dc.prepare(f, np.linspace(0.0, 1.0, n), 2.0, method="reverse")
    print(p.prepared.cached, p.value(np.ones(n), 2.0) == 2.0 * n * (np.exp(-1.0) * np.sin(1.0)), flush=True)
print(dc.__file__)
"""


def process(**environment):
    """A started process of `PROGRAM`."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


def test_several_processes_share_a_store(store):
    """Two processes that compile the same at once succeed; a third one compiles nothing."""
    both = [process() for _ in range(2)]
    assert [p.communicate()[0].count("\n") for p in both] == [3, 3]
    assert [p.returncode for p in both] == [0, 0]
    third = process().communicate()[0].split()
    assert third[0] == third[2] == "True"


def test_results_say_where_code_came_from(store):
    """The comparison's `cached` column follows the store."""
    numba_store._KNOWN.clear()
    found = [dc.compare("sin(x)*y", {"x": 1.0, "y": 2.0}, methods=["reverse"], time=False) for _ in range(2)]
    assert [records["reverse"]["cached"] for records in found] == [False, True]


def test_the_command_shows_and_clears_the_store(store):
    """`diffcompare cache info` counts entries, `clear` removes them."""
    compiled()
    (store / f"half{store_folder.TEMPORARY}").write_bytes(b"x")
    said = CliRunner().invoke(app, ["cache", "info"]).stdout
    assert "1 compiled function," in said and store.name in said
    assert "removed 1 compiled function " in CliRunner().invoke(app, ["cache", "clear"]).stdout
    assert list(store.iterdir()) == []


def test_a_store_that_grew_too_large_drops_its_oldest_entries(store, monkeypatch):
    """The newest entries stay."""
    store.mkdir(mode=0o700)
    for k in range(4):
        path = store / f"{k}{store_folder.SUFFIX}"
        path.write_bytes(bytes(100))
        os.utime(path, (k, k))
    monkeypatch.setattr(store_folder, "MOST_BYTES", 250)
    store_folder.write(store / f"new{store_folder.SUFFIX}", b"new")
    assert sorted(p.stem for p in store.iterdir()) == ["2", "3", "new"]


def test_another_size_compiles_nothing(store):
    """Sizes are arguments of compiled code, so that arrays of other lengths find it there."""
    numba_store._KNOWN.clear()
    runs = [dc.prepare(lambda x: np.sum(np.cos(x) * x), np.ones(n), method="reverse") for n in (100, 1000)]
    assert [run.prepared.cached for run in runs] == [False, True]
    assert runs[1].value(np.ones(1000)) == pytest.approx(1000 * np.cos(1.0), rel=1e-13)


def test_bits_do_not_depend_on_where_arrays_lie():
    """Arguments are known to be distinct: no check of addresses chooses between scalar and vector code."""
    n = 1000
    data = np.random.default_rng(3).normal(size=n)
    prepared = dc.prepare(lambda x: np.sum(np.sin(x) * np.exp(-x * x)), data)
    found = set()
    room = np.empty(2 * n + 400)
    for gap in range(0, 300, 7):
        x, g = room[:n], room[n + gap : 2 * n + gap]
        x[:] = data
        value, _ = prepared.value_and_gradient(x, out=g)
        found.add((value, g.tobytes()))
    assert len(found) == 1
