"""The logistic map unrolled: the expression that swells when it is differentiated symbolically."""

import numpy as np

from diffcompare.problems.problem import Problem, Size, require_size

FORMULA = "l_n of l_1 = x, l_{k+1} = r_k l_k (1 - l_k), all r_k = 4"


def logistic_map(x: float, rates: np.ndarray) -> float:
    """Value after as many iterations as there are rates, shape (n - 1,)."""
    for k in range(rates.shape[0]):
        x = rates[k] * x * (1.0 - x)
    return x


def logistic_map_gradient(x: float, rates: np.ndarray) -> tuple[float]:
    """The forward recurrence (l, l') -> (r l (1 - l), r (1 - 2 l) l')."""
    slope = 1.0
    for rate in rates:
        x, slope = rate * x * (1.0 - x), rate * (1.0 - 2.0 * x) * slope
    return (float(slope),)


def logistic_point(n: Size = 4, start: float = 0.2, name: str = "logistic-map") -> tuple[float, np.ndarray]:
    """Start and n - 1 rates of 4, so that the value is l_n in the survey's counting (l_1 = x)."""
    return start, np.full(require_size(n, name, least=2) - 1, 4.0)


PROBLEM = Problem(
    name="logistic-map",
    title="Logistic map, few iterations from 0.2",
    formula=FORMULA,
    function=logistic_map,
    point=logistic_point,
    gradient=logistic_map_gradient,
    sizes=(2, 3, 4, 5, 6, 7),
    tags=("scalable", "scalar", "expression-swell"),
    source="Baydin, Pearlmutter, Radul and Siskind 2018, JMLR 18(153), table 1 and figure 3",
)
