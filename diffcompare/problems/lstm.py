"""ADBench's long short-term memory on the beginning of Shakespeare's sonnets."""

import numpy as np

from diffcompare.problems.adbench_files import read_recurrent
from diffcompare.problems.problem import Problem, Size, require_known
from diffcompare.problems.recurrent import recurrent_gradient, recurrent_loss

FILES = {2: "adbench/lstm_l2_c1024.txt", 4: "adbench/lstm_l4_c1024.txt"}
# Layers, and how many of the file's 1024 characters are read; the last two are ADBench's own points.
POINTS = {"l2_c4": (2, 4), "l2_c16": (2, 16), "l2_c64": (2, 64), "l2_c1024": (2, 1024), "l4_c1024": (4, 1024)}


def sonnets(size: Size = "l2_c4") -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arguments (main, extra, state, sequence) of one of ADBench's files, cut after some characters."""
    require_known(size, tuple(POINTS), "ADBench sequence")
    layers, characters = POINTS[str(size)]
    main, extra, state, sequence = read_recurrent(FILES[layers])
    return main, extra, state, sequence[:characters].copy()


PROBLEM = Problem(
    name="lstm",
    title="Long short-term memory, a model of characters",
    formula="-mean_t s_{t+1} . (y_t - ln(2 + sum exp y_t)), y_t = a1 h_t + a2, element-wise gates",
    function=recurrent_loss,
    point=sonnets,
    gradient=recurrent_gradient,
    wrt=(0, 1),
    sizes=tuple(POINTS)[:4],  # the last alone takes as long as all others
    tags=("adbench", "data", "machine-learning", "recurrence"),
    source="Srajer, Kukelova and Fitzgibbon 2018, doi:10.1080/10556788.2018.1435651, objective LSTM",
    licence="MIT, Copyright (c) Microsoft Corporation; github.com/microsoft/ADBench, data/lstm at commit 38cb793",
)
