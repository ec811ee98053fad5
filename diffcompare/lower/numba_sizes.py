"""Whole numbers in emitted code: sizes are taken from the arguments, so that one text serves every size.

What a number stands for is guessed from its value (it equals an argument's length, or differs from one by a little),
so a guess can be another than the user's; it is still the right number for these arguments. A wrong guess only makes
a text that serves fewer sizes. A number that looks like no length is passed beside the arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..core.node import Node

SMALL = 4  # up to this a number is written out: trailing axes of two to four entries are unrolled by LLVM
_NEAR = tuple(d for k in range(1, SMALL + 1) for d in (k, -k))


class Sizes:
    """The names of whole numbers.

    Parameters
    ----------
    inputs : sequence of Node
        The arguments, called x0, x1, ... in the code.

    Attributes
    ----------
    passed : dict of int to str
        Numbers that are passed at each call, with their names.
    """

    def __init__(self, inputs: Sequence[Node]) -> None:
        self.passed: dict[int, str] = {}
        self._sources: dict[int, str] = {}
        self._names: dict[int, str] = {}
        for k, node in enumerate(inputs):
            for axis, n in enumerate(node.shape):
                if n > SMALL:
                    self._sources.setdefault(n, f"x{k}.shape[{axis}]")

    def text(self, value: int) -> str:
        """`value` as source text that binds as tightly as a name."""
        if -SMALL <= value <= SMALL:
            return str(value) if value >= 0 else f"({value})"
        if value in self._sources:
            return self._name(value)
        for off in _NEAR:
            if value - off in self._sources:
                return f"({self._name(value - off)} {'+' if off > 0 else '-'} {abs(off)})"
        if value < 0:
            return f"(-{self.text(-value)})"
        return self.passed.setdefault(value, f"k{len(self.passed)}")

    def shape(self, shape: Sequence[int]) -> str:
        """A shape as a tuple."""
        return f"({''.join(f'{self.text(n)}, ' for n in shape)})"

    def product(self, shape: Sequence[int]) -> str:
        """The number of elements of an array of this shape."""
        return " * ".join(self.text(n) for n in shape if n != 1) or "1"

    def is_length(self, value: float) -> bool:
        """Whether a number of the user's equals the length of an argument."""
        return value > SMALL and value in self._sources

    def definitions(self) -> list[str]:
        """The statements that name the lengths in use."""
        return [f"{name} = {self._sources[n]}" for n, name in self._names.items()]

    def _name(self, value: int) -> str:
        return self._names.setdefault(value, f"n{len(self._names)}")
