"""One loop nest in Numba's Python, around the statements that `numba_loops.Body` gives."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..core.node import Node
from .numba_elements import is_reduction, literal, start_value
from .numba_loops import BLOCK, Body
from .numba_rows import row_product
from .numba_schedule import Kernel, Plan, space_of
from .numba_sizes import Sizes

# Elements from which a loop may run on several threads: handing ranges over costs about 50 microseconds, and so many
# elements take at least 5 times as long.
WIDE = 1 << 18


def write_kernel(
    kernel: Kernel, plan: Plan, array: Callable, number: Callable, sizes: Sizes, rows: Callable | None = None
) -> list[str]:
    """The lines of one kernel, without indentation of its own; for the arguments see `Body`.

    `rows` writes a part of a matrix product that the kernel does block by block: see `numba_calls.Calls.rows`.
    """
    if 0 in kernel.space:  # nothing to loop over: only the results of empty reductions
        return [f"{number(s, True)} = {literal(start_value(s), s.dtype)}" for s in _scalar_sinks(kernel)]
    body = Body(kernel, plan, array, number, sizes)
    if rows is not None:
        body.blocks = True
        for product in kernel.products:
            found, line = row_product(product), rows(product, "block", f"min(block + {BLOCK}, {body.extents[-1]})")
            (body.after_block if found is not None and found.adds else body.before_block).append(line)
    elif _worth_splitting(body):
        inner = Body(kernel, plan, array, number, sizes, inside=True)
        if _worth_splitting(inner):  # padded arrays within padded ones make the interior smaller
            return _Nest(body, inner).write()
    return _Nest(body, None).write()


class WideStep(list):
    """The lines of a step over a range of its loop, from g0 to g1; the sums of blocks go to q0.

    Attributes
    ----------
    extent : str
        The length of the whole loop.
    sums : list of str
        The variables that the rows of q0 add up to.
    """

    extent: str
    sums: list[str]


def write_wide(kernel: Kernel, plan: Plan, array: Callable, number: Callable, sizes: Sizes) -> WideStep | None:
    """The lines of a kernel whose loop may be cut into ranges; None where it may not, or is not worth it."""
    sinks = list(dict.fromkeys(sink for sink, _ in kernel.sinks))
    if math.prod(kernel.space) < WIDE or not all(s.op.name == "sum" and s.dtype.char == "d" for s in sinks):
        return None
    body = Body(kernel, plan, array, number, sizes)
    if len(body.space) != 1 or body.clear or any(space_of(sink.shape) for sink in sinks):
        return None
    step = WideStep(body.first)
    step.extent, step.sums = body.extents[0], [number(sink, True) for sink in sinks]
    step += [line for line in body.lines[0] if line.partition(" = ")[0].removesuffix("_lost") not in step.sums]
    body.blocks = True
    body.after_block = [f"q0[{k}, block // {BLOCK}] = {name}_block" for k, name in enumerate(step.sums)]
    step += _Nest(body, None).run("", "i0", "g0", "g1", body.lines[-1])
    return step


def _scalar_sinks(kernel: Kernel) -> list[Node]:
    return list(dict.fromkeys(s for s, _ in kernel.sinks if is_reduction(s) and not space_of(s.shape)))


def _worth_splitting(body: Body) -> bool:
    """Whether most of the elements read every padded array inside its operand, and no reduction keeps an axis."""
    whole = all(not is_reduction(sink) or not space_of(sink.shape) for sink, _ in body.kernel.sinks)
    return whole and bool(body.clear) and all(2 * (hi - lo) >= body.space[k] for k, (lo, hi) in body.clear.items())


class _Nest:
    """Loops around a body; around two where the loops are split into an interior and edges."""

    def __init__(self, body: Body, inner: Body | None) -> None:
        self.body, self.inner = body, inner
        self.last = len(body.space) - 1

    def write(self) -> list[str]:
        first = list(self.body.first)
        if self.inner is not None:
            first += self.inner.first
        return first + self._nest(0, "")

    def _nest(self, depth: int, pad: str) -> list[str]:
        found = [pad + line for line in self.body.lines[depth]]
        if depth == 0 and self.inner is not None:
            found += [line for line in self.inner.lines[0] if line not in self.body.lines[0]]
        if depth < self.last:
            found.append(f"{pad}for i{depth} in range({self.body.extents[depth]}):")
            found += self._nest(depth + 1, pad + " ")
        elif depth == self.last:
            found += self._split(pad) if self.inner is not None else self._innermost(pad)
        return found + [pad + line for line in self.body.after[depth]]

    def _innermost(self, pad: str) -> list[str]:
        return self.run(pad, f"i{self.last}", "0", self.body.extents[-1], self.body.lines[-1])

    def run(self, pad: str, name: str, low: str, high: str, lines: list[str]) -> list[str]:
        """The innermost loop from `low` to `high`, in blocks where a sum needs them."""
        body, found, bounds = self.body, list[str](), high if low == "0" else f"{low}, {high}"
        if body.blocks:
            found.append(f"{pad}for block in range({low}, {high}, {BLOCK}):")
            pad, bounds = pad + " ", f"block, min(block + {BLOCK}, {high})"
        found += [pad + line for line in body.before_block]
        found.append(f"{pad}for {name} in range({bounds}):")
        found += [f"{pad} {line}" for line in lines or ["pass"]]
        return found + [pad + line for line in body.after_block]

    def _split(self, pad: str) -> list[str]:
        """The innermost loop where its inner part has plain reads: that part, then the elements on both sides of it."""
        inner, body, sizes = self.inner, self.body, self.body.sizes
        assert inner is not None
        outer = [(k, *inner.clear[k]) for k in sorted(inner.clear) if k < self.last]
        low, high = inner.clear.get(self.last, (0, body.space[-1]))
        condition = " and ".join(f"{sizes.text(lo)} <= i{k} < {sizes.text(hi)}" for k, lo, hi in outer)
        deep = pad + " " if condition else pad
        plain = [deep + line for lines in inner.lines[1:-1] for line in lines]
        plain += self.run(deep, f"i{self.last}", sizes.text(low), sizes.text(high), inner.lines[-1])
        plain.append(f"{deep}first, skip = {sizes.text(low)}, {sizes.text(high)} - {sizes.text(low)}")
        if condition:
            plain = [f"{pad}if {condition}:", *plain, f"{pad}else:", f"{deep}first, skip = 0, 0"]
        edge = [f"i{self.last} = edge if edge < first else edge + skip"]
        around = self.run(pad, "edge", "0", f"({body.extents[-1]} - skip)", edge + body.lines[-1])
        return plain + around
