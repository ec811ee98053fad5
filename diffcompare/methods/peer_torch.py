"""PyTorch: the graph in tensors, differentiated by `torch.autograd`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.graph import Graph
from ..lower import replay_torch
from ..lower.replay import Namespace, replay
from .graphs import traced
from .packages import version
from .peers import importing, native, natives, precision, smooth_scalar
from .protocol import Opaque, Prepared, Products


@dataclass(frozen=True, slots=True)
class Torch:
    """Differentiate with PyTorch on the CPU, with as many threads as PyTorch is set to use.

    Derivatives at kinks are PyTorch's choice.

    Attributes
    ----------
    compile : bool, default False
        Compile the function by ``torch.compile``, which needs a C++ compiler; the work is done at the first call.

    Examples
    --------
    >>> import diffcompare as dc
    >>> "torch" in dc.methods.available()
    True
    """

    name: ClassVar[str] = "torch"
    needs_graph: ClassVar[bool] = True
    compile: bool = False

    def prepare(self, target: Graph | Opaque, wrt: tuple[int, ...]) -> Prepared:
        """Replay in tensors; see `Method.prepare`.

        Raises
        ------
        UnsupportedOpError
            When PyTorch lacks an operation of the graph.
        MethodUnavailableError
            When PyTorch is not installed, or does not load.
        """
        graph = traced(target, self.name)
        with importing("torch"):
            import torch

            names = replay_torch.names()
        start = time.perf_counter()
        run = replay(graph, names)
        derive_s = time.perf_counter() - start
        call = torch.compile(run) if self.compile else run
        vjp = _vjp(graph, wrt, call, names)
        how = "torch.compile" if self.compile else "eager"
        return Prepared(
            method=self.name,
            value=lambda *args: native(call(*_tensors(graph, args, names))[0].numpy(), graph.output),
            value_and_gradient=(lambda *args: vjp(args, 1.0)) if smooth_scalar(graph) else None,
            vjp=vjp,
            seconds={"derive_s": derive_s, "compile_s": 0.0},
            executor=f"PyTorch {version('torch')}, {how}, {torch.get_num_threads()} threads, {precision(graph, wrt)}",
        )


def _tensors(graph: Graph, args: tuple, names: Namespace) -> list[Any]:
    return [names.constant(a, node.dtype) for a, node in zip(args, graph.inputs, strict=True)]


def _vjp(graph: Graph, wrt: tuple[int, ...], call: Callable, names: Namespace) -> Callable[[tuple, Any], Products]:
    import torch

    output = graph.output

    def vjp(args: tuple, cotangent: Any) -> Products:
        tensors = _tensors(graph, args, names)
        sought = [tensors[i].requires_grad_() for i in wrt]
        value = call(*tensors)[0]
        if value.requires_grad:
            seed = names.constant(cotangent, output.dtype)
            parts = torch.autograd.grad(value, sought, seed, allow_unused=True, materialize_grads=True)
        else:  # the output depends on none of them
            parts = tuple(torch.zeros_like(x) for x in sought)
        found = natives([part.detach().numpy() for part in parts], graph, wrt)
        return native(np.asarray(value.detach()), output), found

    return vjp
