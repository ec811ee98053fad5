"""Products of a matrix and a vector in LLVM code: the matrix is read row by row, in whole registers.

Columns that are left over come from a last register that begins earlier; what it reads twice counts once. Results
depend on the numbers alone: not on addresses, and not on how often the work is cut at multiples of `BLOCK` rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .numba_ir_calls import declared
from .numba_ir_values import VALUE, WORD, Array, ForeignTextError
from .numba_loops import BLOCK
from .numba_vector_code import instruction_sets

# Columns and rows from which a product goes row by row: more than any register has numbers. Measured on one core beside
# OpenBLAS, microseconds of X @ w and of r @ X: 16 x 16 0.3, 0.3 (0.7, 0.8), 50 x 50 0.6, 0.5 (0.9, 1.0), 10,000 x 50
# 52, 58 (65, 60), 1,000 x 1,000 106, 106 (108, 106), 3,000 x 3,000 2230, 2200 (2750, 2630).
LEAST = 16
_WIDTH = 256  # bits: four rows of float64 at a time come from memory faster than eight, in wider registers
_TOGETHER = 4  # rows that `add_rows` adds at a time
_ITEM = {types.float64: 64, types.float32: 32}  # bits


def _lanes(element: Any) -> int:
    sets = instruction_sets()
    return min(_WIDTH, sets[-1][1] if sets else 128) // _ITEM[element]


class _Registers:
    """Code on whole registers, in the function that is built."""

    def __init__(self, builder: ir.IRBuilder, element: Any) -> None:
        self.builder, self.lanes, self.item = builder, _lanes(element), _ITEM[element] // 8
        self.kind = ir.VectorType(VALUE[element], self.lanes)
        self.zero = ir.Constant(self.kind, [0.0] * self.lanes)

    def least(self, a: Any, b: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed("<", a, b), a, b)

    def place(self, data: Any, at: Any) -> Any:
        return self.builder.gep(data, [at])

    def load(self, data: Any, at: Any) -> Any:
        pointer = self.builder.bitcast(self.place(data, at), self.kind.as_pointer())
        return self.builder.load(pointer, align=self.item)

    def store(self, value: Any, data: Any, at: Any) -> None:
        pointer = self.builder.bitcast(self.place(data, at), self.kind.as_pointer())
        self.builder.store(value, pointer, align=self.item)

    def everywhere(self, number: Any) -> Any:
        """A register that holds `number` in every lane."""
        kind = ir.VectorType(number.type, self.lanes)
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.IntType(32)(0))
        return self.builder.shuffle_vector(one, one, self._order([0] * self.lanes))

    def from_lane(self, first: Any, value: Any) -> Any:
        """`value` with zeros in the lanes before `first`."""
        numbers = ir.Constant(ir.VectorType(WORD, self.lanes), list(range(self.lanes)))
        return self.builder.select(self.builder.icmp_signed(">=", numbers, self.everywhere(first)), value, self.zero)

    def add_product(self, total: Any, a: Any, b: Any) -> Any:
        """``total + a * b``, in one rounding where the processor does that fast."""
        name, shape = f"llvm.fmuladd.v{self.lanes}f{8 * self.item}", ir.FunctionType(self.kind, [self.kind] * 3)
        return self.builder.call(declared(self.builder, name, shape), [a, b, total])

    def sums(self, registers: Sequence[Any]) -> Any:
        """The sum of the lanes of each register, one after the other."""
        found, length = list(registers), 1
        while len(found) > 1:
            found = [self._halved(a, b, length) for a, b in zip(found[::2], found[1::2], strict=True)]
            length *= 2
        return found[0]

    def _halved(self, a: Any, b: Any, length: int) -> Any:
        """Neighbouring groups of `length` lanes added, those of `a` and of `b` in turns."""
        even, odd = list[int](), list[int]()
        for group in range(0, self.lanes, 2 * length):
            for start in (group, group + self.lanes):
                even += range(start, start + length)
                odd += range(start + length, start + 2 * length)
        return self.builder.fadd(*(self.builder.shuffle_vector(a, b, self._order(o)) for o in (even, odd)))

    @staticmethod
    def _order(lanes: Sequence[int]) -> Any:
        return ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes))

    def loop(self, first: Any, stop: Any, step: int, carried: Sequence[Any], body: Callable) -> list[Any]:
        """``for k in range(first, stop, step): carried = body(k, carried)``."""
        builder, before = self.builder, self.builder.block
        head, inside, done = (builder.append_basic_block(name) for name in ("head", "loop", "done"))
        builder.branch(head)
        builder.position_at_end(head)
        k, values = builder.phi(WORD), [builder.phi(value.type) for value in carried]
        builder.cbranch(builder.icmp_signed("<", k, stop), inside, done)
        builder.position_at_end(inside)
        found = body(k, values)
        new = [builder.add(k, WORD(step), flags=("nsw",)), *(found if values else ())]
        for phi, start, end in zip([k, *values], [first, *carried], new, strict=True):
            phi.add_incoming(start, before)
            phi.add_incoming(end, builder.block)
        builder.branch(head)
        builder.position_at_end(done)
        return values


def _row_products(code: _Registers, x: Any, w: Any, z: Any, first: Any, stop: Any, columns: Any) -> None:
    """``z[first:stop] = x[first:stop] @ w``, as many rows at a time as a register has lanes."""
    builder, lanes = code.builder, code.lanes
    whole = builder.and_(columns, WORD(-lanes))
    last = builder.sub(columns, WORD(lanes))
    left = builder.sub(whole, last)  # the lane of the last register in which the columns that are left begin

    def rows(i: Any, _: list) -> None:
        places = [code.least(builder.add(i, WORD(q)), builder.sub(stop, WORD(1))) for q in range(lanes)]
        data = [code.place(x, builder.mul(place, columns)) for place in places]

        def plain(j: Any, totals: list) -> list:
            factor = code.load(w, j)
            return [code.add_product(t, code.load(d, j), factor) for t, d in zip(totals, data, strict=True)]

        def rest(_: Any, totals: list) -> list:
            factor = code.from_lane(left, code.load(w, last))
            entries = (code.from_lane(left, code.load(d, last)) for d in data)
            return [code.add_product(t, entry, factor) for t, entry in zip(totals, entries, strict=True)]

        def one(k: Any, _: list) -> None:
            builder.store(builder.extract_element(sums, builder.sub(k, i)), code.place(z, k))

        totals = code.loop(WORD(0), whole, lanes, [code.zero] * lanes, plain)
        sums = code.sums(code.loop(whole, columns, lanes, totals, rest))
        with builder.if_else(builder.icmp_signed("<=", builder.add(i, WORD(lanes)), stop)) as (all_rows, some_rows):
            with all_rows:
                code.store(sums, z, i)
            with some_rows:
                code.loop(i, stop, 1, [], one)

    code.loop(first, stop, lanes, [], rows)


def _add_rows(code: _Registers, x: Any, r: Any, out: Any, first: Any, stop: Any, columns: Any) -> None:
    """``out += r[first:stop] @ x[first:stop]``, some rows at a time; the last columns stay in a register."""
    builder, lanes = code.builder, code.lanes
    whole = builder.and_(columns, WORD(-lanes))
    last = builder.sub(columns, WORD(lanes))
    left = builder.sub(whole, last)

    def rows(i: Any, totals: list, count: int) -> list:
        places = [builder.add(i, WORD(q)) for q in range(count)]
        factors = [code.everywhere(builder.load(code.place(r, place))) for place in places]
        data = [code.place(x, builder.mul(place, columns)) for place in places]

        def added(total: Any, j: Any) -> Any:
            for factor, entries in zip(factors, data, strict=True):
                total = code.add_product(total, factor, code.load(entries, j))
            return total

        code.loop(WORD(0), whole, lanes, [], lambda j, _: code.store(added(code.load(out, j), j), out, j))
        return [added(totals[0], last)]

    def block(i: Any, _: list) -> None:
        end = code.least(builder.add(i, WORD(BLOCK)), stop)
        together = builder.sub(end, builder.srem(builder.sub(end, i), WORD(_TOGETHER)))
        totals = code.loop(i, together, _TOGETHER, [code.zero], lambda k, found: rows(k, found, _TOGETHER))
        totals = code.loop(together, end, 1, totals, lambda k, found: rows(k, found, 1))
        code.store(builder.fadd(code.load(out, last), code.from_lane(left, totals[0])), out, last)

    code.loop(first, stop, BLOCK, [], block)


def _called(builder: ir.IRBuilder, write: Callable, element: Any, given: Sequence[Any]) -> None:
    """A call of the function that `write` writes; it is made when a module first calls it."""
    name = f"{write.__name__}_{_ITEM[element]}"
    function = builder.module.globals.get(name)
    if function is None:
        pointer = VALUE[element].as_pointer()
        function = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [pointer] * 3 + [WORD] * 3), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        for argument in function.args[:3]:
            argument.add_attribute("noalias")
        inner = ir.IRBuilder(function.append_basic_block("entry"))
        write(_Registers(inner, element), *function.args)
        inner.ret_void()
    builder.call(function, given)


def _intrinsic(write: Callable) -> Any:
    @intrinsic
    def function(typing_context, matrix, vector, out, first, stop):
        def codegen(context, builder, signature, args):
            pairs = zip(signature.args[:3], args[:3], strict=True)
            arrays = [context.make_array(kind)(context, builder, argument) for kind, argument in pairs]
            columns = cgutils.unpack_tuple(builder, arrays[0].shape, 2)[1]
            _called(builder, write, matrix.dtype, [*(array.data for array in arrays), *args[3:], columns])
            return context.get_dummy_value()

        return types.none(matrix, vector, out, types.int64, types.int64), codegen

    return function


row_products, add_rows = _intrinsic(_row_products), _intrinsic(_add_rows)
_WRITTEN = {row_products: _row_products, add_rows: _add_rows}


def call(builder: ir.IRBuilder, function: Any, arrays: Sequence[Array], bounds: Sequence[Any]) -> None:
    """A call of `row_products` or `add_rows` in a module without Numba's front end."""
    matrix = arrays[0]
    if function not in _WRITTEN or len(arrays) != 3 or any(a.swapped or a.element != matrix.element for a in arrays):
        raise ForeignTextError(f"a call of {function} on arrays")
    _called(builder, _WRITTEN[function], matrix.element, [*(a.data for a in arrays), *bounds, matrix.shape[1]])
