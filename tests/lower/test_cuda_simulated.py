"""Kernels in Numba's simulator: every access within its array, and the results those of NumPy.

Each of the device's threads is one of Python's, so grids are of one or two blocks of 32 threads; a test runs at most
256 of them, and all tests together at most 1,000.
"""

from __future__ import annotations

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.errors import DeviceError, InternalError
from diffcompare.lower import cuda_device, cuda_program
from diffcompare.lower.cuda_kernels import KernelText
from diffcompare.lower.cuda_plan import Grid
from diffcompare.lower.cuda_presence import in_words, simulating
from diffcompare.transform.pullback import pullback
from diffcompare.transform.simplify import simplify

pytestmark = [
    pytest.mark.cudasim,
    pytest.mark.skipif(not simulating(), reason="needs NUMBA_ENABLE_CUDASIM=1, set before Numba is loaded"),
]
MOST_THREADS = 1_000
RANDOM = np.random.default_rng(20)
EPS = {np.float32: 2.0**-24, np.float64: 2.0**-53}


@pytest.fixture(scope="module", autouse=True)
def few_threads():
    """All tests together run no more threads than a few seconds allow."""
    if not simulating():
        yield
        return
    simulator = cuda_device.device()
    yield
    assert simulator.launched <= MOST_THREADS


def check(function, *args, ulp=64, gradient=True):
    """Value and (or without) gradient on the device are those of the same graph in NumPy; gives the program.

    Both round each operation once, by other functions that are off by a few ULP; sums of at most 40 terms of either
    sign may lose 40 roundings of the largest. `ulp` is in units of the largest entry.
    """
    graph = dc.trace(function, *args)
    both = simplify(pullback(graph, tuple(range(len(args))))) if gradient else graph
    program = cuda_program.Program(both)
    first, others = program.call(*args)
    for found, wanted in zip((first, *others), evaluator(both)(*args), strict=True):
        tolerance = ulp * EPS[args[0].dtype.type] * max(1.0, np.max(np.abs(wanted), initial=0.0))
        np.testing.assert_allclose(found, wanted, rtol=0.0, atol=tolerance)
        assert np.asarray(found).dtype in (np.asarray(wanted).dtype, np.float64)
    return program


def normal(*shape, dtype=np.float64):
    return RANDOM.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_sum_of_everything_and_its_gradient_are_one_pass(dtype):
    """Two launches: one over the elements, with a last access that is not whole, and one for the sums of blocks."""
    program = check(lambda x: np.sum(np.sin(x) * np.exp(-x * x) + np.tanh(x)), normal(37, dtype=dtype))
    assert len(program.steps) == 2
    assert program.arguments == [5, 3]


def test_broadcasting_and_means():
    """Rows and columns are read where they are needed; their gradients are sums along axes."""
    check(lambda x, w, c: np.mean(np.exp(x * w + c[:, None]) ** 2), normal(4, 5), normal(5), normal(4))


def test_sums_along_leading_and_trailing_axes():
    """Both in one expression, with statements on what they give."""
    check(lambda x: np.sum(np.sqrt(1.0 + np.sum(x * x, axis=0))) * np.mean(np.tanh(np.sum(x, axis=1))), normal(3, 4))


def test_a_long_row_is_a_blocks_work():
    """Rows of 70 elements are added by blocks, the last part of each by fewer threads."""
    check(lambda x: np.sum(np.sum(x * x, axis=1) ** 2), normal(2, 70, dtype=np.float32), gradient=False)


def test_sums_of_parts_are_added_by_a_second_kernel():
    """One column of many elements is cut into parts."""
    program = check(lambda x: np.sum(np.sum(np.sin(x), axis=0) ** 2), normal(80, 2), gradient=False)
    assert any("parts" in line for line in program.source.splitlines())


def test_conditions_remainders_and_whole_numbers():
    """Comparisons are of the operands' type, choices of the result's."""
    x = np.array([-2.5, -0.5, -0.0, 0.0, 0.25, 1.0, 3.5])
    graph = dc.trace(lambda x: np.where(x > 0, np.maximum(x, 0.5) % 0.3, np.floor(x) // 0.7) + (x != 1.0), x)
    found, _ = cuda_program.Program(graph).call(x)
    np.testing.assert_allclose(found, evaluator(graph)(x)[0], rtol=4 * EPS[np.float64], atol=0.0)


def test_arrays_without_elements_and_numbers():
    """An empty sum is 0 and its gradient empty; an argument may be a number."""
    value, gradient = dc.value_and_gradient(lambda x: np.sum(np.exp(x)), method="cuda")(np.zeros((0, 3)))
    assert value == 0.0 and gradient.shape == (0, 3)
    assert dc.gradient(lambda x, y: x * np.exp(y), method="cuda")(2.0, 0.0) == (1.0, 2.0)


def test_derivatives_over_a_grid():
    """`derivative` is one kernel with one result, by both directions."""
    x = np.linspace(-1.0, 1.0, 5)
    for method in (dc.methods.Reverse(device="cuda"), dc.methods.Forward(device="cuda")):
        found = dc.derivative(lambda x: np.exp(2.0 * x), method=method)(x)
        np.testing.assert_allclose(found, 2.0 * np.exp(2.0 * x), rtol=8 * EPS[np.float64])


def test_products_with_directions():
    """jvp and hvp of sum(x**3) / 3 at x along v: x**2 . v, and 2 x v."""
    x, v = np.array([1.0, -2.0, 3.0]), np.array([0.5, 1.0, 0.25])

    def cubes(x):
        return np.sum(x * x * x) / 3.0

    value, tangent = dc.jvp(cubes, (x,), (v,), method=dc.methods.Forward(device="cuda"))
    assert (value, tangent) == (pytest.approx(20.0 / 3.0), pytest.approx(6.75))
    np.testing.assert_allclose(dc.hvp(cubes, method="cuda")(x, v), 2.0 * x * v, rtol=8 * EPS[np.float64])


def test_results_that_no_kernel_computes():
    """A gradient that is an argument is copied; `out=` is filled, and the seconds of kernels and copies are told."""
    x, y = np.arange(4.0), np.arange(4.0) + 1.0
    x_bar, y_bar = np.zeros(4), np.zeros(4)
    prepared = dc.prepare(lambda x, y: np.sum(x * y + 3.0 * y), x, y, method="cuda")
    _, out = prepared.value_and_gradient(x, y, out=(x_bar, y_bar))
    assert out[0] is x_bar and out[1] is y_bar
    np.testing.assert_array_equal(x_bar, y)
    np.testing.assert_array_equal(y_bar, x + 3.0)
    assert {"kernel_s", "to_device_s", "to_host_s"} <= prepared.seconds.keys()


def test_device_arrays_stay_there():
    """An array that says where it lies is read there, at an address that allows single accesses only."""
    simulator = cuda_device.device()
    whole = np.arange(6.0)
    whole = whole if whole.ctypes.data % 16 == 0 else np.concatenate([whole, [0.0]])[1:]
    x = whole[1:]

    class Array:
        __cuda_array_interface__ = {"shape": x.shape, "typestr": "<f8", "data": (x.ctypes.data, False), "version": 3}

    with pytest.raises(DeviceError, match="no memory of the simulated device"):
        dc.derivative(lambda x: x * x, method="cuda")(Array())
    simulator.hold(x)
    found = dc.derivative(lambda x: x * x, method="cuda")(Array())
    np.testing.assert_array_equal(found.to_numpy(), 2.0 * x)


def test_the_bits_are_the_same_from_run_to_run_and_on_two_warps():
    """The grid follows from sizes alone; two warps of a block add in the order of the warps."""
    x = normal(150)
    graph = Graph((g := dc.trace(lambda x: np.sum(x), x)).inputs, g.outputs)
    simulator, grid = cuda_device.device(), cuda_device.device().grid
    simulator.grid = Grid(threads=64, blocks=1)
    try:
        program = cuda_program.Program(graph)
        found, again = program.call(x)[0], program.call(x)[0]
    finally:
        simulator.grid = grid
    lanes = np.zeros((64, 2))
    for k in range(75):  # each thread takes two elements at a time, then the next 128
        lanes[k % 64] += x[2 * k : 2 * k + 2]
    warps = []
    for warp in (lanes[:, 0] + lanes[:, 1]).reshape(2, 32):
        while len(warp) > 1:
            warp = warp[: len(warp) // 2] + warp[len(warp) // 2 :]
        warps.append(warp[0])
    assert found == again == warps[0] + warps[1]


def test_an_access_outside_an_array_is_found():
    """The simulator tells what a device would write over silently."""
    simulator = cuda_device.device()
    source = "def kernel(a, n):\n    store_f8_1(a, n, as_f8(1.0))\n"
    kernel, _ = simulator.kernel(KernelText(source, "", (), (), ("i8", "i8")))
    block = simulator.allocate(24, 0)
    launch = simulator.launcher(kernel, 1, 1, ("i8", "i8"))
    launch((block.address, 2), 0)
    with pytest.raises(InternalError, match="elements from 3 on of an array of 3"):
        launch((block.address, 3), 0)


def test_info_says_that_it_is_the_simulator():
    """Nobody takes the simulator for a device."""
    assert in_words.__wrapped__().startswith("none: kernels run in Numba's CUDA simulator")
