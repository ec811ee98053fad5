"""Rows that combine elements along axes. Attributes are canonical: `axis` a sorted tuple, `keepdims` a bool."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtypes import BOOL, promote
from ..core.node import Node, constant
from ..core.rows import structured
from .comparison import equal, not_equal, where
from .exponential import exp
from .shape import (
    broadcast_row,
    concatenate_row,
    expand_reduced,
    reduced_shape,
    reshape_row,
    slice_row,
    sum_row,
    transpose_row,
    zeros,
)
from .source import cast

Shape = tuple[int, ...]


def _same_shape(args: tuple[Node, ...], axis: Shape, keepdims: bool) -> tuple:
    return reduced_shape(args[0].shape, axis, keepdims), args[0].dtype


def _float_shape(args: tuple[Node, ...], axis: Shape, keepdims: bool) -> tuple:
    return reduced_shape(args[0].shape, axis, keepdims), promote("float", (args[0].dtype,))


def _bool_shape(args: tuple[Node, ...], axis: Shape, keepdims: bool) -> tuple:
    return reduced_shape(args[0].shape, axis, keepdims), BOOL


def _total(x: Node, axis: Shape, keepdims: bool) -> Node:
    return sum_row(x, axis=axis, keepdims=keepdims)


def _weights_rule(weights: Any) -> dict[str, Any]:
    """Pullback and pushforward of a reduction whose partials along the axes are `weights(y_kept, x, axis)`."""

    def pullback(y_bar: Node, y: Node, x: Node, axis: Shape, keepdims: bool) -> tuple:
        kept = expand_reduced(y, x.shape, axis)
        return (_times(expand_reduced(y_bar, x.shape, axis), weights(kept, x, axis)),)

    def pushforward(y: Node, x_dots: tuple, x: Node, axis: Shape, keepdims: bool) -> Node:
        return _total(_times(x_dots[0], weights(expand_reduced(y, x.shape, axis), x, axis)), axis, keepdims)

    return {"pullback": pullback, "pushforward": pushforward}


def _times(cotangent: Node, weight: Node) -> Node:
    # A weight of the form where(c, w, 0) selects: the product keeps the mask outside (see `transform`).
    if weight.op.name == "where":
        return where(weight.args[0], cotangent * weight.args[1], 0.0)
    return cotangent * weight


# Extremes: ties share equally.
def _tie_weights(y: Node, x: Node, axis: Shape) -> Node:
    chosen = equal(x, y)
    return where(chosen, 1.0 / _total(cast(chosen, x.dtype), axis, True), 0.0)


_EXTREME = {"kinks": (("ties", "shared equally"),), "source": "subgradient of a maximum; ties share equally"}
max_row = structured(
    "max",
    kind="reduction",
    numpy=lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims),
    shape=_same_shape,
    sympy="max_over",
    ball="max_over",
    **_weights_rule(_tie_weights),
    **_EXTREME,
)
min_row = structured(
    "min",
    kind="reduction",
    numpy=lambda x, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims),
    shape=_same_shape,
    sympy="min_over",
    ball="min_over",
    **_weights_rule(_tie_weights),
    **_EXTREME,
)
any_row = structured(
    "any", kind="reduction", numpy=lambda x, axis, keepdims: np.any(x, axis=axis, keepdims=keepdims),
    shape=_bool_shape, sympy="any_over", ball="any_over", result="bool", source="logic",
)  # fmt: skip
all_row = structured(
    "all", kind="reduction", numpy=lambda x, axis, keepdims: np.all(x, axis=axis, keepdims=keepdims),
    shape=_bool_shape, sympy="all_over", ball="all_over", result="bool", source="logic",
)  # fmt: skip


# Product: the others' product, found without dividing, so that zeros are right.
def _product_weights(y: Node, x: Node, axis: Shape) -> Node:
    kept = tuple(i for i in range(x.ndim) if i not in axis)
    order = kept + axis
    n = math.prod(x.shape[i] for i in axis)
    lines = reshape_row(transpose_row(x, axes=order), shape=(*(x.shape[i] for i in kept), n))
    last = len(kept)
    others = _exclusive_product(lines, last) * flip_axis(_exclusive_product(flip_axis(lines, last), last), last)
    moved = reshape_row(others, shape=tuple(x.shape[i] for i in order))
    return transpose_row(moved, axes=tuple(int(i) for i in np.argsort(order)))


def take_axis(x: Node, axis: int, start: int, length: int, step: int = 1) -> Node:
    """`length` entries of `x` along `axis`, from `start` on, `step` apart."""
    starts = tuple(start if i == axis and length else 0 for i in range(x.ndim))
    steps = tuple(step if i == axis else 1 for i in range(x.ndim))
    return slice_row(
        x, starts=starts, steps=steps, lengths=tuple(length if i == axis else n for i, n in enumerate(x.shape))
    )


def flip_axis(x: Node, axis: int) -> Node:
    """`x` reversed along `axis`."""
    return take_axis(x, axis, x.shape[axis] - 1, x.shape[axis], -1)


def shift_axis(x: Node, axis: int, fill: float) -> Node:
    """`x` moved one place to the right along `axis`, its first entry `fill`."""
    n = x.shape[axis]
    if n == 0:
        return x
    head = broadcast_row(constant(fill, x.dtype), shape=tuple(1 if i == axis else m for i, m in enumerate(x.shape)))
    return concatenate_row(head, take_axis(x, axis, 0, n - 1), axis=axis)


def _exclusive_product(x: Node, axis: int) -> Node:
    return shift_axis(cumprod_row(x, axis=axis), axis, 1.0)


prod_row = structured(
    "prod",
    kind="reduction",
    numpy=lambda x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
    shape=_same_shape,
    complex=True,
    **_weights_rule(_product_weights),
    source="Speelpenning 1980: the product of the others, by running products from both ends",
)


# log(sum(exp(x))): its weights are the softmax.
def _logsumexp_numpy(x: Any, axis: Shape, keepdims: bool) -> Any:
    x = np.asarray(x)
    top = np.max(x.real, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0).astype(x.real.dtype)
    with np.errstate(all="ignore"):
        y = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return (y if keepdims else np.reshape(y, reduced_shape(x.shape, axis, False)))[()]


def _softmax_weights(y: Node, x: Node, axis: Shape) -> Node:
    return where(not_equal(x, -math.inf), exp(x - y), 0.0)


logsumexp_row = structured(
    "logsumexp",
    kind="reduction",
    numpy=_logsumexp_numpy,
    shape=_float_shape,
    sympy="logsumexp",
    ball="logsumexp",
    complex=True,
    **_weights_rule(_softmax_weights),
    source="Blanchard, Higham and Higham 2021, doi:10.1093/imanum/draa038: shifted by the maximum",
)


# Euclidean norm: derivative x / y, and 0 at the origin.
def _norm_weights(y: Node, x: Node, axis: Shape) -> Node:
    return where(not_equal(y, 0.0), x / y, 0.0)


norm_row = structured(
    "norm",
    kind="reduction",
    numpy=lambda x, axis, keepdims: np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims)),
    shape=_float_shape,
    sympy="norm",
    ball="norm",
    complex=True,
    kinks=((0.0, 0.0),),
    **_weights_rule(_norm_weights),
    source="the Euclidean norm; 0 is chosen from its subgradients at the origin",
)


# Running sums and products, and the first-order linear recurrence that both belong to.
def _axis_shape(args: tuple[Node, ...], axis: int) -> tuple:
    return args[0].shape, np.dtype("int64") if args[0].dtype is BOOL else args[0].dtype


def _cumsum_pullback(y_bar: Node, y: Node, x: Node, axis: int) -> tuple:
    return (flip_axis(cumsum_row(flip_axis(y_bar, axis), axis=axis), axis),)


cumsum_row = structured(
    "cumsum",
    kind="reduction",
    numpy=lambda x, axis: np.cumsum(x, axis=axis),
    shape=_axis_shape,
    sympy="cumsum",
    ball="cumsum",
    pullback=_cumsum_pullback,
    linear=True,
    complex=True,
    source="the transpose of a running sum is the running sum from the other end",
)


def _next(x: Node, axis: int) -> Node:
    """`x` reversed and moved by one: the coefficient of the backward recurrence at each place."""
    return shift_axis(flip_axis(x, axis), axis, 0.0)


def _backward(a: Node, g: Node, axis: int) -> Node:
    return flip_axis(recurrence_row(_next(a, axis), flip_axis(g, axis), axis=axis), axis)


def _cumprod_pullback(y_bar: Node, y: Node, x: Node, axis: int) -> tuple:
    return (shift_axis(y, axis, 1.0) * _backward(x, y_bar, axis),)


cumprod_row = structured(
    "cumprod",
    kind="reduction",
    numpy=lambda x, axis: np.cumprod(x, axis=axis),
    shape=_axis_shape,
    sympy="cumprod",
    ball="cumprod",
    pullback=_cumprod_pullback,
    pushforward=lambda y, x_dots, x, axis: recurrence_row(x, shift_axis(y, axis, 1.0) * x_dots[0], axis=axis),
    complex=True,
    source="d y_i / d x_k by the recurrence S_k = g_k + x_{k+1} S_{k+1}; no division, so zeros are right",
)


def _recurrence_numpy(a: Any, b: Any, axis: int) -> Any:
    a, b = np.moveaxis(np.asarray(a), axis, 0), np.moveaxis(np.asarray(b), axis, 0)
    s = np.array(b, dtype=np.result_type(a, b) if a.dtype != object else object)
    for k in range(1, len(s)):
        s[k] = b[k] + a[k] * s[k - 1]
    return np.moveaxis(s, 0, axis)


def _recurrence_shape(args: tuple[Node, ...], axis: int) -> tuple:
    return args[0].shape, promote("float", tuple(a.dtype for a in args))


def _recurrence_pullback(y_bar: Node, y: Node, a: Node, b: Node, axis: int) -> tuple:
    b_bar = _backward(a, y_bar, axis)
    return b_bar * shift_axis(y, axis, 0.0), b_bar


def _recurrence_pushforward(y: Node, x_dots: tuple, a: Node, b: Node, axis: int) -> Node:
    a_dot, b_dot = x_dots
    drive = b_dot if b_dot is not None else zeros(b)
    if a_dot is not None:
        drive = drive + a_dot * shift_axis(y, axis, 0.0)
    return recurrence_row(a, drive, axis=axis)


recurrence_row = structured(
    "linear_recurrence",
    kind="reduction",
    numpy=_recurrence_numpy,
    shape=_recurrence_shape,
    sympy="linear_recurrence",
    ball="linear_recurrence",
    pullback=_recurrence_pullback,
    pushforward=_recurrence_pushforward,
    complex=True,
    source="s_k = a_k s_{k-1} + b_k, s_0 = b_0; its pullback is the same recurrence from the other end",
)
