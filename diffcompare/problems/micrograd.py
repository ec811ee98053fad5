"""The expression of micrograd's README: sums, powers and rectifiers that reuse each other."""

from diffcompare.ops.activations import relu
from diffcompare.problems.problem import PUBLISHED, Problem, published_point


def micrograd(a: float, b: float) -> float:
    """e^2 / 2 + 10 / e^2 with e = c - d, built in the README's order."""
    c = (a + b) + (a + b) + 1.0
    c = c + 1.0 + c + (-a)
    d = a * b + b**3
    d = d + d * 2.0 + relu(b + a)
    d = d + 3.0 * d + relu(b - a)
    f = (c - d) ** 2
    return f / 2.0 + 10.0 / f


def micrograd_gradient(a: float, b: float) -> tuple[float, float]:
    """Derivatives in a and b of c = 3 a + 4 b + 3 and d = 12 (a b + b^3) + 4 relu(a + b) + relu(b - a)."""
    summed, apart = float(a + b > 0.0), float(b - a > 0.0)
    c = 3.0 * a + 4.0 * b + 3.0
    d = 12.0 * (a * b + b**3) + 4.0 * summed * (a + b) + apart * (b - a)
    e = c - d
    e_bar = e - 20.0 / e**3
    return (
        e_bar * (3.0 - 12.0 * b - 4.0 * summed + apart),
        e_bar * (4.0 - 12.0 * (a + 3.0 * b**2) - 4.0 * summed - apart),
    )


PROBLEM = Problem(
    name="micrograd",
    title="micrograd's README expression",
    formula="e^2 / 2 + 10 / e^2, e = 3 a + 4 b + 3 - 12 (a b + b^3) - 4 relu(a + b) - relu(b - a)",
    function=micrograd,
    point=published_point(-4.0, 2.0),
    gradient=micrograd_gradient,
    wrt=(0, 1),
    sizes=(PUBLISHED,),
    tags=("scalar", "circuit", "kink"),
    source="Karpathy, micrograd, https://github.com/karpathy/micrograd",
)
