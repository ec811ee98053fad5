"""The Gaussian mixture with GradBench's sign of the prior, on ADBench's files."""

from functools import partial

from diffcompare.problems.gmm import FILES, LICENCE, mixture_point
from diffcompare.problems.mixture import mixture_gradient, mixture_objective
from diffcompare.problems.problem import Problem

PROBLEM = Problem(
    name="gmm-gradbench",
    title="Gaussian mixture, prior subtracted as GradBench does",
    formula="sum_i LSE_k(alpha_k + sum q_k - |Q_k (x_i - mu_k)|^2 / 2) - n LSE(alpha) - n D/2 ln(2 pi) - P(icf)",
    function=partial(mixture_objective, prior_sign=-1.0),
    point=mixture_point,
    gradient=partial(mixture_gradient, prior_sign=-1.0),
    wrt=(0, 1, 2),
    sizes=tuple(FILES),
    tags=("adbench", "data", "machine-learning"),
    source="GradBench, github.com/gradbench/gradbench, eval `gmm`; formula of doi:10.1080/10556788.2018.1435651",
    licence=LICENCE,
)
