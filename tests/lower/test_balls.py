"""Graphs in ball arithmetic: values are those of NumPy, and series agree with pullbacks for every kind of row."""

from typing import Any

import numpy as np
import pytest
from flint import arb, arb_series

from diffcompare.analysis.reference import reference_gradient
from diffcompare.core.tables import ROWS
from diffcompare.core.trace import trace
from diffcompare.lower import ball_arrays, ball_matrices, balls
from diffcompare.lower import ball_math as B
from diffcompare.lower.ball_arrays import box, to_balls

GENERATOR = np.random.default_rng(20261103)
M, V = GENERATOR.normal(size=(3, 3)), GENERATOR.normal(size=3)
BATCH = GENERATOR.normal(size=(2, 3, 3))
SPD = M @ M.T + np.eye(3)

CASES = {
    "matmul": (lambda x: np.sum(np.sin(x @ M)), M),
    "batched matmul": (lambda x: np.sum(np.sin(x @ V[:, None])), BATCH),
    "inv": (lambda x: np.sum(np.sin(np.linalg.inv(x))), BATCH),
    "solve": (lambda x: np.sum(np.linalg.solve(x, V) ** 2), M),
    "det": (lambda x: np.sum(np.linalg.det(x) ** 2), BATCH),
    "slogdet": (lambda x: np.linalg.slogdet(x)[1], M),
    "cholesky": (lambda x: np.sum(np.sin(np.linalg.cholesky(x))), SPD),
    "quadratic form": (lambda x: x @ M @ x, V),
    "sum over axes": (lambda x: np.sum(np.sum(x, axis=(0, 2)) ** 3), BATCH),
    "mean and variance": (lambda x: np.mean(x) * np.var(x) + np.std(x), M),
    "prod": (lambda x: np.sum(np.prod(x, axis=1)), M),
    "max and min": (lambda x: np.sum(np.max(x, axis=0) * np.min(x, axis=1)), M),
    "norm": (lambda x: np.sum(np.linalg.norm(x, axis=0)), M),
    "logsumexp": (lambda x: np.sum(ROWS["logsumexp"](x, axis=(0,), keepdims=False) ** 2), M),
    "cumsum": (lambda x: np.sum(np.cumsum(x, axis=0) ** 2), M),
    "cumprod": (lambda x: np.sum(np.cumprod(x, axis=1)), M),
    "reshape and transpose": (lambda x: np.sum(x.reshape(9)[::-2] ** 3) + np.sum(x.T[0] * x[1]), M),
    "gather": (lambda x: np.sum(x[np.array([0, 2, 2]), np.array([1, 1, 0])] ** 2), M),
    "concatenate": (lambda x: np.sum(np.concatenate([x, x[:1]]) * np.arange(12.0).reshape(4, 3) ** x[0, 0] ** 2), M**2),
    "where": (lambda x: np.sum(np.where(x > 0, np.log(x), x**2)), M),
    "counting": (lambda x: np.sum(x > 0) * np.sum(x), M),
}


@pytest.mark.parametrize("name", CASES)
def test_series_and_pullback_agree(name):
    """Each kind of operation has the value of NumPy, and one gradient by power series and by the pullback."""
    f, x = CASES[name]
    series, swept = (reference_gradient(f, x, route=route) for route in ("series", "pullback"))
    assert series.status == swept.status == "certified"
    # NumPy's own rounding: a few dozen operations, conditions below 1e3.
    with np.errstate(invalid="ignore"):  # the unselected branch of `where`
        assert series.value == pytest.approx(float(f(x)), rel=1e-12)
    assert np.array_equal(series.gradient, swept.gradient)


def test_every_ball_column_is_known():
    """Every row's ball column compiles, or names a function over object arrays."""
    for row in ROWS.values():
        if row.kind == "elementwise":
            names = set(balls.element(row.ball).__code__.co_names)
            assert {n for n in names if not n.startswith("number_")} <= set(B.NAMES), row.name
        elif row.ball is not None:
            assert row.ball in ball_arrays.FUNCTIONS or row.ball in ball_matrices.FUNCTIONS, row.name


def test_operators_of_templates_are_certain():
    """Comparison, division and choice in a template go through functions that refuse to guess."""
    f = balls.element("1 / {0} if {0} > 0 else {0} ** 2 % 3")
    assert f(arb(4)) == 0.25
    assert f(arb(-2)) == 1
    with pytest.raises(B.Undecided):
        f(arb(0, 1e-9))


def test_undecided_names_its_node():
    """What cannot be decided carries the node."""
    graph = trace(lambda x: np.floor(np.sin(x) ** 2 + np.cos(x) ** 2), 0.3)
    with B.precision(128), pytest.raises(B.Undecided) as caught:
        balls.ball_evaluator(graph)(arb(0.3))
    assert caught.value.node.op.name == "floor"


def test_scalars_and_arrays_broadcast():
    """A series that stands alone is a scalar, not a sequence of coefficients."""
    graph = trace(lambda x, y: np.sum(x * y) + x, 1.0, np.ones(3))
    with B.precision(128):
        (y,) = balls.ball_evaluator(graph)(arb_series([2, 1]), to_balls(np.array([1.0, 2.0, 3.0])))
    assert y[0] == 14
    assert y[1] == 7
    assert box(arb_series([2, 1])).shape == ()


def test_singular_matrix_is_undecided():
    """A matrix that cannot be shown to be invertible raises, it does not give a wrong inverse."""
    with B.precision(128), pytest.raises(B.Undecided, match="singular"):
        ball_matrices.FUNCTIONS["inv"](to_balls(np.ones((2, 2))))


@pytest.mark.parametrize("name, shapes", [("matmul", [(0, 3, 2), (2, 4)]), ("solve", [(0, 3, 3), (3, 2)])])
def test_empty_batches_keep_the_shape_of_the_result(name, shapes):
    """Products and solutions of no matrices at all have the shape that NumPy gives them."""
    arrays = [np.ones(shape) for shape in shapes]
    functions: dict[str, Any] = {"matmul": np.matmul, "solve": np.linalg.solve}
    expected = functions[name](*arrays)
    assert ball_matrices.FUNCTIONS[name](*map(to_balls, arrays)).shape == expected.shape
