"""From a Python function to its graph: called once with nodes, kept per shapes."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import DiffCompareError, ShapeError, TraceError
from .arguments import Static, abstract, normalise, positions, signature
from .evaluate import evaluator
from .faces import face
from .graph import Graph
from .node import Node, building, constant, topological, variable

_KEPT = 64  # graphs kept per function; the oldest is forgotten first


class Function:
    """A mathematical function, traced once per argument shapes and kept.

    Made by `diffcompare.function` from a Python callable, a text or a SymPy expression, or by
    `Function.from_expression` from nodes. Calling it gives its value.
    """

    def __init__(self, call: Callable[..., Any], name: str | None = None, names: Sequence[str] | None = None) -> None:
        self.call = call
        self.__wrapped__ = call
        self.__name__: str = name or str(getattr(call, "__name__", type(call).__name__))
        self.__doc__ = getattr(call, "__doc__", None)
        self.names = tuple(names) if names is not None else _argument_names(call)
        self.trace_seconds = 0.0
        self._graphs: dict[Any, Graph] = {}

    @classmethod
    def from_expression(cls, expression: Any, inputs: Sequence[Node], name: str = "expression") -> Function:
        """The function that maps `inputs` to `expression`.

        Parameters
        ----------
        expression : Node or number
            Built from the inputs by NumPy functions and operators.
        inputs : sequence of Node
            Its arguments in order, each made by `diffcompare.variable`.

        Raises
        ------
        TraceError
            If the expression needs a variable that is not among the inputs.

        Examples
        --------
        >>> import diffcompare as dc
        >>> x, y = dc.variable("x"), dc.variable("y")
        >>> Function.from_expression(x * y + 1.0, [x, y])(2.0, 3.0)
        7.0
        """
        inputs = tuple(inputs)
        for node in inputs:
            if type(node) is not Node or node.op.name != "input":
                raise TraceError(f"An input must come from diffcompare.variable, but one is {node!r}.")
        graph = Graph(inputs, (_as_output(expression, name),))
        known = {id(node) for node in inputs}
        for node in topological(graph.outputs):
            if node.op.name == "input" and id(node) not in known:
                raise TraceError(f"The expression needs {node.name!r}, which is not among its inputs; add it to them.")
        return _Expression(graph, name)

    def graph(self, args: Sequence[Any], options: dict[str, Any] | None = None) -> Graph:
        """The graph for normalised `args`; inputs are the arguments that are not `Static`."""
        options = options or {}
        key: Any = (signature(args), tuple(sorted(options.items())))
        try:
            found = self._graphs.get(key)
        except TypeError:  # an option that cannot be hashed: traced anew each time
            key, found = None, None
        if found is None:
            start = time.perf_counter()
            found = self._trace(args, options)
            self.trace_seconds = time.perf_counter() - start
            if key is not None:
                if len(self._graphs) >= _KEPT:
                    self._graphs.pop(next(iter(self._graphs)))
                self._graphs[key] = found
        return found

    def _trace(self, args: Sequence[Any], options: dict[str, Any]) -> Graph:
        names = self.names if len(self.names) >= len(args) else tuple(f"x{i}" for i in range(len(args)))
        inputs, values = [], []
        for name, arg in zip(names, args, strict=False):
            if isinstance(arg, Static):
                values.append(arg.value)
            else:
                inputs.append(variable(name, *abstract(arg)))
                values.append(inputs[-1])
        self._check_count(len(args), options)
        with building():
            return Graph(tuple(inputs), (_as_output(self._run(values, options), self.__name__),))

    def _run(self, values: list[Any], options: dict[str, Any]) -> Any:
        try:
            return self.call(*values, **options)
        except RecursionError as error:
            raise TraceError(
                f"{self.__name__} calls itself without end while it is traced (Python's recursion limit was met).\n"
                "  A recursion must stop by a plain Python number, not by a traced value."
            ) from error
        except ValueError as error:
            # NumPy hides the refusal of a traced value that is written into an ordinary array.
            if isinstance(error.__cause__, TraceError):
                raise TraceError(
                    f"{error.__cause__}\n  An ordinary array cannot hold traced values (y[i] = x): collect them in a "
                    "list and join them with np.stack."
                ) from error
            raise

    def _check_count(self, count: int, options: dict[str, Any]) -> None:
        try:
            inspect.signature(self.call).bind(*range(count), **options)
        except ValueError:  # builtins and ufuncs without a signature
            return
        except TypeError as error:
            raise ShapeError(
                f"{self.__name__}({', '.join(self.names)}) cannot be called with {count} argument{'s' * (count != 1)}"
                f"{' and the options ' + ', '.join(options) if options else ''}: {error}."
            ) from error

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The value; with traced arguments, the expression."""
        value = self.call(*args, **options)
        return float(value) if type(value) is np.float64 else value

    def __repr__(self) -> str:
        return f"Function({self.__name__}({', '.join(self.names)}))"

    def __reduce__(self) -> tuple:
        return Function, (self.call, self.__name__, self.names)

    def tape(self, *at: Any) -> Any:
        """The Wengert list of value and gradient at a point: forward sweep, then reverse sweep; print it."""
        return face("tape")(self, at)

    def source(self, *at: Any) -> str:
        """The code that the reverse method emits for arguments of these shapes."""
        return face("source")(self, at)

    def kernels(self, *at: Any) -> Any:
        """Which statements of value and gradient share a loop, with bytes and operations; print it."""
        return face("kernels")(self, at)

    def draw(self, at: Any = None, **options: Any) -> Any:
        """The function as a circuit: values above the wires, derivatives of the output below them.

        Parameters
        ----------
        at : tuple, dict by name, or the only argument, optional
            The point. Without it the structure alone is drawn, for scalar arguments.
        gradients : bool, default True
            Whether to go backward.
        partials : bool, default False
            Whether each wire shows the local partial where it ends.
        groups : "written", "closed" or "open", default "written"
            "closed" draws a written-out sigmoid, softplus, logsumexp, softmax, norm or hypot as one gate; "open" draws
            the parts of every gate that has some; "written" draws what the function calls.
        open : str or sequence of str, default ()
            Gates to draw in parts whatever `groups` says: "sigmoid", "softmax", "tanh", "mean" …
        fold : int or None, default 8
            Chains of more gates than this are folded in the middle.
        constants : bool, default False
            Whether numbers such as the 1 of ``1 + x`` are nodes of their own.
        names : bool, default False
            Whether gates show the names that `rules` and the steps use; with `steps` they always do.
        cotangent : array_like, optional
            Where the backward pass starts, of the output's shape; needed if that is not a scalar.
        steps : bool, default False
            Whether a notebook shows the passes step by step, with buttons.
        width : float, optional
            Pixels.

        Returns
        -------
        Drawing
            Shows itself in a notebook; `.svg`, `.save(path)`, `.rules()`, `.frames`, `.stepper()`, `.to_mermaid()`,
            `.to_dot()`; printed, it is a table.

        Raises
        ------
        OptionError, ShapeError
            For an option or a point that does not fit.

        Examples
        --------
        >>> import diffcompare as dc
        >>> print(dc.parse("(x + y) * z").draw(at=(-2.0, 5.0, -4.0)))
        Circuit of (x + y) * z
                       value  derivative of the output
          input x      -2     -4
          input y      5      -4
          input z      -4     3
          v1 = x + y   3      -4
          v2 = v1 * z  -12    1
        """
        return face("draw")(self, at, **options)

    def to_sympy(self, *example: Any) -> Any:
        """The expression in SymPy (an array of them for array outputs), its symbols named as the arguments."""
        return face("to_sympy")(self, *example)


class _Expression(Function):
    """A function whose graph is given: hand-built, parsed, or from SymPy."""

    def __init__(self, graph: Graph, name: str) -> None:
        self._given = graph
        self._value = evaluator(graph)
        super().__init__(self._apply, name, tuple(node.name for node in graph.inputs))

    def _apply(self, *args: Any) -> Any:
        self._check_count(len(args), {})
        if any(type(a) is Node for a in args):
            nodes = tuple(a if type(a) is Node else constant(a) for a in args)
            return self._given.replay(nodes)[0]
        args = normalise(args, tuple(range(len(args))))
        if [abstract(a)[0] for a in args] != [node.shape for node in self._given.inputs]:
            return evaluator(self.graph(args))(*args)[0]
        value = self._value(*args)[0]
        return value.item() if np.ndim(value) == 0 else value

    def draw(self, at: Any = None, **options: Any) -> Any:
        """As `Function.draw`; without a point, the inputs have the shapes that they were made with."""
        return self._given.draw(name=self.__name__, **options) if at is None else super().draw(at, **options)

    def _check_count(self, count: int, options: dict[str, Any]) -> None:
        if count != len(self.names) or options:
            raise ShapeError(
                f"{self.__name__} takes {len(self.names)} arguments ({', '.join(self.names)}), not {count}"
                f"{' and no options' if options else ''}."
            )

    def __reduce__(self) -> tuple:
        return _Expression, (self._given, self.__name__)


def function(f: Any) -> Function:
    """A differentiable function from a callable, a text or a SymPy expression.

    Parameters
    ----------
    f : callable, str, sympy.Expr or Function
        A callable over NumPy values (also as decorator); a text for `parse`; a SymPy expression, whose symbols in
        alphabetical order become the arguments. A `Function` is returned as it is.

    Returns
    -------
    Function
        Callable; traced per argument shapes on first use and kept.

    Raises
    ------
    TraceError
        If `f` is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> @dc.function
    ... def f(x, y):
    ...     return np.sin(x) * y
    >>> f(0.0, 2.0)
    0.0
    """
    if isinstance(f, Function):
        return f
    if isinstance(f, str):
        return face("parse")(f)
    if isinstance(f, Node):
        raise TraceError("A node has no arguments of its own; use Function.from_expression(node, inputs).")
    if hasattr(f, "free_symbols"):
        return face("from_sympy")(f, sorted(f.free_symbols, key=str))
    if hasattr(f, "py_func"):  # a Numba-jitted function is traced through its Python source
        return Function(f.py_func, getattr(f, "__name__", "jitted"))
    if not callable(f):
        raise TraceError(f"A callable, a text or a SymPy expression is needed, not {type(f).__name__}.")
    return Function(f)


def trace(f: Any, *args: Any) -> Graph:
    """The graph of `f` for arguments of these shapes.

    Parameters
    ----------
    f : callable, Function, str or SymPy expression
        What to trace.
    *args : float or array
        Example arguments; only their shapes and dtypes matter. Strings, None and other objects are static.

    Returns
    -------
    Graph
        Prints as a numbered list.

    Raises
    ------
    TraceError
        If `f` asks a traced value for its number; the message names the line.

    Examples
    --------
    >>> import diffcompare as dc
    >>> print(dc.trace(lambda x, y: x * y + x, 1.0, 2.0))
    2 inputs, 4 nodes
      v0 = input x           float64 scalar
      v1 = input y           float64 scalar
      v2 = multiply(v0, v1)  float64 scalar
      v3 = add(v2, v0)       float64 scalar
      return v3
    """
    numbers = tuple(i for i, a in enumerate(args) if not isinstance(a, (str, bytes, bool)) and a is not None)
    return function(f).graph(normalise(args, positions(numbers, len(args))))


def _argument_names(call: Callable) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(p.name for p in parameters if p.kind in kinds)


def _as_output(value: Any, name: str) -> Node:
    if type(value) is Node:
        return value
    if value is None:
        raise TraceError(f"{name} returned None; does it lack a return statement?")
    if isinstance(value, (tuple, list, dict, set)):
        raise ShapeError(
            f"{name} returned a {type(value).__name__}; one array or number is needed.\n"
            "  Join the parts with np.stack([...]) or np.concatenate([...])."
        )
    try:
        return constant(value)
    except (DiffCompareError, ValueError, TypeError) as error:
        raise TraceError(
            f"{name} returned {type(value).__name__}, which is neither a traced value nor numbers."
        ) from error
