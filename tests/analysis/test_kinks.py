"""Kinks: found, described, and told apart from errors, against derivations by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.kinks import find
from diffcompare.errors import ShapeError

METHODS = ["forward-difference", "backward-difference", "central-difference", "richardson", "forward", "reverse"]
EPS = float(np.finfo(np.float64).eps)

# f, point, then of the only kink: operation, derivative below and above it, and the one chosen.
BY_HAND = {
    "abs": (np.abs, 0.0, "absolute", (-1.0, 1.0, 0.0)),
    "relu": (lambda x: dc.relu(x), 0.0, "relu", (0.0, 1.0, 0.0)),
    "maximum": (lambda x: np.maximum(x, 2.0 * x), 0.0, "maximum", (0.0, 1.0, 0.5)),
    "minimum": (lambda x: np.minimum(x, 1.0), 1.0, "minimum", (1.0, 0.0, 0.5)),
    "norm": (np.linalg.norm, np.zeros(2), "norm", (-1.0, 1.0, 0.0)),
    "hypot": (np.hypot, (0.0, 0.0), "hypot", (-1.0, 1.0, 0.0)),
    "max": (np.max, np.array([1.0, 3.0, 3.0]), "max", (0.0, 1.0, 0.5)),
    "min": (np.min, np.array([1.0, 1.0, 3.0]), "min", (1.0, 0.0, 0.5)),
    "floor": (lambda x: x * np.floor(x), 2.0, "floor", (0.0, 0.0, 0.0)),
    "rint": (lambda x: x + np.rint(x), 2.5, "rint", (0.0, 0.0, 0.0)),
    "sign": (lambda x: np.sign(x - 1.0), 1.0, "sign", (0.0, 0.0, 0.0)),
    "where": (lambda x: np.where(x > 1.0, x * x, x), 1.0, "greater", (None, None, None)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_kink_is_found_and_described(name):
    """The operation, its distance 0 and its derivatives on both sides are those known by hand."""
    f, at, op, columns = BY_HAND[name]
    (kink,) = dc.kinks(f, at)
    assert (kink.op, kink.distance, kink.decided) == (op, 0.0, True)
    assert (kink.left, kink.right, kink.chosen) == columns
    assert op in kink.place and kink.convention in str(kink)


def moved(a):
    """`a` with each element moved by another multiple of 5/16."""
    return np.add(a, 0.3125 * np.arange(1, np.size(a) + 1).reshape(np.shape(a)))


@pytest.mark.parametrize("name", BY_HAND)
def test_beside_a_kink_there_is_none(name):
    """Beside the kink nothing is found, unless one asks for what is within that distance."""
    f, at, _, _ = BY_HAND[name]
    beside = tuple(map(moved, at)) if isinstance(at, tuple) else moved(at)
    assert dc.kinks(f, beside) == []
    assert len(dc.kinks(f, beside, within=1.0)) >= 1


def test_the_element_is_named():
    """Of an array, the elements at their kinks are told by index."""
    found = dc.kinks(lambda x: np.sum(np.clip(x, 0.0, 1.0)), np.array([0.0, 0.5, 1.0]))
    assert [(kink.op, kink.entry) for kink in found] == [("maximum", (0,)), ("minimum", (2,))]


def test_near_kinks_have_their_distance():
    """|x - 1| at 1 + 2**-20 is 2**-20 away from its kink."""
    (kink,) = dc.kinks(lambda x: np.abs(x - 1.0), 1.0 + 2.0**-20, within=1e-5)
    assert kink.distance == 2.0**-20


def test_a_smooth_function_behind_a_condition_has_no_kink():
    """sinc at 0 goes through a comparison, but is smooth."""
    assert dc.kinks(np.sinc, 0.0) == []


def test_what_is_not_differentiated_has_no_kink():
    """A kink in data does not count."""
    assert dc.kinks(lambda x, y: x * np.abs(y), (1.0, 0.0), wrt=0) == []
    assert len(dc.kinks(lambda x, y: x * np.abs(y), (1.0, 0.0))) == 1


def test_an_undecided_comparison_is_a_kink():
    """sin**2 + cos**2 against 1 is a tie that no precision decides."""
    (kink,) = dc.kinks(lambda x: np.maximum(np.sin(x) ** 2 + np.cos(x) ** 2, 1.0), 1.0)
    assert kink.op == "maximum" and not kink.decided
    assert abs(kink.distance) <= 2 * EPS  # two squares and a sum, each rounded once, about 1


def test_a_vector_is_refused():
    """Kinks are those of a scalar value."""
    with pytest.raises(ShapeError, match="scalar"):
        dc.kinks(np.abs, np.zeros(2))


@pytest.mark.parametrize(
    ("f", "at", "left", "right", "jumps"),
    [
        (np.abs, (0.0,), [-1], [1], [False]),
        (lambda x: x * np.abs(x), (0.0,), [0], [0], [False]),
        (lambda x: np.abs(x) + 3.0 * x, (0.0,), [2], [4], [False]),
        (lambda x: np.where(x > 0, x * x, -x), (0.0,), [-1], [0], [False]),
        (lambda x: x * np.floor(x), (2.0,), [1], [2], [True]),
        (np.maximum, (2.0, 2.0), [0, 0], [1, 1], [False, False]),
        (np.max, (np.array([1.0, 3.0, 3.0]),), [0, 0, 0], [0, 1, 1], [False] * 3),
    ],
)
def test_one_sided_derivatives(f, at, left, right, jumps):
    """Derivatives on either side, and jumps, are those derived by hand."""
    graph = dc.trace(f, *at)
    _, sides = find(graph, at, range(len(at)))
    np.testing.assert_array_equal(sides.left, left)
    np.testing.assert_array_equal(sides.right, right)
    np.testing.assert_array_equal(sides.jumps, jumps)


def test_methods_that_differ_by_convention_are_ok():
    """Of |x| at 0, differences give 1, -1 and 0, reverse mode 0: all are right, and the first two say why."""
    result = dc.compare(np.abs, 0.0, METHODS, time=False)
    answers = {record["method"]: record["gradient"] for record in result}
    assert answers == dict(zip(METHODS, (1.0, -1.0, 0.0, 0.0, 0.0, 0.0), strict=True))
    assert {record["status"] for record in result} == {"ok"}
    told = {record["method"] for record in result if record["reason"].startswith("by convention")}
    assert told == {"forward-difference", "backward-difference"}
    assert result["forward-difference"]["abs_error"] == 0.0
    assert "from -1 to 1" in result["forward-difference"]["reason"]
    assert [kink.op for kink in result.kinks] == ["absolute"]
    assert "kink: v1 = absolute(v0) at 0" in str(result) and "by convention" in str(result)
    assert result.to_dict()["kinks"][0]["chosen"] == 0.0


def test_the_error_beside_the_convention_is_still_measured():
    """|x| + x**2 at 0: the forward difference is 1 + h, of which 1 is allowed and h is its truncation error."""
    record = dc.compare(lambda x: np.abs(x) + x * x, 0.0, ["forward-difference"], time=False).records[0]
    assert record["reason"].startswith("by convention")
    # The step is chosen between 2**-28 and 2**-24 for a function of size 1; the error is that step.
    assert 0.0 < record["abs_error"] < 1e-6


class Answer:
    """A method that answers one number."""

    needs_graph = True

    def __init__(self, number):
        self.name, self.number = f"answer {number:g}", number

    def prepare(self, target, wrt):
        return dc.methods.Prepared(self.name, lambda *args: 0.0, lambda *args: (0.0, (self.number,)))


def test_what_the_kink_does_not_allow_is_an_error():
    """For |x| at 0 every number from -1 to 1 is right by convention, 1.001 is not."""
    result = dc.compare(np.abs, 0.0, [Answer(-1.0), Answer(0.25), Answer(1.001), Answer(-2.0)], time=False)
    assert [record["status"] for record in result] == ["ok", "ok", "inaccurate", "inaccurate"]
    assert "has a kink here" in result["answer 1.001"]["reason"]


def test_at_a_jump_nothing_is_by_convention():
    """Differences across a jump of floor are an error, and the reason says jump."""
    result = dc.compare(lambda x: x * np.floor(x), 2.0, ["central-difference", "reverse"], time=False)
    assert result["reverse"]["status"] == "ok" and result["reverse"]["gradient"] == 2.0
    assert result["central-difference"]["status"] == "inaccurate"
    assert "jumps here, at v1 = floor(v0)" in result["central-difference"]["reason"]


def test_where_no_reference_is_certified_the_kink_is_named():
    """The undecided tie is told in every record."""
    result = dc.compare(lambda x: np.maximum(np.sin(x) ** 2 + np.cos(x) ** 2, 1.0), 1.0, ["reverse"], time=False)
    assert result.reference is None and not result.kinks[0].decided
    assert "maximum" in result["reverse"]["reason"] and "kink" in result["reverse"]["reason"]


# May's map at x = float64(0.7): certified value and derivative, to the 8 digits published, and what float64 gives.
CHAOS = {
    20: (0.37936067, 5.5514453e5, 0.37936067),
    50: (0.59754695, -6.0242608e14, 0.59576571),
    100: (0.074370276, 3.6289273e29, 0.74792659),
}


@pytest.mark.parametrize("n", CHAOS)
def test_an_ill_conditioned_program_is_told_from_a_wrong_method(n):
    """The certified values are the published ones; where float64 loses its digits, the program is blamed."""
    result = dc.compare(dc.problems.get("logistic-map-chaos"), size=n, methods=["forward", "reverse"], time=False)
    value, slope, program = CHAOS[n]
    assert math.isclose(result.reference.value, value, rel_tol=1e-7)  # 8 digits are published
    assert math.isclose(result.reference.arrays[0], slope, rel_tol=1e-7)
    for record in result:
        assert math.isclose(record["value"], program, rel_tol=1e-7)
        assert record["condition_error"] < 1.0  # the derivative of the program is exact to a unit of its condition
        if n == 20:
            assert (record["status"], record["reason"]) == ("ok", "")
        else:
            assert record["condition"] * EPS / 2 > 0.1
            assert record["status"] == "inaccurate"
            assert record["reason"].startswith("the program is ill-conditioned, not the method wrong")


def test_a_wrong_method_is_not_excused():
    """On a well-conditioned function a wrong derivative is not the program's fault."""
    record = dc.compare(lambda x: 1.0 * x, 1.0, [Answer(1.5)], time=False).records[0]
    assert record["status"] == "inaccurate" and "ill-conditioned" not in record["reason"]
