"""Tracing: once per shapes, with arguments of every kind."""

import pickle

import numpy as np
import pandas
import pytest

import diffcompare as dc
from diffcompare.core.evaluate import evaluator
from diffcompare.errors import DTypeError, ShapeError, TraceError


def test_a_function_is_traced_once_per_shapes():
    """The same shapes never run the Python function again."""
    calls = []

    @dc.function
    def f(x):
        calls.append(x)
        return np.sum(x * x)

    gradient = dc.gradient(f)
    for n in (3, 3, 4, 3):
        np.testing.assert_array_equal(gradient(np.ones(n)), 2 * np.ones(n))
    assert len(calls) == 2


def test_print_is_a_numbered_list():
    """A graph prints inputs, statements and the returned name."""
    text = str(dc.trace(lambda x, y: np.sin(x) * y, 1.0, np.ones(3)))
    assert text.splitlines()[0] == "2 inputs, 4 nodes"
    assert "v2 = sin(v0)" in text and "float64 3" in text and text.endswith("return v3")


def test_a_graph_pickles_flat():
    """A pickled graph computes what it computed."""
    graph = dc.trace(lambda x: np.sum(np.exp(x)[::2] * np.arange(2.0)), np.ones(4))
    again = pickle.loads(pickle.dumps(graph))
    x = np.array([0.0, 5.0, 1.0, 5.0])
    assert evaluator(again)(x) == evaluator(graph)(x) == (np.e,)
    assert [node.op.name for node in again.nodes].count("exp") == 1


@pytest.mark.parametrize(
    "x",
    [
        [1, 2, 3],
        (1.0, 2.0, 3.0),
        np.array([1, 2, 3]),
        np.array([1.0, 2.0, 3.0], dtype=">f8"),
        np.array([1.0, 9.0, 2.0, 9.0, 3.0])[::2],
        np.array([3.0, 2.0, 1.0])[::-1],
        np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, False, False]),
    ],
)
def test_arrays_of_every_layout_are_taken(x):
    """Lists, integers, big-endian, strided and unmasked arrays are differentiated as float64."""
    value, gradient = dc.value_and_gradient(lambda x: np.sum(x**3))(x)
    assert value == 36.0 and gradient.dtype == np.float64
    np.testing.assert_array_equal(gradient, [3.0, 12.0, 27.0])


def test_pandas_series_are_taken():
    """A Series counts by its values."""
    np.testing.assert_array_equal(dc.gradient(np.sum)(pandas.Series([1.0, 2.0])), [1.0, 1.0])


def test_read_only_arrays_are_taken():
    """A read-only array is not written to."""
    x = np.ones(3)
    x.setflags(write=False)
    np.testing.assert_array_equal(dc.gradient(lambda x: np.sum(x * x))(x), [2.0, 2.0, 2.0])


@pytest.mark.parametrize(
    "method", ["reverse", "forward", "symbolic", "central-difference", "complex-step", "richardson"]
)
def test_empty_arrays_have_empty_gradients(method):
    """A sum of nothing is 0 and its gradient has no entries, in every method."""
    value, gradient = dc.value_and_gradient(lambda x: np.sum(x * x), method=method)(np.empty(0))
    assert value == 0.0 and gradient.shape == (0,)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (1 + 2j, "complex"),
        (np.ma.masked_array([1.0, 2.0], mask=[True, False]), "masked"),
        (np.array([1.0, "a"], dtype=object), "object"),
        (np.float16(1.0), "float16"),
        (np.array([True, False]), "boolean"),
        ("text", "cannot be differentiated"),
        (None, "cannot be differentiated"),
    ],
)
def test_what_has_no_derivative_is_refused(x, message):
    """Values that are not real numbers in a differentiated position are named in the error."""
    with pytest.raises(DTypeError, match=message):
        dc.gradient(lambda x: np.sum(x * 1.0))(x)


def test_float32_stays_float32():
    """Value and gradient of float32 arguments are float32."""
    gradient = dc.gradient(lambda x: np.sum(np.exp(x) * 2.0))(np.zeros(3, np.float32))
    assert gradient.dtype == np.float32


def test_arguments_outside_wrt_may_be_anything():
    """Strings, counts and flags outside wrt are part of the trace; keyword arguments as well."""

    def f(x, n, kind, *, scale=1.0):
        for _ in range(n):
            x = np.sin(x) if kind == "sin" else x * x
        return scale * x

    assert dc.gradient(f, wrt=0)(2.0, 3, "square") == 8 * 2.0**7
    assert dc.gradient(f, wrt=0)(2.0, 2, "square", scale=3.0) == 3 * 4 * 2.0**3
    assert dc.gradient(f, wrt=(0,))(0.0, 5, "sin") == (1.0,)


def test_boolean_and_integer_arrays_outside_wrt_are_inputs():
    """Arrays outside wrt are inputs: another array of the same shape is no new trace."""
    gradient = dc.gradient(lambda x, keep: np.sum(np.where(keep, x * x, 0.0)), wrt=0)
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(gradient(x, np.array([True, False])), [2.0, 0.0])
    np.testing.assert_array_equal(gradient(x, np.array([False, True])), [0.0, 4.0])
    assert len(gradient._ready) == 1


def test_unused_arguments_and_constants_have_zero_gradients():
    """What the value does not depend on has derivative 0, in the shape of the argument."""
    a, b = dc.gradient(lambda x, y: np.sum(x))(np.ones(2), np.ones((2, 2)))
    assert a.tolist() == [1.0, 1.0] and b.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert dc.value_and_gradient(lambda x: 3.0)(2.0) == (3.0, 0.0)


def test_the_wrong_number_of_arguments_is_said():
    """Too few or too many arguments raise ShapeError with the signature."""
    for args in [(1.0,), (1.0, 2.0, 3.0)]:
        with pytest.raises(ShapeError, match=r"\(x, y\)"):
            dc.gradient(lambda x, y: x * y)(*args)


def test_wrt_out_of_range_is_said():
    """wrt must name an argument, once."""
    with pytest.raises(ShapeError, match="wrt=2"):
        dc.gradient(lambda x, y: x * y, wrt=2)(1.0, 2.0)
    with pytest.raises(ShapeError, match="twice"):
        dc.gradient(lambda x, y: x * y, wrt=(0, -2))(1.0, 2.0)


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: None, TraceError, "returned None"),
        (lambda x: (x, x), ShapeError, "np.stack"),
        (lambda x: {"a": x}, ShapeError, "dict"),
        (lambda x: "text", TraceError, "str"),
        (lambda x: x * np.ones(3), ShapeError, "scalar output"),
    ],
)
def test_outputs_that_are_not_numbers_are_refused(f, error, message):
    """The message says what came back and what is needed."""
    with pytest.raises(error, match=message):
        dc.gradient(f)(1.0)


def test_recursion_works_and_endless_recursion_is_said():
    """A recursion over a plain count is traced; one that never ends raises TraceError."""

    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    assert dc.gradient(power, wrt=0)(2.0, 5) == 80.0

    def endless(x):
        return endless(x) + 1.0

    with pytest.raises(TraceError, match="without end"):
        dc.gradient(endless)(1.0)


def test_python_branches_on_traced_values_name_the_line():
    """The error shows file, line, code and the way out."""
    with pytest.raises(TraceError, match="np.where"):
        dc.gradient(lambda x: x if x > 0 else -x)(1.0)
    assert dc.gradient(lambda x: x if x > 0 else -x, method="central-difference")(2.0) == pytest.approx(1.0)


def test_writing_a_traced_value_into_an_array_names_the_line():
    """NumPy's own message would say nothing; ours names the line and np.stack."""

    def f(x):
        y = np.zeros(3)
        y[0] = x
        return np.sum(y)

    with pytest.raises(TraceError, match=r"y\[0\] = x(.|\n)*np\.stack"):
        dc.gradient(f)(1.0)


def test_nan_and_inf_pass_through():
    """Awkward inputs give NumPy's values, no exception."""
    assert np.isnan(dc.gradient(lambda x: np.log(x) * x)(np.nan))
    assert dc.gradient(np.exp)(np.inf) == np.inf
    assert dc.gradient(np.log)(0.0) == np.inf


def test_functions_compose():
    """A Function inside a function is traced through, whatever it was made from."""
    inner = dc.function(lambda x: x * x)
    text = dc.parse("a*b")
    assert dc.gradient(lambda x: inner(x) + text(x, 3.0))(2.0) == 7.0


def test_from_expression_needs_all_its_inputs():
    """A variable that is not among the inputs is named."""
    x, y = dc.variable("x"), dc.variable("y")
    with pytest.raises(TraceError, match="'y'"):
        dc.Function.from_expression(x * y, [x])
