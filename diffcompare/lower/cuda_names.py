"""The functions that device code may name, with where each comes from: data alone, nothing is imported.

Python's `math` module is compiled by Numba to NVIDIA's libdevice, in the type of the argument; other functions are
libdevice's own, by their C names. Both lists hold what was compiled for every architecture in the tests.
"""

from __future__ import annotations

# Names in rows' templates that mean the same as another name here.
ALIASES = {
    "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2",
    "arctanh": "atanh", "power": "pow", "gammaln": "lgamma", "absolute": "fabs", "fabs": "fabs",
}  # fmt: skip
AS_THEY_STAND = frozenset({"abs"})  # Python's own, on any type
FROM_MATH = frozenset(
    "acos acosh asin asinh atan atan2 atanh copysign cosh erf erfc exp expm1 fabs gamma hypot isfinite isinf "
    "isnan lgamma log log10 log1p log2 pow sinh sqrt tanh".split()
)
# name -> (libdevice on float64, libdevice on float32)
FROM_LIBDEVICE = {
    "floor": ("floor", "floorf"), "ceil": ("ceil", "ceilf"), "trunc": ("trunc", "truncf"), "rint": ("rint", "rintf"),
    "cbrt": ("cbrt", "cbrtf"), "exp2": ("exp2", "exp2f"), "exp10": ("exp10", "exp10f"), "fmod": ("fmod", "fmodf"),
    "erfinv": ("erfinv", "erfinvf"), "erfcinv": ("erfcinv", "erfcinvf"), "erfcx": ("erfcx", "erfcxf"),
    "j0": ("j0", "j0f"), "j1": ("j1", "j1f"), "y0": ("y0", "y0f"), "y1": ("y1", "y1f"),
    "times": ("dmul_rn", "fmul_rn"), "fused": ("fma", "fmaf"),
}  # fmt: skip
# Defined by text in `cuda_functions`; on float64 sin, cos and tan are `math`'s.
WRITTEN = frozenset({"floor_divide", "remainder", "sin", "cos", "tan"})
FUNCTIONS = FROM_MATH | FROM_LIBDEVICE.keys() | WRITTEN
