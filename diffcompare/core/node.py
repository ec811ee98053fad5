"""One operation applied to its arguments: the node that every expression is made of."""

from __future__ import annotations

import gc
import hashlib
import itertools
import math
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

import numpy as np

from ..errors import ShapeError, TraceError, UnsupportedOpError
from .array_operators import ArrayOperators
from .dtypes import FLOAT64, INT64, graph_dtype, weak
from .places import user_line
from .tables import ROWS

_INTERNED: dict[tuple, _Reference] = {}
_DEAD: list[_Reference] = []
_SERIAL = itertools.count()
_SHORT = 4096  # bytes: longer constants are found by a hash of their bytes
_DETACHED: ContextVar[bool] = ContextVar("diffcompare_detached", default=False)


class _Reference(weakref.ref):
    """A weak reference that remembers the key under which its node was interned."""

    __slots__ = ("key",)

    key: tuple


class _Slots(ArrayOperators):
    """Where a node keeps what it is made of."""

    __slots__ = ("__weakref__", "args", "attributes", "dtype", "op", "serial", "shape", "value")

    op: Any
    args: tuple[Node, ...]
    attributes: tuple[tuple[str, Any], ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    serial: int
    value: Any


class Node(_Slots):
    """A value of an expression: an operation (`op`), its arguments and attributes, a shape and a dtype.

    Nodes are immutable and interned: building the same operation on the same arguments gives the same object, so shared
    sub-expressions are shared from the start. A node behaves as the NumPy array it stands for: operators, indexing,
    NumPy functions and the usual methods build further nodes. Whatever needs the numbers themselves (`if x > 0`,
    `float(x)`) raises `TraceError`.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise TraceError(f"A node is immutable; {name!r} cannot be set.\n  at {user_line()}")

    def __reduce__(self) -> tuple:
        return _unflatten_one, (flatten((self,)),)

    def __copy__(self) -> Node:
        return self

    def __deepcopy__(self, memo: dict) -> Node:
        return self

    def __repr__(self) -> str:
        return f"Node({self.name or self.op.name}, shape={self.shape}, {self.dtype})"

    @property
    def name(self) -> str:
        """The name of an input; empty for every other node."""
        return self.attributes[0][1] if self.op.name == "input" else ""


class _Draft(_Slots):
    """A node while it is filled: attributes can be set, which takes half the time of going round a refusal."""

    __slots__ = ()

    def __init__(self, op: Any, args: tuple, attributes: tuple, shape: tuple, dtype: np.dtype, value: Any) -> None:
        self.op = op
        self.args = args
        self.attributes = attributes
        self.shape = shape
        self.dtype = dtype
        self.serial = next(_SERIAL)
        self.value = value


def _new(op: Any, args: tuple, attributes: tuple, shape: tuple, dtype: np.dtype, value: Any = None) -> Node:
    draft: Any = _Draft(op, args, attributes, shape, dtype, value)
    draft.__class__ = Node
    return draft


def _intern(key: tuple, node: Node) -> Node:
    # Keys hold the ids of arguments, not the arguments: a live node keeps its arguments alive, so a key that finds a
    # live node is right, and the death of a long chain is not slowed by the table. Dead entries are swept here rather
    # than in the callback, which would recurse once a node.
    reference = _Reference(node, _DEAD.append)
    reference.key = key
    _INTERNED[key] = reference
    while _DEAD:
        dead = _DEAD.pop()
        if _INTERNED.get(dead.key) is dead:
            del _INTERNED[dead.key]
    return node


def make(op: Any, args: tuple[Node, ...], attributes: tuple = ()) -> Node:
    """The node of `op` on `args`: the one that exists already, or a new one with its shape and dtype inferred."""
    if len(args) == 1:
        key: tuple = (op.name, attributes, id(args[0]))
    elif len(args) == 2:
        key = (op.name, attributes, id(args[0]), id(args[1]))
    else:
        key = (op.name, attributes, *map(id, args))
    reference = _INTERNED.get(key)
    node = reference() if reference is not None else None
    if node is None:
        shape, dtype = op.infer(args, attributes)
        node = _intern(key, _new(op, args, attributes, shape, dtype))
    if _DETACHED.get() and op.name != "stop_gradient" and node.dtype.kind == "f":
        return make(ROWS["stop_gradient"], (node,))
    return node


def variable(name: str, shape: int | tuple[int, ...] = (), dtype: Any = FLOAT64) -> Node:
    """An input to build expressions by hand.

    Parameters
    ----------
    name : str
        How it is printed; two variables of one name are two inputs.
    shape : int or tuple of int, default ()
        Its shape; `()` is a scalar.
    dtype : data type, default float64
        float64, float32, an integer type or bool.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> x = dc.variable("x", shape=(3,))
    >>> dc.Function.from_expression(np.sum(x * x), [x])(np.array([1.0, 2.0, 3.0]))
    14.0
    """
    shape = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    if any(n < 0 for n in shape):
        raise ShapeError(f"variable {name!r} has a negative axis in its shape {shape}.")
    return _new(ROWS["input"], (), (("name", str(name)),), shape, graph_dtype(dtype, f"variable {name!r}"))


def constant(value: Any, dtype: np.dtype | None = None) -> Node:
    """A node that holds numbers; equal numbers of one dtype are one node. Arrays are copied."""
    if type(value) is float or type(value) is int:
        if dtype is None:
            dtype = FLOAT64 if type(value) is float else INT64
        key: tuple = ("constant", dtype.char, value, math.copysign(1.0, value))
        reference = _INTERNED.get(key)
        node = reference() if reference is not None else None
        return node if node is not None else _intern(key, _constant(dtype.type(value), (), dtype))
    array = np.asarray(value)
    array = array.astype(dtype or graph_dtype(array.dtype, "a constant"), order="C", copy=True)
    array.setflags(write=False)
    content = array.tobytes() if array.nbytes <= _SHORT else hashlib.blake2b(array.data, digest_size=32).digest()
    key = ("constant", array.dtype.char, array.shape, content)
    reference = _INTERNED.get(key)
    node = reference() if reference is not None else None
    held = array if array.shape else array[()]
    return node if node is not None else _intern(key, _constant(held, array.shape, array.dtype))


def _constant(value: Any, shape: tuple, dtype: np.dtype) -> Node:
    return _new(ROWS["constant"], (), (), shape, dtype, value)


def lift(args: Sequence[Any]) -> tuple[Node, ...]:
    """Every argument as a node; Python numbers take the type of the arrays beside them."""
    strong = tuple([a.dtype for a in args if type(a) is Node])
    plain = strong.count(FLOAT64) == len(strong)
    nodes = []
    for a in args:
        if type(a) is Node:
            nodes.append(a)
        elif type(a) in (float, int, bool):
            nodes.append(constant(a, FLOAT64 if plain else weak(strong, a)))
        else:
            nodes.append(constant(a))
    return tuple(nodes)


@contextmanager
def no_gradient() -> Iterator[None]:
    """Within the block, results are constants to differentiation, as under the lectures' `no_grad`.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> def f(x):
    ...     with dc.no_gradient():
    ...         scale = np.sum(x)
    ...     return scale * x[0]
    >>> dc.gradient(f)(np.array([2.0, 3.0]))
    array([5., 0.])
    """
    token = _DETACHED.set(True)
    try:
        yield
    finally:
        _DETACHED.reset(token)


@contextmanager
def building() -> Iterator[None]:
    """For code that builds whole graphs: `no_gradient` has no force within, and the garbage collector waits.

    Nodes never form cycles; without the pause Python's collector walks every live node again and again, which doubles
    the time of a graph of 100,000 nodes.
    """
    token, collecting = _DETACHED.set(False), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        _DETACHED.reset(token)
        if collecting:
            gc.enable()


def topological(outputs: Sequence[Node]) -> tuple[Node, ...]:
    """Every node that `outputs` need, arguments first; an iterative walk in a deterministic order."""
    seen = {id(node): node for node in outputs}
    stack = list(outputs)
    while stack:
        for argument in stack.pop().args:
            if id(argument) not in seen:
                seen[id(argument)] = argument
                stack.append(argument)
    return tuple(sorted(seen.values(), key=_serial))


def _serial(node: Node) -> int:
    return node.serial


def flatten(outputs: Sequence[Node]) -> tuple[list[tuple], list[int]]:
    """Nodes as a flat list (op name, argument places, attributes, shape, dtype, value): pickled without recursion."""
    nodes = topological(outputs)
    place = {id(node): i for i, node in enumerate(nodes)}
    entries = [(n.op.name, [place[id(a)] for a in n.args], n.attributes, n.shape, n.dtype.char, n.value) for n in nodes]
    return entries, [place[id(node)] for node in outputs]


def unflatten(flat: tuple[list[tuple], list[int]]) -> tuple[list[Node], list[Node]]:
    """All nodes and the outputs of what `flatten` wrote; inputs are new, everything else is interned."""
    nodes: list[Node] = []
    with building():
        for name, places, attributes, shape, char, value in flat[0]:
            if name == "input":
                nodes.append(variable(attributes[0][1], shape, np.dtype(char)))
            elif name == "constant":
                nodes.append(constant(value, np.dtype(char)))
            elif name not in ROWS:
                raise UnsupportedOpError(f"This version of diffcompare has no operation {name!r}; the graph needs it.")
            else:
                nodes.append(make(ROWS[name], tuple(nodes[i] for i in places), attributes))
    return nodes, [nodes[i] for i in flat[1]]


def _unflatten_one(flat: tuple[list[tuple], list[int]]) -> Node:
    return unflatten(flat)[1][0]
