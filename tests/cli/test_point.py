"""Points and names as they are written in a shell."""

import numpy as np
import pytest

from diffcompare.cli.point import read_names, read_point, read_positions, read_size
from diffcompare.errors import OptionError


def test_a_point_by_name():
    """Names and numbers, with blanks, signs, powers of ten and infinity."""
    assert read_point("x=3, y = -4e-2,z=inf") == {"x": 3.0, "y": -0.04, "z": np.inf}


def test_a_point_in_order():
    """Without names the entries are in the order of the arguments."""
    assert read_point("3,-4") == (3.0, -4.0)


def test_arrays_stand_in_brackets():
    """Commas inside brackets do not separate entries; brackets nest."""
    point = read_point("x=[1,2,3],A=[[1,2],[3,4]],y=5")
    assert isinstance(point, dict)
    np.testing.assert_array_equal(point["x"], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(point["A"], [[1.0, 2.0], [3.0, 4.0]])
    assert point["y"] == 5.0 and point["x"].dtype == np.float64


@pytest.mark.parametrize("text", ["", "x=", "x=one", "x=1,", "x=1,2", "x=[1", "x=[1,[2]]", "x=[a]", "x=1,x=2", "x=(1)"])
def test_what_is_no_point_is_refused(text):
    """The message shows the text."""
    with pytest.raises(OptionError):
        read_point(text)


def test_names_positions_and_sizes():
    """Lists are joined by commas; one position alone is an integer; a size is a number or a name."""
    assert read_names("a, b,") == ["a", "b"] and read_names(None) is None
    assert read_positions("y", ["x", "y"]) == 1 and read_positions("y,0", ["x", "y"]) == (1, 0)
    assert read_positions(None, []) is None
    assert (read_size("10"), read_size("test"), read_size(None)) == (10, "test", None)
