"""What the driver refuses becomes an error that says what to do; nothing leaks, and the next call works."""

from __future__ import annotations

import ctypes
import struct
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.device_arrays import DeviceArray, device_array
from diffcompare.core.graph import Graph
from diffcompare.core.node import constant, variable
from diffcompare.core.tables import ROWS
from diffcompare.errors import (
    DeviceError,
    DTypeError,
    MethodUnavailableError,
    ShapeError,
    SizeLimitError,
    UnsupportedOpError,
)
from diffcompare.lower import cuda_device, cuda_driver, cuda_measure, cuda_presence, cuda_program, cuda_store
from diffcompare.lower.cuda_kernels import KernelText
from diffcompare.lower.cuda_plan import Grid
from tests.lower.cuda_library import Library

X = np.arange(5.0)


@pytest.fixture
def library():
    """A driver without a device behind it."""
    return Library()


@pytest.fixture
def device(library, monkeypatch):
    """A device of that driver; kernels are not compiled, and do nothing."""
    made: Any = cuda_driver.Device(cuda_driver.Driver(library))
    made.grid = Grid()
    made.kernel = lambda text: (text, False)
    for module in (cuda_device, cuda_program):
        monkeypatch.setattr(module, "device", lambda: made)
    monkeypatch.setattr(cuda_presence, "why_not", lambda: "")
    monkeypatch.setitem(dc.methods.METHODS, "cuda", dc.methods.Entry(".reverse", "Reverse", {"device": "cuda"}))
    return made


def on(device, array, **changes):
    """A caller's array on the device, by its interface alone."""
    block = device.allocate(array.nbytes, 1)
    device.upload(block.address, np.ascontiguousarray(array), 1)
    about = {"shape": array.shape, "typestr": array.dtype.str, "data": (block.address, False), "version": 3}
    return SimpleNamespace(__cuda_array_interface__={**about, **changes}, block=block)


def loss(x):
    return np.sum(np.sin(x))


@pytest.mark.parametrize("code", [209, 218, 222, 803])
def test_an_old_driver_is_told_to_be_updated(library, code):
    """Code that the driver cannot take names its CUDA version, and both ways out."""
    error = cuda_driver.Driver(library).error("cuModuleLoadData", code)
    assert isinstance(error, MethodUnavailableError)
    assert "CUDA 13.0" in str(error) and "Update the driver" in str(error) and "diffcompare[cuda12]" in str(error)


def test_memory_that_is_not_there_is_told_in_numbers(library):
    """Out of memory: how much was asked, how much is free."""
    error = cuda_driver.Driver(library).error("cuMemAllocAsync", 2, 3 << 30)
    assert isinstance(error, SizeLimitError)
    assert "3221225472 bytes (3.00 GiB) were asked for, 1.00 of 4.00 GiB are free" in str(error)


def test_a_lost_context_asks_for_a_new_process(library):
    """After an illegal access every call of the process fails."""
    assert "start a new one" in str(cuda_driver.Driver(library).error("cuStreamSynchronize", 700))
    other = cuda_driver.Driver(library).error("cuLaunchKernel", 1)
    assert isinstance(other, DeviceError) and "the driver's words" in str(other)


def test_no_driver_no_device_and_an_old_one_are_reasons(library, monkeypatch):
    """Each is another sentence."""

    def no_driver():
        raise MethodUnavailableError("no NVIDIA driver (libcuda.so.1 cannot be loaded).\n  Use device='cpu'.")

    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    monkeypatch.setattr(cuda_presence, "driver", no_driver)
    assert cuda_presence.why_not.__wrapped__() == "no NVIDIA driver (libcuda.so.1 cannot be loaded)"
    monkeypatch.setattr(cuda_presence, "driver", lambda: cuda_driver.Driver(library))
    library.devices = 0
    assert "no device" in cuda_presence.why_not.__wrapped__()
    library.devices, library.version = 1, 11080
    assert "for CUDA 11.8" in cuda_presence.why_not.__wrapped__()
    library.version = 13000
    monkeypatch.setattr(cuda_presence, "find_spec", lambda package: None)
    assert "diffcompare[cuda13]" in cuda_presence.why_not.__wrapped__()


def test_info_names_the_device(library, monkeypatch):
    """Name, compute capability, memory, driver and compiler stand in one line."""
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    monkeypatch.setattr(cuda_presence, "driver", lambda: cuda_driver.Driver(library))
    monkeypatch.setattr(cuda_presence, "why_not", lambda: "")
    words = cuda_presence.in_words.__wrapped__()
    assert "Paper GPU, compute capability 9.0, 4.0 GiB; driver for CUDA 13.0; " in words


def test_no_device_is_a_refused_method(monkeypatch):
    """Without a device the method says why, before any work; an operation that no device runs is named first."""
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    monkeypatch.setattr(cuda_presence, "why_not", lambda: "no NVIDIA driver")
    cuda_device.device.cache_clear()
    with pytest.raises(MethodUnavailableError, match="no NVIDIA driver"):
        dc.gradient(loss, method=dc.methods.Reverse(device="cuda"))(X)
    with pytest.raises(UnsupportedOpError, match=r"op 'max'.*\n.*v[0-9]+ = max\(v"):
        dc.gradient(lambda x: np.max(np.exp(x)), method=dc.methods.Reverse(device="cuda"))(X)


@pytest.mark.parametrize("where", [1, 2, 3])
def test_a_call_that_finds_no_memory_leaks_nothing(device, library, where):
    """Whichever allocation fails (twice: the pool is emptied first), all others are freed, and the next call works."""
    call = dc.prepare(loss, X, method="cuda").value_and_gradient
    call(X)
    library.refuse["cuMemAllocAsync"] = [0] * (where - 1) + [2, 2]
    with pytest.raises(SizeLimitError, match="were asked for"):
        call(X)
    assert not library.live
    assert library.calls["cuMemPoolTrimTo"] == 1
    call(X)


def test_memory_that_the_pool_gives_back_is_enough(device, library):
    """One refusal alone is not the user's: what the pool holds unused is given back, and asked for again."""
    call = dc.prepare(loss, X, method="cuda").value_and_gradient
    library.refuse["cuMemAllocAsync"] = [2]
    call(X)
    assert library.calls["cuMemPoolTrimTo"] == 1


def test_a_launch_that_fails_leaks_nothing(device, library):
    """An error of the driver in the middle of a call frees its memory."""
    call = dc.prepare(loss, X, method="cuda").value_and_gradient
    library.refuse["cuLaunchKernel"] = [701]
    with pytest.raises(DeviceError, match="cuLaunchKernel gave error 701"):
        call(X)
    assert not library.live


def test_host_arrays_come_back_as_host_arrays(device, library):
    """Copies go through pinned memory, whatever the sizes; the clock tells them from the kernels."""
    prepared = dc.prepare(lambda x, y: np.sum(x * y), X, X, method="cuda")
    value, (x_bar, y_bar) = prepared.value_and_gradient(X, 2.0 * X)
    assert isinstance(value, float)
    np.testing.assert_array_equal(x_bar, 2.0 * X)  # the cotangents are the other argument: copied, not computed
    np.testing.assert_array_equal(y_bar, X)
    # Each moment is 0.25 ms after the last: 2 moments are the uploads' own, and 3 the downloads'.
    assert prepared.seconds["kernel_s"] == pytest.approx(0.25e-3)
    assert prepared.seconds["to_device_s"] > prepared.seconds["kernel_s"] < prepared.seconds["to_host_s"]


def test_long_copies_go_through_two_stages_in_turns(device, monkeypatch):
    """An array longer than pinned memory comes back as it went."""
    monkeypatch.setattr(cuda_driver, "_STAGE", 1000)
    array = np.random.default_rng(1).normal(size=777)
    block = device.allocate(array.nbytes, 1)
    device.upload(block.address, array, 1)
    back = np.empty_like(array)
    device.download(back, block.address, 1)
    np.testing.assert_array_equal(back, array)


def test_device_arrays_give_device_arrays(device, library):
    """No copy to the host or from it; results say where they lie, and on which stream they are made."""
    x, y = on(device, X), on(device, 2.0 * X, stream=7)
    library.calls.clear()
    value, gradient = dc.value_and_gradient(lambda x, y: np.sum(x * y), wrt=1, method="cuda")(x, y)
    assert library.calls["cuMemcpyHtoDAsync_v2"] == library.calls["cuMemcpyDtoHAsync_v2"] == 0
    assert isinstance(value, DeviceArray) and value.shape == ()
    about = gradient.__cuda_array_interface__
    assert about["shape"] == (5,) and about["typestr"] == "<f8" and about["stream"] == 7 and about["version"] == 3
    np.testing.assert_array_equal(gradient.to_numpy(), X)


def test_two_streams_wait_for_each_other(device, library):
    """Arguments of other streams are waited for; the option chooses the stream."""
    x, y = on(device, X, stream=7), on(device, X, stream=8)
    dc.gradient(lambda x, y: np.sum(x * y), method="cuda")(x, y)
    assert library.calls["cuStreamWaitEvent"] == 1
    chosen = dc.methods.Reverse(device="cuda", stream=SimpleNamespace(ptr=9))
    found, _ = dc.gradient(lambda x, y: np.sum(x * y), method=chosen)(x, y)
    assert found.stream == 9 and library.calls["cuStreamWaitEvent"] == 3


def test_out_on_the_device_is_written_there(device, library):
    """`out=` takes device arrays, which are then the results; nothing but temporaries is allocated."""
    x, out = on(device, X), on(device, np.zeros(5))
    call = dc.prepare(loss, x, method="cuda").value_and_gradient
    alive = len(library.live)
    value, found = call(x, out=out)
    assert found is out and len(library.live) == alive + 1  # the value
    addresses = struct.unpack(f"<{len(library.launches[0][2]) // 8}q", library.launches[0][2])
    assert out.block.address in addresses
    del value
    assert len(library.live) == alive


def test_out_that_shares_memory_is_refused(device):
    """Kernels read arguments while they write results."""
    x = on(device, X)
    call = dc.prepare(loss, x, method="cuda").value_and_gradient
    with pytest.raises(DeviceError, match="shares memory"):
        call(x, out=x)
    call(x, out=on(device, X))


def test_a_kernel_of_one_argument_starts(device, library):
    """A value that depends on nothing is computed by a kernel that takes the place of its result alone."""
    x = variable("x", (5,))
    program = cuda_program.Program(Graph((x,), (ROWS["exp"](constant(1.0)),)))
    assert program.arguments == [1]
    program.call(X)
    assert len(library.launches[0][2]) == 8


def test_mixed_arguments_are_refused(device):
    """Host and device arrays in one call: the message says how to copy; numbers go with both."""
    call = dc.gradient(lambda x, y: np.sum(x * y), method="cuda")
    with pytest.raises(DeviceError, match="cupy.asarray"):
        call(on(device, X), X)
    call(on(device, X), 2.0)


def test_arrays_of_another_device_are_refused(device, library):
    """The message names both devices."""
    x = on(device, X)
    library.ordinal = 3
    with pytest.raises(DeviceError, match="lies on device 3, and the current device is 0, Paper GPU"):
        dc.gradient(loss, method="cuda")(x)


def test_device_arrays_are_refused_by_the_cpus_methods(device):
    """Nothing is copied behind the user's back."""
    with pytest.raises(DeviceError, match="Use method='cuda'"):
        dc.gradient(loss, method="reverse")(on(device, X))


@pytest.mark.parametrize("dtype", ["<f2", "<c16", "<i4", ">f8"])
def test_types_that_kernels_do_not_take_are_refused(device, dtype):
    """Device arrays are not converted; the message says how to."""
    with pytest.raises(DTypeError, match="Convert it on the device"):
        dc.gradient(loss, method="cuda")(on(device, X, typestr=dtype))


def test_strided_and_whole_number_arrays_are_refused(device):
    """Elements must lie one after the other, and be numbers that have a derivative."""
    with pytest.raises(ShapeError, match="ascontiguousarray"):
        device_array(on(device, X, strides=(16,)), "x")
    assert device_array(on(device, X, strides=(8,)), "x").shape == (5,)
    with pytest.raises(DTypeError, match="cannot be differentiated"):
        dc.gradient(loss, method="cuda")(on(device, X, typestr="<i8"))


def test_arguments_are_packed_in_eight_bytes_each():
    """Each argument begins at a multiple of 8 bytes, in its own type."""
    packed = cuda_driver.packer(("i8", "f4", "b1", "f8")).pack(2**40, 1.5, True, -2.0)
    assert len(packed) == 32
    assert ctypes.c_int64.from_buffer_copy(packed).value == 2**40
    assert ctypes.c_float.from_buffer_copy(packed, 8).value == 1.5
    assert packed[16] == 1
    assert ctypes.c_double.from_buffer_copy(packed, 24).value == -2.0


def test_arrays_that_do_not_begin_at_16_bytes_are_taken_one_by_one(device, library):
    """A view that begins 8 bytes later runs the kernel of single accesses on the same grid."""
    x = on(device, np.arange(6.0))
    whole = dc.prepare(loss, np.arange(5.0), method="cuda").prepared
    whole.value_and_gradient(device_array(x, "x").__class__(x.block.address, (5,), np.dtype(float), x))
    whole.value_and_gradient(device_array(x, "x").__class__(x.block.address + 8, (5,), np.dtype(float), x))
    first, _, second, _ = library.launches
    assert first[:2] == second[:2]
    # The first argument is the number of accesses: 5 elements are 2 pairs and 1, or 5.
    assert [struct.unpack_from("<q", slots)[0] for _, _, slots in (first, second)] == [2, 5]


def test_measured_times_are_those_of_the_clock(device, monkeypatch):
    """Each moment of this driver's clock is 0.25 ms after the last, so are kernels and copies; bytes count once."""
    program = dc.methods.Reverse(device="cuda").prepare(dc.trace(loss, X), (0,)).program
    monkeypatch.setattr(cuda_measure, "copy_rate", partial(cuda_measure.copy_rate, nbytes=1024))
    times = cuda_measure.measure(program, (X,), rounds=3)
    assert times.kernel_s == pytest.approx(0.25e-3)
    assert times.nbytes == 8 * (5 + 5 + 1)  # the argument, the gradient and the value
    assert times.copy_rate == pytest.approx(2 * 1024 / 0.25e-3)


def test_kept_code_is_checked(monkeypatch, tmp_path):
    """Machine code comes back under its name; a damaged entry, or one of another name, does not."""
    monkeypatch.setenv("DIFFCOMPARE_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("DIFFCOMPARE_CACHE", raising=False)
    text = KernelText("def kernel(n):\n    pass\n", "", (), (), ("i8",))
    name = cuda_store.key(text, (9, 0))
    assert name != cuda_store.key(text, (8, 0)) and cuda_store.find(name) is None
    cuda_store.keep(name, "entry", b"\x7fELF\n\0code")
    assert cuda_store.find(name) == ("entry", b"\x7fELF\n\0code")
    (path,) = tmp_path.glob("*.code")
    path.rename(tmp_path / f"{'0' * 64}.code")
    assert cuda_store.find("0" * 64) is None and not list(tmp_path.glob("*.code"))
