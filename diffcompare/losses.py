"""Losses of classification and regression, finite and exact to the last digits at extreme scores.

They are written with public functions only, so every method differentiates them. `labels` and `targets` may be arrays
or traced values; class labels are whole numbers from 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from diffcompare.errors import OptionError, ShapeError
from diffcompare.ops.comparison import where
from diffcompare.ops.exponential import softplus, xlogy
from diffcompare.ops.statistics import logsumexp

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "binary_hinge", "cross_entropy", "hinge", "l1", "l2",
    "softmax_cross_entropy", "squared_error",
]  # fmt: skip

REDUCTIONS = ("mean", "sum", "none")


def hinge(scores: Any, labels: Any, margin: float = 1.0, *, squared: bool = False, reduction: str = "mean") -> Any:
    """Multiclass support vector loss: the sum over the wrong classes of max(0, s_j - s_label + margin) [1]_.

    Parameters
    ----------
    scores : array, shape (..., classes)
        One score a class.
    labels : int array, shape (...)
        The right class of each sample.
    margin : float, default 1.0
        By how much the right score has to lead.
    squared : bool, default False
        Whether to square each term.
    reduction : str, default "mean"
        "mean" or "sum" over the samples, or "none".

    Returns
    -------
    scalar, or array of shape (...) without a reduction

    Raises
    ------
    ShapeError
        If labels do not fit scores, or name a class that is not there.
    OptionError
        If there is no such reduction.

    References
    ----------
    .. [1] Weston and Watkins 1999, "Support vector machines for multi-class pattern recognition", ESANN.

    Examples
    --------
    Scores of a cat, a car and a frog for a picture of a cat:

    >>> import numpy as np
    >>> float(hinge(np.array([3.2, 5.1, -1.7]), 0).round(12))
    2.9
    """
    chosen = _chosen(scores, labels)
    right = np.sum(where(chosen, scores, 0.0), axis=-1, keepdims=True)
    terms = np.maximum(scores - right + margin, 0.0)
    terms = terms * terms if squared else terms
    return _reduced(np.sum(where(chosen, 0.0, terms), axis=-1), reduction)


def binary_hinge(scores: Any, targets: Any, margin: float = 1.0, *, reduction: str = "mean") -> Any:
    """Two-class support vector loss max(0, margin - t s), with targets -1 and 1.

    Parameters
    ----------
    scores, targets : arrays of one shape
        Scores, and -1 or 1 for each.
    margin : float, default 1.0
        Where the loss begins.
    reduction : str, default "mean"
        "mean", "sum" or "none".

    Raises
    ------
    ShapeError
        If a target is neither -1 nor 1.

    Examples
    --------
    >>> import numpy as np
    >>> float(binary_hinge(np.array([0.5, -2.0]), np.array([1.0, -1.0])))
    0.25
    """
    _require(targets, (-1, 1), "binary_hinge")
    return _reduced(np.maximum(margin - targets * scores, 0.0), reduction)


def softmax_cross_entropy(logits: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy of the softmax of `logits`: log sum_j exp(z_j) - z_label, in natural logarithms.

    Parameters
    ----------
    logits : array, shape (..., classes)
        Unnormalised logarithms of probabilities.
    labels : int array of shape (...), or float array of shape (..., classes)
        The right class of each sample, or a distribution over the classes.
    reduction : str, default "mean"
        "mean" or "sum" over the samples, or "none".

    Raises
    ------
    ShapeError
        If labels do not fit logits, or name a class that is not there.

    Notes
    -----
    Its gradient is softmax(logits) minus the distribution. The difference to the largest logit is taken before
    exponentials, so no score is too large; a sample that is certainly right keeps the digits of its small loss.

    Examples
    --------
    >>> import numpy as np
    >>> float(softmax_cross_entropy(np.array([1000.0, 0.0]), 1))
    1000.0
    >>> float(softmax_cross_entropy(np.array([0.0, -50.0]), 0))
    1.9287498479639178e-22
    """
    if np.ndim(labels) == np.ndim(logits) and _is_floating(labels):
        if np.shape(labels) != np.shape(logits):
            raise ShapeError(f"a distribution of shape {np.shape(labels)} does not fit logits {np.shape(logits)}.")
        shifted = logits - logsumexp(logits, axis=-1, keepdims=True)
        return _reduced(-np.sum(labels * where(labels == 0.0, 0.0, shifted), axis=-1), reduction)
    chosen = _chosen(logits, labels)
    right = np.sum(where(chosen, logits, 0.0), axis=-1, keepdims=True)
    # log(exp(0) + sum over the others of exp(z_j - z_label)): digits of a small loss survive as those of a softplus.
    return _reduced(softplus(logsumexp(where(chosen, -np.inf, logits - right), axis=-1)), reduction)


def cross_entropy(probabilities: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """-log p_label, in natural logarithms, of probabilities that are given as such.

    Prefer `softmax_cross_entropy` where the logits are at hand.

    Parameters
    ----------
    probabilities : array, shape (..., classes)
        Each row sums to 1; that is not checked.
    labels : int array, shape (...)
        The right class of each sample.
    reduction : str, default "mean"
        "mean" or "sum" over the samples, or "none".

    Examples
    --------
    >>> import numpy as np
    >>> float(cross_entropy(np.array([0.25, 0.75]), 0).round(10))
    1.3862943611
    """
    chosen = _chosen(probabilities, labels)
    return _reduced(-np.log(np.sum(where(chosen, probabilities, 0.0), axis=-1)), reduction)


def binary_cross_entropy(probabilities: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """-t log p - (1 - t) log(1 - p), in natural logarithms.

    Parameters
    ----------
    probabilities : array
        Of class 1, between 0 and 1.
    targets : array of the same shape
        0, 1, or a probability between.
    reduction : str, default "mean"
        "mean", "sum" or "none".

    Notes
    -----
    A target of exactly 0 or 1 has one term only: 0 log 0 is 0. Where scores are at hand, take
    `binary_cross_entropy_with_logits`: no probability is rounded to 0 or 1 there.

    Examples
    --------
    >>> import numpy as np
    >>> float(binary_cross_entropy(np.array([1.0, 1e-20]), np.array([1.0, 0.0]), reduction="sum"))
    1e-20
    """
    negative = (1.0 - targets) * np.log1p(-where(targets == 1.0, 0.0, probabilities))
    return _reduced(-(xlogy(targets, probabilities) + negative), reduction)


def binary_cross_entropy_with_logits(logits: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy of the sigmoid of `logits`: t softplus(-z) + (1 - t) softplus(z).

    Parameters
    ----------
    logits : array
        Logarithms of the odds of class 1.
    targets : array of the same shape
        0, 1, or a probability between.
    reduction : str, default "mean"
        "mean", "sum" or "none".

    Notes
    -----
    Its gradient is sigmoid(z) - t. Both terms are positive, so nothing cancels, at any score.

    Examples
    --------
    >>> import numpy as np
    >>> float(binary_cross_entropy_with_logits(np.array(-1000.0), 1.0))
    1000.0
    >>> float(binary_cross_entropy_with_logits(np.array(40.0), 1.0))
    4.248354255291589e-18
    """
    return _reduced(targets * softplus(-logits) + (1.0 - targets) * softplus(logits), reduction)


def squared_error(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """(prediction - target) squared.

    Parameters
    ----------
    predictions, targets : arrays of one shape
        What came out, and what should have.
    reduction : str, default "mean"
        "mean" or "sum" over all entries, or "none".

    Raises
    ------
    ShapeError
        If the shapes differ: broadcasting (n, 1) against (n,) is a mistake more often than a wish.

    Examples
    --------
    >>> import numpy as np
    >>> float(squared_error(np.array([1.0, 4.0]), np.array([0.0, 2.0])))
    2.5
    """
    if np.shape(predictions) != np.shape(targets):
        raise ShapeError(
            f"predictions of shape {np.shape(predictions)} and targets of shape {np.shape(targets)} differ.\n"
            "  Reshape one of them to the shape of the other."
        )
    apart = predictions - targets
    return _reduced(apart * apart, reduction)


def l1(*weights: Any, strength: float = 1.0) -> Any:
    """`strength` times the sum of all absolute weights; its gradient at 0 is 0.

    Examples
    --------
    >>> import numpy as np
    >>> float(l1(np.array([1.0, -2.0]), np.array([[3.0]]), strength=0.5))
    3.0
    """
    return strength * sum(np.sum(np.abs(w)) for w in weights)


def l2(*weights: Any, strength: float = 1.0) -> Any:
    """`strength` times the sum of all squared weights.

    Examples
    --------
    >>> import numpy as np
    >>> float(l2(np.array([1.0, -2.0]), np.array([[3.0]]), strength=0.5))
    7.0
    """
    return strength * sum(np.sum(w * w) for w in weights)


def _chosen(scores: Any, labels: Any) -> Any:
    """True at the right class of each sample, of the shape of `scores`."""
    shape = np.shape(scores)
    if not shape or np.shape(labels) != shape[:-1]:
        raise ShapeError(
            f"labels of shape {np.shape(labels)} do not fit scores of shape {shape}: one label a sample is needed, "
            f"shape {shape[:-1]}."
        )
    if _is_floating(labels):
        raise ShapeError("labels must be whole numbers, the index of the right class; they are floating-point numbers.")
    if isinstance(labels, (int, np.integer, np.ndarray, list, tuple)):
        _require_classes(np.asarray(labels), shape[-1])
        labels = np.asarray(labels)
    return labels[..., None] == np.arange(shape[-1])


def _require_classes(labels: np.ndarray, classes: int) -> None:
    outside = (labels < 0) | (labels >= classes)
    if np.any(outside):
        first = np.argwhere(outside)[0].tolist()
        wrong = int(labels[tuple(first)])
        raise ShapeError(f"label {wrong} at {first} names no class: the classes are 0 to {classes - 1}.")


def _require(targets: Any, allowed: tuple[int, ...], name: str) -> None:
    if isinstance(targets, (int, float, np.ndarray)) and not np.all(np.isin(targets, allowed)):
        raise ShapeError(f"{name}: targets must be {' or '.join(map(str, allowed))}.")


def _is_floating(labels: Any) -> bool:
    dtype = getattr(labels, "dtype", None)
    return np.dtype(dtype).kind == "f" if dtype is not None else isinstance(labels, float)


def _reduced(terms: Any, reduction: str) -> Any:
    if reduction not in REDUCTIONS:
        raise OptionError(f"reduction={reduction!r} does not exist; it is one of {', '.join(REDUCTIONS)}.")
    if reduction == "none":
        return terms
    return np.mean(terms) if reduction == "mean" else np.sum(terms)
