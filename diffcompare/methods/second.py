"""Second derivatives: by differentiating the gradient, as a graph where there is one and else as a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..errors import ShapeError
from ..transform.pullback import pullback
from ..transform.simplify import simplify
from .finite_difference import FiniteDifference
from .forward import Forward
from .products import gradient_product, jacobian_product, jvp_product
from .protocol import Method, Opaque, Prepared
from .reverse import Reverse
from .symbolic import Symbolic


def hessian_product(method: Method, target: Graph | Opaque, wrt: tuple[int, ...]) -> Callable[..., tuple]:
    """``call(*args)`` gives blocks [i][j], each of the shape of argument i followed by that of argument j.

    `Reverse` and `Forward` push forward through the gradient's graph; `Symbolic` differentiates its formulas twice;
    methods that see only values take differences of their own gradient.
    """
    if isinstance(method, Symbolic):
        return method.hessian(target, wrt)
    blocks = [jacobian_product(p, t, wrt) for p, t in _gradients(method, target, wrt)]
    return lambda *args: tuple(block(*args)[1] for block in blocks)


def hvp_product(method: Method, target: Graph | Opaque, wrt: tuple[int, ...]) -> Callable[[tuple, tuple], tuple]:
    """``call(args, directions)`` gives, for each argument, the Hessian's product with the directions."""
    if isinstance(method, Symbolic):
        hessian = method.hessian(target, wrt)

        def contract(args: tuple, directions: tuple) -> tuple:
            return tuple(
                _number(sum(np.tensordot(b, v, np.ndim(v)) for b, v in zip(r, directions, strict=True)))
                for r in hessian(*args)
            )

        return contract
    products = [jvp_product(p, t, wrt) for p, t in _gradients(method, target, wrt)]
    return lambda args, directions: tuple(product(args, directions)[1] for product in products)


def _number(x: Any) -> Any:
    return x if np.ndim(x) else float(x)


def _gradients(method: Method, target: Graph | Opaque, wrt: tuple[int, ...]) -> list[tuple[Prepared, Graph | Opaque]]:
    """The gradient with respect to each argument as a target of its own, prepared for one more differentiation."""
    if isinstance(method, (Reverse, Forward)):
        if not isinstance(target, Graph) or target.output.shape != ():
            raise ShapeError("A Hessian needs a traced function with a scalar output.")
        tape = simplify(pullback(target, wrt))
        second = Forward(executor=method.executor, device=method.device, stream=method.stream)
        parts = [Graph(tape.inputs, (g,)) for g in tape.outputs[1:]]
        return [(second.prepare(part, wrt), part) for part in parts]
    gradient = gradient_product(method, target, wrt)
    again = method if isinstance(method, FiniteDifference) else FiniteDifference("central", order=4)
    again = FiniteDifference(again.scheme, again.order, again.step, noise=_gradient_noise(method))
    example = target.example if isinstance(target, Opaque) else tuple(_zeros(node) for node in target.inputs)
    found: list[tuple[Prepared, Graph | Opaque]] = []
    for k in range(len(wrt)):
        part = Opaque(lambda *args, k=k: gradient(*args)[1][k], example)
        found.append((again.prepare(part, wrt), part))
    return found


def _gradient_noise(method: Method) -> float | None:
    # Relative error of a first difference at its optimal step is about EPS**(p / (p + 1)) (truncation of order p).
    eps = float(np.finfo(np.float64).eps)
    if isinstance(method, FiniteDifference):
        order = method.order or 1
        return eps ** (order / (order + 1))
    return None if method.name == "complex-step" else eps**0.8


def _zeros(node: Any) -> Any:
    return np.zeros(node.shape, node.dtype) if node.shape else 0.0
