"""How much rounding can disturb each entry of a gradient: the absolute terms of its reverse sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.evaluate import evaluator
from ..core.graph import Graph
from ..core.node import Node, building, constant
from ..ops.linear_algebra import cofactor
from ..transform.arithmetic import plus, select, times
from ..transform.pullback import contributions, pullback

FIRST_ORDER_ENTRIES = 8
FIRST_ORDER_NODES = 20_000  # nodes of the reverse sweep times entries: about a second

# Operations that do not round: their results are float64 numbers whenever their arguments are.
EXACT = frozenset({
    "negative", "absolute", "sign", "maximum", "minimum", "fmax", "fmin", "where", "copysign", "heaviside", "relu",
    "stop_gradient", "floor", "ceil", "trunc", "rint", "floor_divide",
})  # fmt: skip
MOVES = frozenset({"reshape", "transpose", "broadcast_to", "slice", "place"})


def sums_of_terms(graph: Graph, args: Sequence[Any], wrt: Sequence[int]) -> tuple[np.ndarray, ...] | None:
    """For each entry of the gradient, the sum of the absolute terms that a relative error of one unit acts on.

    Every float64 input and every rounded result v_k of the reverse sweep may be wrong by one unit of round-off of its
    size. To first order, entry g_i is then wrong by at most the sum over k of |d g_i / d v_k| |v_k| times the unit
    round-off 2**-53 (Bauer's condition functional): a method whose error is within a few of these units has lost no
    digits that the problem and its evaluation did not take.

    For more than 8 entries, or long sweeps, an upper bound of that sum is given instead, from one forward sweep
    (Higham's running error analysis). It takes errors of shared values as independent, so it grows too fast in
    long recurrences.

    Parameters
    ----------
    graph : Graph
        With a scalar output.
    args : sequence of float or ndarray
        One value an input.
    wrt : sequence of int
        Differentiated inputs.

    Returns
    -------
    tuple of ndarray, or None
        One array for each differentiated input; None where an operation has no such rule.

    References
    ----------
    Bauer 1974, Computational graphs and rounding error, doi:10.1137/0711010.
    Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002, section 3.3.
    """
    derived = pullback(graph, wrt)
    entries = sum(graph.inputs[i].size for i in wrt)
    try:
        if entries <= FIRST_ORDER_ENTRIES and entries * len(derived.nodes) <= FIRST_ORDER_NODES:
            sums = _first_order(derived, args)
            return _first_order(derived, args, guarded=True) if any(np.isnan(s).any() for s in sums) else sums
        return _sweep(derived, args)
    except np.linalg.LinAlgError:  # a matrix that float64 finds singular has no condition
        return None


def _first_order(derived: Graph, args: Sequence[Any], guarded: bool = False) -> tuple[np.ndarray, ...]:
    totals: list[Node] = []
    with building():
        for output in derived.outputs[1:]:
            for k in range(output.size):
                seed = np.zeros(output.size)
                seed[k] = 1.0
                totals.append(_total(derived, output, constant(seed.reshape(output.shape), output.dtype), guarded))
    numbers = evaluator(Graph(derived.inputs, tuple(totals)))(*args) if totals else ()
    parts, start = [], 0
    for output in derived.outputs[1:]:
        part = np.array([float(n) for n in numbers[start : start + output.size]])
        parts.append(part.reshape(output.shape))
        start += output.size
    return tuple(parts)


def _total(derived: Graph, output: Node, seed: Node, guarded: bool) -> Node:
    """Sum of |d output / d v| |v| over inputs and rounded results, as an expression.

    Guarded, what has no influence counts nothing even where it is infinite (erfcx that overflowed, under 1 / erfcx).
    """
    live = {id(n) for n in derived.nodes if n.dtype.kind == "f" and n.op.name != "constant"}
    cotangents: dict[int, Node] = {id(output): seed}
    total = constant(0.0)
    for node in reversed(derived.nodes):
        v_bar = cotangents.pop(id(node), None)
        if v_bar is None:
            continue
        if guarded:
            v_bar = select(v_bar != 0.0, v_bar)
        if node.op.kind in ("elementwise", "source") and node.op.name not in EXACT:
            total = total + np.sum(np.abs(times(v_bar, node)))
        if not node.args:
            continue
        for argument, part in zip(node.args, contributions(node, v_bar, live), strict=True):
            if part is None:
                continue
            if node.op.kind not in ("elementwise", "shape"):  # sums and products round each of their terms
                total = total + np.sum(np.abs(times(part, argument)))
            cotangents[id(argument)] = plus(cotangents.get(id(argument)), part)
    return total


def _sweep(derived: Graph, args: Sequence[Any]) -> tuple[np.ndarray, ...] | None:
    known: dict[int, Any] = {id(node): arg for node, arg in zip(derived.inputs, args, strict=True)}
    bound: dict[int, Any] = {key: np.abs(np.asarray(arg, float)) for key, arg in known.items()}
    with np.errstate(all="ignore"):
        for node in derived.nodes:
            if node.op.name == "constant":
                known[id(node)] = node.value
                bound[id(node)] = np.zeros(node.shape)
            elif id(node) not in known:
                values = [known[id(a)] for a in node.args]
                known[id(node)] = node.op.numpy(*values, **dict(node.attributes))
                errors = [bound[id(a)] for a in node.args]
                new = _step(node, known[id(node)], values, errors)
                if new is None:
                    return None
                bound[id(node)] = new
    return tuple(np.broadcast_to(bound[id(output)], output.shape) for output in derived.outputs[1:])


def _step(node: Node, y: Any, x: list[Any], e: list[Any]) -> Any:
    """The bound of a result from those of its arguments."""
    if node.dtype.kind != "f":
        return np.zeros(node.shape)
    if node.op.kind == "elementwise":
        return _elementwise(node, y, x, e)
    rule = _RULES.get(node.op.name)
    if rule is not None:
        return rule(y, x, e, **dict(node.attributes))
    return node.op.numpy(*e, **dict(node.attributes)) if node.op.name in MOVES else None


def _elementwise(node: Node, y: Any, x: list[Any], e: list[Any]) -> Any:
    own = 0.0 if node.op.name in EXACT else np.abs(y)
    if node.op.name == "where":
        return np.where(x[0], e[1], e[2])
    if node.op.name == "stop_gradient":
        return e[0]
    parts = node.op.partials(y, *x) if node.op.partials is not None else (None,) * len(x)
    total = own
    for part, error in zip(parts, e, strict=True):
        if part is not None and np.any(error):
            total = total + np.where(error == 0, 0.0, np.abs(part) * error)
    return np.broadcast_to(total, node.shape)


def _sum(y: Any, x: list[Any], e: list[Any], axis: Any, keepdims: bool) -> Any:
    return np.sum(e[0] + np.abs(x[0]), axis=axis, keepdims=keepdims)


def _extreme(y: Any, x: list[Any], e: list[Any], axis: Any, keepdims: bool) -> Any:
    kept = y if keepdims else np.expand_dims(y, axis)
    return np.max(np.where(x[0] == kept, e[0], 0.0), axis=axis, keepdims=keepdims, initial=0.0)


def _weighted(weigh: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def rule(y: Any, x: list[Any], e: list[Any], axis: Any, keepdims: bool) -> Any:
        kept = y if keepdims else np.expand_dims(y, axis)
        weights = np.nan_to_num(np.abs(weigh(kept, x[0])))
        return np.sum(weights * (e[0] + np.abs(x[0])), axis=axis, keepdims=keepdims) + np.abs(y)

    return rule


def _prod(y: Any, x: list[Any], e: list[Any], axis: Any, keepdims: bool) -> Any:
    sizes = np.abs(x[0])
    return np.prod(sizes + e[0] + sizes, axis=axis, keepdims=keepdims) - np.prod(sizes, axis=axis, keepdims=keepdims)


def _cumsum(y: Any, x: list[Any], e: list[Any], axis: int) -> Any:
    return np.cumsum(e[0] + np.abs(x[0]), axis=axis)


def _recurrence(y: Any, x: list[Any], e: list[Any], axis: int) -> Any:
    a, b, s = (np.moveaxis(np.asarray(v, float), axis, 0) for v in (x[0], x[1], y))
    e_a, e_b = (np.moveaxis(v, axis, 0) for v in e)
    out = np.array(e_b, float)
    for k in range(1, len(s)):
        out[k] = np.abs(a[k]) * out[k - 1] + (e_a[k] + np.abs(a[k])) * np.abs(s[k - 1]) + e_b[k] + np.abs(s[k])
    return np.moveaxis(out, 0, axis)


def _cumprod(y: Any, x: list[Any], e: list[Any], axis: int) -> Any:
    p, s, e_x = (np.moveaxis(np.asarray(v, float), axis, 0) for v in (x[0], y, e[0]))
    out = np.array(e_x, float)
    for k in range(1, len(s)):
        out[k] = np.abs(p[k]) * out[k - 1] + e_x[k] * np.abs(s[k - 1]) + np.abs(s[k])
    return np.moveaxis(out, 0, axis)


def _matmul(y: Any, x: list[Any], e: list[Any]) -> Any:
    a, b = np.abs(x[0]), np.abs(x[1])
    return a @ e[1] + e[0] @ b + a @ b


def _inv(y: Any, x: list[Any], e: list[Any]) -> Any:
    inverse = np.abs(y)
    return inverse @ (e[0] + np.abs(x[0])) @ inverse


def _solve(y: Any, x: list[Any], e: list[Any]) -> Any:
    return np.abs(np.linalg.inv(x[0])) @ ((e[0] + np.abs(x[0])) @ np.abs(y) + e[1])


def _det(y: Any, x: list[Any], e: list[Any]) -> Any:
    return np.sum(np.abs(cofactor(x[0])) * (e[0] + np.abs(x[0])), axis=(-2, -1))


def _logabsdet(y: Any, x: list[Any], e: list[Any]) -> Any:
    return np.sum(np.abs(np.linalg.inv(x[0])).swapaxes(-1, -2) * (e[0] + np.abs(x[0])), axis=(-2, -1)) + np.abs(y)


def _gather(y: Any, x: list[Any], e: list[Any]) -> Any:
    return np.reshape(e[0], -1)[x[1]]


def _scatter(y: Any, x: list[Any], e: list[Any], shape: tuple[int, ...]) -> Any:
    out = np.zeros(int(np.prod(shape)))
    np.add.at(out, np.ravel(x[1]), np.ravel(e[0] + np.abs(x[0])))
    return out.reshape(shape)


_RULES: dict[str, Callable[..., Any]] = {
    "sum": _sum,
    "prod": _prod,
    "max": _extreme,
    "min": _extreme,
    "logsumexp": _weighted(lambda y, x: np.exp(x - y)),
    "norm": _weighted(lambda y, x: x / y),
    "cumsum": _cumsum,
    "cumprod": _cumprod,
    "linear_recurrence": _recurrence,
    "matmul": _matmul,
    "inv": _inv,
    "solve": _solve,
    "det": _det,
    "logabsdet": _logabsdet,
    "gather": _gather,
    "scatter_add": _scatter,
    "concatenate": lambda y, x, e, axis: np.concatenate(e, axis=axis),
    "cast": lambda y, x, e, dtype: e[0],
}
