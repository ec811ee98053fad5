"""Matrix formulas of gradients, against formulas by hand evaluated with NumPy."""

import warnings

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.errors import ShapeError, UnsupportedOpError

EPS = np.finfo(float).eps
GENERATOR = np.random.default_rng(5)
A, B, S = GENERATOR.normal(size=(3, 4)), GENERATOR.normal(size=(4, 4)), GENERATOR.normal(size=(4, 4))
X, W, Y, b = (GENERATOR.normal(size=shape) for shape in ((5, 3), (3, 4), (5, 4), (4,)))
x, y, z = (GENERATOR.normal(size=n) for n in (4, 3, 4))

# function, arguments, gradient by the first: as text, and by hand (in the layout of Zhang et al., section 2.4)
FORMULAS = {
    "A x": (lambda x, A: A @ x, (x, A), "A.T", A.T),
    "x.T A": (lambda x, A: x.T @ A, (y, A), "A", A),
    "x.T A x": (lambda x, A: x.T @ A @ x, (x, S), "A*x + A.T*x", (S + S.T) @ x),
    "x.T A x by A": (lambda A, x: x @ A @ x, (S, x), "x*x.T", np.outer(x, x)),
    "|x|^2": (lambda x: np.sum(x**2), (x,), "2*x", 2 * x),
    "|x|^2, norm": (lambda x: np.linalg.norm(x) ** 2, (x,), "2*x", 2 * x),
    "|x|^2, dot": (lambda x: np.dot(x, x), (x,), "2*x", 2 * x),
    "|x|": (lambda x: np.linalg.norm(x), (x,), "1/|x|*x", x / np.linalg.norm(x)),
    "cost by W": (lambda W, x, y: np.sum((W @ x - y) ** 2) / 2, (A, x, y), "(W*x - y)*x.T", np.outer(A @ x - y, x)),
    "cost by x": (lambda x, W, y: np.sum((W @ x - y) ** 2) / 2, (x, A, y), "W.T*(W*x - y)", A.T @ (A @ x - y)),
    "cost by y": (lambda y, x, W: np.sum((W @ x - y) ** 2) / 2, (y, x, A), "-W*x + y", y - A @ x),
    "batch by W": (
        lambda W, X, b, Y: np.sum((X @ W + b - Y) ** 2) / 2, (W, X, b, Y), "X.T*(X*W - Y + ones*b.T)",
        X.T @ (X @ W + b - Y),
    ),
    "batch by b": (
        lambda b, W, X, Y: np.sum((X @ W + b - Y) ** 2) / 2, (b, W, X, Y), "(b*ones.T + W.T*X.T - Y.T)*ones",
        np.sum(X @ W + b - Y, axis=0),
    ),
    "|A x|^2": (lambda x, A: (A @ x) @ (A @ x), (x, A), "2*A.T*A*x", 2 * A.T @ A @ x),
    "outer product": (lambda x, y, A: np.sum(A * np.outer(y, x)), (x, y, A), "A.T*y", A.T @ y),
    "trace": (lambda A: np.trace(A), (S,), "I", np.eye(4)),
    "trace of a product": (lambda A, B: np.trace(A @ B), (S, B), "B.T", B.T),
    "trace of a square": (lambda A: np.trace(A.T @ A), (A,), "2*A", 2 * A),
    "trace of a cube": (lambda A: np.trace(A @ A @ A), (S,), "3*A.T**2", 3 * S.T @ S.T),
    "trace of an inverse": (
        lambda A: np.trace(np.linalg.inv(A)), (S,), "-A.T**(-2)", -np.linalg.inv(S.T) @ np.linalg.inv(S.T),
    ),
    "sum of entries": (lambda A, x: np.sum(A @ x), (A, x), "ones*x.T", np.outer(np.ones(3), x)),
    "sum of products": (lambda A, B: np.sum(A * B), (S, B), "B", B),
    "mean of squares": (lambda x: np.mean((x - 1) ** 2), (x,), "-(1/2)*ones + (1/2)*x", (x - 1) / 2),
    "centred": (
        lambda X: np.sum((X - np.mean(X, axis=0)) ** 2), (X,), None, 2 * (X - np.mean(X, axis=0)),
    ),
    "constant": (lambda x: x @ z, (x,), "C1", z),
    "scaled": (lambda x, c: c * np.sum(x**2), (x, 0.5), "(2*c)*x", x),
    "logistic": (
        lambda w, x: np.log(1 + np.exp(-(w @ x))), (x, z),
        "(-exp(-(w.T*x))/(1 + exp(-(w.T*x))))*x", -z / (1 + np.exp(x @ z)),
    ),
    "product rule": (
        lambda x, A: (x @ A @ x) * (x @ x), (x, S), None, (S + S.T) @ x * (x @ x) + 2 * x * (x @ S @ x),
    ),
    "pointwise": (lambda x, z: x * z, (x, z), "DiagMatrix(z)", np.diag(z)),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_those_by_hand(name):
    """Formula and numbers are those of the derivation by hand."""
    f, args, text, by_hand = FORMULAS[name]
    formula = dc.matrix_gradient(f, *args, wrt=0)
    if text is not None:
        assert list(formula.gradients.values()) == [text]
    (found,) = formula(*args)
    assert found.shape == by_hand.shape
    # Products of up to four factors of size 10 at most, sums of at most 20 terms, for each of which a rounding.
    size = np.linalg.cond(S) ** 2 if "inverse" in name else 10.0**3
    np.testing.assert_allclose(found, by_hand, rtol=20 * EPS, atol=20 * EPS * size)


def test_all_arrays_are_differentiated_unless_chosen():
    """Without wrt every vector and matrix has its formula, and numbers have none."""
    formula = dc.matrix_gradient(lambda A, x, c: c * (x @ A @ x), S, x, 2.0)
    assert formula.gradients == {"A": "c*x*x.T", "x": "c*(A*x + A.T*x)"}
    by_matrix, by_vector = formula(S, x, 2.0)
    np.testing.assert_allclose(by_matrix, 2 * np.outer(x, x), rtol=4 * EPS)
    assert by_vector.shape == (4,)


def test_a_formula_is_shown_in_text_and_latex():
    """Text and LaTeX name the function and each gradient."""
    formula = dc.matrix_gradient(dc.function(lambda W, x, y: np.sum((W @ x - y) ** 2) / 2), A, x, y)
    assert str(formula).splitlines() == [
        "f = |W*x - y|**2/2",
        "gradient by W = (W*x - y)*x.T",
        "gradient by x = W.T*(W*x - y)",
        "gradient by y = -W*x + y",
    ]
    assert r"\nabla_{W} f &= \left(W x - y\right) x^{T}" in formula._repr_latex_()
    ones = dc.matrix_gradient(lambda x: np.sum(x), x)
    assert r"\nabla_{x} f &= \mathbf{1}" in ones._repr_latex_()


def test_numbers_stand_beside_those_of_reverse_mode():
    """The table has the numbers of both, and the distance between them."""
    beside = dc.matrix_gradient(lambda x, A: A @ x, x, A, wrt=0).beside_reverse(x, A)
    np.testing.assert_array_equal(beside.reverse[0], A.T)
    np.testing.assert_array_equal(beside.formula[0], A.T)
    assert beside.largest == 0.0
    assert "gradient by x = A.T" in str(beside)
    assert "<td>$A^{T}$</td><td><pre" in beside._repr_html_()


@pytest.mark.parametrize(
    ("f", "args", "op"),
    [
        (lambda x: np.sum(np.tanh(x)), (x,), "tanh"),
        (lambda A: np.linalg.det(A), (S,), "det"),
        (lambda x: x / np.linalg.norm(x), (x,), "divide"),
        (lambda A: np.sum(A.reshape(-1)), (A,), "reshape"),
        (lambda x: np.max(x), (x,), "max"),
        (lambda A: A[0] @ A[0], (A,), "slice"),
        (lambda x: np.sum((x - np.mean(x)) ** 2), (x,), "subtract"),
        (lambda x: np.sum((x * np.sum(x)) ** 2), (x,), "multiply"),
        (lambda x: dc.stop_gradient(x @ x) * (x @ x), (x,), "stop_gradient"),
    ],
)
def test_an_operation_without_a_matrix_form_is_named(f, args, op):
    """What has no matrix form is refused by its name."""
    with pytest.raises(UnsupportedOpError, match=f"no matrix formula for op '{op}'"):
        dc.matrix_gradient(f, *args)


def test_a_derivative_of_three_indices_is_refused():
    """A vector has no matrix formula by a matrix; the message says which."""
    with pytest.raises(UnsupportedOpError, match=r"derivative of A\*x by A"):
        dc.matrix_gradient(lambda A, x: A @ x, A, x)


def test_what_breaks_inside_sympy_is_refused():
    """Where SymPy's matrix derivative ends in an error of its own, the formula is refused, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnsupportedOpError, match="SymPy has no matrix formula"):
            dc.matrix_gradient(lambda A: np.sum(A * np.outer(np.sum(A, axis=0), np.sum(A, axis=0))), S)


def test_numbers_alone_and_other_shapes_are_refused():
    """A function of numbers has no matrix formula, and a formula holds for its own shapes."""
    with pytest.raises(ShapeError, match="no vector or matrix"):
        dc.matrix_gradient(lambda c: c * c, 2.0)
    with pytest.raises(ShapeError, match="shapes"):
        dc.matrix_gradient(lambda x: x @ x, x)(y)


def test_names_of_arguments_are_not_taken():
    """An argument may have the name that constants and columns of ones have; two arguments may not have one name."""
    formula = dc.matrix_gradient(lambda C1, ones: C1 @ z + np.sum(ones), x, z)
    assert formula.gradients == {"C1": "C1_", "ones": "ones_"}
    np.testing.assert_array_equal(formula(x, z)[0], z)
    np.testing.assert_array_equal(formula(x, z)[1], np.ones(4))
    a, b = dc.variable("x", 4), dc.variable("x", 4)
    with pytest.raises(ShapeError, match="one name"):
        dc.matrix_gradient(dc.Function.from_expression(a @ b, [a, b]), x, z)
