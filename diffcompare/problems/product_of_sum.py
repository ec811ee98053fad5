"""The first circuit of many courses: an addition feeding a multiplication."""

from diffcompare.problems.problem import PUBLISHED, Problem, published_point


def product_of_sum(x: float, y: float, z: float) -> float:
    """(x + y) z."""
    return (x + y) * z


def product_of_sum_gradient(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Derivatives in x, y and z."""
    return z, z, x + y


PROBLEM = Problem(
    name="product-of-sum",
    title="Addition into multiplication",
    formula="(x + y) z",
    function=product_of_sum,
    point=published_point(-2.0, 5.0, -4.0),
    gradient=product_of_sum_gradient,
    wrt=(0, 1, 2),
    sizes=(PUBLISHED,),
    tags=("circuit", "scalar"),
    source="Stanford CS231n, notes on backpropagation, https://cs231n.github.io/optimization-2/",
)
