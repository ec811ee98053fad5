"""Where a session runs: in a process of its own with limits of time and memory, or in this one without."""

from __future__ import annotations

import queue
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from diffcompare.bench.worker import receive, send
from diffcompare.errors import InternalError, OptionError

START_S = 120.0  # to import everything on a machine that does other things too
POLL_S = 0.02
PAGE = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """What one step (opening a case, checking a method, timing all) may take.

    Parameters
    ----------
    seconds : float, default 60
        Longest step.
    memory_bytes : int, default 4 GiB
        Most memory that the process may hold (its resident set).
    """

    seconds: float = 60.0
    memory_bytes: int = 4 << 30

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and self.memory_bytes > 0):
            raise OptionError(f"limits must be positive, not {self.seconds} s and {self.memory_bytes} bytes.")


class Stopped(Exception):
    """A step was stopped, or its process ended; the text says why, and the session is gone."""


class Failed(Exception):
    """A step raised an exception; the session lives on."""


class Place(Protocol):
    """Where a session's steps are carried out."""

    def run(self, step: str, *arguments: Any, seconds: float | None = None) -> Any:
        """The result of a step."""

    def close(self) -> None:
        """End it."""


class Here:
    """In this process: without limits, for functions that cannot be sent to another."""

    def __init__(self) -> None:
        from diffcompare.bench.session import Session

        self._session = Session()

    def run(self, step: str, *arguments: Any, seconds: float | None = None) -> Any:
        """The result of a step; no limit is watched."""
        try:
            return getattr(self._session, step)(*arguments)
        except Exception as error:
            raise Failed(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Nothing is held."""


class Apart:
    """In a process of its own, started when it is needed, ended when a limit is passed."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[tuple[str, Any]] = queue.Queue()

    def run(self, step: str, *arguments: Any, seconds: float | None = None) -> Any:
        """The result of a step.

        Raises
        ------
        Stopped
            If a limit was passed or the process ended.
        Failed
            If the step raised.
        """
        if self._process is None:
            self._start()
        assert self._process is not None and self._process.stdin is not None
        try:
            send(self._process.stdin, (step, arguments))
        except OSError:
            self._end(self._last_words())
        kind, content = self._wait(self.limits.seconds if seconds is None else seconds)
        if kind == "failed":
            raise Failed(content)
        return content

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass  # what was still to be sent has no reader any more
        self._errors.close()

    def _start(self) -> None:
        self._errors = tempfile.TemporaryFile()
        self._answers = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "diffcompare.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        threading.Thread(target=_listen, args=(self._process, self._answers), daemon=True).start()
        kind, _ = self._wait(START_S)
        if kind != "ready":
            raise InternalError(f"a worker began with {kind!r} instead of 'ready'.")

    def _wait(self, seconds: float) -> tuple[str, Any]:
        assert self._process is not None
        until = time.monotonic() + seconds
        while True:
            try:
                kind, content = self._answers.get(timeout=POLL_S)
            except queue.Empty:
                held = resident_bytes(self._process.pid)
                if held > self.limits.memory_bytes:
                    self._end(
                        f"stopped: it held {held / 1e9:.1f} GB, and {self.limits.memory_bytes / 1e9:.1f} are allowed"
                    )
                if time.monotonic() > until:
                    self._end(f"stopped after {seconds:g} s, the limit of a step")
                continue
            if kind == "ended":
                self._end(self._last_words())
            return kind, content

    def _last_words(self) -> str:
        """Why the process ended by itself, with the end of what it wrote."""
        assert self._process is not None
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"its process ended ({how})" + (f": {lines[-1]}" if lines else "")

    def _end(self, why: str) -> None:
        self.close()
        raise Stopped(why)


def _listen(process: subprocess.Popen[bytes], answers: queue.Queue[tuple[str, Any]]) -> None:
    assert process.stdout is not None
    try:
        while True:
            answers.put(receive(process.stdout))
    except (EOFError, OSError, ValueError):  # ended, or closed from this side
        answers.put(("ended", None))


def resident_bytes(pid: int) -> int:
    """Memory that a process holds, in bytes; 0 where the system does not tell (no ``/proc``)."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * PAGE
