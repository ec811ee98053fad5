"""The parabola on which difference quotients are first tried."""

from diffcompare.problems.problem import PUBLISHED, Problem, published_point


def parabola(x: float) -> float:
    """3 x^2 - 4 x."""
    return 3.0 * x**2 - 4.0 * x


def parabola_gradient(x: float) -> tuple[float]:
    """6 x - 4."""
    return (6.0 * x - 4.0,)


PROBLEM = Problem(
    name="difference-quotient",
    title="A parabola",
    formula="3 x^2 - 4 x",
    function=parabola,
    point=published_point(1.0),
    gradient=parabola_gradient,
    sizes=(PUBLISHED,),
    tags=("scalar", "polynomial"),
    source="Zhang, Lipton, Li and Smola, Dive into Deep Learning, section 2.4, https://d2l.ai",
)
