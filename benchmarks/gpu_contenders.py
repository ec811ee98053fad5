"""Ways to value and gradient of sum(sin(x) exp(-x x) + tanh(x)) on a GPU and beside it, each as a call and a wait."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from contest import CannotRunError
from gpu_kernel import compiled

import diffcompare as dc
from diffcompare.errors import DiffCompareError, SizeLimitError
from diffcompare.lower.cuda_device import device
from diffcompare.lower.cuda_driver import LEGACY

Ready = tuple[Callable[[], Any], Callable[[], None]]  # one call, and waiting for all calls
HAND_GRID = (1024, 256)


def expression(np: Any, x: Any) -> Any:
    return np.sum(np.sin(x) * np.exp(-x * x) + np.tanh(x))


def by_hand(np: Any, x: Any) -> tuple[Any, Any]:
    """Value and gradient, statement by statement."""
    s, e, t = np.sin(x), np.exp(-x * x), np.tanh(x)
    return np.sum(s * e + t), e * (np.cos(x) - 2 * x * s) + (1 - t * t)


def nothing() -> None:
    """What runs on the host has ended when it returns."""


def wait() -> None:
    device().wait(LEGACY)


def library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CannotRunError(f"{name} is not installed") from error


def ours(x: np.ndarray) -> Ready:
    """Fused kernels on arrays that lie on the device, into arrays that were made before."""
    prepared = dc.prepare(lambda x: expression(np, x), x, method="cuda").prepared
    program = prepared.program
    there, out = (program.resident((a,))[0] for a in (x, np.zeros_like(x)))
    return lambda: prepared.into(there, out), wait


def ours_with_copies(x: np.ndarray) -> Ready:
    prepared = dc.prepare(lambda x: expression(np, x), x, method="cuda")
    out = np.empty_like(x)
    return lambda: prepared.value_and_gradient(x, out=out), nothing


def ours_on_the_cpu(x: np.ndarray) -> Ready:
    prepared = dc.prepare(lambda x: expression(np, x), x, method="reverse")
    out = np.empty_like(x)
    return lambda: prepared.value_and_gradient(x, out=out), nothing


def copy(x: np.ndarray) -> Ready:
    """As many bytes read and written as the gradient takes."""
    found = device()
    source, target = found.allocate(x.nbytes, LEGACY), found.allocate(x.nbytes, LEGACY)
    return lambda: found.copy(target.address, source.address, x.nbytes, LEGACY), wait


def hand(x: np.ndarray) -> Ready:
    """The kernel in CUDA C; it adds no partial sums, and takes whole accesses only."""
    library("cuda.core")
    found = device()
    blocks, threads = HAND_GRID
    code, name = compiled(str(x.dtype), found.capability)
    launch = found.launcher(found.load(code, name), blocks, threads, ("i8",) * 4)
    held = [found.allocate(nbytes, LEGACY) for nbytes in (x.nbytes, x.nbytes, 8 * blocks)]
    found.upload(held[0].address, x, LEGACY)
    values = (x.size, *(block.address for block in held))
    return lambda: (launch(values, LEGACY), held)[0], wait


def numpy(x: np.ndarray) -> Ready:
    return lambda: by_hand(np, x), nothing


def cupy(x: np.ndarray) -> Ready:
    cp = library("cupy")
    there = cp.asarray(x)
    return lambda: by_hand(cp, there), cp.cuda.get_current_stream().synchronize


def torch(x: np.ndarray) -> Ready:
    """torch.compile of the gradient of the function."""
    found = library("torch")
    there = found.asarray(x, device="cuda")
    call = found.compile(found.func.grad_and_value(lambda x: expression(found, x)))
    return lambda: call(there), found.cuda.synchronize


def jax(x: np.ndarray) -> Ready:
    found = library("jax")
    found.config.update("jax_enable_x64", True)
    call, there = found.jit(found.value_and_grad(lambda x: expression(found.numpy, x))), found.numpy.asarray(x)
    last: list[Any] = []

    def run() -> None:
        last[:] = [call(there)]

    return run, lambda: found.block_until_ready(last)


CONTENDERS: dict[str, Callable[[np.ndarray], Ready]] = {
    "copy": copy, "by hand": hand, "diffcompare": ours, "with copies": ours_with_copies, "cupy": cupy, "torch": torch,
    "jax": jax, "cpu": ours_on_the_cpu, "numpy": numpy,
}  # fmt: skip
ON_THE_HOST = ("with copies", "cpu", "numpy")


def ready(name: str, x: np.ndarray) -> Ready:
    """A contender that has run once.

    Raises
    ------
    CannotRunError
        With the reason in words.
    """
    try:
        call, end = CONTENDERS[name](x)
        call()
        end()
    except SizeLimitError as error:
        raise CannotRunError(str(error).splitlines()[0]) from error
    except (CannotRunError, DiffCompareError):
        raise
    except Exception as error:  # whatever a library raises is its result
        raise CannotRunError(f"{type(error).__name__}: {str(error).splitlines()[:1]}") from error
    return call, end
