"""Other libraries on the same graph: every problem and every row they have, against certified derivatives."""

from __future__ import annotations

import importlib.metadata
import math
from functools import partial
from typing import Any

import numpy as np
import pytest

import diffcompare as dc
from diffcompare import methods, problems
from diffcompare.core.evaluate import evaluator
from diffcompare.core.graph import Graph
from diffcompare.core.node import ROWS, make, variable
from diffcompare.errors import MethodUnavailableError, SizeLimitError, UnsupportedOpError
from diffcompare.methods import PEERS, PyTensor, peers, products
from diffcompare.methods.coverage import coverage
from diffcompare.methods.protocol import Prepared
from tests.agreement.derivative_rules import certified, certified_jacobian, floats, moving
from tests.agreement.examples import EXAMPLES
from tests.ops.points import ELEMENTWISE, columns, domain_points

VALUES_ONLY = ("numdifftools", "scipy-differentiate")
REPLAYS = [name for name in PEERS if name not in VALUES_ONLY]
SOURCES = ("input", "constant")
# Half the digits: a function of another meaning is off by more. How accurate a library's own function is in the tails
# of its domain is what `compare` measures.
CLOSE = math.sqrt(np.finfo(np.float64).eps)
ORDINARY = (0.01, 12.0)  # sizes of arguments at which no library's function has lost half its digits


INSTALLED = [name for name in PEERS if methods.available()[name].can_run]
each_peer = pytest.mark.parametrize("peer", INSTALLED)
each_replay = pytest.mark.parametrize("peer", [name for name in REPLAYS if name in INSTALLED])


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_is_swept_where_it_is_installed(peer: str) -> None:
    """One skip stands for the whole sweep of a peer that is missing."""
    can_run, reason = methods.available()[peer]
    if not can_run:
        pytest.skip(f"{peer} {reason}")
    assert peer in INSTALLED


OUT_OF_DOMAIN = ("helmholtz", "logistic-map-chaos", "nist-misra1a", "nist-misra1c", "nist-chwirut2")


def verdicts(peer: str, problem: problems.Problem) -> set[str]:
    """The statuses that a peer may have on a problem."""
    if peer == "scipy-differentiate" and problem.name in OUT_OF_DOMAIN:
        return {"failed"}  # its first step, 0.5, leads out of the domain
    if peer == "numdifftools" and problem.name == "nist-misra1c":
        return {"failed"}  # its largest steps from 0.0001 make 1 + 2 b2 x negative
    if peer in VALUES_ONLY and {"ill-conditioned", "badly-scaled", "kink"} & set(problem.tags):
        return {"ok", "inaccurate"}  # no one step fits all parameters
    return {"ok"}


@each_peer
@pytest.mark.parametrize("name", problems.names())
def test_a_peer_meets_the_certified_gradient(peer: str, name: str) -> None:
    """A peer's gradient of a problem is as near the certified one as theory says, where it has the operations."""
    problem = problems.get(name)
    (record,) = dc.compare(problem, methods=[peer], time=False).records
    if record["status"] == "skipped":
        pytest.skip(record["reason"].splitlines()[0])
    assert record["status"] in verdicts(peer, problem), record["reason"]
    assert bool(record["reason"]) == (record["status"] != "ok")


def prepared(peer: str, graph: Graph, wrt: tuple[int, ...]) -> Prepared:
    """The peer bound to the graph; the test is skipped where it lacks the operation."""
    try:
        method = PyTensor(mode="FAST_COMPILE") if peer == "pytensor" else methods.resolve(peer)  # seconds, not minutes
        return method.prepare(graph, wrt)
    except UnsupportedOpError as error:
        pytest.skip(str(error).splitlines()[0])


@each_replay
@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_a_peers_function_means_what_the_row_means(peer: str, row: Any) -> None:
    """An elementwise row has the same value and derivatives in a peer, over the ordinary part of its domain."""
    points = [(k, p) for k, p in enumerate(domain_points(row)) if all(ordinary(x) for x in p)]
    data = columns([p for _, p in points])
    inputs = tuple(variable(f"x{i}", a.shape, a.dtype) for i, a in enumerate(data))
    graph = Graph(inputs, (make(row, inputs),))
    wrt = tuple(moving(row))
    bound = prepared(peer, graph, wrt)
    np.testing.assert_allclose(bound.value(*data), row.numpy(*data), rtol=CLOSE, atol=CLOSE, err_msg="value")
    if row.result == "bool":
        return
    found = products.vjp_product(bound, graph, wrt)(data, np.ones(len(points)))[1]
    for i, part in zip(wrt, found, strict=True):
        exact = certified(row.name, i)[0][[k for k, _ in points]]
        np.testing.assert_allclose(part, exact, rtol=CLOSE, atol=CLOSE, err_msg=f"derivative by argument {i}")


def ordinary(x: float) -> bool:
    """Whether a number is neither tiny nor large."""
    return isinstance(x, bool) or ORDINARY[0] <= abs(x) <= ORDINARY[1]


def left_to_the_library(name: str, args: tuple) -> bool:
    """Whether libraries choose, or fail: ties, exponentials of -inf, and the zeros by which their rules divide."""
    if name in ("max", "min"):
        return any(len(np.unique(a)) < np.size(a) for a in args)
    if name == "det":
        return any(np.any(np.abs(np.linalg.det(a)) < CLOSE) for a in args)
    return name in ("norm", "prod") and any(not np.all(a) for a in args) or any(np.any(np.isinf(a)) for a in args)


CASES = [
    pytest.param(name, k, id=f"{name}-{k}")
    for name, row in ROWS.items()
    if row.kind != "elementwise" and name not in SOURCES
    for k, example in enumerate(EXAMPLES[name])
    if np.size(example.point[0]) and not left_to_the_library(name, example.point)
]


@each_replay
@pytest.mark.parametrize("name, k", CASES)
def test_a_peers_array_function_means_what_the_row_means(peer: str, name: str, k: int) -> None:
    """A reduction, a change of shape or a matrix function has the same value and Jacobian in a peer."""
    row, example = ROWS[name], EXAMPLES[name][k]
    graph = example.graph(row)
    args, wrt = example.point, floats(graph)
    bound = prepared(peer, graph, wrt)
    expected = evaluator(graph)(*args)[0]
    np.testing.assert_allclose(bound.value(*args), expected, rtol=CLOSE, atol=CLOSE, err_msg="value")
    if graph.output.dtype.kind != "f" or not wrt:
        return
    blocks = products.jacobian_product(bound, graph, wrt)(*args)[1]
    entries = [(graph.output.size, graph.inputs[i].size) for i in wrt]
    matrix = np.concatenate([np.reshape(b, shape) for b, shape in zip(blocks, entries, strict=True)], axis=1)
    np.testing.assert_allclose(matrix, certified_jacobian(name, k)[0], rtol=CLOSE, atol=CLOSE, err_msg="Jacobian")


@each_replay
def test_single_precision_stays_single(peer: str) -> None:
    """Gradients with respect to float32 arrays are float32 arrays, near those in float64."""
    x = np.linspace(0.1, 0.9, 5, dtype=np.float32)
    found = dc.gradient(lambda x: np.sum(np.sin(x) * np.exp(2.0 * x)), method=peer)(x)
    exact = np.cos(x.astype(float)) * np.exp(2.0 * x) + 2.0 * np.sin(x.astype(float)) * np.exp(2.0 * x)
    assert found.dtype == np.float32
    # a handful of roundings in float32
    np.testing.assert_allclose(found, exact, rtol=8 * float(np.finfo(np.float32).eps))


@each_peer
def test_a_peer_gives_every_product(peer: str) -> None:
    """Jacobian, both products and the value of a function of two arguments, one of them held constant in part."""
    a, b = np.array([1.0, 2.0]), 3.0

    def f(a: Any, b: Any) -> Any:
        return np.stack([a[0] * b, a[1] * dc.stop_gradient(b) * b])

    bound = dc.prepare(f, a, b, method=peer)
    np.testing.assert_allclose(bound.value(a, b), [3.0, 18.0])
    by_a, by_b = dc.jacobian(f, method=peer)(a, b)
    near = partial(np.testing.assert_allclose, rtol=CLOSE, atol=CLOSE)
    near(by_a, [[3.0, 0.0], [0.0, 9.0]])
    near(by_b, [1.0, 6.0])
    tangent = dc.jvp(f, (a, b), (np.array([1.0, 0.0]), 1.0), method=peer)[1]
    near(tangent, [4.0, 6.0])
    cotangents = dc.vjp(f, a, b, method=peer)[1](np.array([1.0, 1.0]))
    near(cotangents[0], [3.0, 9.0])
    near(cotangents[1], 7.0)


@each_peer
def test_a_peer_says_what_ran(peer: str) -> None:
    """The executor names the library with its version."""
    package = peer.partition("-")[0]
    assert importlib.metadata.version(package) in dc.prepare("x * y", 1.0, 2.0, method=peer).executor


@each_replay
def test_an_operation_that_a_peer_lacks_is_refused_by_name(peer: str) -> None:
    """What `coverage` says a library lacks is refused before anything runs, with the operation's name."""
    lacking = coverage()[peer]
    assert "cofactor" in lacking and "matmul" not in lacking
    for name in lacking:
        row = ROWS[name]
        if row.kind == "elementwise":
            inputs = tuple(variable(f"x{i}") for i in range(len(row.domain)))
            graph = Graph(inputs, (make(row, inputs),))
        else:
            graph = EXAMPLES[name][0].graph(row)
        with pytest.raises(UnsupportedOpError, match=f"'{name}'"):
            methods.resolve(peer).prepare(graph, floats(graph))


def test_jax_runs_uncompiled_too() -> None:
    """With jit=False nothing is compiled, and the gradient is the same."""
    pytest.importorskip("jax")
    bound = dc.prepare("sin(x) * y", 1.0, 2.0, method=methods.Jax(jit=False))
    assert "compile_s" not in bound.seconds and "eager" in bound.executor
    by_x, by_y = bound.gradient(1.0, 2.0)
    assert by_x == pytest.approx(2.0 * math.cos(1.0), rel=CLOSE)
    assert by_y == pytest.approx(math.sin(1.0), rel=CLOSE)


def test_a_graph_too_large_to_be_written_out_is_refused() -> None:
    """Libraries of scalars refuse what has more operations than the declared limit, before they write any."""
    pytest.importorskip("casadi")
    with pytest.raises(SizeLimitError, match="200,002 scalar operations, and the limit is 200,000"):
        dc.gradient(lambda x: np.sum(x * x), method="casadi")(np.ones(100_001))


def test_jax_leaves_the_precision_of_the_process_alone() -> None:
    """Float64 derivatives do not switch JAX to float64 for everyone else."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    dc.gradient("x * x", method="jax")(3.0)
    assert jax.config.jax_enable_x64 == before


@pytest.mark.parametrize("name", PEERS)
def test_a_missing_peer_is_a_row_that_says_how_to_install_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by name, a peer that is not installed is skipped with the command that helps."""
    monkeypatch.setattr(methods, "installed", lambda package: False)
    assert "pip install" in methods.available()[name].reason
    with pytest.raises(MethodUnavailableError, match="pip install"):
        methods.resolve(name)
    (record,) = dc.compare("x * x", at=3.0, methods=[name], time=False).records
    assert record["status"] == "skipped" and "pip install" in record["reason"]


def test_peers_are_compared_only_when_they_are_asked_for() -> None:
    """By default `compare` shows this package's own methods; "all" adds the peers that are installed."""
    runnable = {name for name, (can_run, _) in methods.available().items() if can_run}
    usual = {record["method"] for record in dc.compare("x * x", at=3.0, time=False).records}
    every = {record["method"] for record in dc.compare("x * x", at=3.0, methods="all", time=False).records}
    assert usual == runnable - set(PEERS)
    assert every == runnable


@pytest.mark.parametrize("name, entry", PEERS.items())
def test_a_class_name_in_lower_case_is_a_name_too(name: str, entry: methods.Entry) -> None:
    """`scipydifferentiate` is `scipy-differentiate`."""
    if methods.available()[name].can_run:
        assert methods.resolve(entry.class_name.lower()).name == name
    else:
        with pytest.raises(MethodUnavailableError, match="cannot run here"):
            methods.resolve(entry.class_name.lower())


def test_a_peer_that_fails_to_load_is_reported_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package whose import raises is no missing package: its own error is the reason."""

    def refuse() -> None:
        raise ImportError("libmkl is not there")

    monkeypatch.setattr("diffcompare.methods.peers.version", lambda package: "1.0")
    with pytest.raises(MethodUnavailableError, match="jax 1.0 is installed but does not load.*libmkl is not there"):
        with peers.importing("jax"):
            refuse()
