"""Random mini-batches of arrays that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from diffcompare.errors import OptionError, ShapeError


def minibatches(
    *arrays: Any, size: int, generator: np.random.Generator | int = 0, drop_last: bool = False
) -> Iterator[tuple[np.ndarray, ...]]:
    """Endless batches: each pass over the samples takes them in a new random order.

    Parameters
    ----------
    *arrays : array
        Samples along the first axis, as many in each.
    size : int
        Samples in a batch.
    generator : numpy.random.Generator or int, default 0
        Where the order comes from; a number seeds a new one.
    drop_last : bool, default False
        Whether the smaller batch at the end of a pass is left out.

    Yields
    ------
    tuple of ndarray
        The same rows of every array.

    Raises
    ------
    ShapeError
        If the arrays have not as many samples.
    OptionError
        If `size` does not lie between 1 and the number of samples.

    Examples
    --------
    >>> import itertools
    >>> batches = minibatches(np.arange(5), size=2, generator=1)
    >>> sorted(int(i) for (batch,) in itertools.islice(batches, 3) for i in batch)
    [0, 1, 2, 3, 4]
    """
    data = [np.asarray(array) for array in arrays]
    counts = {len(array) if array.ndim else 0 for array in data}
    if len(counts) != 1:
        raise ShapeError(f"the arrays need as many samples each along their first axis; they have {sorted(counts)}.")
    (count,) = counts
    if not 1 <= size <= count:
        raise OptionError(f"size={size!r} must lie between 1 and the number of samples, {count}.")
    random = np.random.default_rng(generator) if isinstance(generator, (int, np.integer)) else generator
    return _passes(data, count, size, random, drop_last)


def _passes(
    data: list[np.ndarray], count: int, size: int, random: np.random.Generator, drop_last: bool
) -> Iterator[tuple[np.ndarray, ...]]:
    end = count - size + 1 if drop_last else count
    while True:
        order = random.permutation(count)
        for start in range(0, end, size):
            rows = order[start : start + size]
            yield tuple(array[rows] for array in data)
