"""Functions with gradients by hand, and faults to inject into them: what `checker_power.py` measures with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffcompare.problems import get

Parts = tuple[np.ndarray, ...]
# Problem and size. Smooth at their points; `squared-detached` is left out: its gradient is not that of its values.
SMOOTH = (
    ("product-of-sum", None), ("sigmoid-neuron", None), ("staged-circuit", None), ("evaluation-trace", None),
    ("micrograd", None), ("two-dot", None), ("squared-constant", None), ("squared-attached", None), ("svm-hinge", None),
    ("cross-entropy", None), ("softmax-cross-entropy", None), ("xor-2-3-1", None), ("xor-3-4-1", None),
    ("logistic-map", None), ("rosenbrock", 10), ("extended-rosenbrock", 10), ("powell-singular", 12),
    ("variably-dimensioned", 10), ("trigonometric", 10), ("broyden-tridiagonal", 10), ("speelpenning", 10),
    ("helmholtz", 8), ("gmm", None),
)  # fmt: skip
# At their minima, where the gradient is a small rest of large terms: for false alarms only.
MINIMA = ("nist-misra1a", "nist-rat42", "nist-mgh09", "nist-thurber", "nist-gauss1")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A function at a point with its right gradient."""

    name: str
    function: Callable[..., Any]
    at: tuple[Any, ...]
    wrt: tuple[int, ...]
    gradient: Parts


def smooth() -> list[Case]:
    """Problems of the package, and functions of matrices and of two like arguments."""
    return [_problem(name, size) for name, size in SMOOTH] + list(_matrices(np.random.default_rng(1)))


def hard() -> list[Case]:
    """Right gradients that a careless test rejects: near kinks, with noise, cancellation, bad scaling, at minima."""
    return [_problem(name, None) for name in MINIMA] + list(_awkward(np.random.default_rng(2)))


def _problem(name: str, size: Any) -> Case:
    problem = get(name)
    at = problem.point(problem.sizes[0] if size is None else size)
    gradient = tuple(np.asarray(part, np.float64) for part in problem.gradient(*at))
    return Case(name, problem.function, tuple(at), problem.wrt, gradient)


def _matrices(rng: np.random.Generator) -> Iterator[Case]:
    a, b = rng.standard_normal((4, 4)), rng.standard_normal((4, 4))
    slope = 1.0 - np.tanh(a @ b) ** 2
    yield Case(
        "tanh of a matrix product", lambda a, b: np.sum(np.tanh(a @ b)), (a, b), (0, 1), (slope @ b.T, a.T @ slope)
    )
    x, y = rng.standard_normal(30), rng.standard_normal(30)
    both = (2.0 * (x - y) / 30.0, -2.0 * (x - y) / 30.0 + np.cos(y))
    yield Case("mean square and sines", lambda x, y: np.mean((x - y) ** 2) + np.sum(np.sin(y)), (x, y), (0, 1), both)
    wave = rng.standard_normal(100)
    yield Case("100 exponentials", lambda x: np.sum(np.exp(0.3 * x)), (wave,), (0,), (0.3 * np.exp(0.3 * wave),))


def _awkward(rng: np.random.Generator) -> Iterator[Case]:
    x = rng.standard_normal(10)
    w = rng.standard_normal((6, 10))
    yield Case("relu layer", lambda x: np.sum(np.maximum(w @ x, 0.0)), (x,), (0,), (w.T @ (w @ x > 0),))
    yield Case("kink 1e-5 away", lambda x: np.abs(x - 1.00001), (1.0,), (0,), (np.array(-1.0),))
    yield Case("kink 1e-7 away", lambda x: np.abs(x - 1.0000001), (1.0,), (0,), (np.array(-1.0),))
    scales = np.array([1e8, 1.0, 1e-8])
    bad = 1.0 / scales
    yield Case(
        "parameters of 1e-8 to 1e8",
        lambda x: np.sum(np.sin(x * scales)),
        (bad,),
        (0,),
        (scales * np.cos(bad * scales),),
    )
    yield Case("offset of 1e6", lambda x: 1e6 + np.sum(np.sin(x)), (x,), (0,), (np.cos(x),))
    yield Case("fast oscillation", lambda x: np.sin(1e4 * x), (1.0,), (0,), (np.array(1e4 * np.cos(1e4)),))
    yield Case("large values", lambda x: 1e9 * np.sum(np.exp(x)), (x,), (0,), (1e9 * np.exp(x),))
    yield Case("small values", lambda x: 1e-9 * np.sum(np.exp(x)), (x,), (0,), (1e-9 * np.exp(x),))
    yield Case("single precision inside", _single, (x,), (0,), (np.cos(x),))
    yield Case("noise of 1e-9", lambda x: np.sum(np.sin(x)) + 1e-9 * np.sin(1e15 * np.sum(x)), (x,), (0,), (np.cos(x),))
    yield Case("noise of 1e-6", lambda x: np.sum(np.sin(x)) + 1e-6 * np.sin(1e15 * np.sum(x)), (x,), (0,), (np.cos(x),))
    yield Case("cancellation", lambda x: (1e8 + np.sum(np.sin(x))) - 1e8, (x,), (0,), (np.cos(x),))
    yield Case("quadratic at its minimum", lambda x: np.sum((x - 1.0) ** 2), (np.ones(5),), (0,), (np.zeros(5),))


def _single(x: np.ndarray) -> float:
    return float(np.sum(np.sin(x.astype(np.float32))))


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """A wrong gradient: what was done to it, and the size class of the error, relative."""

    name: str
    size: str
    gradient: Parts


def faults(case: Case, rng: np.random.Generator) -> list[Fault]:
    """Every fault that changes this gradient by at least a quarter of its size class somewhere."""
    found = [Fault(name, size, parts) for name, size, parts in _wrong(case, rng)]
    return [fault for fault in found if _changed(case.gradient, fault)]


SIZES = {"gross": 1e-2, "1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4, "1e-6": 1e-6, "float32": 6e-8}


def _changed(right: Parts, fault: Fault) -> bool:
    """Whether an entry that matters (a hundredth of the largest) is off by a quarter of the class."""
    largest = max(float(np.max(np.abs(part))) for part in right)
    pairs = zip(right, fault.gradient, strict=True)
    gaps = [np.abs(a - b) / np.maximum(np.abs(a), 1e-2 * largest) for a, b in pairs]
    return max(float(np.max(gap)) for gap in gaps) >= 0.25 * SIZES[fault.size]


def _wrong(case: Case, rng: np.random.Generator) -> Iterator[tuple[str, str, Parts]]:
    g = case.gradient
    yield "sign", "gross", tuple(-part for part in g)
    yield "factor 2", "gross", tuple(2.0 * part for part in g)
    yield "sum for mean", "gross", tuple(part * max(2, part.size) for part in g)
    for size in ("1e-2", "1e-3", "1e-4", "1e-6"):
        yield f"scaled by 1 + {size}", size, tuple(part * (1.0 + float(size)) for part in g)
    yield "transposed", "gross", tuple(part.T for part in g) if all(_square(part) for part in g) else g
    yield "swapped arguments", "gross", g[::-1] if len(g) == 2 and g[0].shape == g[1].shape else g
    yield "off by one", "gross", tuple(np.roll(part, 1) for part in g)
    yield "missing chain factor", "gross", tuple(part * (1.0 + np.tanh(np.abs(part))) for part in g)
    yield "wrong branch", "gross", tuple(np.where(part > np.median(part), 0.0, part) for part in g)
    which, entry = _entry(g, rng)
    yield "dropped term", "gross", _with(g, which, entry, 0.0)
    for size in ("1e-2", "1e-3", "1e-4", "1e-6"):
        yield f"one entry off by {size}", size, _with(g, which, entry, 1.0 + float(size))
    yield "one argument detached", "gross", (*g[:-1], 0.0 * g[-1])
    rms = float(np.sqrt(np.mean(np.concatenate([part.ravel() for part in g]) ** 2)))
    yield "constant offset", "1e-3", tuple(part + 1e-3 * rms for part in g)
    yield "stale point", "1e-4", tuple(part * (1.0 + 2e-4 * rng.standard_normal(part.shape)) for part in g)
    yield "float32 precision", "float32", tuple(part.astype(np.float32).astype(np.float64) for part in g)


def _square(part: np.ndarray) -> bool:
    return part.ndim == 2 and part.shape[0] == part.shape[1] > 1


def _entry(g: Parts, rng: np.random.Generator) -> tuple[int, int]:
    """A random entry among those that are at least a hundredth of the largest."""
    largest = max(float(np.max(np.abs(part))) for part in g)
    places = [(i, j) for i, part in enumerate(g) for j in np.flatnonzero(np.abs(part.ravel()) >= 1e-2 * largest)]
    which, entry = places[int(rng.integers(len(places)))]
    return which, int(entry)


def _with(g: Parts, which: int, entry: int, factor: float) -> Parts:
    changed = [part.copy() for part in g]
    changed[which].reshape(-1)[entry] *= factor
    return tuple(changed)
