"""Value of a portfolio of European calls by Black and Scholes: one long elementwise expression, summed."""

import math

import numpy as np

from diffcompare.ops.special import ndtr
from diffcompare.problems.problem import Problem, Size, require_size

RATE = 0.05  # a year


def portfolio_value(spot: np.ndarray, volatility: np.ndarray, strike: np.ndarray, years: np.ndarray) -> float:
    """Sum of S Phi(d) - K exp(-r T) Phi(d - sigma sqrt T), d = (ln(S / K) + (r + sigma^2 / 2) T) / (sigma sqrt T).

    Parameters
    ----------
    spot, strike : ndarray, shape (n,)
        Prices of the stock today and in the contract, in one currency.
    volatility : ndarray, shape (n,)
        A year, to the power of a half.
    years : ndarray, shape (n,)
        Until the contract ends.
    """
    spread = volatility * np.sqrt(years)
    upper = (np.log(spot / strike) + (RATE + 0.5 * volatility**2) * years) / spread
    return np.sum(spot * ndtr(upper) - strike * np.exp(-RATE * years) * ndtr(upper - spread))


def portfolio_gradient(
    spot: np.ndarray, volatility: np.ndarray, strike: np.ndarray, years: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Delta, Phi(d), and vega, S phi(d) sqrt T: the other terms cancel."""
    root = np.sqrt(years)
    upper = (np.log(spot / strike) + (RATE + 0.5 * volatility**2) * years) / (volatility * root)
    density = np.exp(-0.5 * upper**2) / math.sqrt(2.0 * math.pi)
    return ndtr(upper), spot * density * root


def options_of(n: Size = 10) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arguments (spot, volatility, strike, years) of n options, from a generator seeded by n."""
    count = require_size(n, "black-scholes")
    uniform = np.random.Generator(np.random.PCG64(count)).uniform
    spot, volatility = uniform(80.0, 120.0, count), uniform(0.1, 0.5, count)
    return spot, volatility, uniform(80.0, 120.0, count), uniform(0.1, 2.0, count)


PROBLEM = Problem(
    name="black-scholes",
    title="Value of a portfolio of European calls",
    formula="sum_i S_i Phi(d_i) - K_i exp(-r T_i) Phi(d_i - sigma_i sqrt T_i)",
    function=portfolio_value,
    point=options_of,
    gradient=portfolio_gradient,
    wrt=(0, 1),
    sizes=(10, 1_000, 10_000, 100_000, 1_000_000),
    tags=("scalable", "elementwise", "finance"),
    source="Black and Scholes 1973, doi:10.1086/260062",
)
