"""The numbers of the lectures' worked circuits stand at the right nodes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.core.tables import ROWS
from diffcompare.draw.groups import EXPANSIONS
from diffcompare.errors import OptionError, ShapeError
from tests.draw.pictures import named, nodes, texts

SEEDS = json.loads((Path(__file__).parents[1] / "data" / "seed_numbers.json").read_text(encoding="utf-8"))
# Evaluated operation by operation in float64 against 30 digits: at most ten roundings of half a unit, each amplified at
# most by the condition of these circuits (under 10).
BOUND = 10 * 10 * 2**-53


def close(found, expected):
    """Whether two numbers or arrays agree to `BOUND`, relative to the largest entry."""
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=BOUND * max(1.0, float(np.max(np.abs(expected)))))


def neuron(w0, x0, w1, x1, w2):
    """The sigmoid neuron, written out."""
    return 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))


def neuron_point():
    seed = SEEDS["sigmoid_neuron"]
    (w0, w1, w2), (x0, x1) = seed["w"], seed["x"]
    return {"w0": w0, "x0": x0, "w1": w1, "x1": x1, "w2": w2}


def test_product_of_sum():
    """(x + y) z at (-2, 5, -4): 3 at the sum, -12 at the product, gradient (-4, -4, 3), by hand."""
    seed = SEEDS["product_of_sum"]
    svg = dc.function(lambda x, y, z: (x + y) * z).draw(at=tuple(map(float, seed["at"])))._repr_svg_()
    seen = named(svg)
    assert [seen[n].cotangent for n in "xyz"] == seed["grad"]["float"]
    assert (seen["v1"].op, seen["v1"].value, seen["v1"].cotangent) == ("add", 3.0, -4.0)
    assert (seen["v2"].op, seen["v2"].value, seen["v2"].cotangent) == ("multiply", seed["value"]["float"], 1.0)
    assert ("value", "-12") in texts(svg) and ("cotangent", "-4") in texts(svg)


@pytest.mark.parametrize("groups", ["written", "closed", "open"])
def test_sigmoid_neuron(groups):
    """Inputs, pre-activation and output carry the lecture's numbers, however the sigmoid is drawn."""
    seed = SEEDS["sigmoid_neuron"]
    seen = named(dc.function(neuron).draw(at=neuron_point(), groups=groups).svg)
    close([seen[n].cotangent for n in ("w0", "w1", "w2")], seed["grad_w"]["float"])
    close([seen[n].cotangent for n in ("x0", "x1")], seed["grad_x"]["float"])
    close([seen["v4"].value, seen["v4"].cotangent], [seed["pre_activation"]["float"], seed["d_pre"]["float"]])
    last = list(seen.values())[-1]
    close(last.value, seed["value"]["float"])
    assert last.op == ("sigmoid" if groups == "closed" else "divide")


def test_the_parts_of_the_sigmoid():
    """At 1: -1, e^-1, 1 + e^-1 and its reciprocal; backward -1/(1 + e^-1)^2 and so on, by hand."""
    svg = dc.parse("sigmoid(x)").draw(at=1.0, open="sigmoid").svg
    e = np.exp(-1.0)
    gates = [n for n in nodes(svg) if n.op not in ("input", "constant")]
    assert [n.op for n in gates] == ["negative", "exp", "add", "divide"]
    close([n.value for n in gates], [-1.0, e, 1.0 + e, 1.0 / (1.0 + e)])
    slope = -1.0 / (1.0 + e) ** 2
    close([n.cotangent for n in gates], [slope * e, slope, slope, 1.0])


@pytest.mark.parametrize("groups", ["written", "open"])
def test_staged_circuit(groups):
    """(x + s(y)) / (s(x) + (x + y)^2) at (3, -4): both forks add up to the published gradient."""
    seed = SEEDS["staged"]
    f = dc.function(lambda x, y: (x + dc.sigmoid(y)) / (dc.sigmoid(x) + (x + y) ** 2))
    seen = named(f.draw(at=tuple(map(float, seed["at"])), groups=groups).svg)
    close([seen["x"].cotangent, seen["y"].cotangent], seed["grad"]["float"])
    close(list(seen.values())[-1].value, seed["value"]["float"])


def test_branches_of_a_fork_add():
    """What the three branches of x send back stands at their ends, and its sum at x."""
    f = dc.function(lambda x, y: (x + dc.sigmoid(y)) / (dc.sigmoid(x) + (x + y) ** 2))
    drawing = f.draw(at=(3.0, -4.0))
    place = next(i for i, cell in enumerate(drawing.circuit.cells) if cell.name == "x")
    parts = [
        drawing.numbers.contributions[i, k]
        for i, cell in enumerate(drawing.circuit.cells)
        for k, source in enumerate(cell.args)
        if source == place
    ]
    assert len(parts) == 3
    close(sum(parts), SEEDS["staged"]["grad"]["float"][0])
    assert ("cotangent entry", "\u2190 0.5121") in texts(drawing.svg)


@pytest.mark.parametrize(
    ("key", "f"),
    [
        ("two_dot", lambda x: 2 * np.dot(x, x)),
        ("squared_constant", lambda x: (2 * np.dot(x, x) - 2.0) ** 2),
        ("squared_detached", lambda x: (2 * np.dot(x, x) - dc.stop_gradient(np.sum(x))) ** 2),
        ("squared_attached", lambda x: (2 * np.dot(x, x) - np.sum(x)) ** 2),
    ],
)
def test_circuits_of_arrays(key, f):
    """Arrays carry their numbers too; nothing flows through stop_gradient."""
    seed = SEEDS[key]
    seen = nodes(dc.function(f).draw(at=np.array(seed["x"], float)).svg)
    assert seen[0].cotangent == seed["grad"]["float"] and seen[-1].value == seed["value"]["float"]
    assert all(node.cotangent is None for node in seen if node.op == "stop_gradient")


@pytest.mark.parametrize("groups", ["written", "open"])
def test_softmax_loss(groups):
    """-log softmax(s)[0]: loss and gradient of the lecture, with softmax as a gate and in its parts."""
    seed = SEEDS["softmax_cat"]
    f = dc.function(lambda s: -np.log(dc.softmax(s)[0]))
    seen = nodes(f.draw(at=np.array(seed["s"]), groups=groups).svg)
    close(seen[0].cotangent, seed["grad_of_natural_loss"]["float"])
    close(seen[-1].value, seed["loss"]["float"])
    by_op = {node.op: node for node in seen}
    if groups == "written":
        close(by_op["softmax"].value, seed["softmax"]["float"])
    else:
        np.testing.assert_allclose(by_op["exp"].value, seed["exp"]["float"], rtol=4 * 2**-53)  # exp within 2 ULP


def test_maximum_routes():
    """The larger argument receives everything, the smaller nothing."""
    seen = named(dc.function(lambda z, w: 2 * np.maximum(z, w)).draw(at=(2.0, -1.0)).svg)
    assert (seen["z"].cotangent, seen["w"].cotangent) == (2.0, 0.0)


def test_a_branch_not_taken_stays_out():
    """An infinite partial behind where(...) does not turn the gradient into nan."""
    seen = named(dc.function(lambda x: np.where(x > 0.0, np.sqrt(np.abs(x)), x)).draw(at=0.0).svg)
    assert seen["x"].cotangent == 1.0


def test_a_square_written_as_a_product_has_two_wires():
    """x * x at 3: each wire sends 3 back, together 6."""
    drawing = dc.function(lambda x: x * x).draw(at=3.0)
    assert sorted(drawing.numbers.contributions.values()) == [3.0, 3.0]
    assert named(drawing.svg)["x"].cotangent == 6.0


def test_local_partials():
    """The partials of (x + y) z at (-2, 5, -4) are 1, 1 at the sum and z, x + y at the product."""
    drawing = dc.parse("(x + y) * z").draw(at=(-2.0, 5.0, -4.0), partials=True)
    assert list(drawing.numbers.partials.values()) == [1.0, 1.0, -4.0, 3.0]
    assert [text for kind, text in texts(drawing.svg) if kind == "partial entry"] == ["∂ 1", "∂ 1", "∂ -4", "∂ 3"]


def test_an_array_output_needs_a_cotangent():
    """Without one the values alone are drawn, and a note says why; with one, it is where the pass starts."""
    f = dc.function(lambda x: 2 * x)
    x = np.array([1.0, 2.0])
    plain = f.draw(at=x)
    assert named(plain.svg)["x"].cotangent is None and "derivatives need a scalar" in plain.circuit.notes[0]
    assert named(f.draw(at=x, cotangent=[1.0, -1.0]).svg)["x"].cotangent == [2.0, -2.0]
    with pytest.raises(ShapeError, match="cotangent"):
        f.draw(at=x, cotangent=[1.0, 1.0, 1.0])


ARGUMENTS: dict[str, tuple[float, ...]] = {"hypot": (0.7, 0.4), "logaddexp": (0.7, 0.4)}
VECTOR = np.array([0.3, -0.2, 0.9])
ON_ARRAYS = {
    "logsumexp": lambda x: dc.logsumexp(x),
    "softmax": lambda x: dc.softmax(x)[1],
    "log_softmax": lambda x: dc.log_softmax(x)[1],
    "norm": lambda x: np.linalg.norm(x),
    "mean": lambda x: np.mean(x),
}


@pytest.mark.parametrize("name", sorted(EXPANSIONS))
def test_parts_give_the_value_and_gradient_of_the_gate(name):
    """A gate in its parts has the value and the gradient of the gate as one, whose rule is another."""
    at: tuple = (VECTOR,) if name in ON_ARRAYS else ARGUMENTS.get(name, (0.7,))
    if name in ON_ARRAYS:
        f = dc.function(ON_ARRAYS[name])
    else:
        inputs = [dc.variable(letter) for letter in "xy"[: len(at)]]
        f = dc.Function.from_expression(ROWS[name](*inputs), inputs)
    whole, parts = f.draw(at=at), f.draw(at=at, open=name)
    assert name in [cell.op for cell in whole.circuit.cells]
    assert name not in [cell.op for cell in parts.circuit.cells]
    for drawing in (whole, parts):
        assert not drawing.circuit.notes
    close(parts.numbers.values[-1], whole.numbers.values[-1])
    for a, b in zip(parts.numbers.cotangents, whole.numbers.cotangents[: len(at)], strict=False):
        close(a, b)


@pytest.mark.parametrize(
    ("name", "f"),
    [
        ("sigmoid", lambda x: np.sum(1 / (1 + np.exp(-x)))),
        ("softplus", lambda x: np.sum(np.log(np.exp(x) + 1))),
        ("softplus", lambda x: np.sum(np.log1p(np.exp(x)))),
        ("softmax", lambda x: (np.exp(x) / np.sum(np.exp(x)))[1]),
        ("logsumexp", lambda x: np.log(np.sum(np.exp(x)))),
        ("norm", lambda x: np.sqrt(np.sum(x**2))),
        ("hypot", lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2)),
    ],
)
def test_written_out_gates_are_recognised(name, f):
    """Closed, a formula written out is one gate with the numbers of its result."""
    closed, written = (dc.function(f).draw(at=VECTOR, groups=g) for g in ("closed", "written"))
    assert name in [cell.op for cell in closed.circuit.cells]
    assert name not in [cell.op for cell in written.circuit.cells]
    assert nodes(closed.svg)[0].cotangent == nodes(written.svg)[0].cotangent
    assert len(closed.rules()) < len(written.rules())


def test_parts_that_overflow_say_so():
    """log(sum(exp(x))) at 1000 is infinite, the gate is not: a note says that the parts lose digits."""
    f = dc.function(lambda x: dc.logsumexp(x))
    x = np.array([1000.0, 0.0])
    assert not f.draw(at=x).circuit.notes
    assert any("lose digits" in note for note in f.draw(at=x, open="logsumexp").circuit.notes)


@pytest.mark.parametrize(
    "options", [{"groups": "shut"}, {"open": "sine"}, {"fold": 0}, {"steps": True, "at": None}, {"at": {"x": 1.0}}]
)
def test_mistakes_are_told(options):
    """An option or a point that does not fit raises, with its name in the message."""
    with pytest.raises((OptionError, ShapeError), match=next(iter(options))):
        dc.parse("x * y").draw(**{"at": (1.0, 2.0), **options})
