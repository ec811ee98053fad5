"""Prepared functions and operators take the direct way to machine code only where it is right, and answer the same."""

from __future__ import annotations

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.errors import DTypeError, ShapeError

X = np.array([1.0, 2.0, 4.0])
# value x.x, gradient 2 x: integers and powers of two, so every result is exact
SQUARES = dc.function(lambda x: np.sum(x * x))


def _prepared():
    return dc.prepare(SQUARES, X)


ARGUMENTS = {
    "plain": X,
    "strided": np.repeat(X, 2)[::2],
    "read-only": np.frombuffer(X.tobytes()),
    "unaligned": np.frombuffer(b"0" + X.tobytes(), np.uint8)[1:].view(np.float64),
    "integers": X.astype(np.int64),
    "other byte order": X.astype(">f8"),
    "list": X.tolist(),
    "a matrix's row": np.vstack([X, X])[1],
    "subclass": np.ma.masked_array(X),
}


@pytest.mark.parametrize("x", ARGUMENTS.values(), ids=ARGUMENTS)
def test_any_array_of_these_numbers_has_this_gradient(x):
    """Layout, dtype and kind of an argument decide how it is read, never what comes out."""
    operator, gradient, prepared = dc.value_and_gradient(SQUARES), dc.gradient(SQUARES), _prepared()
    for first in (X, x):  # the second call meets what the first one left
        operator(first), gradient(first), prepared.value_and_gradient(first)
        for value, found in (operator(x), prepared.value_and_gradient(x)):
            assert value == 21.0
            np.testing.assert_array_equal(found, [2.0, 4.0, 8.0], strict=True)
        np.testing.assert_array_equal(gradient(x), [2.0, 4.0, 8.0], strict=True)


def test_numbers_of_every_kind_are_numbers():
    """Floats, NumPy's floats and integers have one gradient, several of them a tuple."""
    operator = dc.value_and_gradient(lambda x, y: x * x * y)
    for x in (3.0, np.float64(3.0), 3, np.int64(3), True + 2, np.array(3.0)):
        assert operator(x, 2.0) == (18.0, (12.0, 9.0))
    single = dc.value_and_gradient(lambda x: x * x)
    assert [single(3.0), single(3), single(3.0)] == [(9.0, 6.0)] * 3


def test_float32_keeps_its_precision():
    """After float64 arguments, float32 ones are differentiated in float32, and the other way round."""
    operator = dc.gradient(SQUARES)
    for dtype in (np.float64, np.float32, np.float64):
        np.testing.assert_array_equal(operator(X.astype(dtype)), np.array([2, 4, 8], dtype), strict=True)


def test_other_shapes_are_prepared_anew_or_refused():
    """An operator takes any shape; what is prepared for one refuses others, however many dimensions they have."""
    operator, prepared = dc.gradient(SQUARES), _prepared()
    for x in (X, X[:2].copy(), np.ones((3, 1)), np.ones((1, 1, 3)), X):
        np.testing.assert_array_equal(operator(x), 2 * x, strict=True)
        if x is not X:
            with pytest.raises(ShapeError, match="prepared for"):
                prepared.value_and_gradient(x)
            with pytest.raises(ShapeError, match="prepared for"):
                prepared.value_and_gradient(x, out=np.empty(3))
    for wrong in ((), (X, X)):
        with pytest.raises((ShapeError, TypeError)):
            prepared.value_and_gradient(*wrong)


def _outs() -> dict[str, np.ndarray]:
    return {
        "plain": np.empty(3), "strided": np.empty(6)[::2], "a matrix's row": np.empty((2, 3))[1],
        "float32": np.empty(3, np.float32), "unaligned": np.empty(25, np.uint8)[1:].view(np.float64),
    }  # fmt: skip


@pytest.mark.parametrize("out", _outs().values(), ids=_outs())
@pytest.mark.parametrize("wrapped", [False, True])
def test_out_may_be_any_array_that_can_be_written(out, wrapped):
    """The gradient is written to `out`, alone or in a tuple, and `out` itself comes back."""
    given = (out,) if wrapped else out
    value, found = _prepared().value_and_gradient(X, out=given)
    assert found is given
    assert value == 21.0
    np.testing.assert_array_equal(out, [2.0, 4.0, 8.0])


def test_out_may_share_memory_with_an_argument():
    """An argument that is overwritten by its own gradient has been read before, whole or in part."""
    rosenbrock = dc.prepare(lambda x: np.sum(x[1:] * x[:-1]), X)
    for shift in (0, 1, 2):  # by hand: (x1, x0 + x2, x1)
        memory = np.empty(5)
        x, out = memory[2:], memory[2 - shift : 5 - shift]
        x[...] = X
        assert rosenbrock.value_and_gradient(x, out=out)[0] == 10.0
        np.testing.assert_array_equal(out, [2.0, 5.0, 2.0])
    x = X.copy()
    rosenbrock.value_and_gradient(x, out=x)
    np.testing.assert_array_equal(x, [2.0, 5.0, 2.0])
    both = dc.prepare(lambda x, y: np.sum(x * y * y), X, X)
    same = np.empty(3)  # the later gradient, 2 x y, stays
    both.value_and_gradient(X, X, out=(same, same))
    np.testing.assert_array_equal(same, 2 * X * X)


def test_out_that_does_not_fit_is_refused():
    """Another shape, another number of arrays, and what is no array are errors; so is an array that is read-only."""
    prepared, read_only = _prepared(), np.frombuffer(X.tobytes())
    for wrong in (np.empty(2), (), (np.empty(3), np.empty(3)), [0.0, 0.0, 0.0], np.empty((3, 1)), (None,)):
        with pytest.raises(ShapeError, match="out"):
            prepared.value_and_gradient(X, out=wrong)
    with pytest.raises(DTypeError, match="read-only"):
        prepared.value_and_gradient(X, out=read_only)


def test_several_gradients_have_several_arrays():
    """Arrays and numbers among them: each in its place."""
    prepared = dc.prepare(lambda x, y: np.sum(x * y), X, X)
    out = [np.empty(3), np.empty(3)]
    assert prepared.value_and_gradient(X, 2 * X, out=out)[0] == 42.0
    np.testing.assert_array_equal(out, [2 * X, X])
    mixed = dc.prepare(lambda x, a: np.sum(x) * a, X, 2.0)
    bars = (np.empty(3), np.empty(()))
    assert mixed.value_and_gradient(X, 2.0, out=bars)[0] == 14.0
    np.testing.assert_array_equal(bars[0], [2.0, 2.0, 2.0])
    assert bars[1] == 7.0


@pytest.mark.parametrize("executor", ["auto", "numpy", "interpreter"])
def test_every_executor_answers_alike(executor):
    """What runs a tape does not show in the form of its results."""
    operator = dc.value_and_gradient(lambda x, y: x * y, wrt=0, method=dc.methods.Reverse(executor=executor))
    assert operator(3.0, 2.0) == operator(3.0, 2.0) == (6.0, 2.0)
    with_shape = dc.value_and_gradient(lambda x, y: x * y, wrt=(0,), method=dc.methods.Reverse(executor=executor))
    assert with_shape(3.0, 2.0) == with_shape(3.0, 2.0) == (6.0, (2.0,))


@pytest.mark.parametrize("words", ["read-only", "int64"])
def test_an_out_that_cannot_hold_the_gradient_is_refused_and_left_alone(words: str) -> None:
    prepared = dc.prepare(lambda x: np.sum(x * x), np.ones(3))
    out = np.zeros(3, np.int64 if words == "int64" else np.float64)
    out.flags.writeable = words == "int64"
    with pytest.raises(dc.errors.DTypeError, match=words):
        prepared.value_and_gradient(np.full(3, 0.75), out=out)
    np.testing.assert_array_equal(out, 0)
