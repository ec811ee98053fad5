"""JAX: the graph in `jax.numpy`, differentiated by `jax.value_and_grad` and compiled by XLA."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ..core.graph import Graph
from ..core.node import Node
from ..lower import replay_jax
from ..lower.replay import replay
from .graphs import on_first_use, traced
from .packages import version
from .peers import importing, native, natives, precision, smooth_scalar
from .protocol import Opaque, Prepared, Products


@dataclass(frozen=True, slots=True)
class Jax:
    """Differentiate with JAX, on its CPU backend.

    Work in float64 goes on in JAX's local context ``jax.enable_x64``, at preparation and around each call: the setting
    of the process stays as it is. Results are waited for (``block_until_ready``). At kinks its choice counts.

    Attributes
    ----------
    jit : bool, default True
        Compile ahead of the first call; else JAX runs operation by operation.

    Examples
    --------
    >>> import diffcompare as dc
    >>> "jax" in dc.methods.available()
    True
    """

    name: ClassVar[str] = "jax"
    needs_graph: ClassVar[bool] = True
    jit: bool = True

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Trace and compile; see `Method.prepare`.

        Raises
        ------
        UnsupportedOpError
            When JAX lacks an operation of the graph.
        MethodUnavailableError
            When JAX is not installed, or does not load.
        """
        graph = traced(target, self.name)
        with importing("jax"):
            names = replay_jax.names()
        run = replay(graph, names)
        work = _Work(graph, wrt, lambda *args: run(*args)[0], self.jit)
        scalar = smooth_scalar(graph)
        first = work.gradient() if scalar else work.vjp()
        return Prepared(
            method=self.name,
            value=on_first_use(work.value),
            value_and_gradient=first if scalar else None,
            vjp=on_first_use(work.vjp) if scalar else first,
            jvp=on_first_use(work.jvp),
            seconds=dict(work.seconds),
            executor=f"JAX {version('jax')}, {'XLA on the CPU' if self.jit else 'eager'}, {precision(graph, wrt)}",
        )


@dataclass(frozen=True, slots=True)
class _Work:
    """What JAX makes of one function of the graph's inputs."""

    graph: Graph
    wrt: tuple[int, ...]
    function: Callable[..., Any]
    jit: bool
    seconds: dict[str, float] = field(default_factory=dict)  # of what was made first

    def value(self) -> Callable[..., Any]:
        call = self.ready(self.function)
        return lambda *args: native(call(*args), self.graph.output)

    def gradient(self) -> Callable[..., Products]:
        import jax

        call = self.ready(jax.value_and_grad(self.function, argnums=self.wrt))
        return lambda *args: self.products(call(*args))

    def vjp(self) -> Callable[[tuple, Any], Products]:
        import jax

        def both(*args: Any) -> tuple:
            value, pull = jax.vjp(self.moved(args), *(args[i] for i in self.wrt))
            return value, pull(args[-1])

        call = self.ready(both, (self.graph.output,))
        return lambda args, cotangent: self.products(call(*args, cotangent))

    def jvp(self) -> Callable[[tuple, tuple], tuple]:
        import jax

        count = len(self.graph.inputs)

        def both(*args: Any) -> tuple:
            return jax.jvp(self.moved(args[:count]), tuple(args[i] for i in self.wrt), args[count:])

        call = self.ready(both, tuple(self.graph.inputs[i] for i in self.wrt))
        return lambda args, tangents: tuple(native(x, self.graph.output) for x in call(*args, *tangents))

    def moved(self, args: tuple) -> Callable[..., Any]:
        """The function of the differentiated arguments alone."""

        def of(*xs: Any) -> Any:
            new = dict(zip(self.wrt, xs, strict=True))
            return self.function(*(new.get(i, args[i]) for i in range(len(self.graph.inputs))))

        return of

    def products(self, found: tuple) -> Products:
        value, parts = found
        return native(value, self.graph.output), natives(parts, self.graph, self.wrt)

    def ready(self, function: Callable, more: tuple[Node, ...] = ()) -> Callable:
        """`function` compiled for the inputs and `more`, called with NumPy's arrays, and waited for."""
        import jax

        nodes, cpu = (*self.graph.inputs, *more), jax.devices("cpu")[0]
        call = function
        if self.jit:
            with jax.enable_x64(True), jax.default_device(cpu):
                start = time.perf_counter()
                lowered = jax.jit(function).lower(*(jax.ShapeDtypeStruct(n.shape, n.dtype) for n in nodes))
                traced_at = time.perf_counter()
                call = lowered.compile()
            self.seconds.setdefault("derive_s", traced_at - start)
            self.seconds.setdefault("compile_s", time.perf_counter() - traced_at)

        def synchronised(*args: Any) -> Any:
            given = [np.asarray(a, n.dtype) for a, n in zip(args, nodes, strict=True)]
            with jax.enable_x64(True), jax.default_device(cpu):
                return jax.block_until_ready(call(*(given if self.jit else map(jax.numpy.asarray, given))))

        return synchronised
