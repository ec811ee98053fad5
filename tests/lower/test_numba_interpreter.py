"""The interpreter of scalar tapes gives what NumPy gives, statement by statement."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import diffcompare as dc
import diffcompare.ops
from diffcompare.core.graph import Graph
from diffcompare.core.node import constant, make, variable
from diffcompare.core.tables import ROWS
from diffcompare.errors import OptionError, UnsupportedOpError
from diffcompare.lower.flat_tape import MOST_OPERANDS, arities, flat_tape, operations
from diffcompare.lower.numba_interpreter import interpret
from diffcompare.lower.runner import MOST_COMPILED_SCALARS, runner

EXACT = ("add subtract multiply divide negative reciprocal absolute square sqrt maximum minimum where greater less "
         "equal logical_and logical_not sign floor relu isnan").split()  # fmt: skip
ROUNDED = "sin cos exp log tanh log1p expm1 power arctan2 hypot sinh arctan".split()
EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.5, 1e-300, 5e-324, 1e300, math.inf, -math.inf, math.nan)
NAMES = [name for name in operations() if name in ROWS]


def arity(name):
    """How many operands an operation takes."""
    return int(arities((name,))[0])


def random_graph(rng, statements):
    """A graph of two inputs whose statements are all outputs."""
    inputs = [variable("x"), variable("y")]
    nodes = [*inputs, *(constant(float(c)) for c in rng.normal(size=3))]
    conditions = [ROWS["greater"](inputs[0], inputs[1])]
    while len(nodes) < statements:
        row = ROWS[str(rng.choice(EXACT + ROUNDED))]
        places = rng.integers(max(0, len(nodes) - 8), len(nodes), 3)
        args = [nodes[i] for i in places[: arity(row.name)]]
        if row.name == "where":
            args[0] = conditions[rng.integers(len(conditions))]
        node = make(row, tuple(args))
        (conditions if node.dtype.kind == "b" else nodes).append(node)
    outputs = [n for n in Graph(tuple(inputs), (*nodes, *conditions)).nodes if n.args]
    return Graph(tuple(inputs), tuple(outputs))


def ulps(found, expected):
    """Distance in units in the last place of the expected number; 0 where both are nan or equal."""
    if found == expected or (math.isnan(found) and math.isnan(expected)):
        return 0.0
    return abs(found - expected) / math.ulp(expected) if math.isfinite(expected) else math.inf


@pytest.mark.parametrize("seed", range(40))
def test_every_statement_is_numpys(seed):
    """On the operands the interpreter itself computed, NumPy's operation gives the same number, or one beside it.

    Arithmetic must agree exactly. Two correct libraries may differ by the sum of their errors: 4 ULP for glibc's vector
    functions, which NumPy's may be, and 1 for the scalar ones.
    """
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 60)
    point = [float(rng.choice(EDGES)) if rng.random() < 0.2 else float(rng.normal()) for _ in graph.inputs]
    flat = flat_tape(graph)
    assert flat is not None
    first, others = interpret(flat).call(*point)
    values = dict(zip(graph.outputs, (first, *others), strict=True))
    values.update(zip(graph.inputs, point, strict=True))
    for node in graph.outputs:
        operands = [np.float64(values[a]) if a in values else a.value for a in node.args]
        if node.op.name in ("where", "logical_and", "logical_not"):
            operands = [bool(o) if a.dtype.kind == "b" else o for o, a in zip(operands, node.args, strict=True)]
        with np.errstate(all="ignore"):
            expected = node.op.numpy(*operands)
        bound = 0.0 if node.op.name in EXACT else 5.0
        assert ulps(float(values[node]), float(expected)) <= bound, (node, operands)


def test_every_operation_is_the_compiled_one():
    """Each row gives the same bits in the interpreter and in compiled code, at ordinary numbers and at edges."""
    inputs = tuple(variable(name) for name in "xyz")
    results = []
    for name in NAMES:
        args = inputs[: arity(name)]
        if name == "where":
            args = (ROWS["greater"](inputs[0], inputs[1]), *inputs[1:])
        results.append(make(ROWS[name], tuple(args)))
    graph = Graph(inputs, tuple(results))
    interpreted, compiled = runner(graph, "interpreter"), runner(graph, "numba")
    rng = np.random.default_rng(7)
    points = [rng.normal(size=3) for _ in range(20)] + [rng.choice(EDGES, 3) for _ in range(60)]
    for point in points:
        (a, others_a), (b, others_b) = (run.call(*map(float, point)) for run in (interpreted, compiled))
        for name, p, q in zip(NAMES, (a, *others_a), (b, *others_b), strict=True):
            assert p == q or (p != p and q != q), (name, point, p, q)


def test_small_terms_are_not_cancelled_by_algebra():
    """(1 + x) - 1 at 1e-17 is 0, as the numbers have it."""
    x = variable("x")
    assert runner(Graph((x,), ((1.0 + x) - 1.0,)), "interpreter").call(1e-17) == (0.0, ())


def test_conditions_come_back_as_conditions():
    """An output of dtype bool is True or False."""
    x = variable("x")
    call = runner(Graph((x,), (x > 0.0, x * 2.0)), "interpreter").call
    assert call(1.0) == (True, (2.0,)) and type(call(1.0)[0]) is bool


def irregular(steps):
    """A function whose statements do not repeat themselves: four or five of them a step, chosen at random."""

    def f(x, y):
        rng = np.random.default_rng(steps)
        for way in rng.integers(0, 4, steps):
            x, y = (x * 0.5 + np.sin(y), x - y * 0.5, np.cos(x) * y, y * y * 0.3 + x)[way], (y * 0.5 + x, x)[way % 2]
        return x * y

    return f


def test_long_scalar_tapes_are_interpreted():
    """Above the limit the executor is the interpreter, below it compiled code; both agree with NumPy's."""
    assert "Numba" in dc.prepare(irregular(3), 0.3, 0.2, method="reverse").executor
    long = dc.prepare(irregular(MOST_COMPILED_SCALARS), 0.3, 0.2, method="reverse")
    assert "interpreter" in long.executor
    plain = dc.prepare(irregular(MOST_COMPILED_SCALARS), 0.3, 0.2, method=dc.methods.Reverse(executor="numpy"))
    assert ulps(long.value(0.3, 0.2), plain.value(0.3, 0.2)) < 1e6  # some hundred steps magnify the last digit of sin


def test_tapes_of_any_length_run():
    """Nothing recurses and nothing is compiled for a tape of 100,000 statements."""
    run = dc.prepare(irregular(10_000), 0.3, 0.2, method="reverse")
    value, gradient = run.value_and_gradient(0.3, 0.2)
    assert math.isfinite(value) and all(map(math.isfinite, gradient))


def test_threads_do_not_share_a_workspace():
    """Calls from several threads at once give what they give one after the other."""
    call = dc.prepare(irregular(1000), 0.3, 0.2, method="reverse").value_and_gradient
    points = [(0.01 * k, 1.0 - 0.01 * k) for k in range(100)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda p: call(*p), points)) == [call(*p) for p in points]


def test_arrays_are_refused():
    """The interpreter says what it cannot run, and what can."""
    x = variable("x", 3)
    with pytest.raises(UnsupportedOpError, match="executor='auto'"):
        runner(Graph((x,), (x * 2.0,)), "interpreter")
    with pytest.raises(OptionError, match="'interpreter'"):
        runner(Graph((x,), (x * 2.0,)), "interpreted")


def test_single_precision_is_left_to_other_executors():
    """Only float64 and conditions become flat tapes."""
    x = variable("x", (), np.float32)
    assert flat_tape(Graph((x,), (x * x,))) is None and MOST_OPERANDS == 3
