"""What went wrong with a gradient: hypotheses, each held against the directions that were measured anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from diffcompare.analysis.check_entries import Suspect
from diffcompare.analysis.check_line import LineTest

LEFT_OVER = 1e-3  # a hypothesis must explain an error but for this part of it, and its bound
NEAR = 1e-6  # factors this near to 2, to 1/n … are named so; nothing else lies between
LARGEST_FACTOR = 1e6  # a larger one is that of a derivative of zero
SINGLE = 1e-6  # errors of numbers rounded to float32 are smaller


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What was measured: directions D, derivatives along them, and the claim.

    Attributes
    ----------
    directions : ndarray, shape (m, n)
    derivatives, bounds, errors : ndarray, shape (m,)
        Estimated derivative along each direction, how far it may be off, and how far the claim is from it.
    claimed : ndarray, shape (n,)
    blocks : list of slice
        The arguments' parts of the packed gradient.
    shapes : list of tuple
        Their shapes.
    names : list of str
        Their names.
    entries : list of Suspect
        Wrong entries.
    complete : bool
        Whether `entries` are all the wrong entries.
    lengths : set of int
        Sizes of arguments and of their axes, data included.
    """

    directions: np.ndarray
    derivatives: np.ndarray
    bounds: np.ndarray
    errors: np.ndarray
    claimed: np.ndarray
    blocks: list[slice]
    shapes: list[tuple[int, ...]]
    names: list[str]
    entries: list[Suspect]
    complete: bool
    lengths: set[int]

    @classmethod
    def of(cls, tests: Sequence[LineTest], **known: object) -> Evidence:
        """From the directions that have an estimate."""
        usable = [test for test in tests if np.isfinite(test.bound)]
        return cls(
            directions=np.array([test.direction for test in usable]),
            derivatives=np.array([test.derivative for test in usable]),
            bounds=np.array([test.bound for test in usable]),
            errors=np.array([abs(test.error) for test in usable]),
            **known,  # type: ignore[arg-type]
        )

    def explains(self, gradient: np.ndarray) -> bool:
        """Whether this would be right along every direction that was measured."""
        if not np.all(np.isfinite(gradient)):
            return False
        left = np.abs(self.derivatives - self.directions @ gradient)
        return bool(np.all(left <= self.bounds + LEFT_OVER * self.errors))


def likely_fault(evidence: Evidence) -> str:
    """The first hypothesis that explains every measured direction, in words; empty if none does."""
    if not len(evidence.derivatives):
        return ""
    for hypothesis in HYPOTHESES:
        words = hypothesis(evidence)
        if words:
            return words
    return ""


def _whole_factor(evidence: Evidence) -> str:
    plain = [-1.0, 2.0, 0.5, *(power for length in sorted(evidence.lengths - {1, 2}) for power in (length, 1 / length))]
    for factor in (*plain, _factor(evidence.directions @ evidence.claimed, evidence)):
        if 0.0 < abs(factor) < LARGEST_FACTOR and evidence.explains(evidence.claimed / factor):
            return in_words("the gradient", factor, evidence.lengths)
    return ""


def _factor(along: np.ndarray, evidence: Evidence) -> float:
    """Claimed over right, by least squares weighted with the bounds."""
    largest = float(np.max(np.abs(evidence.derivatives)))  # the unit in which squares neither overflow nor vanish
    if not largest:
        return 0.0
    least = max(float(np.min(evidence.bounds)), np.finfo(np.float64).eps * largest)
    weight = (least / np.maximum(evidence.bounds, least)) ** 2
    below = float(np.sum(weight * (along / largest) * (evidence.derivatives / largest)))
    return float(np.sum(weight * (along / largest) ** 2)) / below if below else 0.0


def in_words(what: str, factor: float, lengths: set[int]) -> str:
    """What a factor between claimed and right gradient says."""
    if _near(factor, 1.0):
        return f"{what} is {factor:.10g} times the right one"
    if _near(factor, -1.0):
        return f"{what} has the wrong sign"
    if _near(factor, 2.0) or _near(factor, 0.5):
        return f"{what} is {'twice' if factor > 1 else 'half'} the right one: a factor of 2"
    for length in sorted(lengths - {1, 2}):
        if _near(factor, length) or _near(factor, 1 / length):
            words = "a sum in place of a mean" if factor > 1 else "a mean in place of a sum"
            times = f"{length} times" if factor > 1 else f"1/{length} of"
            return f"{what} is {times} the right one, as by {words} over {length} entries"
    return f"{what} is {factor:.7g} times the right one"


def _near(value: float, target: float) -> bool:
    return abs(value - target) <= NEAR * abs(target)


def _single_precision(evidence: Evidence) -> str:
    claimed = evidence.claimed
    terms = np.abs(evidence.directions) @ np.abs(claimed)
    with np.errstate(over="ignore"):
        rounded = np.array_equal(claimed.astype(np.float32).astype(np.float64), claimed)
    if rounded and np.all(evidence.errors <= SINGLE * terms + evidence.bounds):
        return "the gradient was computed in, or rounded to, single precision (float32)"
    return ""


def _other_orders(evidence: Evidence) -> str:
    for words, gradient in _rearranged(evidence):
        if not np.array_equal(gradient, evidence.claimed) and evidence.explains(gradient):
            return words
    return ""


def _rearranged(evidence: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    claimed = evidence.claimed
    for name, block, shape in zip(evidence.names, evidence.blocks, evidence.shapes, strict=True):
        part = claimed[block].reshape(shape)
        if len(shape) == 2 and shape[0] == shape[1] > 1:
            yield f"the gradient of {name} is transposed", _with(claimed, block, part.T)
        if len(shape) == 2 and shape[0] != shape[1] and min(shape) > 1:
            turned = part.reshape(shape[::-1]).T
            yield f"the gradient of {name} is transposed, and was reshaped to fit", _with(claimed, block, turned)
        if shape == (2,):
            yield f"the two entries of {name} are swapped", _with(claimed, block, part[::-1])
        for axis in range(len(shape)):
            for shift in (1, -1):
                yield (
                    f"the gradient of {name} is shifted by one along axis {axis}: off by one",
                    _with(claimed, block, np.roll(part, shift, axis)),
                )
            if shape[axis] > 2:
                yield f"the gradient of {name} is in reverse order", _with(claimed, block, np.flip(part, axis))
    for first in range(len(evidence.blocks)):
        for second in range(first + 1, len(evidence.blocks)):
            if evidence.shapes[first] == evidence.shapes[second]:
                one, other = evidence.blocks[first], evidence.blocks[second]
                swapped = _with(_with(claimed, one, claimed[other]), other, claimed[one])
                yield f"the gradients of {evidence.names[first]} and {evidence.names[second]} are swapped", swapped


def _with(claimed: np.ndarray, block: slice, part: np.ndarray) -> np.ndarray:
    changed = claimed.copy()
    changed[block] = np.ravel(part)
    return changed


def _constant_offset(evidence: Evidence) -> str:
    """Right minus claimed is one number everywhere."""
    if len(evidence.claimed) < 2 or evidence.complete and len(evidence.entries) < len(evidence.claimed):
        return ""
    along = evidence.directions.sum(axis=1)
    missing = evidence.derivatives - evidence.directions @ evidence.claimed
    offset = float(along @ missing) / float(along @ along)
    if offset and len(along) > 1 and evidence.explains(evidence.claimed + offset):
        return f"a constant was added: every entry is {-offset:.7g} too large"
    return ""


def _zero(evidence: Evidence) -> str:
    if np.all(np.abs(evidence.derivatives) <= evidence.bounds):
        return "every derivative is 0 here, and the claim is not"
    return ""


def _one_argument(evidence: Evidence) -> str:
    """One argument's part has a factor, and the others are right."""
    if len(evidence.blocks) < 2:
        return ""
    for name, block in zip(evidence.names, evidence.blocks, strict=True):
        along = evidence.directions[:, block] @ evidence.claimed[block]
        others = evidence.directions @ evidence.claimed - along
        left = evidence.derivatives - others
        below = float(along @ left)
        factor = float(along @ along) / below if below else 0.0
        right = evidence.claimed[block] / (factor or np.inf)
        if 0.0 < abs(factor) < LARGEST_FACTOR and evidence.explains(_with(evidence.claimed, block, right)):
            return in_words(f"the gradient of {name} alone", factor, evidence.lengths)
    return ""


def _shifted_without_end(evidence: Evidence) -> str:
    """Neighbours' entries, but for the end, where there is no neighbour."""
    right = _right(evidence)
    for name, block, shape in zip(evidence.names, evidence.blocks, evidence.shapes, strict=True):
        if len(shape) != 1 or shape[0] < 3 or not evidence.complete:
            continue
        known, claimed = right[block], evidence.claimed[block]
        for shift, words in ((1, "before"), (-1, "after")):
            moved = claimed[1:] if shift == 1 else claimed[:-1]
            there = known[:-1] if shift == 1 else known[1:]
            if np.ptp(there) > 0 and np.allclose(moved, there, rtol=LEFT_OVER, atol=0.0):
                return f"the gradient of {name} is shifted by one, each entry is that of the one {words} it: off by one"
    return ""


def _right(evidence: Evidence) -> np.ndarray:
    right = evidence.claimed.copy()
    for suspect in evidence.entries:
        right[suspect.number] += suspect.error
    return right


def _entries(evidence: Evidence) -> str:
    """What the wrong entries have in common, where they are known."""
    if not evidence.entries or not evidence.complete:
        return ""
    numbers = [suspect.number for suspect in evidence.entries]
    claimed, right = evidence.claimed[numbers], _right(evidence)[numbers]
    bounds = np.array([suspect.bound for suspect in evidence.entries])
    count = len(numbers)
    what = "one entry" if count == 1 else f"each of {count} entries"
    if np.all(claimed == 0.0):
        return f"{what} is claimed to be 0 and is not: a term was dropped, or detached"
    if np.all(np.abs(right) <= bounds):
        return f"{what} should be 0: a term too many, or the wrong branch"
    if count == 2 and np.allclose(claimed, right[::-1], rtol=LEFT_OVER, atol=0.0):
        return "two entries are swapped"
    factors = claimed / np.where(right == 0.0, np.nan, right)
    if np.all(np.abs(factors - factors[0]) <= LEFT_OVER * abs(factors[0] - 1.0) + 2.0 * bounds / np.abs(right)):
        return in_words(what, _rounded(float(factors[0]), float(np.max(bounds / np.abs(right)))), evidence.lengths)
    return ""


def _rounded(factor: float, bound: float) -> float:
    """The nearest plain factor within the bound, else the factor."""
    plain = min((-1.0, 2.0, 0.5), key=lambda candidate: abs(candidate - factor))
    return plain if abs(plain - factor) <= max(bound, NEAR) else factor


HYPOTHESES: tuple[Callable[[Evidence], str], ...] = (
    _single_precision, _whole_factor, _other_orders, _one_argument, _constant_offset, _zero,
    _shifted_without_end, _entries,
)  # fmt: skip
