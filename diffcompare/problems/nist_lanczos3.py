"""Lanczos3: the three decays of Lanczos1 to 5 digits, which no longer determine the six parameters well."""

from diffcompare.problems.nist_lanczos1 import FORMULA, SOURCE, lanczos_jacobian, lanczos_model
from diffcompare.problems.nist_regression import regression_problem

PROBLEM = regression_problem(
    dataset="Lanczos3",
    title="Three decays with 5 digits, 24 observations",
    formula=FORMULA,
    source=SOURCE,
    model=lanczos_model,
    jacobian=lanczos_jacobian,
)
