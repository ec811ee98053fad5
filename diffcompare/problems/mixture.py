"""Log posterior of a Gaussian mixture, ADBench's GMM, and its gradient by hand.

With Q_k lower triangular, its diagonal exp(q_k) and its strict lower triangle l_k filled column by column::

    f = -n D/2 ln(2 pi) + sum_i LSE_k(alpha_k + sum_d q_kd - |Q_k (x_i - mu_k)|^2 / 2) - n LSE(alpha) + s P
    P = sum_k [gamma^2/2 (|exp q_k|^2 + |l_k|^2) - m sum_d q_kd] - K C
    C = N D (ln gamma - ln(2)/2) - ln Gamma_D(N/2),   N = D + m + 1

ADBench adds the prior (s = 1); GradBench subtracts it (s = -1), which makes f a log posterior.

References
----------
Srajer, Kukelova and Fitzgibbon, *A benchmark of selected algorithmic differentiation tools on some problems in computer
vision and machine learning*, Optim. Methods Softw. 33 (2018), doi:10.1080/10556788.2018.1435651.
"""

import math

import numpy as np

from diffcompare.ops.statistics import logsumexp

Mixture = tuple[np.ndarray, np.ndarray, np.ndarray]


def factor_index(dimension: int) -> np.ndarray:
    """Where each entry of Q lies in the row (exp q, l, 0): an integer array of shape (D, D)."""
    columns, rows = np.triu_indices(dimension, k=1)
    index = np.full((dimension, dimension), dimension * (dimension + 1) // 2)
    index[np.arange(dimension), np.arange(dimension)] = np.arange(dimension)
    index[rows, columns] = dimension + np.arange(rows.size)
    return index


def factors(icf: np.ndarray, dimension: int) -> np.ndarray:
    """The matrices Q_k, shape (K, D, D), by one gather instead of assignments."""
    zeros = np.zeros((icf.shape[0], 1))
    packed = np.concatenate((np.exp(icf[:, :dimension]), icf[:, dimension:], zeros), axis=1)
    return packed[:, factor_index(dimension)]


def prior_constant(dimension: int, gamma: float, m: int) -> float:
    """C of the module's formula: ln of the Wishart density's normalisation, for one component."""
    freedom = dimension + m + 1
    log_gamma_d = dimension * (dimension - 1) / 4 * math.log(math.pi)
    log_gamma_d += sum(math.lgamma((freedom + 1 - j) / 2) for j in range(1, dimension + 1))
    return freedom * dimension * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_d


def mixture_objective(
    alpha: np.ndarray,
    means: np.ndarray,
    icf: np.ndarray,
    x: np.ndarray,
    *,
    prior_sign: float,
    gamma: float = 1.0,
    m: int = 0,
) -> float:
    """Log posterior f of the module's formula, for points of shape (n, D)."""
    count, dimension = x.shape
    log_diagonal = icf[:, :dimension]
    lower = icf[:, dimension:]
    whitened = np.matmul(x - means[:, np.newaxis, :], np.swapaxes(factors(icf, dimension), 1, 2))
    sums = np.sum(log_diagonal, axis=1)
    exponents = (alpha + sums)[:, np.newaxis] - 0.5 * np.sum(whitened**2, axis=2)
    likelihood = np.sum(logsumexp(exponents, axis=0)) - count * logsumexp(alpha)
    squares = np.sum(np.exp(2.0 * log_diagonal)) + np.sum(lower**2)
    prior = 0.5 * gamma**2 * squares - m * np.sum(sums)
    constant = 0.5 * count * dimension * math.log(2.0 * math.pi)
    constant += prior_sign * icf.shape[0] * prior_constant(dimension, gamma, m)
    return likelihood + prior_sign * prior - constant


def mixture_gradient(
    alpha: np.ndarray,
    means: np.ndarray,
    icf: np.ndarray,
    x: np.ndarray,
    *,
    prior_sign: float,
    gamma: float = 1.0,
    m: int = 0,
) -> Mixture:
    """Gradient of `mixture_objective` in alpha, means and icf, each in its shape.

    With r_ik the responsibility of component k for point i, d f / d Q_k = -sum_i r_ik Q_k (x_i - mu_k) (x_i - mu_k)^T.
    """
    count, dimension = x.shape
    log_diagonal = icf[:, :dimension]
    q = factors(icf, dimension)
    centred = x - means[:, np.newaxis, :]
    whitened = np.einsum("kij,knj->kni", q, centred)
    exponents = (alpha + log_diagonal.sum(axis=1))[:, np.newaxis] - 0.5 * (whitened**2).sum(axis=2)
    responsibility = _softmax(exponents)
    mass = responsibility.sum(axis=1)
    weighted = responsibility[:, :, np.newaxis] * whitened
    q_bar = -np.einsum("kni,knj->kij", weighted, centred)
    columns, rows = np.triu_indices(dimension, k=1)
    diagonal_bar = np.diagonal(q_bar, axis1=1, axis2=2) * np.exp(log_diagonal) + mass[:, np.newaxis]
    diagonal_bar = diagonal_bar + prior_sign * (gamma**2 * np.exp(2.0 * log_diagonal) - m)
    lower_bar = q_bar[:, rows, columns] + prior_sign * gamma**2 * icf[:, dimension:]
    means_bar = np.einsum("kni,kij->kj", weighted, q)
    return mass - count * _softmax(alpha), means_bar, np.concatenate((diagonal_bar, lower_bar), axis=1)


def _softmax(exponents: np.ndarray) -> np.ndarray:
    """Softmax along the first axis, shifted by the maximum."""
    powers = np.exp(exponents - exponents.max(axis=0))
    return powers / powers.sum(axis=0)
