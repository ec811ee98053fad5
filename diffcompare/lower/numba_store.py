"""Compiled functions kept on disk: what one process compiled, the next one loads.

An entry is one file, named after everything its machine code depends on: source, constants, signature, options, the
versions of what made it and the processor. It holds a checksum; an entry that is not whole, or not what its name says,
is deleted and compiled again. Numba's own cache is not used: its key leaves out the constants of a function, and a
damaged file of its reaches the user as an exception.

An entry is unpickled, which can run code. So the folder must belong to this user, and nobody else may write to it.

Environment variables: ``DIFFCOMPARE_CACHE_DIR`` names another folder, ``DIFFCOMPARE_CACHE=0`` turns the store off.
"""

from __future__ import annotations

import functools
import hashlib
import linecache
import os
import pickle
import platform
import sys
import time
import types as python_types
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
import scipy
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

from .numba_ir_module import compiled
from .numba_outline import Outlined
from .numba_vector_code import state
from .store_folder import MAGIC, SUFFIX, discard, folder, write

_KNOWN: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


def jit(
    source: str,
    name: str,
    signature: Sequence[Any],
    namespace: Mapping[str, Any],
    options: Mapping[str, Any],
    facts: Sequence[str] = (),
    parts: Sequence[Outlined] = (),
) -> tuple[Any, bool, float]:
    """The function `name` of `source`, compiled for one signature, from the store where it is there.

    Parameters
    ----------
    source : str
        Python text that defines the function.
    name : str
        Its name in the text; tracebacks show it as ``k_<first 16 digits of the key>``.
    signature : sequence of Numba types
        Types of the arguments. There is one signature a function.
    namespace : mapping
        What the text may name. Numbers and arrays are part of the key by value, functions of this store by their own
        key, anything else by its name: such a function must come from a module of diffcompare or of a library, whose
        version is in the key. ``__name__`` must be an importable module.
    options : mapping
        For `numba.njit`; and ``distinct=True`` where no array that is written shares memory with another argument.
    facts : sequence of str, optional
        What else the machine code depends on, such as the vector library in use.
    parts : sequence of Outlined, optional
        Functions that the text calls, which may name what it may name. They are compiled with it, under one key.

    Returns
    -------
    function
        Numba's dispatcher.
    cached : bool
        Whether nothing was compiled.
    seconds : float
        Time this took, in seconds.
    """
    start = time.perf_counter()
    space = {"__name__": __name__, **namespace}
    code = compile(source, f"<diffcompare {name}>", "exec")
    codes = [code, *(compile(part.source, f"<diffcompare {part.name}>", "exec") for part in parts)]
    used = [name for one in codes for name in _used(one, space)]
    whole = "".join([source, *(f"{part.name}{part.types}\n{part.source}" for part in parts)])
    key = _key(whole, signature, used, options, facts)
    found = _KNOWN.get(key)
    if found is not None:
        return found, True, time.perf_counter() - start
    filename = f"<diffcompare k_{key[:16]}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), space)  # noqa: S102 - our own names and numbers only
    function = space[name]
    function.__name__ = function.__qualname__ = f"k_{key[:16]}"
    dispatcher = numba.njit(**{name: value for name, value in options.items() if name != "distinct"})(function)
    if options.get("distinct"):
        dispatcher._compiler._customize_flags = _distinct
    dispatcher.diffcompare_key = key
    entry = _Entry(key)
    dispatcher._cache = entry
    _fill(dispatcher, entry, source, tuple(signature), space, options, parts)
    dispatcher.disable_compile()
    _KNOWN[key] = dispatcher
    return dispatcher, entry.loaded, time.perf_counter() - start


@global_compiler_lock
def _fill(
    dispatcher: Any, entry: _Entry, source: str, given: tuple, space: Mapping, options: Mapping, parts: Sequence
) -> None:
    """Load the machine code of a dispatcher, or compile it: by itself where that can be done, else by Numba."""
    result = entry.load_overload(given, dispatcher.targetctx)
    if result is None and options.get("error_model") == "numpy":
        result = compiled(dispatcher, source, given, space, parts, bool(options.get("distinct")))
        if result is not None:
            entry.alone = True
            entry.save_overload(given, result)
    if result is not None:
        dispatcher.targetctx.insert_user_function(result.entry_point, result.fndesc, [result.library])
        dispatcher.add_overload(result)
        return
    for part in parts:
        dispatcher.py_func.__globals__[part.name] = jit(part.source, "kernel", part.types, space, options)[0]
    dispatcher.compile(given)


def entry_point(function: Any) -> Callable:
    """The function of Python objects that calls the machine code of `jit`'s function, without a look at their types.

    Arguments of other types are misread, not refused.
    """
    return function.get_overload(function.signatures[0])


def _distinct(flags: Any) -> Any:
    # LLVM otherwise vectorises behind checks of addresses, and falls back to scalar code (other bits, a quarter of the
    # speed) where arrays happen to lie close together.
    flags.noalias = True
    return flags


class _Entry(_Cache):
    """The store as one dispatcher sees it: at most one entry, under its key."""

    def __init__(self, key: str) -> None:
        self.key, self.loaded, self.alone, self._folder = key, False, False, folder()

    @property
    def cache_path(self) -> str | None:
        return None if self._folder is None else str(self._folder)

    @property
    def _path(self) -> Path | None:
        return None if self._folder is None else self._folder / f"{self.key}{SUFFIX}"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The stored result of compilation, or None: whatever is wrong with an entry, it is made anew."""
        if self._path is None:
            return None
        try:
            data = self._path.read_bytes()
        except OSError:  # most often there is none
            return None
        try:
            alone, *rest = pickle.loads(_payload(data, self.key))
            if alone is not True:
                target_context.refresh()  # loads all of Numba, whose functions the code may call
            result = CompileResult._rebuild(target_context, *rest)
            if tuple(result.signature.args) != tuple(sig.args if hasattr(sig, "args") else sig):
                raise ValueError("the entry is for another signature")
        except Exception:  # noqa: BLE001 - damage can raise anything; the entry is dropped and compiled again
            discard(self._path)
            return None
        self.loaded = True
        return result

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the result of a compilation, unless it holds addresses of this process."""
        if self._path is None or data.lifted or data.library.has_dynamic_globals:
            return
        body = dumps((self.alone, *data._reduce()))
        write(self._path, _header(self.key, body) + body)

    def enable(self) -> None:
        """Nothing to do: an entry is on while its folder is there."""

    def disable(self) -> None:
        """Neither load nor save."""
        self._folder = None

    def flush(self) -> None:
        """Remove the entry."""
        if self._path is not None:
            discard(self._path)


def _header(key: str, body: bytes) -> bytes:
    return MAGIC + hashlib.sha256(key.encode() + body).digest()


def _payload(data: bytes, key: str) -> bytes:
    start = len(MAGIC) + hashlib.sha256().digest_size
    body = data[start:]
    if len(data) < start or data[:start] != _header(key, body):
        raise ValueError("the entry is damaged, or not the one its name says")
    return body


# The key.
def _key(source: str, signature: Sequence[Any], used: list[str], options: Mapping, facts: Sequence[str]) -> str:
    parts = [*_environment(), source, *map(str, signature), *used, repr(sorted(options.items())), *facts]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@functools.cache
def _environment() -> tuple[str, ...]:
    """What all machine code of this process depends on; asking also loads the vector library it may call."""
    libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", ()) else ""
    versions = (numba.__version__, llvmlite.__version__, np.__version__, scipy.__version__, sys.version)
    processor = map(str, cpu_target.target_context.codegen().magic_tuple())
    settings = (name for name in ("NUMBA_OPT", "NUMBA_LOOP_VECTORIZE", "NUMBA_SLP_VECTORIZE", "NUMBA_BOUNDSCHECK"))
    return (
        *versions, platform.system(), str(libc), *processor, _codegen(), str(state()),
        *(os.environ.get(name, "") for name in settings),
    )  # fmt: skip


def _codegen() -> str:
    """A digest of the modules around this one, which emit code or hold functions that emitted code calls."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _used(code: python_types.CodeType, space: Mapping[str, Any]) -> list[str]:
    """The names that a text takes from its namespace, with what they stand for."""
    names, todo = set[str](), [code]
    while todo:
        one = todo.pop()
        names.update(one.co_names)
        todo += [c for c in one.co_consts if isinstance(c, python_types.CodeType)]
    return [f"{name}={_content(space[name])}" for name in sorted(names & space.keys())]


def _content(value: Any) -> str:
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"{value.dtype.str}{value.shape}{digest}"
    if isinstance(value, (bool, int, float, str, tuple, np.generic)):
        return f"{type(value).__name__}:{value!r}"
    key = getattr(value, "diffcompare_key", None)
    return key or f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__name__)}"
