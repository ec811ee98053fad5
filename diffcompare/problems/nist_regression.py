"""Sum of squared residuals of a NIST regression, as a problem with the file's three points."""

from collections.abc import Callable

import numpy as np

from diffcompare.problems.nist_files import read_regression
from diffcompare.problems.problem import Problem, Size, require_known

Model = Callable[[np.ndarray, np.ndarray], np.ndarray]
KEYS = ("start1", "start2", "certified")
LICENCE = "US Government work, public domain in the United States; NIST Statistical Reference Datasets (StRD)"


def regression_problem(
    dataset: str, title: str, formula: str, source: str, model: Model, jacobian: Model, tags: tuple[str, ...] = ()
) -> Problem:
    """The problem sum_i (y_i - model(b, x_i))^2 in b, on one of NIST's datasets.

    Parameters
    ----------
    dataset : str
        Name of the file without its ending, such as ``"Misra1a"``.
    title, formula, source : str
        As in `Problem`; the formula is that of the model.
    model : callable
        Maps parameters of shape (k,) and predictors of shape (n,) to the response, shape (n,).
    jacobian : callable
        Derivative of the model in its parameters by hand, shape (k, n).
    tags : tuple of str, default ()
        Tags besides those that all regressions have.
    """

    def function(b: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
        return np.sum((y - model(b, x)) ** 2)

    def point(size: Size = "start1") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        require_known(size, KEYS, f"point of {dataset}")
        data = read_regression(f"nist/{dataset}.dat")
        return data.starts[str(size)], data.x, data.y

    def gradient(b: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        return (-2.0 * (jacobian(b, x) @ (y - model(b, x))),)

    return Problem(
        name=f"nist-{dataset.lower()}",
        title=title,
        formula=f"sum_i (y_i - m(x_i))^2, m(x) = {formula}",
        function=function,
        point=point,
        gradient=gradient,
        sizes=KEYS,
        tags=("least-squares", "nist", "data", *tags),
        source=f"{source}; NIST StRD nonlinear regression, https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml",
        licence=LICENCE,
    )
