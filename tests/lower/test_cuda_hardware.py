"""On an NVIDIA GPU: values, bits, arrays of other libraries, memory, and the time a call takes to start.

One command runs them all: python -m pytest -m gpu
"""

from __future__ import annotations

import gc

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import variable
from diffcompare.core.tables import ROWS
from diffcompare.errors import DeviceError, SizeLimitError, UnsupportedOpError
from diffcompare.lower import cuda_store
from diffcompare.lower.cuda_device import device
from diffcompare.lower.cuda_measure import measure
from diffcompare.lower.cuda_plan import check
from diffcompare.lower.cuda_presence import in_words, simulating, why_not
from diffcompare.lower.cuda_program import Program
from diffcompare.transform.pullback import pullback
from diffcompare.transform.simplify import simplify

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(bool(why_not()) or simulating(), reason=why_not() or "the simulator is no device"),
]
DTYPES = [np.float64, np.float32]
EPS = {np.float64: 2.0**-53, np.float32: 2.0**-24}
SIZES = [0, 1, 2, 3, 5, 31, 32, 33, 255, 1000, 4097, 1_000_003]
RANDOM = np.random.default_rng(8)
# CUDA C++ Programming Guide, "Mathematical Functions": at most 4 ULP for the elementary ones, and
# more for some special ones near their zeros, which is why the error is also measured against the largest value.
MOST_ULP = 16.0


def example(x):
    return np.sum(np.sin(x) * np.exp(-x * x) + np.tanh(x))


def both(function, *args):
    graph = dc.trace(function, *args)
    return simplify(pullback(graph, tuple(range(len(args)))))


def check_call(graph, *args, terms=1):
    """Every output against NumPy's in float64; a sum of `terms` numbers may lose as many roundings."""
    dtype = args[0].dtype.type
    first, rest = Program(graph).call(*args)
    wide = [np.asarray(a, np.float64) for a in args]
    for found, wanted in zip((first, *rest), evaluator(graph)(*wide), strict=True):
        tolerance = MOST_ULP * EPS[dtype] * max(1.0, np.max(np.abs(wanted), initial=0.0)) * max(1.0, terms**0.5)
        np.testing.assert_allclose(found, wanted, rtol=0.0, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_sums_and_gradients_at_every_length(size, dtype):
    """Lengths around those of accesses, warps, blocks and grids."""
    x = RANDOM.normal(size=size).astype(dtype)
    check_call(both(example, x), x, terms=size)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (3, 1000), (1000, 3), (257, 129), (5, 6, 7), (2, 40_000)])
def test_axes_and_broadcasting(shape, dtype):
    """Rows, columns, and what lies between; short ones and long."""
    x, w = RANDOM.normal(size=shape).astype(dtype), RANDOM.normal(size=shape[-1]).astype(dtype)

    def f(x, w):
        rows = np.sum(np.tanh(x * w), axis=-1)
        return np.mean(rows * rows) + np.sum(np.sqrt(1.0 + np.sum(x * x, axis=0)))

    check_call(both(f, x, w), x, w, terms=x.size)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", [r for r in ROWS.values() if r.kind == "elementwise"], ids=lambda row: row.name)
def test_every_row_at_random_and_at_its_edges(row, dtype):
    """The device's value is NumPy's, at points of the domain, at zero, one, infinities and nan."""
    edges = [0.0, -0.0, 1.0, -1.0, 0.5, np.inf, -np.inf, np.nan]
    inside = RANDOM.uniform(0.05, 0.95, 40)
    points = np.concatenate([inside, edges]).astype(dtype)
    second = np.concatenate([RANDOM.uniform(0.05, 0.95, 40), RANDOM.permutation(edges)]).astype(dtype)
    args = [points, second, points[::-1].copy()][: len(row.domain)]
    if row.name == "where":
        args[0] = args[0] > 0.5
    inputs = tuple(variable(f"x{k}", a.shape, a.dtype) for k, a in enumerate(args))
    graph = Graph(inputs, (row(*inputs),))
    try:
        check(graph)
    except UnsupportedOpError:
        pytest.skip(f"{row.name} has no device code")
    found, _ = Program(graph).call(*args)
    wanted = evaluator(graph)(*args)[0]
    if wanted.dtype.kind == "b":
        np.testing.assert_array_equal(found, wanted)
    else:
        limit = MOST_ULP * EPS[dtype]
        np.testing.assert_allclose(found, wanted, rtol=limit, atol=limit, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bits_are_the_same_from_run_to_run(dtype):
    """Ten calls on new arrays give one value and one gradient."""
    x = RANDOM.normal(size=1_000_003).astype(dtype)
    call = Program(both(example, x)).call
    found = [call(x) for _ in range(10)]
    assert len({value for value, _ in found}) == 1
    assert len({gradient.tobytes() for _, (gradient,) in found}) == 1


@pytest.mark.parametrize("package", ["cupy", "torch", "jax", "numba.cuda"])
def test_arrays_of_other_libraries_stay_on_the_device(package):
    """Each library's arrays go in, and it takes the results without a copy."""
    library = pytest.importorskip(package)
    host = RANDOM.normal(size=1000)
    if package == "cupy":
        x, back = library.asarray(host), lambda a: library.asarray(a).get()
    elif package == "torch":
        x, back = library.tensor(host, device="cuda"), lambda a: library.as_tensor(a, device="cuda").cpu().numpy()
    elif package == "jax":
        library.config.update("jax_enable_x64", True)
        x, back = library.numpy.asarray(host), lambda a: np.asarray(library.numpy.asarray(a))
    else:
        x, back = library.to_device(host), lambda a: library.as_cuda_array(a).copy_to_host()
    if not hasattr(x, "__cuda_array_interface__"):
        pytest.skip(f"{package} has no device here")
    value, gradient = dc.value_and_gradient(example, method="cuda")(x)
    wanted = dc.gradient(example)(host)
    np.testing.assert_allclose(back(gradient), wanted, rtol=0, atol=MOST_ULP * EPS[np.float64])
    assert float(value) == pytest.approx(example(host), rel=1e-13)


def test_products_and_derivatives():
    """jvp, hvp and derivative agree with the CPU's."""
    x, v = RANDOM.normal(size=500), RANDOM.normal(size=500)
    forward = dc.methods.Forward(device="cuda")
    np.testing.assert_allclose(dc.jvp(example, (x,), (v,), method=forward), dc.jvp(example, (x,), (v,)), rtol=1e-12)
    np.testing.assert_allclose(dc.hvp(example, method="cuda")(x, v), dc.hvp(example)(x, v), rtol=0, atol=1e-13)
    found = dc.derivative(lambda x: np.exp(np.sin(x)), method="cuda")(x)
    np.testing.assert_allclose(found, np.cos(x) * np.exp(np.sin(x)), rtol=0, atol=1e-14)


def test_memory_is_refused_in_words_and_comes_back():
    """More than the device has is refused with numbers; after that, and after many calls, free memory is the same."""
    free, total = device().driver.memory()
    with pytest.raises(SizeLimitError, match="were asked for"):
        device().allocate(total + 1, 1)
    x = RANDOM.normal(size=100_000)
    call = Program(both(example, x)).call
    call(x)
    device().wait(1)
    before, _ = device().driver.memory()
    for _ in range(200):
        call(x)
    gc.collect()
    device().wait(1)
    after, _ = device().driver.memory()
    assert before - after <= 1 << 22
    assert free > 0


def test_mixed_arguments_are_refused():
    """A host array beside a device array is an error, and the next call works."""
    graph = both(lambda x, y: np.sum(x * y), np.ones(8), np.ones(8))
    program = Program(graph)
    x, y = program.resident((np.ones(8), np.ones(8)))
    with pytest.raises(DeviceError, match="Some arrays lie on the device"):
        program.call(x, np.ones(8))
    assert float(program.call(x, y)[0]) == 8.0


def test_a_second_process_compiles_nothing(monkeypatch, tmp_path):
    """Machine code comes from the store; a damaged entry is compiled again."""
    monkeypatch.setenv("DIFFCOMPARE_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(device(), "_loaded", {})
    graph = both(example, np.ones(1234))
    assert not Program(graph).cached
    device()._loaded.clear()
    assert Program(graph).cached
    for path in tmp_path.glob("*.code"):
        path.write_bytes(path.read_bytes()[:-1])
    device()._loaded.clear()
    assert not Program(graph).cached
    assert cuda_store.find("no such entry") is None


def test_times_are_told():
    """Kernels, copies and the rate of a plain copy are all above zero; info names the device."""
    x = RANDOM.normal(size=1 << 20)
    times = measure(Program(both(example, x)), (x,))
    assert min(times.kernel_s, times.launch_s, times.to_device_s, times.to_host_s, times.copy_rate) > 0
    assert device().name in in_words()
