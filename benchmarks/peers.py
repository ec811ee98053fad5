"""The contenders: each takes a problem and returns a call that gives the value and then the gradients.

A contender that is not installed, or cannot say a problem, raises; its row then tells why.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
from contest import Call, CannotRunError, Maker, Problem

import diffcompare as dc


def require(package: str) -> None:
    """Raise `CannotRunError`, with the command that helps, where a package is not installed."""
    if importlib.util.find_spec(package) is None:
        raise CannotRunError(f"not installed: pip install {package}")


def traced(problem: Problem) -> dc.Function:
    """The problem's function over NumPy."""
    return dc.function(lambda *a: problem.function(np, *a))


def diffcompare(problem: Problem) -> Call:
    """The ordinary call: checks its arguments and returns new arrays."""
    call = dc.value_and_gradient(traced(problem), wrt=problem.wrt, method="reverse")
    inputs = problem.inputs
    return lambda: call(*inputs)


def bound(problem: Problem) -> Call:
    """The form for tight loops: prepared once, and gradients written where the caller says."""
    inputs = problem.inputs
    prepared = dc.prepare(traced(problem), *inputs, method="reverse", wrt=problem.wrt)
    arrays = [np.empty_like(inputs[i]) for i in problem.wrt]
    if any(a.ndim == 0 for a in arrays):  # a scalar's gradient is a float: there is nothing to write into
        return lambda: prepared.value_and_gradient(*inputs)
    out = tuple(arrays)
    return lambda: prepared.value_and_gradient(*inputs, out=out)


def by_numpy(problem: Problem) -> Call:
    """The same tape, statement by statement in NumPy."""
    method = dc.methods.Reverse(executor="numpy")
    call = dc.value_and_gradient(traced(problem), wrt=problem.wrt, method=method)
    inputs = problem.inputs
    return lambda: call(*inputs)


def jax(problem: Problem) -> Call:
    """JAX, compiled, in float64."""
    require("jax")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    args = [jnp.asarray(a) for a in problem.inputs]
    call = jax.jit(jax.value_and_grad(lambda *a: problem.function(jnp, *a), argnums=problem.wrt))
    return lambda: jax.block_until_ready(call(*args))


def autograd(problem: Problem) -> Call:
    """HIPS autograd: NumPy, traced again at every call."""
    require("autograd")
    import autograd
    import autograd.numpy as anp

    wrt = problem.wrt if len(problem.wrt) > 1 else problem.wrt[0]
    call = autograd.value_and_grad(lambda *a: problem.function(anp, *a), wrt)
    return lambda: call(*problem.inputs)


class _TorchNames:
    """PyTorch's functions under NumPy's names and arguments."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torch, name)

    def sum(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self._torch.sum(x) if axis is None else self._torch.sum(x, dim=axis, keepdim=keepdims)

    def max(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self._torch.amax(x, dim=axis, keepdim=keepdims)

    def dot(self, a: Any, b: Any) -> Any:
        return self._torch.matmul(a, b)

    def maximum(self, a: Any, b: float) -> Any:
        return self._torch.clamp(a, min=b)


def torch(problem: Problem) -> Call:
    """PyTorch, eager."""
    require("torch")
    import torch

    torch.set_num_threads(1)
    names = _TorchNames(torch)
    pairs = enumerate(problem.inputs)
    args = [torch.tensor(a, dtype=torch.float64, requires_grad=i in problem.wrt) for i, a in pairs]
    sought = [args[i] for i in problem.wrt]

    def call() -> tuple:
        value = problem.function(names, *args)
        return value.detach(), *torch.autograd.grad(value, sought)

    return call


def pytensor(problem: Problem) -> Call:
    """PyTensor, compiled by Numba."""
    require("pytensor")
    import pytensor
    import pytensor.tensor as pt

    symbols = [pt.tensor(dtype="float64", shape=np.shape(a)) for a in problem.inputs]
    value = problem.function(pt, *symbols)
    gradients = pytensor.grad(value, [symbols[i] for i in problem.wrt])
    call = pytensor.function(symbols, [value, *gradients], mode="NUMBA")
    call.trust_input = True
    args = [np.asarray(a) for a in problem.inputs]
    return lambda: call(*args)


class _CasadiNames:
    """CasADi's functions under NumPy's names and arguments."""

    def __init__(self, casadi: Any) -> None:
        self._casadi = casadi

    def __getattr__(self, name: str) -> Any:
        return getattr(self._casadi, name)

    def sum(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self._casadi.sum1(x) if axis is None else self._casadi.sum2(x)

    def mean(self, x: Any) -> Any:
        return self._casadi.sum1(x) / x.shape[0]

    def max(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        raise CannotRunError("CasADi has no maximum along an axis")

    def dot(self, a: Any, b: Any) -> Any:
        return self._casadi.dot(a, b) if a.shape == b.shape else self._casadi.mtimes(a, b)

    def maximum(self, a: Any, b: Any) -> Any:
        return self._casadi.fmax(a, b)

    def abs(self, x: Any) -> Any:
        return self._casadi.fabs(x)


def casadi(problem: Problem) -> Call:
    """CasADi's virtual machine, bound to buffers: scalar expressions where that is its faster form."""
    require("casadi")
    import casadi as ca

    inputs = problem.inputs
    small = all(np.ndim(a) == 0 for a in inputs) or (len(inputs) == 1 and inputs[0].size <= 1000)
    kind = ca.SX if small else ca.MX
    symbols = [kind.sym(f"v{i}", *(np.shape(a) or (1,))) for i, a in enumerate(inputs)]
    value = problem.function(_CasadiNames(ca), *symbols)
    gradients = [ca.densify(ca.gradient(value, symbols[i])) for i in problem.wrt]
    buffer, run = ca.Function("f", symbols, [value, *gradients]).buffer()
    args = [np.ravel(np.array(a, np.float64), order="F").copy() for a in inputs]
    results = [np.zeros(1), *(np.zeros(args[i].size) for i in problem.wrt)]
    for i, a in enumerate(args):
        buffer.set_arg(i, a.data)
    for i, a in enumerate(results):
        buffer.set_res(i, a.data)
    shapes = [(), *(np.shape(inputs[i]) for i in problem.wrt)]
    views = [a.reshape(shape, order="F") for a, shape in zip(results, shapes, strict=True)]

    def call(keep: Any = (buffer, args)) -> list[np.ndarray]:
        run()
        return views

    return call


OWN: dict[str, Maker] = {"diffcompare": diffcompare, "bound": bound}
PEERS: dict[str, Maker] = {"jax": jax, "torch": torch, "autograd": autograd, "casadi": casadi, "pytensor": pytensor}
