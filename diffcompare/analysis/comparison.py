"""The result of `compare`: records, the reference they are measured against, and what they ran on."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcompare.analysis import tables
from diffcompare.analysis.environment import Environment
from diffcompare.analysis.kinks import Kink
from diffcompare.analysis.printing import Printable, keep
from diffcompare.analysis.records import Record, fastest, plain, to_csv, to_json
from diffcompare.core.faces import face
from diffcompare.errors import MissingPackageError, UnknownNameError

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

FORMAT = 1  # of `to_dict` and `to_json`; raised when a key changes its meaning
SHOWN_ARGUMENTS, SHOWN_ENTRIES = 6, 3
LEAST_WIDTH = 60


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Printable):
    """One record a method, in the order the methods were asked for.

    Attributes
    ----------
    records : list of dict
        The keys, with units and meanings, are those of `diffcompare.analysis.records.FIELDS`.
    reference : Reference or None
        The certified value and gradient; None where there is none, and then `no_reference` says why.
    environment : Environment
        What it ran on.
    problem : str
        Name of the function, or its text.
    at : tuple
        The point: one float or array an argument.
    names : tuple of str
        Name of each argument.
    no_reference : str
        Why there is no reference; empty if there is one.
    notes : tuple of str
        What a reader should know: where the value becomes nan, why the function could not be traced.
    kinks : tuple of Kink
        Operations at their kinks at this point, with the value that each chooses there.

    Examples
    --------
    >>> import diffcompare as dc
    >>> result = dc.compare("x * y", at=(2.0, 3.0), methods=["reverse"], time=False)
    >>> result["reverse"]["gradient"]
    (3.0, 2.0)
    """

    records: list[Record]
    reference: Any
    environment: Environment
    problem: str
    at: tuple[Any, ...]
    names: tuple[str, ...]
    no_reference: str = ""
    notes: tuple[str, ...] = ()
    kinks: tuple[Kink, ...] = ()

    def __getitem__(self, method: str) -> Record:
        for record in self.records:
            if record["method"] == method:
                return record
        known = ", ".join(record["method"] for record in self.records)
        raise UnknownNameError(f"this comparison has no method {method!r}; it has {known}.")

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __contains__(self, method: object) -> bool:
        return any(record["method"] == method for record in self.records)

    @property
    def timed(self) -> bool:
        """Whether any method was timed."""
        return any(record["median_s"] is not None for record in self.records)

    def summary(self) -> list[str]:
        """The lines above a table: point, value, certified gradient, its condition."""
        parts = [f"{name} = {short(entry)}" for name, entry in zip(self.names, self.at, strict=True)]
        more = ", …" if len(parts) > SHOWN_ARGUMENTS else ""
        lines = [self.problem, f"at {', '.join(parts[:SHOWN_ARGUMENTS])}{more}"]
        if self.reference is None:
            return [*lines, f"no certified gradient: {self.no_reference}"]
        lines.append(
            f"value {short(self.reference.value)}, certified to {self.reference.digits} digits with its gradient"
        )
        return [*lines, *self._gradient_lines()]

    def _gradient_lines(self) -> list[str]:
        """The certified gradient, one argument after the other, as many as fit three lines."""
        named = [self.names[position] for position in self.reference.wrt]
        parts = [f"df/d{name} = {short(part)}" for name, part in zip(named, self.reference.arrays, strict=True)]
        shown = parts[:SHOWN_ARGUMENTS]
        return [", ".join(shown) + (f", … ({len(parts)} arguments)" if len(parts) > len(shown) else "")]

    def remarks(self) -> list[str]:
        """The lines below a table: who is fastest, why a status is not ok, notes, and the machine."""
        lines = list(self.notes)
        lines += [f"kink: {kink}" for kink in self.kinks[:SHOWN_ENTRIES]]
        if len(self.kinks) > SHOWN_ENTRIES:
            lines.append(f"… {len(self.kinks)} kinks in all; see `kinks`")
        lines += self._reasons()
        first = fastest(self.records)
        if len(first) == 1:
            lines.append(f"fastest: {first[0]['method']}")
        elif first:
            lines.append(f"fastest, with differences within the spread: {', '.join(r['method'] for r in first)}")
        lines.append(f"{self.environment.host}; {self.environment.vector_mathematics}")
        return lines

    def _reasons(self) -> list[str]:
        """One line for each reason, with all the methods that share it."""
        shared: dict[tuple[str, str], list[str]] = {}
        for record in self.records:
            if record["reason"]:
                shared.setdefault((record["status"], record["reason"]), []).append(record["method"])
        return [f"{', '.join(methods)} {status}: {reason}" for (status, reason), methods in shared.items()]

    def print_on(self, console: Any) -> None:
        """Point, table and remarks, on a `rich.console.Console`."""
        from rich.text import Text

        width = max(LEAST_WIDTH, console.width)
        head, *rest = self.summary()
        console.print(Text(head, style="bold"))
        for line in rest:
            console.print(Text(line))
        console.print()
        console.print(tables.rich_table(self.records, width))
        console.print()
        for line in self.remarks():
            for i, part in enumerate(line.splitlines()):
                console.print(Text(("  " if i else "") + part.strip()))

    def __repr__(self) -> str:
        done = sum(record["status"] == "ok" for record in self.records)
        return f"<Comparison of {self.problem}: {len(self)} methods, {done} ok>"

    def _repr_html_(self) -> str:
        head, *rest = (html.escape(line) for line in self.summary())
        above = f"<b>{head}</b>" + "".join(f"<br>{line}" for line in rest)
        below = "<br>".join(html.escape(line).replace("\n", "<br>&emsp;") for line in self.remarks())
        machine = html.escape(str(self.environment))
        return (
            f'{tables.STYLE}<div class="diffcompare"><div>{above}</div>'
            f"{tables.html_table(self.records)}<div>{below}</div>"
            f"<details><summary>Every column</summary>{tables.html_table(self.records, tables.LONG_COLUMNS)}</details>"
            f"<details><summary>Environment</summary><code>{machine}</code></details></div>"
        )

    def to_dict(self) -> dict[str, Any]:
        """Records, reference and environment in plain dictionaries, lists, numbers and texts.

        nan and inf become the texts "nan", "inf" and "-inf".
        """
        return plain(
            {
                "format": FORMAT,
                "problem": self.problem,
                "at": dict(zip(self.names, self.at, strict=True)),
                "reference": self._reference_dict(),
                "notes": self.notes,
                "kinks": [asdict(kink) for kink in self.kinks],
                "records": self.records,
                "environment": self.environment.to_dict(),
            }
        )

    def _reference_dict(self) -> dict[str, Any]:
        if self.reference is None:
            return {"reason": self.no_reference}
        return {key: getattr(self.reference, key) for key in ("value", "gradient", "digits", "condition")}

    def to_json(self, path: str | Path | None = None) -> str:
        """JSON text of `to_dict`, also written to `path` if one is given."""
        return keep(to_json(self.to_dict()), path)

    def to_csv(self, path: str | Path | None = None) -> str:
        """CSV text with one line a record, all keys, also written to `path` if one is given."""
        return keep(to_csv(self.records), path)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """Markdown text: the point, a table with one line a record, remarks; also written to `path` if one is given."""
        above = "  \n".join(tables.markdown_text(line) for line in self.summary())
        below = "\n".join(f"- {tables.markdown_text(line)}" for line in self.remarks())
        return keep(f"{above}\n\n{tables.markdown_table(self.records)}\n\n{below}\n", path)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row a record and the keys as columns.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingPackageError(
                "to_pandas needs pandas, which is not installed.\n"
                "  Install it with `pip install pandas`, or use to_csv, to_json or the list `records`."
            ) from error
        return pandas.DataFrame(self.records)

    def plot(self, axes: Any = None) -> Figure:
        """Error against time, one labelled point a method, on logarithmic axes.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return face("plot_comparison")(self, axes)


def short(value: Any) -> str:
    """All digits of a number; six digits of the first entries of an array, with its shape where that is not all."""
    array = np.asarray(value)
    if array.ndim == 0:
        return repr(array.item())
    entries = ", ".join(f"{entry:.6g}" for entry in array.ravel()[:SHOWN_ENTRIES].tolist())
    if array.ndim == 1 and array.size <= SHOWN_ENTRIES:
        return f"[{entries}]"
    return f"[{entries}{', …' if array.size > SHOWN_ENTRIES else ''}] of shape {array.shape}"
