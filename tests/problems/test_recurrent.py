"""The long short-term memory against ADBench's published objective and derivatives."""

import numpy as np
import pytest

from diffcompare import problems
from diffcompare.errors import DataError
from diffcompare.problems.adbench_files import read_recurrent
from tests.problems.digits import EPS, load

EXPECTED = load("lstm.json")["sizes"]
PROBLEM = problems.get("lstm")


@pytest.mark.parametrize("size", EXPECTED)
def test_the_objective_is_the_published_one(size):
    """1023 steps of a mean of numbers near 10, in float64, beside 80-bit arithmetic."""
    value = PROBLEM.function(*PROBLEM.point(size))
    assert abs(value - EXPECTED[size]["objective"]) < 40 * EPS * value
    assert abs(value - EXPECTED[size].get("published_objective", value)) < 1e-8  # ADBench prints 8 digits


@pytest.mark.parametrize("size", EXPECTED)
def test_the_gradient_is_the_published_one(size):
    """Each derivative, to 40 roundings of the largest: contributions of early steps fade."""
    found = np.concatenate([np.ravel(part) for part in PROBLEM.gradient(*PROBLEM.point(size))])
    bound = 40 * EPS * np.max(np.abs(found))
    np.testing.assert_allclose(found[:: EXPECTED[size]["stride"]], EXPECTED[size]["gradient"], rtol=0, atol=bound)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "the file is empty"),
        ("2 1024\n", r"line 1: the header \(l c b\) takes 3 numbers"),
        ("1 2 1\n1 2 3 4\n", "1 layers and 2 characters take 10 lines, the file has 2"),
        ("1 2 1\n1 2 3\n" + "0\n" * 8, "line 2: a layer takes 4 numbers, the line holds 3"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path, text, message):
    """What does not fit the format is named with file and line."""
    path = tmp_path / "lstm.txt"
    path.write_text(text, encoding="ascii")
    with pytest.raises(DataError, match=message):
        read_recurrent(path)
