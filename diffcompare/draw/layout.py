"""A layered layout from left to right: layers by longest path, order by barycentres, wires around what is in the way.

The scheme is that of Sugiyama, Tagawa and Toda, *IEEE Transactions on Systems, Man, and Cybernetics* 11(2), 1981; the
vertical places solve a least-squares problem with fixed order by pooling adjacent violators (Barlow and others,
*Statistical Inference under Order Restrictions*, 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ORDER_SWEEPS = 24
PLACE_SWEEPS = 60
APART = 12.0  # pixels between neighbours of a layer
STRAIGHT = 4.0  # how much more a wire that passes a layer pulls than one that ends there
FIXED = 1e9  # weight of what stays where it is


@dataclass(frozen=True, slots=True)
class Box:
    """What one node needs, in pixels: room before it, its own width, room after it, room above and below its middle."""

    lead: float
    width: float
    tail: float
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Edge:
    """A wire from one node to another, ending `port` pixels below the middle of the latter (negative: above it)."""

    source: int
    target: int
    port: float


@dataclass(frozen=True, slots=True)
class Placed:
    """Where everything is, in pixels from the top left corner.

    Attributes
    ----------
    layers : list of int
        The column of each node.
    middles : list of (float, float)
        The middle of each node's own width.
    ends : list of float
        Where the straight piece after each node ends.
    leads : list of float
        Where the straight piece before each node begins.
    routes : list of list of (float, float)
        For each edge the corners of its way: pieces between even and odd corners are curves, the others straight.
    width, height : float
    """

    layers: list[int]
    middles: list[tuple[float, float]]
    ends: list[float]
    leads: list[float]
    routes: list[list[tuple[float, float]]]
    width: float
    height: float


@dataclass(slots=True)
class _Point:
    """A node, or the place where a wire passes a layer."""

    node: int  # -1 where a wire passes
    layer: int
    above: float
    below: float
    y: float = 0.0


class _Net:
    """Points by layer, and the pieces of wires between neighbouring layers."""

    def __init__(
        self, boxes: Sequence[Box], edges: Sequence[Edge], layers: Sequence[int], first: Sequence[int]
    ) -> None:
        self.points = [_Point(i, layers[i], b.above, b.below) for i, b in enumerate(boxes)]
        self.right: list[list[tuple[int, float]]] = [[] for _ in boxes]  # (point, port there)
        self.left: list[list[tuple[int, float]]] = [[] for _ in boxes]
        self.ways: list[list[int]] = []
        passing: dict[tuple[int, int], int] = {}
        for edge in edges:
            way, here = [edge.source], edge.source
            for layer in range(layers[edge.source] + 1, layers[edge.target]):
                if (edge.source, layer) not in passing:
                    passing[edge.source, layer] = self._pass(layer)
                    self._join(here, passing[edge.source, layer], 0.0)
                here = passing[edge.source, layer]
                way.append(here)
            self._join(here, edge.target, edge.port)
            self.ways.append([*way, edge.target])
        self.columns = self._columns(first)

    def _pass(self, layer: int) -> int:
        self.points.append(_Point(-1, layer, 3.0, 3.0))
        self.right.append([])
        self.left.append([])
        return len(self.points) - 1

    def _join(self, source: int, target: int, port: float) -> None:
        self.right[source].append((target, port))
        self.left[target].append((source, port))

    def _columns(self, first: Sequence[int]) -> list[list[int]]:
        """Each layer in the order of a depth-first walk from the outputs, which leaves no crossing in a tree."""
        columns: list[list[int]] = [[] for _ in range(max(p.layer for p in self.points) + 1)]
        seen: set[int] = set()
        for start in (*first, *range(len(self.points))):
            stack = [start]
            while stack:
                point = stack.pop()
                if point not in seen:
                    seen.add(point)
                    columns[self.points[point].layer].append(point)
                    stack.extend(p for p, _ in reversed(self.left[point]))
        return columns

    def crossings(self) -> int:
        """How many pairs of pieces cross."""
        total = 0
        rank = self._ranks()
        for column in self.columns:
            ends: list[float] = []
            for point in column:
                mine = sorted(rank[p] + port * 1e-4 for p, port in self.right[point])
                total += sum(e > m for m in mine for e in ends)
                ends += mine
        return total

    def _ranks(self) -> list[float]:
        rank = [0.0] * len(self.points)
        for column in self.columns:
            for k, point in enumerate(column):
                rank[point] = float(k)
        return rank

    def order(self) -> None:
        """Sort each layer by the barycentre of its neighbours, to and fro; the best order found stays."""
        best, least = [list(c) for c in self.columns], self.crossings()
        for sweep in range(ORDER_SWEEPS):
            if least == 0:
                break
            rightward = sweep % 2 == 1
            for column in self.columns if rightward else reversed(self.columns):
                rank = self._ranks()
                near = self.left if rightward else self.right
                weight = {
                    p: sum(rank[q] + port * 1e-3 * (not rightward) for q, port in near[p]) / len(near[p])
                    if near[p]
                    else rank[p]
                    for p in column
                }
                column.sort(key=lambda p: weight[p])
            now = self.crossings()
            if now < least:
                best, least = [list(c) for c in self.columns], now
        self.columns = best

    def place(self) -> None:
        """Heights: each point near the mean of its neighbours, in order and apart."""
        for column in self.columns:
            y = 0.0
            for k, point in enumerate(column):
                y += self._gap(column[k - 1], point) if k else 0.0
                self.points[point].y = y
        for sweep in range(PLACE_SWEEPS):
            sides = ((True, False), (False, True), (True, True))[sweep % 2 if sweep < PLACE_SWEEPS // 2 else 2]
            for column in reversed(self.columns) if sides[1] else self.columns:
                self._settle(column, *sides)
        self._straighten()
        top = min(p.y - p.above for p in self.points)
        for p in self.points:
            p.y -= top

    def _gap(self, upper: int, lower: int) -> float:
        return self.points[upper].below + self.points[lower].above + APART

    def _settle(self, column: list[int], left: bool, right: bool) -> None:
        wishes, weights, offsets = [], [], []
        offset = 0.0
        for k, point in enumerate(column):
            pulls = self._pulls(point, left, right)
            weight = sum(w for _, w in pulls)
            wish = sum(y * w for y, w in pulls) / weight if pulls else self.points[point].y
            offset += self._gap(column[k - 1], point) if k else 0.0
            wishes.append(wish - offset)
            weights.append(weight if pulls else 0.1)
            offsets.append(offset)
        for point, y, offset in zip(column, _monotone(wishes, weights), offsets, strict=True):
            self.points[point].y = y + offset

    def _pulls(self, point: int, left: bool, right: bool) -> list[tuple[float, float]]:
        mine = self.points[point].node < 0

        def weight(other: int) -> float:
            return STRAIGHT if mine and self.points[other].node < 0 else 1.0

        pulls = [(self.points[p].y - port, weight(p)) for p, port in self.left[point]] if left else []
        pulls += [(self.points[p].y + port, weight(p)) for p, port in self.right[point]] if right else []
        return pulls

    def _straighten(self) -> None:
        """Let passing wires leave at the height they come from, and bend where they arrive; nodes stay."""
        for column in self.columns:
            wishes, weights, offsets, offset = [], [], [], 0.0
            for k, point in enumerate(column):
                here = self.points[point]
                offset += self._gap(column[k - 1], point) if k else 0.0
                passing = here.node < 0
                wishes.append((self.points[self.left[point][0][0]].y if passing else here.y) - offset)
                weights.append(1.0 if passing else FIXED)
                offsets.append(offset)
            for point, y, offset in zip(column, _monotone(wishes, weights), offsets, strict=True):
                self.points[point].y = y + offset


def _monotone(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing numbers nearest to `wishes` in weighted least squares."""
    blocks: list[list[float]] = []  # mean, weight, count
    for wish, weight in zip(wishes, weights, strict=True):
        blocks.append([wish, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, weight_2, count = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * weight_2) / (last[1] + weight_2)
            last[1] += weight_2
            last[2] += count
    return [mean for mean, _, count in blocks for _ in range(int(count))]


def layered(count: int, edges: Sequence[Edge], late: Sequence[bool]) -> list[int]:
    """The layer of each node: one more than the last of what enters it; those in `late` just before their readers."""
    layers = [0] * count
    readers: list[list[int]] = [[] for _ in range(count)]
    entering: list[list[int]] = [[] for _ in range(count)]
    for edge in edges:
        readers[edge.source].append(edge.target)
        entering[edge.target].append(edge.source)
    for node in range(count):  # sources have smaller numbers than their readers
        layers[node] = max((layers[s] + 1 for s in entering[node]), default=0)
    for node in range(count):
        if late[node] and readers[node]:
            layers[node] = min(layers[r] for r in readers[node]) - 1
    return layers


def layout(boxes: Sequence[Box], edges: Sequence[Edge], late: Sequence[bool], first: Sequence[int]) -> Placed:
    """Places for `boxes` and ways for `edges`.

    Parameters
    ----------
    boxes : sequence of Box
        Sources before their readers.
    edges : sequence of Edge
    late : sequence of bool
        Nodes without arguments that stand just before their readers instead of at the left.
    first : sequence of int
        Where the walk that orders the layers begins: the outputs.
    """
    layers = layered(len(boxes), edges, late)
    net = _Net(boxes, edges, layers, first)
    net.order()
    net.place()
    return _assemble(net, boxes, edges, layers)


def _assemble(net: _Net, boxes: Sequence[Box], edges: Sequence[Edge], layers: list[int]) -> Placed:
    count = len(net.columns)
    members = [[boxes[i] for i, layer in enumerate(layers) if layer == k] for k in range(count)]
    starts, centres, ends = [], [], []
    x = 0.0
    for k in range(count):
        lead = max((b.lead for b in members[k]), default=0.0)
        width = max((b.width for b in members[k]), default=0.0)
        reach = max((b.width / 2 + b.tail for b in members[k]), default=0.0)
        starts.append(x)
        centres.append(x + lead + width / 2)
        ends.append(x + lead + width / 2 + max(reach, width / 2))
        x = ends[-1] + _between(net, k)
    middles = [(centres[layers[i]], net.points[i].y) for i in range(len(boxes))]
    leads = [starts[layers[i]] if b.lead else centres[layers[i]] - b.width / 2 for i, b in enumerate(boxes)]
    routes = []
    for edge, way in zip(edges, net.ways, strict=True):
        route = [(ends[layers[edge.source]], middles[edge.source][1])]
        for point in way[1:-1]:
            here = net.points[point]
            route += [(starts[here.layer], here.y), (ends[here.layer], here.y)]
        routes.append([*route, (starts[layers[edge.target]], middles[edge.target][1] + edge.port)])
    height = max(p.y + p.below for p in net.points)
    return Placed(layers, middles, [ends[k] for k in layers], leads, routes, ends[-1], height)


def _between(net: _Net, layer: int) -> float:
    """Room for the curves after a layer: more where they are steep."""
    steep = 0.0
    for point in net.columns[layer]:
        for other, port in net.right[point]:
            steep = max(steep, abs(net.points[other].y + port - net.points[point].y))
    return min(24.0 + 0.2 * steep, 90.0)
