"""`diffcompare gradbench`: a tool that GradBench can run."""

from __future__ import annotations

import os
import sys

from diffcompare.bench.gradbench import answers
from diffcompare.cli.commands import app


@app.command()
def gradbench() -> None:
    """Answer GradBench's messages: one JSON object a line on standard input, one on standard output.

    Modules: hello, lse, llsq, det, ode, gmm, kmeans, lstm, all by reverse accumulation. It ends where its input does.
    """
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n") as answering:
        os.dup2(2, 1)  # whatever else is printed, by compiled code too, goes to standard error
        for answer in answers(sys.stdin.buffer):
            answering.write(answer + "\n")
            answering.flush()
