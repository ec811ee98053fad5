"""The derivative of an elementwise function over an array of points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.bind import Bound
from ..core.graph import Graph
from ..core.node import constant
from ..core.tables import ROWS
from ..core.trace import Function
from ..errors import ShapeError
from ..lower.device_runner import device_runner
from ..transform.pullback import pullback
from ..transform.pushforward import pushforward
from ..transform.simplify import simplify
from .forward import Forward
from .prepared_function import target_of
from .products import gradient_product, vjp_product
from .protocol import Method
from .reverse import Reverse

_WHOLE = ("forward", "reverse", "complex-step")  # their products with a vector of ones are exact, point by point


def pointwise_product(f: Function, method: Method, bound: Bound, point: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``call(x)`` gives f'(x), element by element; `point` does so for one number, where the method takes no more.

    Raises
    ------
    ShapeError
        If the function is not elementwise.
    """
    shape = np.shape(bound.dynamic[0])
    target = target_of(bound, method)
    if isinstance(target, Graph):
        _check_elementwise(target, f)
    if isinstance(target, Graph) and isinstance(method, (Forward, Reverse)) and method.device == "cuda":
        call = device_runner(simplify(_derivative(target, method)), method.device, method.stream).call
        return lambda x: call(x)[0]
    if shape == ():
        call = gradient_product(method, target, (0,))
        return lambda x: call(x)[1][0]
    if method.name in _WHOLE and isinstance(target, Graph):
        prepared = method.prepare(target, (0,))
        ones = np.ones(shape, target.inputs[0].dtype)
        if prepared.jvp is not None:
            jvp = prepared.jvp
            return lambda x: jvp((x,), (ones,))[1]
        vjp = vjp_product(prepared, target, (0,))
        return lambda x: vjp((x,), ones)[1][0]
    return lambda x: np.array([point(v) for v in x.ravel().tolist()], x.dtype).reshape(shape)


def _derivative(graph: Graph, method: Forward | Reverse) -> Graph:
    """f'(x) as a graph: the product with ones, which then need no memory."""
    x, y = graph.inputs[0], graph.output
    if isinstance(method, Reverse):
        total = ROWS["sum"](y, axis=tuple(range(y.ndim)), keepdims=False)
        return Graph(graph.inputs, pullback(Graph(graph.inputs, (total,)), (0,)).outputs[1:])
    ones = ROWS["broadcast_to"](constant(1.0, x.dtype), shape=x.shape)
    return Graph(graph.inputs, pushforward(graph, (0,)).replay((x, ones))[1:])


def _check_elementwise(graph: Graph, f: Function) -> None:
    x = graph.inputs[0]
    touched = {id(x)}
    for node in graph.nodes:
        if any(id(a) in touched for a in node.args):
            touched.add(id(node))
            if node.op.kind != "elementwise" and node.op.name != "cast" or node.shape != x.shape:
                raise ShapeError(
                    f"{f.__name__} is not elementwise: {graph.where_is(node)} mixes or reshapes elements.\n"
                    "  Ask for diffcompare.jacobian instead."
                )
    if graph.output.shape != x.shape:
        raise ShapeError(f"{f.__name__} is not elementwise: it maps shape {x.shape} to {graph.output.shape}.")
