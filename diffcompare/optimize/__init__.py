"""First-order optimisers for any callable that gives ``(value, gradient)``, whatever made the gradient.

SciPy's own optimisers take ours by one line::

    scipy.optimize.minimize(dc.value_and_gradient(f), x0, jac=True)
"""

from diffcompare.optimize.descent import Stop
from diffcompare.optimize.history import History
from diffcompare.optimize.minibatches import minibatches
from diffcompare.optimize.optimizers import (
    adam,
    adamw,
    gradient_descent,
    momentum,
    nesterov,
    rmsprop,
    sgd,
)
from diffcompare.optimize.schedules import constant, cosine, exponential, stepwise, warmup

__all__ = [
    "History", "Stop", "adam", "adamw", "constant", "cosine", "exponential", "gradient_descent", "minibatches",
    "momentum", "nesterov", "rmsprop", "sgd", "stepwise", "warmup",
]  # fmt: skip
