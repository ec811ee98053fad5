"""The logistic map for so long that its derivative, exact for the program, says nothing about the mathematics."""

from functools import partial

from diffcompare.problems.logistic_map import FORMULA, logistic_map, logistic_map_gradient, logistic_point
from diffcompare.problems.problem import Problem

PROBLEM = Problem(
    name="logistic-map-chaos",
    title="Logistic map, many iterations from 0.7",
    formula=FORMULA,
    function=logistic_map,
    point=partial(logistic_point, start=0.7, name="logistic-map-chaos"),
    gradient=logistic_map_gradient,
    sizes=(20, 50, 100),
    tags=("scalable", "scalar", "ill-conditioned"),
    source="May 1976, doi:10.1038/261459a0; rate 4 as in Baydin et al. 2018, JMLR 18(153)",
)
