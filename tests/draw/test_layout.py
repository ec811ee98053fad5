"""Places: nothing overlaps, wires run to the right, and what is too large is folded."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.draw.layout import APART, Box, Edge, layered, layout
from diffcompare.errors import DiffCompareError
from tests.draw.pictures import named, nodes, root, texts, wires

ROUND = 0.11  # places are written with one decimal: two half units, and float's own rounding


def chain(length):
    """sin and a product in turn, `length` gates."""

    def f(x):
        for k in range(length):
            x = np.sin(x) if k % 2 else 1.1 * x
        return x

    return dc.function(f)


def grid(x, y):
    """Many forks: each round reads both results of the round before."""
    for _ in range(6):
        x, y = x * y, np.sin(x) + y
    return x - y


DRAWINGS = {
    "product": lambda **o: dc.parse("(x + y) * z").draw(at=(-2.0, 5.0, -4.0), **o),
    "staged": lambda **o: dc.parse("(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)").draw(at=(3.0, -4.0), **o),
    "chain": lambda **o: chain(60).draw(at=0.5, **o),
    "grid": lambda **o: dc.function(grid).draw(at=(0.3, 0.7), **o),
    "constants": lambda **o: dc.parse("(x**2 + 3 * y) / 2 - 1").draw(at=(1.0, 2.0), constants=True, **o),
}
OPTIONS = [{}, {"partials": True}, {"groups": "open", "names": True}, {"fold": None, "gradients": False}]


def check_picture(svg):
    """The invariants of every picture."""
    seen, lines = nodes(svg), wires(svg)
    for a, b in itertools.combinations(seen, 2):
        apart = a.box[2] < b.box[0] or b.box[2] < a.box[0] or a.box[3] < b.box[1] or b.box[3] < a.box[1]
        assert apart, (a, b)
    width, height = map(float, root(svg).attrib["viewBox"].split()[2:])
    assert all(b[0] >= 0 and b[1] >= 0 and b[2] <= width and b[3] <= height for b in (n.box for n in seen))
    for source, target, points in lines:
        xs = [x for x, _ in points]
        assert all(a <= b + ROUND for a, b in itertools.pairwise(xs)), (source, target)
        assert abs(xs[0] - seen[source].box[2]) <= ROUND
        assert seen[target].box[0] - ROUND <= xs[-1] < seen[target].box[2]
        assert all(0 <= y <= height for _, y in points)
        check_clear(seen, source, target, points)
    names = [n.name for n in seen if n.name]
    assert len(names) == len(set(names))


def check_clear(seen, source, target, points):
    """Level pieces of a wire pass through no box but those at its ends."""
    for (x, y), (u, v) in itertools.pairwise(points):
        for k, node in enumerate(seen):
            left, top, right, bottom = node.box
            if y == v and k not in (source, target):
                assert not (top < y < bottom and x < right and left < u), (seen[source], node)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", DRAWINGS)
def test_pictures_keep_their_order(name, options):
    """Boxes do not overlap, wires run from left to right around boxes, and every node is drawn once."""
    check_picture(DRAWINGS[name](**options).svg)


@pytest.mark.parametrize("problem", [dc.problems.get(name) for name in dc.problems.names()], ids=lambda p: p.name)
def test_problems_can_be_drawn(problem):
    """Every benchmark problem, at its smallest point, gives a sound picture with its own value at the end."""
    point = problem.point(problem.sizes[0])
    drawing = dc.function(problem.function).draw(at=point)
    check_picture(drawing.svg)
    assert len(nodes(drawing.svg)) < 400
    place = drawing.circuit.outputs[0]
    with np.errstate(all="ignore"):
        expected = problem.function(*point)
    # The trace runs the same NumPy functions; sums of a few hundred terms may be grouped otherwise.
    np.testing.assert_allclose(drawing.numbers.values[place], expected, rtol=1000 * 2**-53)


def test_no_two_labels_overlap():
    """Numbers of the staged circuit, opened and with partials, stand apart; widths by the style's own estimate."""
    from diffcompare.draw.style import width_of

    svg = DRAWINGS["staged"](groups="open", partials=True).svg
    boxes = []
    for label in root(svg).iter("{http://www.w3.org/2000/svg}text"):
        if "legend" in label.attrib["class"]:
            continue
        text, x, y = "".join(label.itertext()), float(label.attrib["x"]), float(label.attrib["y"])
        size = 11.0 if "entry" in label.attrib["class"] or "small" in label.attrib["class"] else 13.0
        boxes.append((text, x - width_of(text, size) / 2, x + width_of(text, size) / 2, y - 0.72 * size, y))
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[1] or b[2] <= a[1] or a[4] <= b[3] or b[4] <= a[3], (a, b)


def test_a_tree_has_no_crossing():
    """The walk from the output orders a tree so that no wires cross."""
    drawing = dc.parse("((a + b) * (c + d)) / ((e + f) * (g + h))").draw()
    seen = nodes(drawing.svg)
    ends: dict[float, list[tuple[float, float]]] = {}
    for source, _, points in wires(drawing.svg):
        ends.setdefault(seen[source].box[0], []).append((points[0][1], points[-1][1]))
    for pairs in ends.values():
        assert [p[1] for p in sorted(pairs)] == sorted(p[1] for p in pairs)


def test_layers_are_longest_paths():
    """A node stands one layer after the last of what enters it; a late one just before its reader."""
    edges = [Edge(0, 2, 0.0), Edge(2, 3, 0.0), Edge(0, 3, 0.0), Edge(1, 3, 0.0)]
    assert layered(4, edges, [False] * 4) == [0, 0, 1, 2]
    assert layered(4, edges, [False, True, False, False]) == [0, 1, 1, 2]


def test_neighbours_keep_their_distance():
    """Ten nodes that all want the same height stand exactly APART."""
    boxes = [Box(0.0, 10.0, 0.0, 5.0, 5.0)] * 11
    placed = layout(boxes, [Edge(k, 10, 0.0) for k in range(10)], [False] * 11, [10])
    heights = sorted(y for _, y in placed.middles[:10])
    np.testing.assert_allclose(np.diff(heights), 10.0 + APART, rtol=1e-12)  # sums of ten numbers below 1000
    assert placed.middles[10][1] == pytest.approx(np.mean(heights), rel=1e-12)


def test_long_chains_are_folded():
    """Of 60 gates in a row, two stay at either end; the fold counts the rest, and values pass through it."""
    drawing = chain(60).draw(at=0.5)
    seen = nodes(drawing.svg)
    assert len(seen) == 6 and seen[3].op == "fold" and "56 operations" in str(drawing)
    whole = nodes(chain(60).draw(at=0.5, fold=None).svg)
    assert len(whole) == 61
    assert (seen[0].cotangent, seen[-1].value) == (whole[0].cotangent, whole[-1].value)
    assert any("fold=None" in text for kind, text in texts(drawing.svg) if kind == "legend")


def test_a_chain_of_constants_and_shared_nodes_folds_between_forks():
    """A fork ends a chain: what is read twice stays visible."""

    def f(x):
        for _ in range(12):
            x = np.sin(x)
        y = x
        for _ in range(12):
            x = np.cos(x)
        return x * y

    seen = nodes(dc.function(f).draw(at=0.5).svg)
    assert [n.op for n in seen].count("fold") == 2 and [n.op for n in seen].count("sin") == 4


def test_large_graphs_are_cut():
    """Of thousands of operations those nearest the output are drawn, and a note says how many there are."""

    def f(x, y):
        for _ in range(1000):
            x, y = np.sin(x) * y, x + y
        return x * y

    drawing = dc.function(f).draw(at=(0.3, 0.0))
    assert len(drawing.circuit.cells) <= 150
    check_picture(drawing.svg)
    assert "3,001 operations" in " ".join(drawing.circuit.notes)


def test_the_same_drawing_is_the_same_bytes():
    """Two drawings of functions traced anew do not differ."""
    first, second = (dc.function(grid).draw(at=(0.3, 0.7), partials=True, steps=True) for _ in range(2))
    assert first.svg == second.svg and first.frames == second.frames and first.stepper() == second.stepper()


def test_what_was_drawn_before_does_not_show():
    """Nodes that another drawing has made already are numbered as if it had not."""
    f = dc.parse("tanh(x) * sigmoid(x) + sigmoid(y)")
    alone = dc.parse("tanh(x) * sigmoid(x) + sigmoid(y)").draw(at=(1.0, 2.0), groups="open", names=True).svg
    kept = f.draw(at=(1.0, 2.0), open="sigmoid")
    assert f.draw(at=(1.0, 2.0), groups="open", names=True).svg == alone
    assert len(kept.circuit.cells) < len(f.draw(groups="open").circuit.cells)


@pytest.mark.parametrize("name", ["<b>&\"'", "x y", "\x01\u202e", "ß∂", "</svg><script>alert(1)</script>"])
def test_names_are_escaped(name):
    """Whatever an input is called, the picture is well-formed and shows no markup of its own."""
    x = dc.variable(name)
    drawing = dc.Function.from_expression(np.sin(x) * x, [x]).draw(at=1.0, steps=True)
    assert "script" not in {e.tag.rpartition("}")[2] for e in root(drawing.svg).iter()}
    for frame in drawing.frames:
        root(frame)
    assert drawing.stepper().count("<script>") == 1
    assert drawing.to_dot().count("{") == 1 and "<b>" not in drawing.to_mermaid()


def test_it_speaks_to_screen_readers():
    """The picture is an image with a title and one sentence a node."""
    svg = dc.parse("(x + y) * z").draw(at=(-2.0, 5.0, -4.0)).svg
    picture = root(svg)
    assert picture.attrib["role"] == "img"
    labels = {e.attrib["id"]: e.text for e in picture if "id" in e.attrib}
    title, description = (labels[i] for i in picture.attrib["aria-labelledby"].split())
    assert title == "Circuit of (x + y) * z"
    assert "v1 = x + y: value 3, derivative of the output with respect to it -4." in description


def test_structure_without_a_point():
    """Without a point there are no numbers; a graph shows itself that way."""
    f = dc.parse("sin(x) * exp(y) + x")
    assert all(n.value is None and n.cotangent is None for n in nodes(f.draw().svg))
    assert nodes(dc.trace(f, 1.0, 2.0)._repr_svg_())
    x = dc.variable("x", shape=(3,))
    assert nodes(dc.Function.from_expression(np.sum(x), [x]).draw().svg)[0].name == "x"


def test_a_function_of_arrays_asks_for_a_point():
    """The error of the trace says what is missing."""
    with pytest.raises(DiffCompareError) as told:
        dc.function(lambda x: np.sum(x[0])).draw()
    assert any("at=" in note for note in told.value.__notes__)


def test_groups_close_and_open():
    """The same neuron: as written, as one gate, and a gate of ours in its parts."""
    f = dc.parse("1 / (1 + exp(-x))")
    ops = [[n.op for n in nodes(f.draw(at=1.0, groups=g).svg)] for g in ("written", "closed")]
    assert ops == [["input", "negative", "exp", "add", "divide"], ["input", "sigmoid"]]
    g = dc.parse("sigmoid(x) + tanh(x)")
    assert "tanh" in [n.op for n in nodes(g.draw(at=1.0, open=["sigmoid"]).svg)]
    assert "tanh" not in [n.op for n in nodes(g.draw(at=1.0, groups="open").svg)]


def test_a_group_read_from_outside_stays_in_parts():
    """exp(-x) is read twice, so that one gate would hide a fork."""
    seen = nodes(
        dc.function(lambda x: np.exp(-x) / (1 + np.exp(-x)) + 1 / (1 + np.exp(-x))).draw(at=1.0, groups="closed").svg
    )
    assert "sigmoid" not in [n.op for n in seen]


def test_an_output_inside_a_group_stays_visible():
    """The sum is an output of its own, so that the mean is not one gate; several outputs have no cotangents."""
    x = dc.variable("x", shape=(4,))
    total = np.sum(x)
    drawing = dc.Graph((x,), (total, total / 4.0)).draw((np.arange(4.0),))
    assert [(n.op, n.value) for n in nodes(drawing.svg)][1:] == [("sum", 6.0), ("divide", 1.5)]
    assert "several outputs" in drawing.circuit.notes[0]
    assert "mean" in [n.op for n in nodes(dc.Graph((x,), (total / 4.0,)).draw((np.arange(4.0),)).svg)]


def test_products_with_vectors_are_one_gate():
    """W @ x is one gate, with the matrix and the vector as its arguments; so is x[0]."""
    f = dc.function(lambda W, x: (W @ x)[0] + x[0])
    seen = named(f.draw(at=(np.eye(2), np.array([3.0, 4.0]))).svg)
    assert sorted(n.op for n in seen.values()) == ["add", "index", "index", "input", "input", "matmul"]
    assert seen["x"].cotangent == [2.0, 0.0]


@pytest.mark.parametrize(
    ("part", "label"),
    [
        (lambda x: x[1], "[1]"),
        (lambda x: x[1:2], "[1:2]"),
        (lambda x: x[1:], "[1:]"),
        (lambda x: x[:-1], "[:4]"),
        (lambda x: x[::2], "[::2]"),
        (lambda x: x[::-1], "[::-1]"),
    ],
)
def test_parts_are_written_as_indices(part, label):
    """A gate that takes a part says which, as Python does."""
    drawing = dc.function(lambda x: np.sum(part(x))).draw(at=np.arange(5.0))
    assert label in [cell.label for cell in drawing.circuit.cells]
