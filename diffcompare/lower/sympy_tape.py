"""A tape of scalar statements whose derivatives come from SymPy, one rule a function.

Each element of each array is one statement; equal statements are one. A statement's function is differentiated by
`sympy.diff` once, on dummies; the adjoints are chained in reverse accumulation and are statements of the same tape, so
that second derivatives need nothing new. All walks are loops: depth is no limit, size is (`Tape.limit`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sympy as sp

from ..errors import SizeLimitError, UnsupportedOpError
from . import sympy_functions as own

_SYMPY_FUNCTIONS = "exp log sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh sqrt".split()
# SymPy's own heads that its differentiation may bring in, by our name of the same function.
_TRANSLATED: dict[str, str] = {
    "Abs": "absolute", "sign": "sign", "Heaviside": "heaviside", "floor": "floor", "ceiling": "ceiling",
    "Max": "maximum",
    "Min": "minimum", "loggamma": "gammaln", "erf": "erf", "erfc": "erfc", "gamma": "gamma", "polygamma": "polygamma",
    "besselj": "jv", "besseli": "iv", "atan2": "arctan2", "Mod": "remainder",
}  # fmt: skip
_COMMUTATIVE = ("add", "multiply")
_MASKING = ("select", "maximum", "minimum", "fmax", "fmin", "relu", "leaky_relu")
A = tuple(sp.Symbol(f"a{i}", real=True) for i in range(3))


class Scalar:
    """One statement of a tape, with the arithmetic that object arrays need."""

    __slots__ = ("place", "tape")

    def __init__(self, tape: Tape, place: int) -> None:
        self.tape, self.place = tape, place

    def __add__(self, other: Any) -> Scalar:
        return self.tape.call("add", self, other)

    def __sub__(self, other: Any) -> Scalar:
        return self.tape.call("subtract", self, other)

    def __rsub__(self, other: Any) -> Scalar:
        return self.tape.call("subtract", other, self)

    def __mul__(self, other: Any) -> Scalar:
        return self.tape.call("multiply", self, other)

    def __truediv__(self, other: Any) -> Scalar:
        return self.tape.call("divide", self, other)

    def __rtruediv__(self, other: Any) -> Scalar:
        return self.tape.call("divide", other, self)

    def __neg__(self) -> Scalar:
        return self.tape.call("negative", self)

    def conjugate(self) -> Scalar:
        """Itself: tapes are real."""
        return self

    __radd__, __rmul__ = __add__, __mul__

    def __repr__(self) -> str:
        return f"v{self.place}"


class Tape:
    """Scalar statements (name, arguments), arguments first; `inputs` are their own statements.

    Parameters
    ----------
    limit : int
        Largest number of statements.
    evaluate : callable
        ``evaluate(name, *floats)``, the value of a function on numbers, for constants.
    """

    def __init__(self, limit: int, evaluate: Callable[..., float]) -> None:
        self.limit, self.evaluate = limit, evaluate
        self.names: list[str] = []
        self.arguments: list[tuple[int, ...]] = []
        self.constants: dict[int, float] = {}
        self._places: dict[tuple, int] = {}

    def __len__(self) -> int:
        return len(self.names)

    def _append(self, key: tuple, name: str, arguments: tuple[int, ...]) -> int:
        place = self._places.get(key)
        if place is None:
            if len(self.names) >= self.limit:
                raise SizeLimitError(
                    f"The symbolic method needs more than {self.limit} scalar statements, its limit.\n"
                    "  Raise max_operations, take fewer elements, or use the method 'reverse', which keeps arrays "
                    "whole."
                )
            place = self._places[key] = len(self.names)
            self.names.append(name)
            self.arguments.append(arguments)
        return place

    def input(self, index: int) -> Scalar:
        """The scalar input of this index."""
        return Scalar(self, self._append(("input", index), "input", (index,)))

    def constant(self, value: float) -> Scalar:
        """A number."""
        value = float(value)
        key = ("constant", "nan" if math.isnan(value) else value, math.copysign(1.0, value))
        place = self._append(key, "constant", ())
        self.constants[place] = value
        return Scalar(self, place)

    def lift(self, x: Any) -> Scalar:
        """`x` as a statement: numbers, NumPy scalars and SymPy numbers become constants."""
        return x if type(x) is Scalar else self.constant(float(x))

    def call(self, name: str, *args: Any) -> Scalar:
        """The statement `name(*args)`, an equal one if there is one, or something simpler that is the same number."""
        places = tuple(self.lift(a).place for a in args)
        known = [self.constants.get(p) for p in places]
        if None not in known:
            return self.constant(self.evaluate(name, *known))
        simpler = self._simpler(name, places, known)
        if simpler is not None:
            return simpler
        if name in _COMMUTATIVE and places[0] > places[1]:
            places = (places[1], places[0])
        return Scalar(self, self._append((name, *places), name, places))

    def _simpler(self, name: str, places: tuple[int, ...], known: list[float | None]) -> Scalar | None:
        if name == "add":
            for k in (0, 1):
                if known[k] == 0.0:
                    return Scalar(self, places[1 - k])
        elif name == "subtract":
            if known[1] == 0.0:
                return Scalar(self, places[0])
            if known[0] == 0.0:
                return self.call("negative", Scalar(self, places[1]))
        elif name == "multiply":
            for k in (0, 1):
                if known[k] == 0.0:
                    return self.constant(0.0)
                if known[k] == 1.0:
                    return Scalar(self, places[1 - k])
                if known[k] == -1.0:
                    return self.call("negative", Scalar(self, places[1 - k]))
        elif name == "divide" and known[1] == 1.0:
            return Scalar(self, places[0])
        elif name == "divide" and known[0] == 0.0:
            return self.constant(0.0)
        elif name == "negative" and self.names[places[0]] == "negative":
            return Scalar(self, self.arguments[places[0]][0])
        elif name == "power" and known[1] is not None:
            return self._simpler_power(places[0], known[1])
        elif name in ("jv", "iv") and known[0] in (0.0, 1.0):  # the general order loses digits near 0
            return self.call(f"{name[0]}{int(known[0])}", Scalar(self, places[1]))
        elif name == "select" and known[0] is not None:
            return Scalar(self, places[1] if known[0] != 0.0 else places[2])
        elif name == "select" and places[1] == places[2]:
            return Scalar(self, places[1])
        return None

    def _simpler_power(self, base: int, exponent: float) -> Scalar | None:
        x = Scalar(self, base)
        if exponent == 0.0:
            return self.constant(1.0)
        if exponent == 1.0:
            return x
        if exponent == 2.0:
            return self.call("multiply", x, x)
        if exponent == 0.5:
            return self.call("sqrt", x)
        if exponent < 0.0 and math.isfinite(exponent):
            return self.call("divide", 1.0, self.call("power", x, -exponent))
        return None

    def derivatives(self, output: Scalar, inputs: Sequence[Scalar], seed: Any = 1.0) -> list[Scalar]:
        """d output / d input times `seed`, one statement an input, by reverse accumulation."""
        return self.pullback([output], [seed], inputs)

    def pullback(self, outputs: Sequence[Any], seeds: Sequence[Any], inputs: Sequence[Scalar]) -> list[Scalar]:
        """The cotangents of `inputs` for the cotangents `seeds` of `outputs`."""
        active = self._active(inputs, len(self.names))
        adjoints: dict[int, Scalar] = {}
        masked: set[int] = set()
        for output, seed in zip(outputs, seeds, strict=True):
            output = self.lift(output)
            self._accumulate(adjoints, output.place, self.lift(seed))
        for place in sorted_descending(adjoints, self.arguments, active):
            adjoint = adjoints.get(place)
            if adjoint is None or self.constants.get(adjoint.place) == 0.0 or self.names[place] == "input":
                continue
            arguments = self.arguments[place]
            masks = place in masked or self.names[place] in _MASKING
            for argument, partial in zip(arguments, self._partials(place), strict=True):
                if not active[argument] or partial == 0:
                    continue
                if masks:
                    masked.add(argument)
                self._accumulate(adjoints, argument, self._chain(adjoint, partial, arguments, place in masked))
        zero = self.constant(0.0)
        return [adjoints.get(x.place, zero) for x in inputs]

    def _active(self, inputs: Sequence[Scalar], count: int) -> bytearray:
        active = bytearray(count)
        for x in inputs:
            active[x.place] = 1
        for place in range(count):
            if self.names[place] not in ("input", "constant") and any(active[a] for a in self.arguments[place]):
                active[place] = 1
        return active

    def _accumulate(self, adjoints: dict[int, Scalar], place: int, term: Scalar) -> None:
        adjoints[place] = adjoints[place] + term if place in adjoints else term

    def _partials(self, place: int) -> tuple[sp.Expr, ...]:
        name, arguments = self.names[place], self.arguments[place]
        # Integer orders and exponents belong to the function: jv(0, x), polygamma(1, x), x**3.
        exponent = self.constants.get(arguments[1]) if name == "power" else None
        return _partials(name, len(arguments), exponent)

    def _chain(self, adjoint: Scalar, partial: sp.Expr, arguments: tuple[int, ...], masked: bool) -> Scalar:
        if isinstance(partial, own.select):
            condition, yes, no = partial.args
            return self.call(
                "select",
                self.instantiate(condition, arguments),
                self._chain(adjoint, yes, arguments, masked),
                self._chain(adjoint, no, arguments, masked),
            )
        if partial == 0:
            return self.constant(0.0)
        factor = self.instantiate(partial, arguments)
        # Downstream of a selection a cotangent of exactly 0 means "not selected": its product is 0, whatever the
        # factor.
        plain = not masked or factor.place in self.constants
        return self.call("multiply" if plain else "masked_multiply", adjoint, factor)

    def instantiate(self, expression: sp.Expr, arguments: Sequence[int]) -> Scalar:
        """`expression` of the dummies a0, a1 … with the statements `arguments` in their places."""
        return self.from_sympy(expression, {A[i]: Scalar(self, p) for i, p in enumerate(arguments)})

    def from_sympy(self, expression: sp.Expr, known: dict[Any, Scalar]) -> Scalar:
        """A SymPy expression as statements; `known` maps its symbols, and is filled with its parts."""
        if expression.is_Atom and expression not in known:
            return self._atom(expression)
        stack = [expression]
        while stack:
            e = stack[-1]
            if e in known:
                stack.pop()
                continue
            waiting = [a for a in e.args if a not in known]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            known[e] = self._atom(e) if e.is_Atom else self._compound(e, known)
        return known[expression]

    def _atom(self, e: sp.Expr) -> Scalar:
        if e is sp.zoo or e is sp.nan:
            return self.constant(math.nan)
        if e.is_number and e.is_extended_real is not False:
            return self.constant(number_value(e))
        raise UnsupportedOpError(f"The symbolic method met {e!s}, which is neither an argument nor a real number.")

    def _compound(self, e: sp.Expr, known: dict[Any, Scalar]) -> Scalar:
        if all(known[a].place in self.constants for a in e.args) and not (e.free_symbols or e.has(own.NumericFunction)):
            return self._atom(e)
        if e.is_Add:
            return self._sum(e, known)
        if e.is_Mul:
            return self._product(e, known)
        args = [known[a] for a in e.args]
        if e.is_Pow:
            return self.call("power", *args) if e.args[0] is not sp.E else self.call("exp", args[1])
        name = type(e).__name__
        if name == "DiracDelta":
            return self.constant(0.0)
        name = _TRANSLATED.get(name, name)
        if name == "heaviside" and len(args) == 1:
            args.append(self.constant(0.5))
        if name in own.FUNCTIONS or name in _SYMPY_FUNCTIONS:
            if len(args) > 2 and name in ("maximum", "minimum"):
                while len(args) > 1:
                    args = [self.call(name, args[0], args[1]), *args[2:]]
                return args[0]
            return self.call(name, *args)
        raise UnsupportedOpError(
            f"The symbolic method met SymPy's {name!r}, for which it has no numerical code.\n"
            "  Use another method, such as 'reverse'."
        )

    def _sum(self, e: sp.Expr, known: dict[Any, Scalar]) -> Scalar:
        total: Scalar | None = None
        # A number last, as people write x + 1; negative terms become differences.
        for term in sorted(e.args, key=lambda a: (a.is_Number, a.could_extract_minus_sign())):
            if total is None:
                total = known[term]
            elif term.is_Mul and term.args[0].is_Number and term.args[0].is_negative:
                total = self.call("subtract", total, self._product(-term, known))
            else:
                total = self.call("add", total, known[term])
        return total if total is not None else self.constant(0.0)

    def _product(self, e: sp.Expr, known: dict[Any, Scalar]) -> Scalar:
        if not e.is_Mul:
            return self.from_sympy(e, known)
        above: list[Scalar] = []
        below: list[Scalar] = []
        for factor in e.args:
            if factor.is_Pow and factor.args[1].is_Number and factor.args[1].is_negative and factor.args[0] is not sp.E:
                below.append(self.call("power", self.from_sympy(factor.args[0], known), number_value(-factor.args[1])))
            elif factor.is_Rational and not factor.is_Integer and factor.q & (factor.q - 1):
                above.append(self.constant(number_value(sp.Integer(factor.p))))
                below.append(self.constant(number_value(sp.Integer(factor.q))))
            else:
                above.append(self.from_sympy(factor, known))
        value = _chain_product(above) if above else self.constant(1.0)
        return value / _chain_product(below) if below else value


def _chain_product(factors: list[Scalar]) -> Scalar:
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    return product


def sorted_descending(adjoints: dict[int, Any], arguments: list[tuple[int, ...]], active: bytearray) -> list[int]:
    """Every active place that the places in `adjoints` depend on, latest first."""
    wanted = bytearray(len(active))
    for place in adjoints:
        if place < len(active) and active[place]:
            wanted[place] = 1
    order = []
    for place in range(len(active) - 1, -1, -1):
        if wanted[place]:
            order.append(place)
            for argument in arguments[place] if active[place] else ():
                if argument < len(active) and active[argument]:
                    wanted[argument] = 1
    return order


def number_value(e: sp.Expr) -> float:
    """A real SymPy number as the nearest float64, correctly rounded where it is rational."""
    if e is sp.oo:
        return math.inf
    if e is -sp.oo:
        return -math.inf
    if e.is_Rational:
        try:
            return int(e.p) / int(e.q)
        except OverflowError:
            return math.inf if e.p > 0 else -math.inf
    return float(e.evalf(30))


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "masked_multiply": lambda x, y: x * y, "divide": lambda x, y: x / y, "negative": lambda x: -x,
}  # fmt: skip


def sympy_of(name: str) -> Callable[..., Any]:
    """The SymPy meaning of a statement's function."""
    if name in _ARITHMETIC:
        return _ARITHMETIC[name]
    return own.FUNCTIONS[name] if name in own.FUNCTIONS else getattr(sp, name)


@cache
def _partials(name: str, arity: int, exponent: float | None) -> tuple[sp.Expr, ...]:
    if name == "masked_multiply":  # d/dy keeps the mask of x: it is x itself
        return A[1], A[0]
    if exponent is not None and abs(exponent) <= 1000 and (exponent * 64).is_integer():
        rule = sp.Pow(A[0], sp.Rational(int(exponent * 64), 64))
        return sp.diff(rule, A[0]), sp.S.Zero
    expression = sympy_of(name)(*A[:arity])
    return tuple(sp.diff(expression, a) for a in A[:arity])
