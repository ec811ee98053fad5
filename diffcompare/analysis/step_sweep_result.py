"""The result of `sweep_steps`: a record a method, type and step; a summary a method and type; what libraries choose."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.analysis.comparison import LEAST_WIDTH, short
from diffcompare.analysis.printing import Printable, keep
from diffcompare.analysis.records import Record, plain, to_json
from diffcompare.analysis.reference import Reference
from diffcompare.analysis.step_tables import LIBRARY_COLUMNS, SUMMARY_COLUMNS, html_table, rich_table
from diffcompare.analysis.tables import STYLE
from diffcompare.core.faces import face

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

FORMAT = 1  # of `to_dict` and `to_json`; raised when a key changes its meaning
# Key -> (unit, meaning) of a record, in the order of the columns.
STEP_FIELDS: dict[str, tuple[str, str]] = {
    "method": ("", "way of differentiating"),
    "order": ("", "power of the step with which the truncation error falls; None if it adapts"),
    "dtype": ("", "data type of arguments and values"),
    "step": ("unit of the argument", "distance h between the point and its neighbours"),
    "estimate": ("unit of the derivative", "what the method gives; None if it did not run"),
    "error": ("unit of the derivative", "distance from the certified derivative; None if there is no number"),
    "relative_error": ("1", "over the size of the derivative; None where that is 0"),
    "predicted_truncation": ("unit of the derivative", "leading term of the truncation error"),
    "predicted_round_off": ("unit of the derivative", "root mean square of the error by rounded values"),
    "status": ("", "ok; inaccurate: x + h is x, so the estimate is 0; failed: not a number; skipped: cannot run"),
    "reason": ("", "why the status is not ok, in words; empty if it is"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class StepSweep(Printable):
    """Errors of numerical derivatives against their step.

    Attributes
    ----------
    records : list of dict
        One a method, data type and step, longest step first; the keys, with units, are those of `STEP_FIELDS`.
    summaries : list of dict
        One a method and data type: best measured and predicted optimum, slopes of both branches; the keys are those of
        `diffcompare.analysis.step_fit.SUMMARY_FIELDS`.
    libraries : list of dict
        The default steps of libraries, with the error each gets here; the keys are those of
        `diffcompare.analysis.library_steps.LIBRARY_FIELDS`.
    references : dict of str to Reference
        The certified derivative (`gradient`) by data type: that of the point as it is representable there.
    problem : str
        Name of the function, or its text.
    at : tuple
        The point: one float or array an argument.
    names : tuple of str
        Name of each argument.
    wrt : tuple of int
        Positions that are differentiated.
    direction : tuple of ndarray
        Of length 1, one entry a position of `wrt`; (1,) for one number.
    notes : tuple of str
        What a reader should know.

    Examples
    --------
    >>> import diffcompare as dc
    >>> sweep = dc.sweep_steps("x**3", at=1.0, methods=["central-difference"], steps=[0.1], dtypes=["float64"])
    >>> f"{sweep.records[0]['error']:.4f}"  # ((1 + h)**3 - (1 - h)**3) / (2 h) - 3 = h**2
    '0.0100'
    """

    records: list[Record]
    summaries: list[Record]
    libraries: list[Record]
    references: dict[str, Reference]
    problem: str
    at: tuple[Any, ...]
    names: tuple[str, ...]
    wrt: tuple[int, ...]
    direction: tuple[np.ndarray, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The data types that were swept."""
        return tuple(self.references)

    def select(self, method: str, dtype: str) -> list[Record]:
        """The records of one method in one data type, longest step first."""
        return [r for r in self.records if r["method"] == method and r["dtype"] == dtype]

    def head(self) -> list[str]:
        """The lines above the tables: point, direction, certified derivatives."""
        parts = ", ".join(f"{name} = {short(arg)}" for name, arg in zip(self.names, self.at, strict=True))
        lines = [self.problem, f"at {parts}"]
        if not (len(self.direction) == 1 and np.all(self.direction[0] == 1.0)):
            named = [self.names[position] for position in self.wrt]
            along = ", ".join(f"{n}: {short(d)}" for n, d in zip(named, self.direction, strict=True))
            lines.append(f"along the direction of length 1 with {along}")
        for dtype, reference in self.references.items():
            lines.append(f"derivative at the {dtype} point {short(reference.gradient)}, certified")
        return lines

    def remarks(self) -> list[str]:
        """The lines below the tables: notes, and why steps or methods are out of the ordinary."""
        lines = [*self.notes]
        remarks: dict[str, list[Record]] = {}
        for found in self.summaries:
            if found["remark"]:
                remarks.setdefault(found["remark"], []).append(found)
        lines += [f"{_shared(rows)}: {remark}" for remark, rows in remarks.items()]
        kinds: dict[tuple[str, str], list[Record]] = {}
        for record in self.records:
            if record["status"] in ("inaccurate", "failed"):  # what is skipped, a summary's remark explains
                kinds.setdefault((record["dtype"], record["reason"].partition(":")[0]), []).append(record)
        for (_, kind), rows in kinds.items():
            low, high = min(r["step"] for r in rows), max(r["step"] for r in rows)
            steps = f"h = {low:.2g}" if low == high else f"h from {low:.2g} to {high:.2g}"
            lines.append(f"{_shared(rows)}, {steps}: {kind}")
        lines += [f"{e['library']} in {e['dtype']}: {e['reason']}" for e in self.libraries if e["status"] != "ok"]
        return lines

    def print_on(self, console: Any) -> None:
        """Head, tables and remarks, on a `rich.console.Console`."""
        from rich.text import Text

        width = max(LEAST_WIDTH, console.width)
        head, *rest = self.head()
        console.print(Text(head, style="bold"))
        for line in rest:
            console.print(Text(line))
        for dtype in self.dtypes:
            for title, columns, rows in self._tables(dtype):
                console.print()
                console.print(Text(title, style="bold"))
                console.print(rich_table(rows, columns, width))
        for line in ["", *self.remarks()]:
            console.print(Text(line))

    def _tables(self, dtype: str) -> list[tuple[str, Any, list[Record]]]:
        tables = [
            (f"{dtype}: best step, measured and predicted", SUMMARY_COLUMNS, self.summaries),
            (f"{dtype}: what libraries choose", LIBRARY_COLUMNS, self.libraries),
        ]
        return [(title, columns, [r for r in rows if r["dtype"] == dtype]) for title, columns, rows in tables]

    def __repr__(self) -> str:
        steps = len({record["step"] for record in self.records})
        methods = len({record["method"] for record in self.records})
        return f"<StepSweep of {self.problem}: {methods} methods, {steps} steps, {' and '.join(self.dtypes)}>"

    def _repr_html_(self) -> str:
        head, *rest = (html.escape(line) for line in self.head())
        above = f"<b>{head}</b>" + "".join(f"<br>{line}" for line in rest)
        tables = "".join(
            f"<div>{html.escape(title)}</div>{html_table(rows, columns)}"
            for dtype in self.dtypes
            for title, columns, rows in self._tables(dtype)
        )
        below = "<br>".join(html.escape(line).replace("\n", "<br>&emsp;") for line in self.remarks())
        return f'{STYLE}<div class="diffcompare"><div>{above}</div>{tables}<div>{below}</div></div>'

    def to_dict(self) -> dict[str, Any]:
        """Everything in plain dictionaries, lists, numbers and texts; nan and inf become words, see `records.plain`."""
        return plain(
            {
                "format": FORMAT,
                "problem": self.problem,
                "at": dict(zip(self.names, self.at, strict=True)),
                "wrt": self.wrt,
                "direction": self.direction,
                "derivative": {dtype: reference.gradient for dtype, reference in self.references.items()},
                "notes": self.notes,
                "records": self.records,
                "summaries": self.summaries,
                "libraries": self.libraries,
            }
        )

    def to_json(self, path: str | Path | None = None) -> str:
        """JSON text of `to_dict`, also written to `path` if one is given."""
        return keep(to_json(self.to_dict()), path)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row a record and the keys as columns."""
        import pandas

        return pandas.DataFrame(self.records, columns=list(STEP_FIELDS))

    def plot(self, axes: Any = None) -> Figure:
        """Error against step on logarithmic axes, one panel a data type, with theory as dashed lines.

        Parameters
        ----------
        axes : matplotlib.axes.Axes or sequence of them, optional
            Where to draw, one a data type; by default a new figure.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return face("plot_step_sweep")(self, axes)


def _shared(rows: Sequence[Record]) -> str:
    """The methods and data types of several records, each once, in words."""
    methods, dtypes = dict.fromkeys(r["method"] for r in rows), dict.fromkeys(r["dtype"] for r in rows)
    return f"{', '.join(methods)} in {' and '.join(dtypes)}"
