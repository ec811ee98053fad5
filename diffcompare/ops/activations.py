"""Functions of machine learning that are not in NumPy, and `stop_gradient`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.intervals import Interval
from ..core.rows import elementwise
from .comparison import masked, where
from .exponential import sigmoid
from .special import ndtr

relu = elementwise(
    "relu",
    numpy=lambda x: np.maximum(x, 0.0),
    scalar="0.0 if {0} <= 0.0 else {0}",
    sympy="relu({0})",
    ball="relu({0})",
    partials=lambda y, x: (masked(x > 0.0, 1.0, y),),
    domain=(Interval.REAL,),
    kinks=((0.0, 0.0),),
    source="0, of least norm in the subdifferential [0, 1], at 0",
)
stop_gradient = elementwise(
    "stop_gradient",
    numpy=lambda x: x,
    scalar="{0}",
    sympy="stop_gradient({0})",
    ball="same({0})",
    partials=None,
    domain=(Interval.REAL,),
    result="same",
    source="the value, held constant by every method",
)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """`x` where it is positive, else `negative_slope * x`; at 0 the derivative is `negative_slope`.

    References
    ----------
    Maas, Hannun and Ng, *Rectifier nonlinearities improve neural network acoustic models*, ICML 2013.
    """
    return where(x > 0.0, x, negative_slope * x)


def silu(x: Any) -> Any:
    """`x * sigmoid(x)`.

    References
    ----------
    Elfwing, Uchibe and Doya, *Neural Networks* 107, 2018, doi:10.1016/j.neunet.2017.12.012.
    """
    return x * sigmoid(x)


def gelu(x: Any) -> Any:
    """`x` times the normal distribution function at `x`.

    References
    ----------
    Hendrycks and Gimpel, *Gaussian error linear units*, arXiv:1606.08415.
    """
    return x * ndtr(x)
