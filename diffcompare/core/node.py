"""One operation applied to its arguments: the node that every expression is made of."""

from __future__ import annotations

import gc
import itertools
import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..errors import ShapeError, TraceError, UnsupportedOpError
from .dtypes import FLOAT64, graph_dtype, weak
from .places import user_line

ROWS: dict[str, Any] = {}  # name -> Row; filled when `ops` is imported
DISPATCH: dict[Any, Callable] = {}  # NumPy or SciPy function -> what builds its node
_INTERNED: dict[tuple, _Reference] = {}
_DEAD: list[_Reference] = []
_SERIAL = itertools.count()
_DETACHED: ContextVar[bool] = ContextVar("diffcompare_detached", default=False)


class _Reference(weakref.ref):
    """A weak reference that remembers the key under which its node was interned."""

    __slots__ = ("key",)

    key: tuple


if TYPE_CHECKING:
    _Array: Any  # a type checker knows nothing of the operators and methods that are attached below
else:
    _Array = object


class Node(_Array):
    """A value of an expression: an operation (`op`), its arguments and attributes, a shape and a dtype.

    Nodes are immutable and interned: building the same operation on the same arguments gives the same object, so shared
    sub-expressions are shared from the start. A node behaves as the NumPy array it stands for: operators, indexing,
    NumPy functions and the usual methods build further nodes. Whatever needs the numbers themselves (`if x > 0`,
    `float(x)`) raises `TraceError`.
    """

    __slots__ = ("__weakref__", "args", "attributes", "dtype", "op", "serial", "shape", "value")
    __array_priority__ = 1000.0

    op: Any
    args: tuple[Node, ...]
    attributes: tuple[tuple[str, Any], ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    serial: int
    value: Any

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

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def T(self) -> Node:
        """All axes reversed."""
        return np.transpose(self)

    @property
    def mT(self) -> Node:
        """The last two axes swapped."""
        return np.swapaxes(self, -1, -2)

    @property
    def real(self) -> Node:
        """The node itself: graphs are real."""
        return self

    @property
    def flat(self) -> Iterator[Node]:
        """Every element in row-major order."""
        return iter(np.ravel(self))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a value without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Node]:
        if not self.shape:
            raise TypeError("iteration over a value without axes")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, index: Any) -> Node:
        return DISPATCH["getitem"](self, index)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TraceError(
            f"Assignment into a traced value would be lost: nodes are immutable.\n  at {user_line()}\n"
            "  Build the new value instead: np.where(mask, new, old), np.concatenate, np.stack or np.pad."
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return DISPATCH["ufunc"](ufunc, method, inputs, options)

    def __array_function__(self, function: Callable, types: Any, args: Sequence, options: dict) -> Any:
        handler = DISPATCH.get(function)
        if handler is None:
            return DISPATCH["unknown"](function)
        return handler(*args, **options)

    # Values that a trace cannot know.
    def __bool__(self) -> bool:
        _refuse("the truth of", "Choose with np.where(condition, a, b), or np.maximum and np.clip")

    def __float__(self) -> float:
        _refuse("the number behind", "Use NumPy's functions (np.sin, not math.sin) and keep the traced value")

    __complex__ = __int__ = __float__

    def __index__(self) -> int:
        _refuse("an integer from", "Sizes, counts and indices must be plain integers")

    def __array__(self, *args: Any, **options: Any) -> NoReturn:
        _refuse(
            "an ordinary array from", "Join traced values with np.stack([...]) or np.concatenate, not np.array([...])"
        )

    def item(self, *args: Any) -> NoReturn:
        """Raise `TraceError`: a trace has no numbers."""
        _refuse("the number behind", "Keep the traced value")

    tolist = item


def _refuse(what: str, way_out: str) -> NoReturn:
    raise TraceError(
        f"The trace needs {what} a traced value, but a trace has no numbers: it records the operations once, for all "
        f"values.\n  at {user_line()}\n  {way_out}; or make it depend only on an argument that is not differentiated "
        "(wrt=...) and is passed as a plain Python int, bool or string."
    )


def _binary(name: str) -> tuple[Callable, Callable]:
    def forward(self: Node, other: Any) -> Node:
        return _operate(name, self, other)

    def reflected(self: Node, other: Any) -> Node:
        return _operate(name, other, self)

    return forward, reflected


def _operate(name: str, a: Any, b: Any) -> Any:
    for operand in (a, b):
        if isinstance(operand, (str, bytes, dict, set)) or operand is None:
            return NotImplemented
    return ROWS[name](a, b)


for _name, _op in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
}.items():  # fmt: skip
    _forward, _reflected = _binary(_op)
    setattr(Node, f"__{_name}__", _forward)
    setattr(Node, f"__r{_name}__", _reflected)
for _name, _op in {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}.items():  # fmt: skip
    setattr(Node, f"__{_name}__", _binary(_op)[0])
for _name, _op in {"neg": "negative", "abs": "absolute", "invert": "logical_not"}.items():
    setattr(Node, f"__{_name}__", lambda self, _op=_op: ROWS[_op](self))
for _name in (
    "sum mean prod max min std var cumsum cumprod ravel transpose swapaxes squeeze dot trace diagonal clip repeat take "
    "all any round"
).split():
    setattr(Node, _name, lambda self, *args, _f=getattr(np, _name), **options: _f(self, *args, **options))
setattr(Node, "__hash__", object.__hash__)  # noqa: B010 - a plain assignment would go through the class body's __eq__
setattr(Node, "__pos__", lambda self: self)  # noqa: B010
setattr(Node, "__pow__", lambda self, other: DISPATCH["power"](self, other))  # noqa: B010
setattr(Node, "__rpow__", lambda self, other: DISPATCH["power"](other, self))  # noqa: B010
setattr(Node, "__matmul__", lambda self, other: np.matmul(self, other))  # noqa: B010
setattr(Node, "__rmatmul__", lambda self, other: np.matmul(other, self))  # noqa: B010
setattr(Node, "__divmod__", lambda self, other: (self // other, self % other))  # noqa: B010
setattr(Node, "__rdivmod__", lambda self, other: (other // self, other % self))  # noqa: B010
setattr(Node, "__round__", lambda self, digits=0: np.round(self, digits))  # noqa: B010
setattr(Node, "flatten", lambda self, order="C": np.ravel(self, order))  # noqa: B010
setattr(Node, "copy", lambda self, order="C": self)  # noqa: B010
setattr(Node, "conj", lambda self: self)  # noqa: B010
setattr(Node, "conjugate", lambda self: self)  # noqa: B010
setattr(Node, "astype", lambda self, dtype, **options: DISPATCH["cast"](self, dtype))  # noqa: B010
setattr(  # noqa: B010
    Node,
    "reshape",
    lambda self, *shape, order="C": np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order),
)

_SLOTS = vars(Node)
_set_op, _set_args, _set_attributes = _SLOTS["op"].__set__, _SLOTS["args"].__set__, _SLOTS["attributes"].__set__
_set_shape, _set_dtype, _set_serial = _SLOTS["shape"].__set__, _SLOTS["dtype"].__set__, _SLOTS["serial"].__set__
_set_value = _SLOTS["value"].__set__


def _new(op: Any, args: tuple, attributes: tuple, shape: tuple, dtype: np.dtype, value: Any = None) -> Node:
    node = object.__new__(Node)
    _set_op(node, op)
    _set_args(node, args)
    _set_attributes(node, attributes)
    _set_shape(node, shape)
    _set_dtype(node, dtype)
    _set_serial(node, next(_SERIAL))
    _set_value(node, value)
    return node


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
        dtype = dtype or (FLOAT64 if type(value) is float else np.dtype("int64"))
        number = dtype.type(value)
        key: tuple = ("constant", dtype.char, float(value), math.copysign(1.0, value))
        shape: tuple = ()
        held: Any = number
    else:
        array = np.asarray(value)
        array = array.astype(dtype or graph_dtype(array.dtype, "a constant"), order="C", copy=True)
        dtype, shape = array.dtype, array.shape
        key = ("constant", dtype.char, shape, array.tobytes())
        array.setflags(write=False)
        held = array if shape else array[()]
    reference = _INTERNED.get(key)
    node = reference() if reference is not None else None
    return node if node is not None else _intern(key, _new(ROWS["constant"], (), (), shape, dtype, held))


def lift(args: Sequence[Any]) -> tuple[Node, ...]:
    """Every argument as a node; Python numbers take the type of the arrays beside them."""
    strong = tuple(a.dtype for a in args if type(a) is Node)
    nodes = []
    for a in args:
        if type(a) is Node:
            nodes.append(a)
        elif type(a) in (float, int, bool):
            nodes.append(constant(a, weak(strong, a)) if strong else constant(a))
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
