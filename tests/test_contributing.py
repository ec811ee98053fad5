"""The recipes of CONTRIBUTING.md are code that works."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)

BEFORE_AND_AFTER = {
    "operation": (
        """
import numpy as np, diffcompare as dc
from diffcompare.core.intervals import Interval
from diffcompare.core.tables import DISPATCH, ROWS
from diffcompare.core.rows import elementwise
import diffcompare.ops
del ROWS["log1p"], DISPATCH[np.log1p]  # the recipe declares it anew
""",
        """
assert DISPATCH[np.log1p] is log1p
for method in ("symbolic", "forward", "reverse", "complex-step"):
    np.testing.assert_allclose(dc.gradient(np.log1p, method=method)(0.5), 1 / 1.5, rtol=4 * np.finfo(float).eps)
""",
    ),
    "method": (
        """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np, diffcompare as dc
from diffcompare.core.graph import Graph
from diffcompare.methods.protocol import Opaque, Prepared, Value
from diffcompare.methods.values import value_function
""",
        """
# Of x * y + sin(x) at (1, 2): the truncation error is at most step / 2, the round-off error 4 EPS |f| / step.
x_bar, y_bar = dc.gradient(lambda x, y: x * y + np.sin(x), method=TwoPoints())(1.0, 2.0)
bound = 1e-8 / 2 + 4 * np.finfo(float).eps * 3.0 / 1e-8
assert abs(x_bar - (2.0 + np.cos(1.0))) < bound and abs(y_bar - 1.0) < bound
# Of x**2, y * x entry by entry at x = (1, 2), y = 3, the same way; values are at most 6, second derivatives at most 2.
bound = 1e-8 + 4 * np.finfo(float).eps * 6.0 / 1e-8
x_block, y_block = dc.jacobian(lambda x, y: np.stack([x**2, y * x]), method=TwoPoints())(np.array([1.0, 2.0]), 3.0)
np.testing.assert_allclose(x_block, [[[2.0, 0.0], [0.0, 4.0]], [[3.0, 0.0], [0.0, 3.0]]], rtol=0, atol=bound)
np.testing.assert_allclose(y_block, [[0.0, 0.0], [1.0, 2.0]], rtol=0, atol=bound)
""",
    ),
    "problem": (
        """
import numpy as np, diffcompare as dc
from diffcompare.problems.problem import Problem
def rosenbrock_gradient(x):
    d = np.zeros_like(x)
    d[:-1] += -400.0 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2.0 * (1.0 - x[:-1])
    d[1:] += 200.0 * (x[1:] - x[:-1] ** 2)
    return (d,)
""",
        """
point = PROBLEM.point(PROBLEM.sizes[1])
# A sum of at most four terms, each rounded a few times: a few ULP of the largest.
tolerance = 16 * np.finfo(float).eps * 400.0
np.testing.assert_allclose(dc.gradient(PROBLEM.function)(*point), PROBLEM.gradient(*point)[0], rtol=0, atol=tolerance)
""",
    ),
}


def test_there_are_three_recipes():
    """CONTRIBUTING gives one recipe each for an operation, a method and a problem, in this order."""
    assert len(RECIPES) == len(BEFORE_AND_AFTER)


@pytest.mark.parametrize(("kind", "recipe"), list(zip(BEFORE_AND_AFTER, RECIPES, strict=False)))
def test_a_recipe_works(kind, recipe):
    """The code of a recipe, copied, gives what it promises (in a process of its own: it fills the tables)."""
    before, after = BEFORE_AND_AFTER[kind]
    subprocess.run([sys.executable, "-c", before + recipe + after], check=True)
