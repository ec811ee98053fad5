"""Emitted loops are vectorised: their machine code is inspected for vector instructions and vector functions."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.special as special

import diffcompare as dc
from diffcompare.lower import numba_emit, numba_store, numba_vector
from diffcompare.lower.numba_vector_code import instruction_sets, state

pytestmark = pytest.mark.skipif(not state(), reason=str(state()))
WHOLE = {  # name -> function of a vector, vector functions that its value and gradient call
    "elementwise": (lambda x: np.sum(np.sin(x) * np.exp(-x * x) + np.tanh(x)), {"sin", "cos", "exp"}),
    "sigmoid": (lambda x: np.sum(special.expit(x)), {"exp"}),
    "softplus": (lambda x: np.sum(np.logaddexp(0.0, x)), {"exp", "log1p"}),
    "logaddexp": (lambda x: np.sum(np.logaddexp(x, 2.0 * x)), {"exp", "log1p"}),
    "silu": (lambda x: np.sum(x * special.expit(x)), {"exp"}),
    "gelu": (lambda x: np.sum(x * special.ndtr(x)), {"exp", "erfc"}),
    "erf": (lambda x: np.sum(special.erf(x)), {"exp", "erf"}),
    "where": (lambda x: np.sum(np.where(x > 1.0, x * x, np.exp(x))), {"exp"}),
    "logit": (lambda x: np.sum(special.logit(x / 4.0)), {"log", "log1p"}),
    "xlogy": (lambda x: np.sum(special.xlogy(x, x)), {"log"}),
    "hypot": (lambda x: np.sum(np.hypot(x, x + 1.0)), {"hypot"}),
    "arctan2": (lambda x: np.sum(np.arctan2(x, x + 1.0)), {"atan2", "hypot"}),
    "power": (lambda x: np.sum(x**1.5), {"pow"}),
    "two to the power": (lambda x: np.sum(2.0**x), {"exp2"}),
    "log_softmax": (lambda x: np.sum(x * (x - dc.logsumexp(x))), {"exp"}),
    "tanh": (lambda x: np.sum(np.tanh(x)), set()),
    "relu": (lambda x: np.sum(np.maximum(x, 0.0) * x), set()),
    "maximum": (lambda x: np.sum(np.maximum(x, x * x)), set()),
    "minimum": (lambda x: np.sum(np.minimum(x, x * x)), set()),
    "absolute": (lambda x: np.sum(abs(x) * x), set()),
    "sign": (lambda x: np.sum(np.sign(x - 1.0) * x * x), set()),
    "clip": (lambda x: np.sum(np.clip(x, 0.5, 1.5) * x), set()),
    "square": (lambda x: np.sum(x**2), set()),
    "cube": (lambda x: np.sum(x**3), set()),
    "root": (lambda x: np.sum(x**0.5), set()),
    "sum": (lambda x: np.sum(x * x), set()),
    "max": (lambda x: np.max(x * x), set()),
}


@pytest.fixture
def machine_code(monkeypatch):
    """A function that gives the machine code of a function's value and gradient at a point."""
    monkeypatch.setenv("DIFFCOMPARE_CACHE", "0")  # stored code has no text to inspect
    numba_store._KNOWN.clear()
    made = []

    def jit(*args):
        made.append(numba_store.jit(*args))
        return made[-1]

    monkeypatch.setattr(numba_emit, "jit", jit)

    def inspect(function, x):
        dc.value_and_gradient(function, method="reverse")(x)
        return "\n".join(text for dispatcher, _, _ in made for text in dispatcher.inspect_asm().values())

    return inspect


def vector_calls(text, letters="bcde"):
    """C names of the vector functions that are called."""
    return {found.removesuffix("f") if found not in ("erf",) else found
            for found in re.findall(rf"_ZGV[{letters}]N\d+v+_(\w+)", text)}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_loops_are_vectorised(name, machine_code):
    """Value and gradient call the vector functions they need, and compute in vector registers."""
    function, needed = WHOLE[name]
    text = machine_code(function, np.linspace(0.1, 3.0, 1000))
    widest = instruction_sets()[-1][1]
    assert needed <= vector_calls(text)
    register = "zmm" if widest == 512 else "ymm"
    assert len(re.findall(rf"\bv\w+pd\b.*%{register}", text)) >= 4


def test_float32_loops_call_the_functions_of_float32(machine_code):
    """A float32 loop takes twice as many elements at a time."""
    text = machine_code(WHOLE["elementwise"][0], np.linspace(0.1, 3.0, 1000, dtype=np.float32))
    lanes = state().lanes["float32"][-1]
    assert {f"N{lanes}v_{name}f" for name in ("sin", "cos", "exp")} <= set(re.findall(r"N\d+v_\w+", text))


def test_words_name_the_library():
    """Emitted code that names an elementary function has its library named."""
    assert numba_vector.in_words("v1 = f_exp(v0)") == f"vector mathematics by {state().library}"
    assert numba_vector.in_words("v1 = f_choose(v0, v0, v0)") == ""
