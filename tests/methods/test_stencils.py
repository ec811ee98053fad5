"""Stencil weights are the published rational numbers, and the default step minimises the error bound."""

from fractions import Fraction

import pytest

from diffcompare.errors import OptionError
from diffcompare.methods.stencils import ORDERS, stencil, weights

EVERY = [(scheme, order) for scheme, orders in ORDERS.items() for order in orders]

# Fornberg 1988, Mathematics of Computation 51, 699-706, tables 1 and 3
PUBLISHED = {
    ("central", 2): "-1/2 0 1/2",
    ("central", 4): "1/12 -2/3 0 2/3 -1/12",
    ("central", 6): "-1/60 3/20 -3/4 0 3/4 -3/20 1/60",
    ("central", 8): "1/280 -4/105 1/5 -4/5 0 4/5 -1/5 4/105 -1/280",
    ("forward", 1): "-1 1",
    ("forward", 2): "-3/2 2 -1/2",
    ("forward", 4): "-25/12 4 -3 4/3 -1/4",
    ("forward", 6): "-49/20 6 -15/2 20/3 -15/4 6/5 -1/6",
    ("forward", 8): "-761/280 8 -14 56/3 -35/2 56/5 -14/3 8/7 -1/8",
}
SECOND_DERIVATIVE = "-1/560 8/315 -1/5 8/5 -205/72 8/5 -1/5 8/315 -1/560"


def fractions(text: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, text.split()))


@pytest.mark.parametrize(("scheme", "order"), PUBLISHED)
def test_weights_are_the_published_ones(scheme: str, order: int) -> None:
    """First-derivative weights equal Fornberg's tables as rational numbers."""
    assert stencil(scheme, order).weights == fractions(PUBLISHED[scheme, order])


def test_higher_derivatives_have_published_weights_too() -> None:
    """The eighth-order second derivative has the weights of Fornberg's table 1."""
    assert weights(range(-4, 5), derivative=2) == fractions(SECOND_DERIVATIVE)


@pytest.mark.parametrize("order", ORDERS["backward"])
def test_backward_mirrors_forward(order: int) -> None:
    """Backward weights are the forward ones, on mirrored points and with opposite sign."""
    forward, backward = stencil("forward", order), stencil("backward", order)
    assert backward.offsets == tuple(-k for k in forward.offsets)
    assert backward.weights == tuple(-w for w in forward.weights)


@pytest.mark.parametrize(("scheme", "order"), EVERY)
def test_polynomials_up_to_the_order_are_exact(scheme: str, order: int) -> None:
    """The derivative of x**m at 0 is 1 for m = 1 and else 0, up to m = order and no further."""
    rule = stencil(scheme, order)
    moments = [sum(w * k**m for k, w in zip(rule.offsets, rule.weights, strict=True)) for m in range(order + 2)]
    assert moments[: order + 1] == [0, 1] + [0] * (order - 1)
    assert abs(moments[-1]) == rule.truncation_moment != 0


@pytest.mark.parametrize(("scheme", "order"), EVERY)
def test_pairs_are_the_same_formula(scheme: str, order: int) -> None:
    """The pairs add up to the weights, point by point, each rounded once."""
    rule = stencil(scheme, order)
    total = dict.fromkeys(rule.offsets, 0.0)
    for a, b, difference in rule.pairs:
        total[a] += difference
        total[b] -= difference
    for offset, weight in zip(rule.offsets, rule.weights, strict=True):
        # a sum of at most 8 weights, each rounded to half an ULP and added with as much
        assert total[offset] == pytest.approx(float(weight), abs=16 * 2.0**-53 * float(rule.absolute_weight))


@pytest.mark.parametrize("offsets", [(0, 1, 3, 7), (-2, Fraction(-1, 3), 1, 5), (2, 3, 4, 9)])
def test_irregular_grids_differentiate_cubics(offsets: tuple) -> None:
    """Four points anywhere give the derivative of a cubic at 0 exactly."""
    values = [2 + 7 * x - 5 * x**2 + 3 * x**3 for x in map(Fraction, offsets)]
    assert sum(w * v for w, v in zip(weights(offsets), values, strict=True)) == 7


@pytest.mark.parametrize(("scheme", "order"), EVERY)
@pytest.mark.parametrize("noise", [2.0**-52, 2.0**-23, 1e-6])
def test_step_minimises_the_bound(scheme: str, order: int, noise: float) -> None:
    """Truncation plus round-off, as the docstring bounds them, grow to both sides of the relative step."""
    rule = stencil(scheme, order)

    def bound(h: float) -> float:
        return float(rule.truncation_moment) * h**order + float(rule.absolute_weight) * noise / h

    h = rule.relative_step(noise)
    assert bound(h) < bound(0.9 * h)
    assert bound(h) < bound(1.1 * h)


@pytest.mark.parametrize(
    ("scheme", "order", "word"),
    [("central", 1, "even"), ("central", 3, "order=3"), ("forward", 9, "order=9"), ("sideways", 2, "sideways"),
     ("forward", True, "order=True"), ("forward", 2.5, "order=2.5")],
)  # fmt: skip
def test_impossible_combinations_are_refused(scheme: str, order: int, word: str) -> None:
    """A scheme or order that does not exist is an OptionError, a ValueError, that names it and the choices."""
    with pytest.raises(OptionError, match=word) as raised:
        stencil(scheme, order)
    assert isinstance(raised.value, ValueError)
    assert "Choose" in str(raised.value)
