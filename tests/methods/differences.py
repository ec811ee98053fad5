"""What the tests of finite differences share: a short way to bind a method, and functions to differentiate."""

from collections.abc import Callable
from typing import Any

from diffcompare.methods import FiniteDifference
from diffcompare.methods.stencils import ORDERS
from tests.methods.bound import Bound, opaque

EPS = 2.0**-52
EVERY = [(scheme, order) for scheme, orders in ORDERS.items() for order in orders]
SCHEMES = ["forward", "backward", "central"]


def bind(f: Callable, *args: Any, wrt: tuple[int, ...] | None = None, **options: Any) -> Bound:
    return opaque(FiniteDifference(**options), f, args, wrt)


def slope(f: Callable, x: float, **options: Any) -> float:
    return bind(f, x, **options).slope(x)


def parabola(x: float) -> float:
    return 3 * x**2 - 4 * x


def logistic4(x: float) -> float:
    for _ in range(3):
        x = 4 * x * (1 - x)
    return x


class Counted:
    """Counts its calls and keeps its arguments."""

    def __init__(self, f: Callable) -> None:
        self.f = f
        self.seen: list[tuple] = []

    def __call__(self, *args: Any) -> Any:
        self.seen.append(args)
        return self.f(*args)
