"""What a comparison tells of methods that ran on a CUDA device, and from which size on the device is ahead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from diffcompare.errors import DiffCompareError
from diffcompare.lower.cuda_measure import measure


def device_note(program: Any, args: Sequence[Any]) -> tuple[str, float | None]:
    """A line on kernels, copies and bytes a second, and the seconds of the kernels; None where no device ran them."""
    if program.device.simulated:
        return "ran in Numba's CUDA simulator: its times say nothing about a device", None
    try:
        found = measure(program, args)
    except DiffCompareError as error:
        return f"the device was not measured: {str(error).splitlines()[0]}", None
    return str(found), found.kernel_s


def crossover(sizes: Sequence[float], before: Sequence[float | None], after: Sequence[float | None]) -> float | None:
    """The size from which on `after` is faster than `before`, as far as was measured.

    Between two sizes both times follow power laws, as on logarithmic axes.

    Parameters
    ----------
    sizes : sequence of float
        In rising order.
    before, after : sequence of float or None
        Seconds at each size; None where there is no time.

    Returns
    -------
    float or None
        None where `after` is not faster at the largest size that both have; 0 where it is faster at every size.

    Examples
    --------
    >>> round(crossover([10, 1000], [1e-6, 1e-4], [1e-5, 1e-5]), 6)
    100.0
    """
    known = [
        (math.log(size), math.log(a) - math.log(b))
        for size, b, a in zip(sizes, before, after, strict=True)
        if a is not None and b is not None and a > 0 and b > 0 and size > 0
    ]
    if not known or known[-1][1] >= 0:
        return None
    for (left, slower), (right, faster) in zip(reversed(known[:-1]), reversed(known[1:]), strict=True):
        if slower >= 0:
            return math.exp(left + (right - left) * slower / (slower - faster))
    return 0.0


def crossover_words(name: str, other: str, size: float | None, what: str) -> str:
    """One line: from which size on `name` is ahead of `other`."""
    if size is None:
        return f"{name} is not ahead of {other} {what} at any size measured"
    if not size:
        return f"{name} is ahead of {other} {what} at every size measured"
    return f"{name} is ahead of {other} {what} from size {size:,.0f} on"
