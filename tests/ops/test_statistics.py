"""Reductions as users call them, where they are not simply a row."""

import numpy as np
import pytest

import diffcompare as dc

OF_A_NUMBER = {
    "sum": lambda x, axis: np.sum(x, axis=axis),
    "prod": lambda x, axis: np.prod(x, axis=axis),
    "max": lambda x, axis: np.max(x, axis=axis),
    "min": lambda x, axis: np.min(x, axis=axis),
    "cumsum": lambda x, axis: np.cumsum(x, axis=axis),
    "cumprod": lambda x, axis: np.cumprod(x, axis=axis),
    "repeat": lambda x, axis: np.repeat(x, 3, axis=axis),
}


@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("name", OF_A_NUMBER)
def test_a_number_is_reduced_as_numpy_reduces_it(name, axis):
    """A traced number along axis 0 or -1 gives NumPy's shape and value, and derivative 1 in every element."""
    function = OF_A_NUMBER[name]
    expected = function(2.0, axis)
    traced = function(dc.variable("x"), axis)
    assert traced.shape == np.shape(expected)
    value, tangent = dc.jvp(lambda x: function(x, axis), (2.0,), (1.0,))
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(tangent, np.ones(np.shape(expected)))


@pytest.mark.parametrize("name", OF_A_NUMBER)
def test_a_number_has_no_second_axis(name):
    """Axis 1 of a number raises, traced or not."""
    for x in (2.0, dc.variable("x")):
        with pytest.raises(ValueError, match="axis"):
            OF_A_NUMBER[name](x, 1)
