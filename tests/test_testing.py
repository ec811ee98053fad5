"""The helpers for test suites: they pass, or raise an AssertionError with the report."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from diffcompare.errors import GradientMismatchError, OptionError
from diffcompare.testing import assert_gradient, assert_hessian, assert_jvp, assert_vjp

X = np.array([0.3, 0.7])
CASES: list[Any] = [
    (assert_gradient, lambda x: np.sum(x**3), lambda s, x: s * 3.0 * x**2),
    (assert_hessian, lambda x: np.sum(x**3), lambda s, x: s * np.diag(6.0 * x)),
    (assert_jvp, lambda x: x**3, lambda s, p, t: s * 3.0 * p[0] ** 2 * t[0]),
    (assert_vjp, lambda x: x**3, lambda s, p, u: s * 3.0 * p[0] ** 2 * u),
]


@pytest.mark.parametrize(("check", "f", "claim"), CASES)
def test_right_claims_pass_and_wrong_ones_raise(check, f, claim):
    """The error is an AssertionError, so that a test fails and does not break."""
    assert check(f, lambda *args: claim(1.0, *args), at=X).verdict == "correct"
    with pytest.raises(AssertionError, match="wrong") as raised:
        check(f, lambda *args: claim(1.0001, *args), at=X)
    assert isinstance(raised.value, GradientMismatchError)


def test_other_verdicts_pass_where_they_are_allowed():
    """A kink is no success unless it is expected."""
    with pytest.raises(GradientMismatchError, match="kink"):
        assert_gradient(np.abs, np.sign, at=0.0)
    assert assert_gradient(np.abs, np.sign, at=0.0, allow=("correct", "kink")).verdict == "kink"
    for allow in ("correct", ("right",)):
        with pytest.raises(OptionError, match="verdicts"):
            assert_gradient(np.abs, np.sign, at=0.0, allow=allow)


def test_a_test_file_as_users_write_it(tmp_path):
    """pytest shows the report of the failing test."""
    path = tmp_path / "test_mine.py"
    path.write_text(
        "import numpy as np\n"
        "from diffcompare.testing import assert_gradient\n"
        "def test_right():\n"
        "    assert_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, at=np.ones(3))\n"
        "def test_wrong():\n"
        "    assert_gradient(lambda x: np.sum(x**2), lambda x: -2 * x, at=np.ones(3))\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1 and "1 failed, 1 passed" in done.stdout
    assert "the gradient has the wrong sign" in done.stdout
