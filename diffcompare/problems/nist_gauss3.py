"""Gauss3: two Gaussians that blend strongly on a decaying baseline, eight parameters."""

from diffcompare.problems.nist_gauss1 import gauss1_jacobian, gauss1_model
from diffcompare.problems.nist_regression import regression_problem

PROBLEM = regression_problem(
    dataset="Gauss3",
    title="Two blended Gaussian peaks on an exponential, 250 observations",
    formula="b1 exp(-b2 x) + b3 exp(-(x - b4)^2 / b5^2) + b6 exp(-(x - b7)^2 / b8^2)",
    source="Rust 1996",
    model=gauss1_model,
    jacobian=gauss1_jacobian,
    tags=("badly-scaled",),
)
