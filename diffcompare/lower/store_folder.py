"""The folder of compiled code: where it is, whether it may be trusted, and what lies in it.

It holds nothing that cannot be made again. Loading this module does not load Numba.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import platformdirs

MAGIC = b"diffcompare-code-2\n"
SUFFIX, TEMPORARY = ".code", ".part"
MOST_BYTES = 1 << 30  # when the store has grown beyond this, the entries that were made first are dropped
_LEFT_OVER_SECONDS = 3600.0  # a file half written for so long belongs to a process that died

_told: set[str] = set()
_pruned: set[Path] = set()


@dataclass(frozen=True, slots=True)
class Contents:
    """What the store holds.

    Attributes
    ----------
    folder : str
        Where it is.
    enabled : bool
        Whether compiled code is kept there; `reason` says why not.
    entries : int
        Compiled functions in it.
    size_bytes : int
        Their size, with files that were left half written.
    """

    folder: str
    enabled: bool
    reason: str
    entries: int
    size_bytes: int


def place() -> Path:
    """Where the folder is, or would be."""
    chosen = os.environ.get("DIFFCOMPARE_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("diffcompare", appauthor=False)) / "compiled"


def folder() -> Path | None:
    """The folder, made if need be; None where the store is off. A folder that cannot be used is warned of once."""
    path = place()
    reason = _why_not(path, make=True)
    if reason and os.environ.get("DIFFCOMPARE_CACHE") != "0" and f"{path}: {reason}" not in _told:
        _told.add(f"{path}: {reason}")
        warnings.warn(
            f"Compiled code is not kept on disk: {reason}.\n"
            "  Every process compiles anew. Name a folder of your own in DIFFCOMPARE_CACHE_DIR, or set "
            "DIFFCOMPARE_CACHE=0 to be silent.",
            RuntimeWarning,
            stacklevel=3,
        )
    return None if reason else path


def _why_not(path: Path, make: bool) -> str:
    if os.environ.get("DIFFCOMPARE_CACHE") == "0":
        return "DIFFCOMPARE_CACHE=0"
    try:
        if make:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
    except OSError as error:
        return "" if not make and isinstance(error, FileNotFoundError) else f"{path}: {error.strerror}"
    if not stat.S_ISDIR(found.st_mode):
        return f"{path} is not a folder"
    if hasattr(os, "getuid"):  # elsewhere a user's folders are private by their place
        if found.st_uid != os.getuid():
            return f"{path} belongs to another user, and loading code from it would run that user's code"
        if found.st_mode & stat.S_IWOTH:
            return f"every user may write to {path}, and loading code from it would run theirs"
    return "" if os.access(path, os.W_OK | os.X_OK) else f"{path} cannot be written to"


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path` all at once; a full disk, or a folder that has vanished, only means that nothing is kept."""
    _prune(path.parent)
    try:
        handle, temporary = tempfile.mkstemp(suffix=TEMPORARY, dir=path.parent)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        pass
    finally:
        discard(Path(temporary))  # still there after a failure or an interrupt


def discard(path: Path) -> bool:
    """Remove a file if it is there and may be removed."""
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _files(path: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    try:
        for entry in os.scandir(path):
            if entry.name.endswith((SUFFIX, TEMPORARY)) and entry.is_file(follow_symlinks=False):
                found.append((Path(entry.path), entry.stat()))
    except OSError:  # no folder, or a file that another process has just removed
        return found
    return found


def _prune(path: Path) -> None:
    """Once a process: drop what was left half written, and the oldest entries of a store that is too large."""
    if path in _pruned:
        return
    _pruned.add(path)
    files = sorted(_files(path), key=lambda item: item[1].st_mtime, reverse=True)
    total, now = 0, time.time()
    for file, about in files:
        total += about.st_size
        left_over = file.suffix == TEMPORARY and now - about.st_mtime > _LEFT_OVER_SECONDS
        if left_over or total > MOST_BYTES:
            discard(file)


def contents() -> Contents:
    """What the store holds."""
    path = place()
    files, reason = _files(path), _why_not(path, make=False)
    entries = sum(file.suffix == SUFFIX for file, _ in files)
    return Contents(str(path), not reason, reason, entries, sum(about.st_size for _, about in files))


def clear() -> int:
    """Remove every entry; gives how many there were."""
    removed = [file for file, _ in _files(place()) if discard(file)]
    return sum(file.suffix == SUFFIX for file in removed)
