"""The other side of the pipe: a process that does one step after another and can be stopped at any time.

It is started as ``python -m diffcompare.bench.worker``. Requests and answers are pickled, each with its length in eight
bytes before it; requests come on standard input. Whatever a method prints goes to standard error.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
from typing import IO, Any

LENGTH = struct.Struct("<Q")


def send(stream: IO[bytes], message: Any) -> None:
    """Write one message."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(content)) + content)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read one message.

    Raises
    ------
    EOFError
        If the stream has ended.
    """
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError("the other process has ended")
    (length,) = LENGTH.unpack(head)
    content = stream.read(length)
    if len(content) < length:
        raise EOFError("the other process has ended in the middle of a message")
    return pickle.loads(content)  # from a process that this one started, or that started this one


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until they end."""
    from diffcompare.bench.session import Session  # takes seconds; the parent waits for the first answer

    session = Session()
    send(answers, ("ready", None))
    while True:
        try:
            step, arguments = receive(requests)
        except EOFError:
            return
        try:
            answer = ("done", getattr(session, step)(*arguments))
        except Exception as error:  # noqa: BLE001 - told to the parent, which makes a row of it
            answer = ("failed", f"{type(error).__name__}: {error}")
        send(answers, answer)


def main() -> None:
    """Serve on standard input and what was standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption means
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
