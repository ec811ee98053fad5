"""The readers of data files say which line is wrong, and why."""

import pytest

from diffcompare.errors import DataError
from diffcompare.problems.adbench_files import read_mixture
from diffcompare.problems.nist_files import read_regression

MIXTURE = "1 2 1\n0.5\n0.25\n1\n2\n0\n0.1\n3\n1.0 0\n"
REGRESSION = """NIST/ITL StRD
File Format:   ASCII
               Data              (lines 7 to 8)
  b1 =   500         250           2.5E+02  2.7E+00
Residual Sum of Squares:                    1.5E-01
Data:   y               x
      10.07E0      77.6E0
      14.73E0     114.9E0
"""


@pytest.fixture
def write(tmp_path):
    """Write a file and give its path."""

    def write_file(text):
        path = tmp_path / "input.txt"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write_file


def test_a_mixture_file_is_read(write):
    """Header, weights, means, factors, points and prior are each found; blank lines do not count."""
    data = read_mixture(write("\n" + MIXTURE.replace("\n", "\r\n\n")))
    assert data.alpha.tolist() == [0.5, 0.25]
    assert data.means.tolist() == [[1.0], [2.0]]
    assert data.icf.tolist() == [[0.0], [0.1]]
    assert data.x.tolist() == [[3.0]]
    assert (data.gamma, data.m) == (1.0, 0)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "the file is empty"),
        ("1 2\n", r"line 1: the header \(D K n\) takes 3 numbers, the line holds 2"),
        ("1.5 2 1\n", "line 1: the header `D K n` takes whole numbers from 1"),
        ("0 2 1\n", "line 1: the header `D K n` takes whole numbers from 1"),
        (MIXTURE + "4\n", "2 components and 1 points take 9 lines, the file has 10"),
        (MIXTURE.replace("0.25", "0.2.5"), "line 3: alpha takes finite numbers, not '0.2.5'"),
        (MIXTURE.replace("0.25", "nan"), "line 3: alpha takes finite numbers, not 'nan'"),
        (MIXTURE.replace("2\n0\n", "2 7\n0\n"), "line 5: a mean takes 1 numbers, the line holds 2"),
        (MIXTURE.replace("1.0 0", "0.0 0"), "line 9: the prior takes gamma > 0"),
        (MIXTURE.replace("1.0 0", "1.0 0.5"), "line 9: the prior takes gamma > 0"),
        (b"1 2 1\n\xff", "byte 6 is not ASCII"),
    ],
)
def test_a_broken_mixture_file_is_refused_with_its_line(write, text, message):
    """What does not fit the format is named with file, line and text."""
    with pytest.raises(DataError, match=message):
        read_mixture(write(text))


def test_a_missing_file_is_named(tmp_path):
    """A path that is not there raises our error with the path and the system's reason."""
    with pytest.raises(DataError, match=r"none.txt: cannot be read \(No such file"):
        read_mixture(tmp_path / "none.txt")
    with pytest.raises(DataError, match="adbench/none.txt: cannot be read"):
        read_mixture("adbench/none.txt")


def test_a_regression_file_is_read(write):
    """Parameters, certified sum and the announced lines of data are found."""
    data = read_regression(write(REGRESSION))
    assert {key: start.tolist() for key, start in data.starts.items()} == {
        "start1": [500.0],
        "start2": [250.0],
        "certified": [250.0],
    }
    assert data.residual_sum_of_squares == 0.15
    assert data.y.tolist() == [10.07, 14.73]
    assert data.x.tolist() == [77.6, 114.9]


def test_several_predictors_make_a_table(write):
    """With two predictors x has one column for each."""
    text = REGRESSION.replace("77.6E0", "77.6E0 1").replace("114.9E0", "114.9E0 2")
    assert read_regression(write(text)).x.tolist() == [[77.6, 1.0], [114.9, 2.0]]


@pytest.mark.parametrize(
    "text, message",
    [
        (REGRESSION.replace("Residual Sum", "Sum"), "no line `Residual Sum of Squares: number`"),
        (REGRESSION.replace("1.5E-01", "small"), "the residual sum of squares takes finite numbers, not 'small'"),
        (REGRESSION.replace("(lines 7 to 8)", ""), r"no line `Data \(lines A to B\)`"),
        (REGRESSION.replace("7 to 8", "7 to 9"), "the header puts the data in lines 7 to 9, the file has 8"),
        (REGRESSION.replace("b1", "b2"), "missing or out of order"),
        (REGRESSION.replace("2.7E+00", ""), "parameter b1 takes 4 numbers, the line holds 3"),
        (REGRESSION.replace("114.9E0", "114.9E0 3"), "line 8: the data takes 2 numbers, the line holds 3"),
        (REGRESSION.replace("77.6E0", ""), "line 7: the data take a response and a predictor"),
    ],
)
def test_a_broken_regression_file_is_refused(write, text, message):
    """What the header promises and the file does not hold is named."""
    with pytest.raises(DataError, match=message):
        read_regression(write(text))
