"""The rules by which other tools judge a gradient, each with its step and tolerance, and diffcompare's check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from checker_functions import Case, Parts

import diffcompare as dc


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a gradient was rejected, by how many calls of f, and in words what was said."""

    rejected: bool
    evaluations: int
    verdict: str


Rule = Callable[[Case, Parts, int], Answer]


class Line:
    """f of the packed vector of differentiated entries, counted."""

    def __init__(self, case: Case) -> None:
        self.case, self.calls = case, 0
        self.x = np.concatenate([np.ravel(np.asarray(case.at[i], np.float64)) for i in case.wrt])

    def __call__(self, vector: np.ndarray) -> float:
        self.calls += 1
        args, start = list(self.case.at), 0
        for position in self.case.wrt:
            shape = np.shape(self.case.at[position])
            size = int(np.prod(shape))
            part = vector[start : start + size].reshape(shape)
            args[position], start = (part if shape else float(part)), start + size
        return float(self.case.function(*args))


def pack(parts: Parts) -> np.ndarray:
    """One vector of all entries."""
    return np.concatenate([np.ravel(part) for part in parts])


def diffcompare_check(case: Case, claim: Parts, seed: int) -> Answer:
    """`diffcompare.check_gradient` with its defaults."""
    found = dc.check_gradient(case.function, claim, case.at, case.wrt, seed=seed)
    return Answer(found.verdict == "wrong", found.evaluations, found.verdict)


def entries(step: float, rtol: float, atol: float) -> Rule:
    """Every entry by central differences of one absolute step, with |claim - estimate| <= atol + rtol |estimate|."""

    def judge(case: Case, claim: Parts, seed: int) -> Answer:
        f, g = Line(case), pack(claim)
        units = np.eye(len(f.x))
        estimate = np.array([(f(f.x + step * unit) - f(f.x - step * unit)) / (2.0 * step) for unit in units])
        wrong = not np.all(np.abs(g - estimate) <= atol + rtol * np.abs(estimate))
        return Answer(wrong, f.calls, "rejected" if wrong else "accepted")

    return judge


def direction(step: float, rtol: float, atol: float, either: bool) -> Rule:
    """One random direction by central differences; with `either`, the absolute or the relative tolerance is enough."""

    def judge(case: Case, claim: Parts, seed: int) -> Answer:
        f, g = Line(case), pack(claim)
        d = np.random.default_rng(seed).standard_normal(len(f.x))
        estimate = (f(f.x + step * d) - f(f.x - step * d)) / (2.0 * step)
        error = abs(float(g @ d) - estimate)
        allowed = max(atol, rtol * abs(estimate)) if either else atol + rtol * abs(estimate)
        return Answer(not error <= allowed, f.calls, "accepted" if error <= allowed else "rejected")

    return judge


def norm(threshold: float) -> Rule:
    """The 2-norm of claim minus forward differences with the step 2**-26, against a threshold."""

    def judge(case: Case, claim: Parts, seed: int) -> Answer:
        f, g, step = Line(case), pack(claim), 2.0**-26
        value = f(f.x)
        estimate = np.array([(f(f.x + step * unit) - value) / step for unit in np.eye(len(f.x))])
        accepted = bool(np.linalg.norm(g - estimate) <= threshold)
        return Answer(not accepted, f.calls, "accepted" if accepted else "rejected")

    return judge


# Steps and tolerances are the tools' defaults: torch.autograd.gradcheck (PyTorch's pages), jax.test_util.check_grads
# (tolerance for float64, times the size of what is compared, here one number), autograd.test_util.check_grads,
# scipy.optimize.check_grad (it returns the norm; the threshold is the user's, and 1e-5 is chosen here), and minitorch's
# check of derivatives (1e-2, taken as relative and absolute).
RULES: dict[str, Rule] = {
    "diffcompare": diffcompare_check,
    "torch gradcheck": entries(step=1e-6, rtol=1e-3, atol=1e-5),
    "JAX check_grads": direction(step=1e-4, rtol=1e-5, atol=1e-5, either=False),
    "autograd check_grads": direction(step=1e-6, rtol=1e-6, atol=1e-6, either=True),
    "SciPy check_grad < 1e-5": norm(threshold=1e-5),
    "minitorch grad_check": entries(step=1e-6, rtol=1e-2, atol=1e-2),
}
