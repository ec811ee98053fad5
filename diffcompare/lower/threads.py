"""Ranges of one loop on several threads: plain Python threads around compiled code that holds no lock.

The threads belong to this process (a fork makes its own when it needs them), several callers may share them, and a
caller works itself, so that it never waits for a thread that is busy elsewhere. A call from one of the threads runs
where it is. What a range computes depends on no other, so results do not depend on the number of threads.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_HERE = threading.local()
_LOCK = threading.Lock()
_POOLS: dict[tuple[int, int], ThreadPoolExecutor] = {}
_RANGES = 4  # for each thread, so that a thread which the system interrupts delays the others little


def spread(work: Callable[[int, int], object], length: int, step: int, threads: int) -> None:
    """Call ``work(first, last)`` for ranges that make up `length`, each but the last a multiple of `step` long."""
    if threads <= 1 or getattr(_HERE, "busy", False):
        work(0, length)
        return
    size = max(1, -(-length // (step * threads * _RANGES))) * step
    ranges = itertools.count(0, size)  # taking the next one is atomic

    def take() -> None:
        _HERE.busy = True
        try:
            for first in ranges:
                if first >= length:
                    return
                work(first, min(first + size, length))
        finally:
            _HERE.busy = False

    others = [_pool(threads - 1).submit(take) for _ in range(threads - 1)]
    take()
    for other in others:
        if not other.cancel():
            other.result()


def _pool(workers: int) -> ThreadPoolExecutor:
    key = os.getpid(), workers
    with _LOCK:
        if key not in _POOLS:
            _POOLS[key] = ThreadPoolExecutor(workers, thread_name_prefix="diffcompare")
        return _POOLS[key]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)
