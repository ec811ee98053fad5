"""The handwritten digits are the published ones, and untrained models lose on them what chance does."""

import math

import numpy as np
import pytest

from diffcompare import problems
from diffcompare.errors import DataError, OptionError
from diffcompare.problems import digits_data
from diffcompare.problems.digits_data import digits
from tests.problems.digits import assert_within

# As scikit-learn's documentation prints the first image of `load_digits`.
FIRST = [
    [0, 0, 5, 13, 9, 1, 0, 0], [0, 0, 13, 15, 10, 15, 5, 0], [0, 3, 15, 2, 0, 11, 8, 0], [0, 4, 12, 0, 0, 8, 8, 0],
    [0, 5, 8, 0, 0, 9, 8, 0], [0, 4, 11, 0, 1, 12, 7, 0], [0, 2, 14, 5, 10, 12, 0, 0], [0, 0, 6, 13, 10, 0, 0, 0],
]  # fmt: skip


def test_the_first_image_is_the_published_one():
    """Pixels of the first image, a zero; it is followed by the digits in order."""
    images, labels = digits(10, "digits")
    assert (16 * images[0]).reshape(8, 8).tolist() == FIRST
    assert labels.tolist() == list(range(10))


def test_every_digit_is_there_as_often_as_published():
    """The 1797 images hold 174 to 183 of each digit, as the repository counts them."""
    images, labels = digits(1797, "digits")
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.shape == (1797, 64) and images.min() == 0.0 and images.max() == 1.0


@pytest.mark.parametrize("name", ["digits-logistic", "digits-softmax", "digits-svm", "digits-network"])
def test_there_are_no_more_images_than_published(name):
    """A size beyond the data is refused with the number there is."""
    with pytest.raises(OptionError, match="at least 1 and at most 1797"):
        problems.get(name).point(1798)


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("digits-logistic", math.log(2)),
        ("digits-softmax", math.log(10)),
        ("digits-svm", 9.0),
        ("digits-network", math.log(10)),
    ],
)
def test_models_of_nothing_lose_what_chance_does(name, loss):
    """With all weights zero: ln 2 of two classes, ln 10 of ten, nine margins of one."""
    problem = problems.get(name)
    *arguments, images, targets = problem.point(100)
    nothing = [np.zeros_like(argument) if np.ndim(argument) else 0.0 for argument in arguments]
    assert_within(problem.function(*nothing, images, targets), loss, roundings=100)


def test_a_damaged_image_is_told_with_its_line(monkeypatch):
    """A pixel that is none names file and line."""
    monkeypatch.setattr(digits_data, "read_lines", lambda _: ("digits.txt", ["0" * 63 + "h 3"]))
    with pytest.raises(DataError, match="digits.txt, line 1: an image is 64 of 0123456789abcdefg"):
        digits_data._read.__wrapped__()
