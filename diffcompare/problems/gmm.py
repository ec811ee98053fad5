"""ADBench's Gaussian mixture on its own files, with ADBench's sign of the prior."""

from functools import partial

import numpy as np

from diffcompare.problems.adbench_files import read_mixture
from diffcompare.problems.mixture import mixture_gradient, mixture_objective
from diffcompare.problems.problem import Problem, Size, require_known

FILES = {
    "test": "adbench/test.txt",
    "d2_K5": "adbench/gmm_d2_K5.txt",
    "d2_K10": "adbench/gmm_d2_K10.txt",
    "d2_K25": "adbench/gmm_d2_K25.txt",
    "d10_K5": "adbench/gmm_d10_K5.txt",
    "d20_K5": "adbench/gmm_d20_K5.txt",
    "d10_K25": "adbench/gmm_d10_K25.txt",
    "d32_K5": "adbench/gmm_d32_K5.txt",
}
LICENCE = "MIT, Copyright (c) Microsoft Corporation; github.com/microsoft/ADBench, data/gmm at commit 38cb793"


def mixture_point(size: Size = "test") -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arguments (alpha, means, icf, x) of one of ADBench's files; all of them have the prior gamma = 1, m = 0."""
    require_known(size, tuple(FILES), "ADBench mixture file")
    data = read_mixture(FILES[str(size)])
    return data.alpha, data.means, data.icf, data.x


PROBLEM = Problem(
    name="gmm",
    title="Gaussian mixture, prior added as ADBench does",
    formula="sum_i LSE_k(alpha_k + sum q_k - |Q_k (x_i - mu_k)|^2 / 2) - n LSE(alpha) - n D/2 ln(2 pi) + P(icf)",
    function=partial(mixture_objective, prior_sign=1.0),
    point=mixture_point,
    gradient=partial(mixture_gradient, prior_sign=1.0),
    wrt=(0, 1, 2),
    sizes=tuple(FILES),
    tags=("adbench", "data", "machine-learning"),
    source="Srajer, Kukelova and Fitzgibbon 2018, doi:10.1080/10556788.2018.1435651",
    licence=LICENCE,
)
