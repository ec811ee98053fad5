"""Gradients in a test suite: each function checks a claim and raises an AssertionError with the report if it is wrong.

In a pytest file:

.. code-block:: python

    import numpy as np
    from diffcompare.testing import assert_gradient

    def test_my_gradient():
        assert_gradient(my_loss, my_gradient, at=np.array([0.3, 0.7]))

`at` is one point; parametrise the test, or call it in a loop, for more. A claim that noise forbids to judge, and a
point with a kink, fail too: choose another point, or pass `allow=("correct", "kink")`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diffcompare.analysis.check import check_gradient
from diffcompare.analysis.check_products import check_hessian, check_jvp, check_vjp
from diffcompare.analysis.check_result import VERDICTS, GradientCheck
from diffcompare.errors import OptionError

CORRECT = ("correct",)


def assert_gradient(f: Any, grad: Any, at: Any, *, allow: Sequence[str] = CORRECT, **options: Any) -> GradientCheck:
    """The check of a gradient, if its verdict is allowed.

    Parameters
    ----------
    f, grad, at, **options
        As for `diffcompare.check_gradient`.
    allow : sequence of str, default ("correct",)
        Verdicts that pass.

    Raises
    ------
    GradientMismatchError
        With the report, if the verdict is another one; it is an AssertionError.

    Examples
    --------
    >>> import numpy as np
    >>> assert_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, at=np.ones(3)).evaluations < 100
    True
    """
    return _allowed(check_gradient, allow, f, grad, at, options)


def assert_hessian(f: Any, hessian: Any, at: Any, *, allow: Sequence[str] = CORRECT, **options: Any) -> GradientCheck:
    """The check of a Hessian, if its verdict is allowed; see `diffcompare.check_hessian` and `assert_gradient`."""
    return _allowed(check_hessian, allow, f, hessian, at, options)


def assert_jvp(f: Any, jvp: Any, at: Any, *, allow: Sequence[str] = CORRECT, **options: Any) -> GradientCheck:
    """The check of a jvp, if its verdict is allowed; see `diffcompare.check_jvp` and `assert_gradient`."""
    return _allowed(check_jvp, allow, f, jvp, at, options)


def assert_vjp(f: Any, vjp: Any, at: Any, *, allow: Sequence[str] = CORRECT, **options: Any) -> GradientCheck:
    """The check of a vjp, if its verdict is allowed; see `diffcompare.check_vjp` and `assert_gradient`."""
    return _allowed(check_vjp, allow, f, vjp, at, options)


def _allowed(
    check: Callable[..., GradientCheck], allow: Sequence[str], f: Any, claim: Any, at: Any, options: dict[str, Any]
) -> GradientCheck:
    unknown = [verdict for verdict in allow if verdict not in VERDICTS] if not isinstance(allow, str) else [allow]
    if unknown:
        raise OptionError(f"allow={allow!r} must be a sequence of verdicts: {', '.join(VERDICTS)}.")
    found = check(f, claim, at, **options)
    if found.verdict not in allow:
        found.raise_if_wrong()
    return found
