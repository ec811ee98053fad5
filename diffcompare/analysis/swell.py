"""How many operations a derivative takes, form by form: expression swell, and what does not swell."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.analysis.printing import Printable, keep
from diffcompare.analysis.records import plain, to_json
from diffcompare.analysis.tables import ABSENT, STYLE
from diffcompare.core.arguments import Static, normalise, positions
from diffcompare.core.faces import face
from diffcompare.core.graph import Graph
from diffcompare.core.node import Node, constant
from diffcompare.core.trace import Function, function
from diffcompare.errors import DiffCompareError, OptionError, ShapeError
from diffcompare.transform.pullback import pullback
from diffcompare.transform.pushforward import pushforward
from diffcompare.transform.simplify import simplify

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

# Form -> (short name, what is counted). The first eight are formulas, counted by `sympy.count_ops`.
FORMS: dict[str, tuple[str, str]] = {
    "value": ("value", "the value, written out"),
    "value_shared": ("value, shared", "the value, each common subexpression once"),
    "derivative": ("derivative", "the derivative as sympy.diff leaves it"),
    "derivative_shared": ("derivative, shared", "the derivative, each common subexpression once"),
    "both_shared": ("value and derivative, shared", "value and derivative together, each common subexpression once"),
    "expanded": ("derivative, expanded", "the derivative multiplied out"),
    "horner": ("derivative, Horner", "the derivative in Horner's form"),
    "factored": ("derivative, factored", "the derivative as a product of factors"),
    "dag": ("symbolic, by operation", "value and derivative, each operation differentiated by SymPy once"),
    "forward": ("forward tape", "value and derivative, forward mode"),
    "reverse": ("reverse tape", "value and derivative, reverse mode"),
}
SECONDS = 10.0
MOST_STATEMENTS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Swell(Printable):
    """Operations of a function and of its derivatives, for one function or for each member of a family.

    Attributes
    ----------
    name : str
        What was counted.
    records : list of dict
        One a member: ``size`` (None for a single function), a count for each of `FORMS` (None where there is none),
        and ``reasons``, a dict that says why a form has no count.

    Examples
    --------
    >>> import diffcompare as dc
    >>> swell = dc.expression_swell("4*x*(1-x)", iterate=range(2, 5))
    >>> swell["derivative"], swell["reverse"]
    ([2, 21, 82], [6, 13, 20])
    """

    name: str
    records: list[dict[str, Any]]

    def __getitem__(self, form: str) -> list[int | None]:
        if form not in FORMS:
            raise OptionError(f"no form is called {form!r}; they are {', '.join(FORMS)}.")
        return [record[form] for record in self.records]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def sizes(self) -> list[Any]:
        """Size of each member."""
        return [record["size"] for record in self.records]

    def reasons(self) -> list[str]:
        """Why forms have no count, one line for each reason."""
        shared: dict[str, dict[str, list[str]]] = {}
        for record in self.records:
            for form, why in record["reasons"].items():
                shared.setdefault(why, {}).setdefault(FORMS[form][0], []).append(str(record["size"]))
        single = self.sizes == [None]
        return [
            "; ".join(form if single else f"{form} at {', '.join(sizes)}" for form, sizes in forms.items()) + f": {why}"
            for why, forms in shared.items()
        ]

    def _cells(self) -> list[list[str]]:
        rows = []
        for form, (title, _) in FORMS.items():
            counts = self[form]
            rows.append([title, *(ABSENT if c is None else f"{c:,}" for c in counts), _growth(counts)])
        return rows if len(self) > 1 else [row[:-1] for row in rows]

    def _heading(self) -> list[str]:
        sizes = ["operations" if size is None else str(size) for size in self.sizes]
        return ["form", *sizes, "last step"] if len(self) > 1 else ["form", *sizes]

    def print_on(self, console: Any) -> None:
        """The table and the reasons below it, on a `rich.console.Console`."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
        for number, heading in enumerate(self._heading()):
            table.add_column(Text(heading), justify="left" if number == 0 else "right", no_wrap=number == 0)
        for row in self._cells():
            table.add_row(*map(Text, row))
        console.print(Text(f"{self.name}: operations\n"))
        console.print(table)
        for line in self.reasons():
            console.print(Text(line))

    def __repr__(self) -> str:
        return f"<Swell of {self.name}: {len(self)} {'size' if len(self) == 1 else 'sizes'}>"

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{html.escape(cell)}</th>" for cell in self._heading())
        rows = "".join(f"<tr>{''.join(f'<td>{html.escape(c)}</td>' for c in row)}</tr>" for row in self._cells())
        below = "<br>".join(map(html.escape, self.reasons()))
        return (
            f'{STYLE}<div class="diffcompare"><b>{html.escape(self.name)}</b>: operations'
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{below}</div>"
        )

    def to_dict(self) -> dict[str, Any]:
        """Name and records in plain dictionaries, lists, numbers and texts."""
        return plain({"name": self.name, "records": self.records})

    def to_json(self, path: str | Path | None = None) -> str:
        """JSON text of `to_dict`, also written to `path` if one is given."""
        return keep(to_json(self.to_dict()), path)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row a size and the forms as columns."""
        import pandas

        return pandas.DataFrame([{k: v for k, v in r.items() if k != "reasons"} for r in self.records])

    def plot(self, axes: Any = None) -> Figure:
        """Operations against size, one line a form; bars for a single function.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        """
        return face("plot_swell")(self, axes)


def _growth(counts: Sequence[int | None]) -> str:
    """How much larger the last count is than the one before."""
    before, last = counts[-2:] if len(counts) > 1 else (None, None)
    return ABSENT if not before or not last else f"× {last / before:.2f}"


def expression_swell(
    f: Any,
    sizes: Iterable[int] | None = None,
    *,
    at: Any = None,
    iterate: Iterable[int] | None = None,
    wrt: int | Sequence[int] | None = None,
    seconds: float = SECONDS,
) -> Swell:
    """Operations of a function and of its derivatives, in every form that they can be written or computed in.

    Parameters
    ----------
    f : callable, Function, text or SymPy expression
        Gives a scalar. With `sizes`, a family: ``f(n)`` gives the function of size n.
    sizes : iterable of int, optional
        Members of the family to count.
    at : tuple, float or array, optional
        Arguments, of which only the shapes matter; by default every argument is a number.
    iterate : iterable of int, optional
        Count the iterates of a function of one number instead: l_1 = x, l_n = f(l_{n-1}), for these n.
    wrt : int or sequence of int, optional
        Positions of the arguments to differentiate; by default all. Several derivatives are counted together.
    seconds : float, default 10
        How long SymPy may take to write one form; beyond it the form has a reason instead of a count.

    Returns
    -------
    Swell
        See there. Tapes are counted after simplification: an elementwise operation counts its elements, a reduction
        the elements it takes less those it gives, any other operation that computes the elements it takes.

    Raises
    ------
    OptionError
        If both `sizes` and `iterate` are given.
    ShapeError
        If the value is not a scalar.

    References
    ----------
    Baydin, Pearlmutter, Radul and Siskind 2018, JMLR 18(153), table 1.

    Examples
    --------
    >>> import diffcompare as dc
    >>> dc.expression_swell("x*exp(y)")["derivative"]
    [3]
    """
    if sizes is not None and iterate is not None:
        raise OptionError("give `sizes`, for a family of functions, or `iterate`, for one function; not both.")
    if sizes is not None:
        members: list[tuple[int | None, Function]] = [(n, function(f(n))) for n in sizes]
        name = f"family {f.__name__}" if getattr(f, "__name__", "<lambda>") != "<lambda>" else "family"
    elif iterate is not None:
        one = function(f)
        members = [(n, function(_iterated(one, n))) for n in iterate]
        name = f"iterates of {f if isinstance(f, str) else one.__name__}"
    else:
        members = [(None, function(f))]
        name = f if isinstance(f, str) else members[0][1].__name__
    return Swell(name, [{"size": size, **_count(member, at, wrt, seconds)} for size, member in members])


def _iterated(f: Function, n: int) -> Callable[[Any], Any]:
    if n < 1:
        raise OptionError(f"iterate={n} does not exist: the first iterate, 1, is the argument itself.")

    def iterate(x: Any) -> Any:
        for _ in range(n - 1):
            x = f(x)
        return x

    return iterate


def _count(f: Function, at: Any, wrt: int | Sequence[int] | None, seconds: float) -> dict[str, Any]:
    from diffcompare.lower.sympy_counts import statements, written_out

    graph, where = _graph(f, at, wrt)
    counts, reasons = written_out(graph, where, seconds)
    tapes: dict[str, Callable[[], int]] = {
        "dag": lambda: statements(graph, where, MOST_STATEMENTS),
        "forward": lambda: operations(forward_tape(graph, where)),
        "reverse": lambda: operations(simplify(pullback(graph, where))),
    }
    for form, count in tapes.items():
        try:
            counts[form] = count()
        except DiffCompareError as error:
            reasons[form] = str(error).splitlines()[0]
    return {**{form: counts.get(form) for form in FORMS}, "reasons": reasons}


def _graph(f: Function, at: Any, wrt: int | Sequence[int] | None) -> tuple[Graph, tuple[int, ...]]:
    given = (1.0,) * len(f.names) if at is None else at if isinstance(at, tuple) else (at,)
    where = positions(wrt, len(given))
    args = normalise(given, where)
    graph = f.graph(args)
    if graph.output.shape != ():
        raise ShapeError(f"expression_swell needs a scalar value, but its shape is {graph.output.shape}.")
    dynamic = [i for i, a in enumerate(args) if not isinstance(a, Static)]
    return graph, tuple(dynamic.index(i) for i in where)


def forward_tape(graph: Graph, wrt: Sequence[int]) -> Graph:
    """Value and one derivative for each scalar input in `wrt`, or a tangent along all of them where one is an array."""
    if any(graph.inputs[i].shape for i in wrt):
        return simplify(pushforward(graph, tuple(wrt)))
    one = constant(1.0)
    tangents = [pushforward(graph, (i,)).replay((*graph.inputs, one))[1] for i in wrt]
    return simplify(Graph(graph.inputs, (graph.output, *tangents)))


def operations(graph: Graph) -> int:
    """Scalar operations that a graph computes; see `expression_swell` for what counts."""
    return sum(_operations(node) for node in graph.nodes if node.args)


def _operations(node: Node) -> int:
    if node.op.kind == "elementwise":
        return int(np.prod(node.shape, dtype=int))
    if node.op.kind == "shape":
        return 0
    taken = sum(a.size for a in node.args)
    return max(0, taken - node.size) if node.op.kind == "reduction" else taken
