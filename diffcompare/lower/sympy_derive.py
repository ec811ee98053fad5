"""Derivatives of a graph by SymPy: of whole expressions, or statement by statement."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import sympy as sp

from ..core.graph import Graph
from .sympy_expressions import check_elements, expressions, scalar_tape, symbols
from .sympy_numeric import evaluate
from .sympy_tape import Scalar, Tape


class Derivation(NamedTuple):
    """Statements of values and derivatives.

    Attributes
    ----------
    tape : Tape
        Holds them; its inputs are the elements of all inputs in order, then the seeds.
    outputs : list of Scalar
        The values, then the derivatives of each by each input element, then (order 2) those of the derivatives. With
        seeds: the values, then the cotangents of the input elements.
    seeds : int
        Number of seeds: further inputs that hold the cotangent of the output; 0 where the Jacobian stands written out.
    """

    tape: Tape
    outputs: list[Scalar]
    seeds: int


def derive_expression(graph: Graph, wrt: tuple[int, ...], limit: int, order: int) -> Derivation:
    """Derivatives of the whole expression of each output element, by `sympy.diff`.

    Parameters
    ----------
    graph : Graph
        One output, without `stop_gradient`.
    wrt : tuple of int
        Positions of the inputs to differentiate by.
    limit : int
        Largest estimate of the operations in all derivatives.
    order : {1, 2}
        2 adds the Hessian; the output must be a scalar then.

    Raises
    ------
    SizeLimitError
        Before the work starts.
    """
    check_elements(graph, limit)
    inputs = [symbols(node, i) for i, node in enumerate(graph.inputs)]
    values = list(expressions(graph, inputs, limit)[0].flat)
    chosen = [s for i in wrt for s in inputs[i].flat]
    formulas = values + [d for e in values for d in _differentiate(e, chosen)]
    if order == 2:
        formulas += [d for e in formulas[1:] for d in _differentiate(e, chosen)]
    tape = Tape(max(1000, 100 * limit), evaluate)
    known = {s: tape.input(k) for k, s in enumerate(s for x in inputs for s in x.flat)}
    return Derivation(tape, _shared(tape, formulas, known), 0)


CSE_LIMIT = 3_000  # operations; SymPy's search for common terms takes time quadratic in their number


def _shared(tape: Tape, formulas: Sequence[Any], known: dict[Any, Scalar]) -> list[Scalar]:
    # The tape itself makes equal subtrees one; SymPy's search also finds common parts of sums and products.
    parts = itertools.chain.from_iterable(map(sp.preorder_traversal, formulas))
    if sum(1 for _ in itertools.islice(parts, CSE_LIMIT)) < CSE_LIMIT:
        named, formulas = sp.cse(list(formulas), symbols=sp.numbered_symbols("t", real=True), order="none")
        for symbol, part in named:
            known[symbol] = tape.from_sympy(part, known)
    return [tape.from_sympy(e, known) for e in formulas]


def _differentiate(expression: Any, symbols: Sequence[Any]) -> list[Any]:
    # Term by term: a long sum costs what its terms cost, not its length for each symbol.
    found: dict[Any, list[Any]] = {s: [] for s in symbols}
    for term in sp.Add.make_args(expression):
        for s in sorted(term.free_symbols & found.keys(), key=str):
            found[s].append(sp.diff(term, s))
    return [sp.Add(*found[s]) for s in symbols]


def derive_dag(graph: Graph, wrt: tuple[int, ...], limit: int, order: int) -> Derivation:
    """Derivatives statement by statement on a scalar tape; arguments as those of `derive_expression`.

    Raises
    ------
    SizeLimitError
        When more than `limit` statements are needed.
    """
    tape, inputs, outputs = scalar_tape(graph, limit)
    values = list(outputs[0].flat)
    chosen = [x for i in wrt for x in inputs[i]]
    if len(values) == 1:
        gradient = tape.pullback(values, [1.0], chosen)
        found = values + gradient
        if order == 2:
            for entry in gradient:
                found += tape.pullback([entry], [1.0], chosen)
        return Derivation(tape, found, 0)
    count = sum(len(x) for x in inputs)
    seeds = [tape.input(count + k) for k in range(len(values))]
    return Derivation(tape, values + tape.pullback(values, seeds, chosen), len(seeds))
