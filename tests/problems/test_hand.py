"""Hand tracking against ADBench's published residuals and Jacobian."""

import numpy as np
import pytest

from diffcompare import problems
from diffcompare.errors import DataError
from diffcompare.problems import hand_files
from diffcompare.problems.hand import PARENTS, bend
from diffcompare.problems.hand_files import read_hand, read_pose
from tests.problems.digits import EPS, assert_within, load

EXPECTED = load("hand.json")["sizes"]
PROBLEM = problems.get("hand")


@pytest.mark.parametrize("size", EXPECTED)
def test_the_error_is_the_published_one(size):
    """The sum of squares of the published residuals, each of which is off by roundings of coordinates of size 2."""
    value, expected = PROBLEM.function(*PROBLEM.point(size)), EXPECTED[size]["value"]
    count = 3 * len(PROBLEM.point(size)[3])
    # A residual r off by d moves its square by 2 r d, and |r|_1 <= sqrt(n) |r|_2; some 60 operations lead to each.
    assert_within(value, expected, roundings=60, scale=2.0 * 2.0 * np.sqrt(count * expected))


@pytest.mark.parametrize("size", EXPECTED)
def test_the_gradient_is_the_published_one(size):
    """Twice the published Jacobian, transposed, times the published residuals."""
    (gradient,) = PROBLEM.gradient(*PROBLEM.point(size))
    count = 3 * len(PROBLEM.point(size)[3])
    # Each residual is off by some 60 roundings of coordinates of size 2, and enters with a slope of at most 2.
    np.testing.assert_allclose(gradient, EXPECTED[size]["gradient"], rtol=0, atol=60 * EPS * 2 * 2 * np.sqrt(count))


def test_the_model_is_the_hand_that_the_problem_knows():
    """The file's parents are the constant's, and each vertex has weights that add up to one."""
    model = read_hand()
    assert model.parents == PARENTS
    assert model.places.shape == (544, 4)
    np.testing.assert_allclose(model.weights.sum(axis=1), 1.0, atol=1e-6)  # the file has single precision
    np.testing.assert_allclose(model.base[0] @ model.inverse[0], np.eye(4), atol=1e-6)


def test_a_bend_of_a_quarter_turns_y_to_z_and_a_spread_x_to_y():
    """Rx by pi/2 takes y to z, Rz by pi/2 takes x to y; both keep the fourth coordinate."""
    quarter = np.pi / 2
    np.testing.assert_allclose(bend(quarter, 0.0) @ [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0], atol=EPS)
    np.testing.assert_allclose(bend(0.0, quarter) @ [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], atol=EPS)


def test_a_broken_pose_is_refused(monkeypatch):
    """A file that is cut short names how many lines there should be."""
    monkeypatch.setattr(hand_files, "read_lines", lambda _: ("pose.txt", ["2 26", "0 1 2 3"]))
    with pytest.raises(DataError, match="2 places and a pose of 26 take 29 lines, not 2"):
        read_pose("pose.txt")


def test_a_broken_model_is_refused(monkeypatch):
    """A bone without its matrices is told."""
    monkeypatch.setattr(hand_files, "read_lines", lambda _: ("bones.txt", ["wrist:-1:1.0"]))
    with pytest.raises(DataError, match=r"bones.txt: a bone takes its name"):
        read_hand()
