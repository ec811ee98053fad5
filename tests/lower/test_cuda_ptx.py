"""Kernels compiled without a device: no float64 in float32, nothing unresolved, 16 bytes an access."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.graph import Graph
from diffcompare.core.node import variable
from diffcompare.core.tables import ROWS
from diffcompare.errors import UnsupportedOpError
from diffcompare.lower.cuda_plan import Grid, check, plan
from diffcompare.lower.cuda_presence import simulating
from diffcompare.transform.pullback import pullback
from diffcompare.transform.simplify import simplify

NEEDED = {
    "numba_cuda": "numba-cuda", "nvidia.cu13": "nvidia-nvvm, nvidia-cuda-nvrtc and nvidia-nvjitlink",
    "cuda.core": "cuda-core",
}  # fmt: skip


def _missing() -> list[str]:
    def there(name):
        try:
            return find_spec(name) is not None
        except ModuleNotFoundError:
            return False

    return [package for module, package in NEEDED.items() if not there(module)]


if simulating():
    pytest.skip("the simulator has no compiler", allow_module_level=True)
if _missing():
    pytest.skip(f"not installed: {', '.join(_missing())} ('diffcompare[cuda-compile]')", allow_module_level=True)
ARCHITECTURES = [(7, 5), (8, 0), (9, 0), (10, 0), (12, 0)]
DTYPES = [np.float32, np.float64]
MOST_BYTES = 1 << 18  # of machine code in one kernel; a hundred operations make a fifth of it


@cache
def compiled(text, capability):
    from diffcompare.lower.cuda_runtime import compile_ptx

    return compile_ptx(text, capability)


def kernels(graph, lanes=None):
    """The texts of a graph's kernels."""
    check(graph)
    return [step.write(lanes or step.lanes)[0] for step in plan(graph, Grid()).steps]


def gradient_graph(function, *args):
    graph = dc.trace(function, *args)
    return simplify(pullback(graph, tuple(range(len(args)))))


def example(x):
    return np.sum(np.sin(x) * np.exp(-x * x) + np.tanh(x))


def axes(x, w):
    return np.mean(np.sum(np.tanh(x * w), axis=0) ** 2) + np.sum(np.sqrt(np.sum(x * x, axis=1)))


@pytest.mark.parametrize("capability", ARCHITECTURES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_kernels_are_compiled_and_linked_for_every_architecture(capability, dtype):
    """PTX becomes machine code; nothing in it is left to be found, and no register is spilled."""
    from diffcompare.lower.cuda_runtime import link

    texts = kernels(gradient_graph(example, np.ones(1000, dtype)))
    texts += kernels(gradient_graph(axes, np.ones((300, 200), dtype), np.ones(200, dtype)))
    for text in texts:
        ptx, entry = compiled(text, capability)
        assert f".target sm_{capability[0]}{capability[1]}" in ptx
        assert not re.search(r"\.extern\s+\.func", ptx)
        code, told = link(ptx, capability)
        assert code[:4] == b"\x7fELF" and len(code) < MOST_BYTES and entry.encode() in code
        assert "0 bytes spill stores" in told


@pytest.mark.parametrize("capability", ARCHITECTURES)
def test_float32_kernels_have_no_float64_instruction(capability):
    """Literals, functions, sums and lengths are float32; sine and cosine reduce large arguments in whole numbers."""
    for function, args in (
        (example, (np.ones(99, np.float32),)),
        (axes, (np.ones((99, 70), np.float32), np.ones(70, np.float32))),
    ):
        for text in kernels(gradient_graph(function, *args)):
            assert ".f64" not in compiled(text, capability)[0]


@pytest.mark.parametrize(("dtype", "access"), [(np.float32, "v4"), (np.float64, "v2")])
@pytest.mark.parametrize("capability", ARCHITECTURES)
def test_elements_are_read_and_written_16_bytes_at_a_time(dtype, access, capability):
    """Arrays in the order of memory are one wide access for a thread; the variant for other addresses has none."""
    graph = gradient_graph(example, np.ones(1000, dtype))
    ptx, _ = compiled(kernels(graph)[0], capability)
    assert re.search(rf"ld\.global\.{access}\.[bf]", ptx) and re.search(rf"st\.global\.{access}\.[bf]", ptx)
    narrow, _ = compiled(kernels(graph, 1)[0], capability)
    assert not re.search(r"(ld|st)\.global\.v", re.sub(r"ld\.global\.nc\S*", "", narrow))


def test_products_are_not_contracted_with_sums():
    """x * x - y * y is three roundings, as on the CPU."""
    graph = dc.trace(lambda x, y: x * x - y * y, np.ones(9), np.ones(9))
    assert "fma" not in compiled(kernels(graph)[0], (9, 0))[0]


def test_arguments_are_addresses_and_numbers():
    """A launch passes 8 bytes an argument: five for the elements, three for the sums of blocks."""
    first, second = kernels(gradient_graph(example, np.ones(1000)))
    for text, count in ((first, 5), (second, 3)):
        ptx, _ = compiled(text, (9, 0))
        header = ptx[ptx.index(".entry") :].partition(")")[0]
        assert header.count(".param .u64") + header.count(".param .b64") == header.count(".param") == count


def test_another_size_is_the_same_text():
    """Sizes are arguments: nothing is compiled for a second size."""
    for function in (example, lambda x: np.mean(x * x)):
        assert kernels(gradient_graph(function, np.ones(1000))) == kernels(gradient_graph(function, np.ones(2000)))


def test_indices_of_huge_arrays_have_64_bits():
    """Beyond 2**31 elements a broadcast operand is found by divisions of 64 bits."""
    small, large = (variable("x", (n, 5)) for n in (1000, 2**29))
    w = variable("w", (5,))
    for x, name in ((small, "quotient4"), (large, "quotient8")):
        (text,) = kernels(Graph((x, w), (x * w,)))
        assert name in text.source
        compiled(text, (9, 0))


ELEMENTWISE = [row for row in ROWS.values() if row.kind == "elementwise"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_every_elementwise_row_compiles_or_is_refused(row, dtype):
    """A row is compiled, without float64 in float32 but where NVIDIA's function has it, or refused by its name."""
    count = len(row.domain)
    inputs = tuple(variable(f"x{k}", (8,), bool if row.name == "where" and not k else dtype) for k in range(count))
    graph = Graph(inputs, (row(*inputs),))
    try:
        (text,) = kernels(graph, 1)
    except UnsupportedOpError as error:
        assert repr(row.name) in str(error)
        return
    ptx, _ = compiled(text, (9, 0))
    if dtype is np.float32 and row.name not in WIDE_INSIDE:
        assert ".f64" not in ptx


# NVIDIA's own float32 functions that reduce large arguments in float64.
WIDE_INSIDE = frozenset({"j0", "j1"})
