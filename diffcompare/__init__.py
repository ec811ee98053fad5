"""Build an expression once, differentiate it every way, and see how exact and how fast each way is.

Names are loaded when they are first used, so that importing diffcompare costs little more than importing NumPy.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "core.trace": "Function function trace",
    "core.graph": "Graph",
    "core.node": "Node variable no_gradient",
    "core.rows": "Row",
    "core.parse": "parse",
    "lower.sympy_io": "from_sympy",
    "operators": "gradient value_and_gradient derivative jvp vjp jacobian hessian hvp prepare",
    "analysis.check": "check_gradient",
    "analysis.check_products": "check_hessian check_jvp check_vjp",
    "analysis.check_result": "GradientCheck",
    "analysis.compare": "compare Comparison",
    "bench.results": "BenchmarkRun load",
    "bench.runner": "benchmark",
    "analysis.step_sweep": "sweep_steps StepSweep",
    "analysis.reference": "reference_gradient Reference",
    "analysis.kinks": "kinks",
    "analysis.matrix_formula": "matrix_gradient MatrixFormula",
    "analysis.size_sweep": "sweep_sizes",
    "analysis.size_sweep_result": "SizeSweep",
    "analysis.swell": "expression_swell Swell",
    "optimize.training": "compare_training",
    "optimize.training_result": "TrainingComparison",
    "ops.activations": "sigmoid relu leaky_relu silu gelu stop_gradient",
    "ops.statistics": "logsumexp softmax log_softmax linear_recurrence",
    "ops.special": "erf erfc erfinv ndtr log_ndtr gamma gammaln digamma polygamma beta betaln i0 j0 j1",
    "ops.exponential": "logit softplus xlogy entr logaddexp logaddexp2",
    "ops.trigonometric": "hypot",
    "ops.comparison": "where",
}
_MODULES = ("errors", "losses", "methods", "optimize", "problems", "testing")
_NAMES = {name: module for module, names in _WHERE.items() for name in names.split()}
__all__ = ["__version__", *_MODULES, *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        importlib.import_module("diffcompare.ops")
        value = getattr(importlib.import_module(f"diffcompare.{_NAMES[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"diffcompare.{name}")
    else:
        raise AttributeError(f"module 'diffcompare' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
