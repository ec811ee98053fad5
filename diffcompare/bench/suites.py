"""What `benchmark` measures: named suites of problems at some of their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffcompare import problems
from diffcompare.analysis.timing import Budget
from diffcompare.errors import OptionError
from diffcompare.problems.problem import Problem, Size, require_known

BRIEF = Budget(sample_s=0.001, rounds=40, each_s=0.12, least_rounds=10)  # short samples fit between interruptions
USUAL = Budget(sample_s=0.01, rounds=20, each_s=0.3, least_rounds=5)


@dataclass(frozen=True, slots=True)
class Suite:
    """A named choice of problems and sizes.

    Parameters
    ----------
    name : str
        What it is called in a shell.
    title : str
        One line that says what it is for.
    cases : tuple of (str, tuple of int or str)
        Names of problems, each with its sizes; no sizes means all that the problem lists.
    budget : Budget
        How long each contender is measured.
    """

    name: str
    title: str
    cases: tuple[tuple[str, tuple[Size, ...]], ...]
    budget: Budget = USUAL


@dataclass(frozen=True, slots=True)
class Case:
    """One problem at one size in one data type.

    Attributes
    ----------
    problem : Problem
        What is differentiated.
    point : int or str
        Which of the problem's sizes.
    dtype : str
        "float64" or "float32": the type of the arguments that are floating-point numbers.
    """

    problem: Problem
    point: Size
    dtype: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Problem, point and data type as texts, unique in a run."""
        return (self.problem.name, str(self.point), self.dtype)

    def __str__(self) -> str:
        dtype = "" if self.dtype == "float64" else f", {self.dtype}"
        return f"{self.problem.name} ({self.point}{dtype})"


def _tagged(*tags: str) -> tuple[tuple[str, tuple[Size, ...]], ...]:
    """Every problem that carries one of the tags, at all its sizes."""
    return tuple((name, ()) for name, p in problems.PROBLEMS.items() if set(tags) & set(p.tags))


def suites() -> dict[str, Suite]:
    """The suites by name, from the shortest to the longest.

    Examples
    --------
    >>> from diffcompare.bench.suites import suites
    >>> list(suites())
    ['quick', 'classic', 'nist', 'adbench', 'scaling', 'learning', 'all']
    """
    quick: tuple[tuple[str, tuple[Size, ...]], ...] = (
        ("product-of-sum", ()),
        ("staged-circuit", ()),
        ("softmax-cross-entropy", ()),
        ("logistic-map", (4,)),
        ("rosenbrock", (10, 100)),
        ("helmholtz", (8,)),
        ("nist-rat42", ("start2",)),
        ("gmm", ("test",)),
    )
    found = (
        Suite("quick", "a first look: eight problems, under a minute", quick, BRIEF),
        Suite("classic", "circuits, losses, optimisation", _tagged("circuit", "loss", "optimisation", "trace")),
        Suite("nist", "regressions of the NIST reference data sets", _tagged("nist")),
        Suite("adbench", "ADBench's problems on its own data", _tagged("adbench")),
        Suite("scaling", "problems of growing size", _tagged("scalable")),
        Suite("learning", "losses, regressions and networks", _tagged("machine-learning", "loss", "regression")),
        Suite("all", "every problem at every size", tuple((name, ()) for name in problems.names())),
    )  # fmt: skip
    return {suite.name: suite for suite in found}


def suite_of(asked: str | Suite | Sequence[str | Problem]) -> Suite:
    """The suite of a name, or one made of the given problems.

    Raises
    ------
    UnknownNameError
        If no suite or problem has that name; the nearest names are told.
    """
    if isinstance(asked, Suite):
        return asked
    if isinstance(asked, str):
        known = suites()
        require_known(asked, tuple(known), "suite")
        return known[asked]
    names = tuple((p if isinstance(p, str) else p.name, ()) for p in asked)
    return Suite("chosen", "problems chosen by name", names)


def cases_of(
    suite: Suite,
    names: Sequence[str] | None,
    sizes: Sequence[Size] | None,
    dtypes: Sequence[str],
    own: Sequence[Problem] = (),
) -> list[Case]:
    """The cases of a suite, narrowed to some problems and sizes.

    Parameters
    ----------
    suite : Suite
        Where the cases come from.
    names : sequence of str or None
        Problems wanted, also such that the suite lacks; None is all of the suite's.
    sizes : sequence of int or str or None
        Sizes wanted, of each problem that has them; None is those of the suite. A number that a problem does not list
        is tried where the problem's sizes are numbers.
    dtypes : sequence of str
        Data types.
    own : sequence of Problem
        Problems that are not registered, by which the suite's names are looked up first.

    Raises
    ------
    UnknownNameError
        If a problem does not exist.
    OptionError
        If none of the problems has one of the sizes, or a data type is not supported.
    """
    for dtype in dtypes:
        if dtype not in ("float64", "float32"):
            raise OptionError(f"dtype {dtype!r} is not supported; it is float64 or float32.")
    mine = {p.name: p for p in own}
    chosen = dict(suite.cases)
    if names is not None:
        chosen = {name: chosen.get(name, ()) for name in names}
    found = []
    taken: set[str] = set()
    for name, usual in chosen.items():
        problem = mine[name] if name in mine else problems.get(name)
        for point in _points(problem, usual, sizes):
            taken.add(str(point))
            found += [Case(problem, point, dtype) for dtype in dtypes]
    lost = [str(size) for size in sizes or () if str(size) not in taken]
    if lost:
        every = sorted({str(s) for name in chosen for s in (mine.get(name) or problems.get(name)).sizes})
        raise OptionError(f"no chosen problem has the size {', '.join(lost)}; sizes here: {', '.join(every[:20])}.")
    return found


def _points(problem: Problem, usual: Sequence[Size], sizes: Sequence[Size] | None) -> list[Size]:
    if sizes is None:
        return list(usual or problem.sizes)
    listed = {str(size): size for size in problem.sizes}
    scales = all(isinstance(size, int) for size in problem.sizes)
    found: list[Size] = []
    for size in sizes:
        if str(size) in listed:
            found.append(listed[str(size)])
        elif scales and isinstance(size, int):
            found.append(size)
    return found
