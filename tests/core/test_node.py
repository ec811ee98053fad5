"""Nodes: interned, immutable, and arrays to NumPy."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.node import _INTERNED, constant
from diffcompare.errors import ShapeError, TraceError, UnsupportedOpError


@pytest.fixture
def x():
    return dc.variable("x", shape=(2, 3))


def test_equal_expressions_are_one_node(x):
    """Building the same operation twice gives the same object, also through different spellings."""
    assert np.sin(x) * 2.0 is np.sin(x) * 2.0
    assert x.T is np.transpose(x)
    assert x + 1 is x + 1.0


def test_signed_zeros_are_different_constants():
    """0.0 and -0.0 are two constants; equal numbers of two dtypes are two constants."""
    assert constant(0.0) is not constant(-0.0)
    assert constant(1.0) is not constant(1)
    assert constant(np.zeros(3)) is constant(np.zeros(3))


def test_two_variables_of_one_name_are_two_inputs():
    """Variables are never interned."""
    assert dc.variable("x") is not dc.variable("x")


def test_nodes_die_with_their_last_reference(x):
    """The table of nodes holds no node alive, and forgets the dead."""
    node = np.tanh(x)
    seen = weakref.ref(node)
    before = len(_INTERNED)
    del node
    gc.collect()
    assert seen() is None
    _ = np.cosh(x) + 1.0
    assert len(_INTERNED) <= before + 3


def test_a_constant_is_a_copy():
    """Changing the array after the trace changes nothing."""
    a = np.ones(3)
    node = constant(a)
    a[0] = 7.0
    assert node.value.tolist() == [1.0, 1.0, 1.0]


def test_nodes_are_immutable(x):
    """Attributes and elements cannot be assigned; the message shows the way out."""
    with pytest.raises(TraceError):
        x.shape = (6,)
    with pytest.raises(TraceError, match=r"np\.where"):
        x[0] = 1.0


def test_a_chain_of_a_million_nodes_is_walked_pickled_and_freed():
    """No walk recurses: depth is no limit."""
    x = dc.variable("x")
    y = x
    for _ in range(1_000_000):
        y = -y
    graph = dc.Graph((x,), (y,))
    assert len(graph.nodes) == 1_000_001
    again = pickle.loads(pickle.dumps(dc.Graph((x,), (graph.nodes[20_000],))))
    assert len(again.nodes) == 20_001
    assert copy.deepcopy(y) is y


def test_the_usual_attributes(x):
    """shape, ndim, size, len, T, flat and iteration are NumPy's."""
    assert (x.shape, x.ndim, x.size, len(x), x.T.shape) == ((2, 3), 2, 6, 2, (3, 2))
    assert [row.shape for row in x] == [(3,), (3,)]
    assert x.reshape(3, -1).shape == x.reshape((3, 2)).shape == (3, 2)
    assert x.sum(axis=0).shape == (3,) and x.mean().shape == () and x.astype(np.float32).dtype == np.float32


@pytest.mark.parametrize(
    "use",
    [
        lambda x: 1 if x[0, 0] > 0 else 2,
        lambda x: float(x[0, 0]),
        lambda x: int(x[0, 0]),
        lambda x: [1, 2, 3][x[0, 0]],
        lambda x: np.array([x[0, 0], x[0, 1]]),
        lambda x: range(x[0, 0]),
        lambda x: x[0, 0].item(),
        lambda x: x[x > 0],
    ],
)
def test_what_a_trace_cannot_know_is_refused_with_the_line(x, use):
    """Branching, converting, indexing by a traced value raise TraceError, which names this file."""
    with pytest.raises(TraceError, match="test_node"):
        use(x)


def test_a_function_without_a_row_is_refused_by_name(x):
    """The message names the function and its neighbours."""
    with pytest.raises(UnsupportedOpError, match=r"numpy\.sort"):
        np.sort(x)
    with pytest.raises(UnsupportedOpError, match="out="):
        np.add(x, 1.0, out=np.zeros((2, 3)))


def test_shapes_that_do_not_broadcast_are_refused(x):
    """The message shows both shapes."""
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(4,\)"):
        x + np.ones(4)


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        (0, (3,)),
        ((slice(None), -1), (2,)),
        ((..., None, 0), (2, 1)),
        (slice(None, None, -1), (2, 3)),
        (slice(5, 9), (0, 3)),
        (([0, 1, 1], [2, 0, 0]), (3,)),
        (np.array([[True, False, True], [False, False, True]]), (3,)),
        (None, (1, 2, 3)),
    ],
)
def test_indexing_is_numpys(x, index, shape):
    """Every constant index gives what NumPy gives."""
    a = np.arange(6.0).reshape(2, 3)
    assert x[index].shape == shape
    np.testing.assert_array_equal(dc.Function.from_expression(x[index], [x])(a), a[index])


def test_an_index_out_of_range_is_both_our_error_and_pythons(x):
    """IndexOutOfRangeError is an IndexError and names index and shape."""
    with pytest.raises(IndexError, match=r"\(2, 3\)"):
        x[5]


def test_python_numbers_do_not_widen_float32():
    """float32 stays float32 beside Python numbers, and meets float64 arrays as NumPy says."""
    x = dc.variable("x", shape=(2,), dtype=np.float32)
    assert (2.0 * x + 1).dtype == np.float32
    assert np.where(x > 0, x, 0.0).dtype == np.float32
    assert (x * np.ones(2)).dtype == np.float64


def test_no_gradient_detaches():
    """Within no_gradient every result is a constant to differentiation; around it nothing changes."""

    def f(x):
        with dc.no_gradient():
            scale = np.sum(x) * 2.0
        return scale * x[0]

    np.testing.assert_array_equal(dc.gradient(f)(np.array([2.0, 3.0])), [10.0, 0.0])
