"""Stand-ins until the operations land."""

import numpy as np


def logsumexp(x, axis=None):
    m = np.max(x, axis=axis, keepdims=True)
    r = np.log(np.sum(np.exp(x - m), axis=axis, keepdims=True)) + m
    return np.squeeze(r, axis=axis) if axis is not None else r.ravel()[0]


def log_softmax(x, axis=-1):
    return x - np.expand_dims(logsumexp(x, axis=axis), axis)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0.0)


def stop_gradient(x):
    return x
