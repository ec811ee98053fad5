"""How far two runs of the same code lie apart: what a change of time must exceed to be one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from diffcompare.bench.session import BASELINES, Row

Key = tuple[str, str, str, str]  # problem, point, data type, method
BEYOND = 4.0  # standard deviations of the scatter between the runs
LEAST_RECORDS, LEAST_CASES = 8, 4  # below which a scatter between runs is not estimated
DOUBT = 0.001  # that the undisturbed time of a call is below the bound of `undisturbed`
NORMAL = 1.4826  # standard deviation of a normal distribution over its median absolute deviation


def undisturbed(samples: Sequence[float]) -> float:
    """Lower confidence bound of the time a call takes when nothing disturbs it.

    Disturbances lengthen samples. With delays of an exponential distribution above a threshold, the bound is
    ``min - (mean - min) (DOUBT**(-1/(n-1)) - 1)`` [1]_: few samples, or samples that scatter, prove little.

    Parameters
    ----------
    samples : sequence of float
        Seconds a call.

    Returns
    -------
    float
        Seconds; 0 where the samples prove nothing, as fewer than three do.

    References
    ----------
    .. [1] Epstein and Sobel 1954, "Some theorems relevant to life testing from an exponential distribution",
       doi:10.1214/aoms/1177728793: the excess of the minimum over the threshold and the sum of the excesses over the
       minimum are independent; their ratio has an F distribution with 2 and 2 n - 2 degrees of freedom.

    Examples
    --------
    >>> round(undisturbed([1.0, 1.02, 1.04] * 7), 4)
    0.9917
    >>> undisturbed([1.0, 2.0, 4.0])
    0.0
    """
    count = len(samples)
    if count < 3:
        return 0.0
    least = min(samples)
    excess = math.fsum(samples) / count - least
    return max(0.0, least - excess * (DOUBT ** (-1.0 / (count - 1)) - 1.0))


@dataclass(frozen=True, slots=True)
class Shortest:
    """The shortest samples of two runs, compared.

    Attributes
    ----------
    factor : float
        New over old, relative to the baseline that makes the change smaller; 1 where the baselines disagree on its
        direction.
    slower, faster : bool
        Whether the samples prove a change in that direction, see `undisturbed`.
    """

    factor: float
    slower: bool
    faster: bool


@dataclass(frozen=True, slots=True)
class Noise:
    """What two runs tell about the scatter between them.

    Attributes
    ----------
    raw : dict
        For each record timed in both runs, the logarithm of the new shortest sample over the old.
    scatter : float
        Standard deviation of such a logarithm, relative to the baselines, between records that did not change: by
        median absolute deviations of methods and of baselines, so that the changed ones do not count. 0 where the runs
        have too few records to tell.
    """

    raw: dict[Key, float]
    scatter: float

    @property
    def least_factor(self) -> float:
        """The smallest change of time that is not explained by the scatter."""
        return math.exp(BEYOND * self.scatter)

    def shortest(self, old: Mapping[Key, Row], new: Mapping[Key, Row], key: Key) -> Shortest | None:
        """What the shortest samples of a record say; None where it or its baselines were not timed in both runs."""
        bases = _bases(self.raw, key)
        if key not in self.raw or not bases:
            return None
        changes = [self.raw[key] - base for base in bases]
        change = min(changes, key=abs) if min(changes) > 0 or max(changes) < 0 else 0.0
        machine = math.exp(self.raw[key] - change)
        before, after = old[key].samples, new[key].samples
        return Shortest(
            factor=math.exp(change),
            slower=undisturbed(after) > machine * min(before),
            faster=undisturbed(before) * machine > min(after),
        )


def noise_between(old: Mapping[Key, Row], new: Mapping[Key, Row]) -> Noise:
    """The scatter between two runs."""
    both = [key for key in old if key in new and old[key].samples and new[key].samples]
    raw = {key: math.log(min(new[key].samples) / min(old[key].samples)) for key in both}
    methods = [
        raw[key] - float(np.mean(_bases(raw, key))) for key in both if key[3] not in BASELINES and _bases(raw, key)
    ]
    cases = {key[:3]: float(np.mean(_bases(raw, key))) for key in both if _bases(raw, key)}
    scatter = math.hypot(_deviation(methods, LEAST_RECORDS), _deviation(list(cases.values()), LEAST_CASES))
    return Noise(raw, scatter)


def _bases(raw: Mapping[Key, float], key: Key) -> list[float]:
    return [raw[*key[:3], name] for name in BASELINES if (*key[:3], name) in raw]


def _deviation(values: Sequence[float], least: int) -> float:
    """Robust standard deviation; 0 for fewer than `least` values."""
    if len(values) < least:
        return 0.0
    return NORMAL * float(np.median(np.abs(np.subtract(values, np.median(values)))))
