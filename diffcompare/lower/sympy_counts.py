"""Numbers of operations of an expression and its derivatives, in the forms that SymPy can write them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp

from ..core.graph import Graph
from ..errors import SizeLimitError, UnsupportedOpError
from .deadline import within
from .sympy_code import compile_outputs
from .sympy_derive import derive_dag
from .sympy_expressions import number
from .sympy_io import graph_to_sympy

Counts = tuple[dict[str, int], dict[str, str]]
_WRITTEN_OUT = (
    "value", "value_shared", "derivative", "derivative_shared", "both_shared", "expanded", "horner", "factored"
)  # fmt: skip


def written_out(graph: Graph, wrt: Sequence[int], seconds: float) -> Counts:
    """Operations of a value and of its derivatives as formulas, counted by `sympy.count_ops`.

    Parameters
    ----------
    graph : Graph
        With a scalar output.
    wrt : sequence of int
        Inputs to differentiate by; the derivatives by all their elements are counted together.
    seconds : float
        How long one form may take to write.

    Returns
    -------
    counts : dict of str to int
        ``value``; ``derivative``, as `sympy.diff` leaves it; both of them with common subexpressions counted once
        (``value_shared``, ``derivative_shared``, and ``both_shared`` together); the derivative ``expanded``, as
        ``horner`` form, and ``factored``.
    reasons : dict of str to str
        Why a form has no count.
    """
    try:
        value = graph_to_sympy(graph)
    except (SizeLimitError, UnsupportedOpError) as error:
        return {}, dict.fromkeys(_WRITTEN_OUT, str(error).splitlines()[0])
    value = _exact(value)
    by = _symbols(graph, wrt)
    counts: dict[str, int] = {"value": int(sp.count_ops(value))}
    reasons: dict[str, str] = {}
    derivatives: list[Any] = []
    expanded: list[Any] = []

    def differentiate() -> int:
        derivatives.extend(sp.diff(value, symbol) for symbol in by)
        return _total(derivatives)

    def expand() -> int:
        expanded.extend(sp.expand(d) for d in derivatives)
        return _total(expanded)

    forms: dict[str, Callable[[], int]] = {
        "value_shared": lambda: _shared([value]),
        "derivative": differentiate,
        "derivative_shared": lambda: _shared(derivatives),
        "both_shared": lambda: _shared([value, *derivatives]),
        "expanded": expand,
        "horner": lambda: _total([sp.horner(d) for d in expanded]),
        "factored": lambda: _total([sp.factor(d) for d in derivatives]),
    }
    needs = {"derivative_shared": "derivative", "both_shared": "derivative", "expanded": "derivative",
             "horner": "expanded", "factored": "derivative"}  # fmt: skip
    for form, count in forms.items():
        missing = needs.get(form)
        if missing in reasons:
            reasons[form] = f"there is no {missing} form to start from"
            continue
        found = _try(form, count, seconds)
        if isinstance(found, int):
            counts[form] = found
        else:
            reasons[form] = found
    return counts, reasons


def _try(form: str, count: Callable[[], int], seconds: float) -> int | str:
    began = time.perf_counter()
    try:
        return within(seconds, count)
    except TimeoutError:
        return f"not written after {time.perf_counter() - began:.0f} s, the limit"
    except sp.PolynomialError:
        return "not a polynomial"
    except RecursionError:
        return "nested too deep for SymPy's recursion"
    except NotImplementedError as error:
        return f"SymPy cannot write it: {error}"


def _exact(value: Any) -> Any:
    """Floats that are small fractions as fractions, so that forms of polynomials are exact."""
    return value.xreplace({f: number(float(f)) for f in value.atoms(sp.Float)})


def _symbols(graph: Graph, wrt: Sequence[int]) -> list[Any]:
    """The symbols that `graph_to_sympy` gives to the elements of these inputs."""
    names = [
        "_".join([graph.inputs[i].name, *map(str, index)]) for i in wrt for index in np.ndindex(graph.inputs[i].shape)
    ]
    return [sp.Symbol(name, real=True) for name in names]


def _total(formulas: Sequence[Any]) -> int:
    return sum(int(sp.count_ops(formula)) for formula in formulas)


def _shared(formulas: Sequence[Any]) -> int:
    """Operations with common subexpressions computed once, as `sympy.cse` finds them."""
    named, rest = sp.cse(list(formulas))
    return _total([part for _, part in named]) + _total(rest)


def statements(graph: Graph, wrt: tuple[int, ...], limit: int) -> int:
    """Scalar statements of value and derivatives when SymPy differentiates operation by operation.

    Raises
    ------
    SizeLimitError
        When there are more than `limit`.
    """
    tape, outputs, _ = derive_dag(graph, wrt, limit, 1)
    return compile_outputs(tape, outputs, "numpy").operations
