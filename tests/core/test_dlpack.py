"""Arrays that offer DLPack alone, with NumPy's structures in the place of a device's."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from diffcompare.core.device_arrays import device_array, on_device
from diffcompare.errors import DTypeError, ShapeError


class Array:
    """A host array that says it lies on a device."""

    def __init__(self, array, device=2):
        self.array, self.device, self.stream = array, device, None

    def __dlpack_device__(self):
        return self.device, 0

    def __dlpack__(self, stream=None):
        self.stream = stream
        return self.array.__dlpack__()


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (1, 4), (0, 3)])
def test_place_shape_and_type_are_read(shape, dtype):
    """The structure is read as it stands, and the array asked to be complete on the default stream."""
    given = Array(np.zeros(shape, dtype))
    found = device_array(given, "x")
    assert (found.shape, found.dtype) == (shape, np.dtype(dtype)) and given.stream == 1
    assert found.address == given.array.ctypes.data or 0 in shape


def test_parts_of_arrays_begin_where_they_begin():
    """A part whose elements lie one after the other is taken, any other is refused."""
    whole = np.arange(12.0).reshape(3, 4)
    assert device_array(Array(whole[1:]), "x").address == whole.ctypes.data + 32
    with pytest.raises(ShapeError, match="one after the other"):
        device_array(Array(whole[:, 1:]), "x")
    with pytest.raises(DTypeError, match="int32"):
        device_array(Array(whole.astype(np.int32)), "x")


def test_arrays_of_the_host_are_not_the_devices():
    """NumPy offers DLPack too, and lies on no device."""
    assert on_device(Array(np.zeros(3))) and not on_device(Array(np.zeros(3), 1))
    assert not on_device(np.zeros(3)) and not on_device([1.0]) and not on_device(2.0)


def test_the_memory_lives_as_long_as_its_reader():
    """What was read keeps the array, and gives it back."""
    given = Array(np.zeros(3))
    alive = weakref.ref(given)
    found = device_array(given, "x")
    del given
    gc.collect()
    assert alive() is not None
    del found
    gc.collect()
    assert alive() is None
