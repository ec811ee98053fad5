"""Device code kept beside the CPU's: a kernel's machine code, in a checked file named after all it depends on.

An entry is a line with the kernel's name and the machine code as NVIDIA's linker wrote it; nothing of it is run on the
host, and a damaged entry is deleted and compiled again.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from .cuda_kernels import KernelText
from .cuda_presence import version
from .store_folder import MAGIC, SUFFIX, discard, folder, write

_PACKAGES = ("numba-cuda", "numba", "llvmlite", "nvidia-nvjitlink", "nvidia-nvjitlink-cu12", "nvidia-nvvm",
             "nvidia-cuda-nvcc-cu12", "cuda-core")  # fmt: skip


def key(text: KernelText, capability: tuple[int, int]) -> str:
    """What the machine code of a kernel depends on, as a name."""
    parts = [*_environment(), text.source, text.element, *text.takes, ">", *text.gives, ">", *text.parameters]
    return hashlib.sha256("\0".join([*parts, str(capability)]).encode()).hexdigest()


@functools.cache
def _environment() -> tuple[str, ...]:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("cuda_*.py")):
        digest.update(path.read_bytes())
    return (*(f"{name}={version(name)}" for name in _PACKAGES), digest.hexdigest())


def find(name: str) -> tuple[str, bytes] | None:
    """The kernel's name and machine code of an entry; None where there is none that is whole."""
    path = _path(name)
    if path is None:
        return None
    try:
        data = path.read_bytes()
    except OSError:  # most often there is none
        return None
    start = len(MAGIC) + hashlib.sha256().digest_size
    if data[:start] != _header(name, data[start:]):
        discard(path)
        return None
    entry, _, code = data[start:].partition(b"\n")
    return entry.decode(), code


def keep(name: str, entry: str, code: bytes) -> None:
    """Keep machine code under a name."""
    path = _path(name)
    if path is not None:
        body = entry.encode() + b"\n" + code
        write(path, _header(name, body) + body)


def _path(name: str) -> Path | None:
    found = folder()
    return None if found is None else found / f"{name}{SUFFIX}"


def _header(name: str, body: bytes) -> bytes:
    return MAGIC + hashlib.sha256(name.encode() + body).digest()
