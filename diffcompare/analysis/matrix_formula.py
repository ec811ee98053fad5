"""The gradient of a function of matrices as a matrix formula, with its numbers beside those of the reverse mode."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diffcompare.analysis.tables import STYLE
from diffcompare.core.arguments import normalise, positions
from diffcompare.core.trace import Function, function
from diffcompare.errors import ShapeError
from diffcompare.operators import jacobian


@dataclass(frozen=True, slots=True)
class MatrixFormula:
    """A function of vectors and matrices, and its gradients, as formulas; shows itself in a notebook.

    Attributes
    ----------
    name : str
        Of the function.
    value : str
        The function, in SymPy's Python form.
    gradients : dict of str to str
        The gradient by each argument, in the same form; vectors are columns.
    latex : dict of str to str
        The same in LaTeX; the key "" has the function.
    names : tuple of str
        All arguments.
    wrt : tuple of int
        Positions of the arguments that are differentiated.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> print(dc.matrix_gradient(lambda x, A: x.T @ A @ x, np.ones(3), np.ones((3, 3))))
    f = x.T*A*x
    gradient by x = A*x + A.T*x
    gradient by A = x*x.T
    """

    name: str
    value: str
    gradients: dict[str, str]
    latex: dict[str, str]
    names: tuple[str, ...]
    wrt: tuple[int, ...]
    _function: Function = field(repr=False)
    _shapes: tuple[tuple[int, ...], ...] = field(repr=False)
    _scalar: bool = field(repr=False)
    _numbers: tuple[Callable[..., np.ndarray], ...] = field(repr=False)

    def __call__(self, *at: Any) -> tuple[np.ndarray, ...]:
        """The numbers of the formulas at a point, one array a differentiated argument.

        Each has the shape of its argument; where the function gives a vector of m entries, it has m columns.
        """
        args = self._arguments(at)
        found = [numbers(*args) for numbers in self._numbers]
        if self._scalar:
            found = [part.reshape(self._shapes[i]) for i, part in zip(self.wrt, found, strict=True)]
        return tuple(found)

    def beside_reverse(self, *at: Any) -> FormulaNumbers:
        """The numbers of the formulas beside those of the reverse mode, which shares no rule with them."""
        args = self._arguments(at)
        reverse = jacobian(self._function, wrt=self.wrt)(*args)
        if not self._scalar:
            reverse = tuple(np.transpose(part) for part in reverse)
        return FormulaNumbers(self.gradients, self.latex, self(*args), tuple(np.asarray(part) for part in reverse))

    def _arguments(self, at: tuple) -> tuple:
        args = _numbers(at)
        shapes = tuple(np.shape(a) for a in args)
        if shapes != self._shapes:
            raise ShapeError(f"{self.name} was given arguments of shapes {self._shapes}, not {shapes}.")
        return args

    def __str__(self) -> str:
        lines = [f"{self.name} = {self.value}"]
        return "\n".join([*lines, *(f"gradient by {by} = {formula}" for by, formula in self.gradients.items())])

    def _repr_latex_(self) -> str:
        name = "f" if self.name == "f" else rf"\mathrm{{{self.name}}}".replace("_", r"\_")
        rows = [rf"{name} &= {self.latex['']}"]
        rows += [rf"\nabla_{{{by}}} {name} &= {self.latex[by]}" for by in self.gradients]
        return "$\\displaystyle \\begin{aligned}" + r" \\ ".join(rows) + "\\end{aligned}$"


@dataclass(frozen=True, slots=True)
class FormulaNumbers:
    """Numbers of matrix formulas beside those of the reverse mode; prints as a table.

    Attributes
    ----------
    gradients, latex : dict of str to str
        The formula by each argument, as text and in LaTeX.
    formula, reverse : tuple of ndarray
        Its numbers, and those of the reverse mode, one array an argument.
    """

    gradients: dict[str, str]
    latex: dict[str, str]
    formula: tuple[np.ndarray, ...]
    reverse: tuple[np.ndarray, ...]

    @property
    def largest(self) -> float:
        """The largest difference between the two."""
        pairs = zip(self.formula, self.reverse, strict=True)
        return max(float(np.max(np.abs(a - b), initial=0.0)) for a, b in pairs)

    def __str__(self) -> str:
        lines = []
        for (by, text), formula, reverse in zip(self.gradients.items(), self.formula, self.reverse, strict=True):
            lines += [
                f"gradient by {by} = {text}",
                _indented("the formula ", formula),
                _indented("reverse mode", reverse),
            ]
        return "\n".join([*lines, f"largest difference {self.largest:.1e}"])

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{head}</th>" for head in ("gradient by", "formula", "its numbers", "reverse mode"))
        rows = ""
        for by, formula, reverse in zip(self.gradients, self.formula, self.reverse, strict=True):
            cells = [html.escape(by), html.escape(f"${self.latex[by]}$"), _grid(formula), _grid(reverse)]
            rows += f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        return (
            f'{STYLE}<div class="diffcompare"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
            f"largest difference {self.largest:.1e}</div>"
        )


def _numbers(args: Sequence[Any]) -> tuple[Any, ...]:
    return normalise(args, tuple(range(len(args))))


def _text(numbers: np.ndarray) -> str:
    return np.array2string(numbers, precision=6, suppress_small=True, threshold=40)


def _indented(label: str, numbers: np.ndarray) -> str:
    return f"  {label}  " + _text(numbers).replace("\n", "\n" + " " * (len(label) + 4))


def _grid(numbers: np.ndarray) -> str:
    return f'<pre style="margin:0;font-family:monospace">{html.escape(_text(numbers))}</pre>'


def matrix_gradient(f: Any, *example: Any, wrt: int | Sequence[int] | None = None) -> MatrixFormula:
    """The gradient as a matrix formula, by SymPy's rules for matrices, none of which is diffcompare's own.

    Parameters
    ----------
    f : callable, Function, text or SymPy expression
        Made of matrix products, transposes, inverses, traces, norms, sums and differences; any function of a number
        may follow, as the logarithm of a product of row and column. Gives a number, or a vector.
    *example : float or array
        Arguments that show the shapes: numbers, vectors, matrices.
    wrt : int or sequence of int, optional
        Positions of the arguments to differentiate; by default all. Numbers among them are left out.

    Returns
    -------
    MatrixFormula
        `gradients`, as texts, and `latex`; called, it gives numbers; `beside_reverse(...)` shows them beside those of
        the reverse mode.

    Raises
    ------
    UnsupportedOpError
        For an operation without a matrix form, by name; and for a derivative without one, such as that of a vector by
        a matrix, which has three indices.
    ShapeError
        If there is nothing to differentiate by.

    Notes
    -----
    The gradient of a number has the shape of the argument. That of a vector of m entries has m columns, one gradient
    each: the gradient of A x by x is A.T, the transpose of the Jacobian. This is the layout of Zhang et al., *Dive into
    Deep Learning*, section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> W, x, y = np.ones((2, 3)), np.ones(3), np.ones(2)
    >>> formula = dc.matrix_gradient(lambda W, x, y: np.sum((W @ x - y) ** 2) / 2, W, x, y, wrt=0)
    >>> formula.gradients
    {'W': '(W*x - y)*x.T'}
    >>> formula(W, x, y)[0]
    array([[2., 2., 2.],
           [2., 2., 2.]])
    """
    from diffcompare.lower.sympy_matrix import MatrixExpressions

    f = function(f)
    graph = f.graph(_numbers(example))
    chosen = tuple(i for i in positions(wrt, len(example)) if graph.inputs[i].ndim > 0)
    if not chosen:
        raise ShapeError(f"{f.__name__} has no vector or matrix to differentiate by; to_sympy has its formula.")
    expressions = MatrixExpressions(graph)
    found = {i: expressions.gradient(i) for i in chosen}
    names = tuple(node.name for node in graph.inputs)
    return MatrixFormula(
        name=f.__name__ if f.__name__.isidentifier() else "f",
        value=expressions.text(expressions.output),
        gradients={names[i]: expressions.text(gradient) for i, gradient in found.items()},
        latex={"": expressions.latex(expressions.output)}
        | {names[i]: expressions.latex(gradient) for i, gradient in found.items()},
        names=names,
        wrt=chosen,
        _function=f,
        _shapes=tuple(node.shape for node in graph.inputs),
        _scalar=graph.output.shape == (),
        _numbers=tuple(expressions.numbers(gradient) for gradient in found.values()),
    )  # fmt: skip
