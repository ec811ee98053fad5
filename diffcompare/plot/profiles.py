"""Numbers behind pictures of runs: performance profiles, exponents of growth, options in the names of methods."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass

import numpy as np

from diffcompare.methods import METHODS, PEERS, resolve

NUMERIC = ("order", "step", "levels", "ratio")  # options along which a line joins variants of one method


def profile_steps(cases: Iterable[Mapping[str, float]], method: str, largest: float) -> tuple[list[float], list[float]]:
    """Corners of a method's performance profile [1]_.

    Parameters
    ----------
    cases : iterable of mapping
        For each case, the seconds of every method that solved it.
    method : str
        Whose profile.
    largest : float
        Ratio at which the line ends.

    Returns
    -------
    ratios, shares : list of float
        The share of the cases that the method solved within a ratio of the fastest; from ratio 1 on, constant between
        corners. A case that no method solved counts as one.

    References
    ----------
    .. [1] Dolan and Moré 2002, "Benchmarking optimization software with performance profiles",
       doi:10.1007/s101070100263.

    Examples
    --------
    >>> profile_steps([{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 1.0}], "a", 10.0)
    ([1.0, 1.0, 3.0, 10.0], [0.0, 0.5, 1.0, 1.0])
    """
    every = list(cases)
    ratios = sorted(case[method] / min(case.values()) for case in every if method in case)
    x, y = [1.0], [0.0]
    for number, value in enumerate(ratios, start=1):
        if value <= largest:
            x.append(value)
            y.append(number / len(every))
    return [*x, largest], [*y, y[-1]]


def share_within(ratios: Sequence[float], shares: Sequence[float], ratio: float) -> float:
    """Value of a profile at a ratio.

    Examples
    --------
    >>> share_within([1.0, 1.0, 3.0, 10.0], [0.0, 0.5, 1.0, 1.0], 2.0)
    0.5
    """
    return max((share for at, share in zip(ratios, shares, strict=True) if at <= ratio), default=0.0)


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float | None:
    """Exponent of a power law through the larger half of the sizes, by least squares of logarithms; None below two.

    Examples
    --------
    >>> round(exponent([1, 10, 100, 1000], [5.0, 6.0, 60.0, 600.0]), 12)
    1.0
    """
    start = min(len(sizes) // 2, len(sizes) - 2)
    if start < 0 or len(set(sizes[start:])) < 2:
        return None
    return float(np.polyfit(np.log(sizes[start:]), np.log(times[start:]), 1)[0])


def geometric_mean(values: Sequence[float]) -> float:
    """Geometric mean of positive numbers.

    Examples
    --------
    >>> round(geometric_mean([1.0, 100.0]), 12)
    10.0
    """
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def family(label: str) -> str:
    """The method that a label names, without the options in brackets.

    Examples
    --------
    >>> family("central-difference (order=4)")
    'central-difference'
    """
    return label.partition(" (")[0]


def variants(labels: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Methods that a run holds in several variants, each with its labels in the order of the option that varies.

    Parameters
    ----------
    labels : sequence of str
        Names of methods as records have them.

    Returns
    -------
    dict of str to list of (str, str)
        Method to its labels and what sets them apart. Variants that differ in more than one option, or in one that is
        no number, are not in line with each other and left out.

    Examples
    --------
    >>> variants(["reverse", "central-difference", "central-difference (order=4)"])
    {'central-difference': [('central-difference', 'order 2'), ('central-difference (order=4)', 'order 4')]}
    """
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(family(label), []).append(label)
    found = {}
    for name, members in groups.items():
        given = {label: dict(re.findall(r"(\w+)=([^,)]+)", label.partition(" (")[2])) for label in members}
        varied = {option for options in given.values() for option in options}
        if len(members) > 1 and len(varied) == 1 and varied <= set(NUMERIC):
            (option,) = varied
            values = {label: _number(options.get(option) or _usual(name, option)) for label, options in given.items()}
            if None not in values.values():
                in_order = sorted(members, key=lambda label: values[label] or 0.0)
                found[name] = [(label, f"{option} {values[label]:g}") for label in in_order]
    return found


def _usual(method: str, option: str) -> str:
    """What an option is by default, as text; empty where that is not known."""
    usual = resolve(method) if method in METHODS and method not in PEERS else None
    if usual is None or not is_dataclass(usual):
        return ""
    return next((str(getattr(usual, f.name)) for f in fields(usual) if f.name == option), "")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
