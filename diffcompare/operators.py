"""The operators: gradient, derivative, products, Jacobian and Hessian, from whichever product a method gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .core.arguments import signature
from .core.bind import Bound, bind
from .core.device_arrays import DeviceArray, device_array, on_device
from .core.graph import Graph
from .core.trace import function
from .errors import ShapeError
from .methods import Method, Opaque, Prepared, resolve
from .methods.operator import Operator
from .methods.pointwise import pointwise_product
from .methods.prepared_function import Form, PreparedFunction, Wrt, target_of
from .methods.products import jacobian_product, jvp_product, prepared_gradient, vjp_product
from .methods.second import hessian_product, hvp_product

Built = tuple[Callable, Callable | None]  # the derivative, and where there is one, what makes its quick way


def _gradient(method: Method, target: Graph | Opaque, wrt: tuple[int, ...], form: Form) -> Built:
    call, prepared = prepared_gradient(method, target, wrt)
    return lambda *args: form(call(*args)[1]), _direct(prepared, form, True)


def _value_and_gradient(method: Method, target: Graph | Opaque, wrt: tuple[int, ...], form: Form) -> Built:
    call, prepared = prepared_gradient(method, target, wrt)
    direct = _direct(prepared, form, False)
    if not form.single:
        return call, direct

    def single(*args: Any) -> tuple[Any, Any]:
        value, gradients = call(*args)
        return value, gradients[0]

    return single, direct


def _direct(prepared: Prepared, form: Form, alone: bool) -> Callable | None:
    make = prepared.direct
    return None if make is None else lambda example: make(example, form.single, alone)


def _jacobian(method: Method, target: Graph | Opaque, wrt: tuple[int, ...], form: Form) -> Built:
    call = jacobian_product(method.prepare(target, wrt), target, wrt)
    return lambda *args: form(call(*args)[1]), None


def _hessian(method: Method, target: Graph | Opaque, wrt: tuple[int, ...], form: Form) -> Built:
    call = hessian_product(method, target, wrt)
    return lambda *args: form(tuple(form(row) for row in call(*args))), None


def gradient(f: Any, wrt: Wrt = None, method: str | Method = "reverse") -> Operator:
    """The gradient of a scalar function, as a callable of the same arguments.

    Parameters
    ----------
    f : callable, Function, str or SymPy expression
        Its output must be a scalar.
    wrt : int, tuple of int or None, default None
        Position(s) of the arguments to differentiate. An integer gives an array (a float for a scalar argument), a
        tuple of positions gives a tuple, None means every argument: an array where there is one, else a tuple.
    method : str or Method, default "reverse"
        How to differentiate; `diffcompare.methods.available()` lists the names.

    Returns
    -------
    callable
        Each gradient has the shape of its argument.

    Raises
    ------
    ShapeError
        When called, if the output is not a scalar.
    TraceError
        When called, if `f` cannot be traced and the method needs it.

    Examples
    --------
    >>> import diffcompare as dc
    >>> dc.gradient(lambda x, y: x * x * y)(3.0, 2.0)
    (12.0, 9.0)
    >>> dc.gradient(lambda x, y: x * x * y, wrt=0, method="symbolic")(3.0, 2.0)
    12.0
    """
    return Operator(f, wrt, method, _gradient, "gradient")


def value_and_gradient(f: Any, wrt: Wrt = None, method: str | Method = "reverse") -> Operator:
    """Value and gradient together: ``(value, gradient)``, the gradient as `gradient` gives it.

    Parameters
    ----------
    f, wrt, method
        As for `gradient`.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> dc.value_and_gradient(lambda x: 2 * np.dot(x, x))(np.arange(4.0))
    (28.0, array([ 0.,  4.,  8., 12.]))
    """
    return Operator(f, wrt, method, _value_and_gradient, "value and gradient")


def jacobian(f: Any, wrt: Wrt = None, method: str | Method = "reverse") -> Operator:
    """The Jacobian, of the output's shape followed by the argument's.

    Parameters
    ----------
    f, wrt, method
        As for `gradient`; the output may have any shape.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> dc.jacobian(lambda x: np.stack([x[0] * x[1], x[0]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 0.]])
    """
    return Operator(f, wrt, method, _jacobian, "Jacobian")


def hessian(f: Any, wrt: Wrt = None, method: str | Method = "reverse") -> Operator:
    """Second derivatives of a scalar function: for one argument, of its shape twice over.

    Parameters
    ----------
    f, wrt, method
        As for `gradient`. Several arguments give a tuple of tuples, block [i][j] of the shape of argument i followed by
        that of argument j. Methods that see only values differentiate their own gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> dc.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return Operator(f, wrt, method, _hessian, "Hessian")


def jvp(f: Any, primals: Sequence, tangents: Sequence, wrt: Wrt = None, method: str | Method = "forward") -> tuple:
    """Value and directional derivative: ``(f(x), J x_dot)``.

    Parameters
    ----------
    f : callable, Function, str or SymPy expression
        With an output of any shape.
    primals : sequence
        The arguments.
    tangents : sequence
        One direction for each differentiated argument, of its shape.
    wrt, method
        As for `gradient`; the method defaults to "forward".

    Raises
    ------
    ShapeError
        When a tangent has not the shape of its argument.

    Examples
    --------
    >>> import diffcompare as dc
    >>> dc.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    bound, chosen = _bound(f, primals, wrt), resolve(method)
    directions = _like([bound.dynamic[i] for i in bound.wrt], tangents, "tangent")
    target = target_of(bound, chosen)
    return jvp_product(chosen.prepare(target, bound.wrt), target, bound.wrt)(bound.dynamic, directions)


def vjp(f: Any, *primals: Any, wrt: Wrt = None, method: str | Method = "reverse") -> tuple[Any, Callable]:
    """Value and pullback: ``(f(x), pull)``, where ``pull(y_bar)`` is a tuple of J^T y_bar, one for each argument.

    Parameters
    ----------
    f : callable, Function, str or SymPy expression
        With an output of any shape.
    *primals : float or array
        The arguments.
    wrt, method
        As for `gradient`; with an integer `wrt` the pullback gives that one cotangent instead of a tuple.

    Examples
    --------
    >>> import diffcompare as dc
    >>> value, pull = dc.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> value, pull(1.0)
    (6.0, (3.0, 2.0))
    """
    bound, chosen = _bound(f, primals, wrt), resolve(method)
    target = target_of(bound, chosen)
    prepared = chosen.prepare(target, bound.wrt)
    product = vjp_product(prepared, target, bound.wrt)
    value = prepared.value(*bound.dynamic)
    one = isinstance(wrt, (int, np.integer))

    def pull(y_bar: Any) -> Any:
        (cotangent,) = _like([value], [y_bar], "cotangent")
        found = product(bound.dynamic, cotangent)[1]
        return found[0] if one else found

    return value, pull


def hvp(f: Any, wrt: Wrt = None, method: str | Method = "reverse") -> Callable:
    """Product of the Hessian with a direction: ``hvp(f)(x, v)``; for several arguments ``hvp(f)((x, y), (v, w))``.

    Parameters
    ----------
    f, wrt, method
        As for `gradient`.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> dc.hvp(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([4., 2.])
    """
    f, chosen = function(f), resolve(method)
    ready: dict[Any, Callable] = {}

    def product(primals: Any, directions: Any) -> Any:
        several = isinstance(primals, tuple)
        bound = _bound(f, primals if several else (primals,), wrt)
        aligned = directions if several and isinstance(directions, tuple) else (directions,)
        aligned = _like([bound.dynamic[i] for i in bound.wrt], aligned, "direction")
        key = signature(bound.args)
        if key not in ready:
            ready[key] = hvp_product(chosen, target_of(bound, chosen), bound.wrt)
        found = ready[key](bound.dynamic, aligned)
        return Form(wrt, len(bound.args))(found)

    return product


def derivative(f: Any, method: str | Method = "reverse") -> Callable[[Any], Any]:
    """f'(x) of an elementwise function, over an array of points.

    Parameters
    ----------
    f : callable, Function, str or SymPy expression
        Of one argument; each element of its output depends on the element of the input in the same place.
    method : str or Method, default "reverse"
        How to differentiate. Methods without a product for whole arrays go point by point.

    Returns
    -------
    callable
        Maps an array (or float) to an array of the same shape (or a float).

    Raises
    ------
    ShapeError
        When called, if `f` is not elementwise.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> dc.derivative(lambda x: 3 * x**2 - 4 * x)(np.array([1.0, 10.0]))
    array([ 2., 56.])
    """
    f, chosen = function(f), resolve(method)
    ready: dict[Any, Callable] = {}

    def at(x: Any) -> Any:
        bound = _bound(f, (x,), 0)
        key = signature(bound.args)
        if key not in ready:
            ready[key] = pointwise_product(f, chosen, bound, derivative(f, chosen))
        return ready[key](bound.dynamic[0])

    return at


def _bound(f: Any, primals: Sequence, wrt: Wrt) -> Bound:
    if not isinstance(primals, (tuple, list)):
        raise ShapeError(f"primals must be a tuple of arguments, not {type(primals).__name__}; write (x,) for one.")
    return bind(function(f), tuple(primals), wrt, {})


def _like(points: Sequence, given: Any, what: str) -> tuple:
    if not isinstance(given, (tuple, list)) or len(given) != len(points):
        raise ShapeError(f"{len(points)} {what}s are needed, as a tuple, one for each differentiated argument.")
    found: list[Any] = []
    for point, direction in zip(points, given, strict=True):
        if on_device(direction):
            found.append(_same_place(device_array(direction, f"a {what}"), point, what))
            continue
        dtype = point.dtype if isinstance(point, (np.ndarray, np.generic, DeviceArray)) else np.dtype("float64")
        array = np.ascontiguousarray(direction, dtype) if np.ndim(direction) else np.asarray(direction, dtype)
        if array.shape != np.shape(point):
            raise ShapeError(f"a {what} has shape {array.shape}, but what it belongs to has shape {np.shape(point)}.")
        found.append(array if array.shape else (array.item() if dtype.char == "d" else array[()]))
    return tuple(found)


def _same_place(direction: DeviceArray, point: Any, what: str) -> DeviceArray:
    if not isinstance(point, DeviceArray) or direction.shape != point.shape or direction.dtype != point.dtype:
        raise ShapeError(f"a {what} is {direction!r}, but what it belongs to is {point!r}.")
    return direction


def prepare(f: Any, *example: Any, method: str | Method = "reverse", wrt: Wrt = None) -> PreparedFunction:
    """Trace, derive and compile now, for arguments of these shapes.

    Parameters
    ----------
    f : callable, Function, str or SymPy expression
        What to differentiate.
    *example : float or array
        Arguments that show the shapes; their values do not matter.
    method, wrt
        As for `gradient`.

    Returns
    -------
    PreparedFunction
        Its ``value_and_gradient(*args, out=...)`` is ready to be called in a loop; ``seconds`` tells what was spent.

    Examples
    --------
    >>> import numpy as np
    >>> import diffcompare as dc
    >>> prepared = dc.prepare(lambda x: np.sum(x * x), np.ones(2))
    >>> prepared.value_and_gradient(np.array([1.0, 2.0]))
    (5.0, array([2., 4.]))
    """
    chosen, traced = resolve(method), function(f)
    bound = bind(traced, example, wrt, {})
    target = target_of(bound, chosen)
    prepared = chosen.prepare(target, bound.wrt)
    return PreparedFunction(bound, prepared, Form(wrt, len(bound.args)), traced.trace_seconds)
