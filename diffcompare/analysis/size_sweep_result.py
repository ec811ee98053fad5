"""The result of `sweep_sizes`: records, exponents, tables and pictures."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcompare.analysis.device import crossover, crossover_words
from diffcompare.analysis.environment import Environment
from diffcompare.analysis.growth import Growth
from diffcompare.analysis.printing import USUAL_WIDTH, Printable, keep
from diffcompare.analysis.records import Record, plain, to_json
from diffcompare.analysis.tables import ABSENT, STYLE, number
from diffcompare.core.faces import face
from diffcompare.errors import UnknownNameError

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

# Measure -> (key of a record, heading of its table)
MEASURES: dict[str, tuple[str, str]] = {
    "time": ("median_s", "median time of one gradient, ± half the interquartile range"),
    "error": ("rel_error", "largest relative error of an entry [1]"),
    "ratio": ("gradient_to_value", "gradient over value [×]"),
}


@dataclass(frozen=True, slots=True, eq=False)
class SizeSweep(Printable):
    """One record for each size and method, in the order of sizes.

    Attributes
    ----------
    problem : str
        Name of the problem, or of the function.
    sizes : tuple
        The sizes asked for.
    entries : tuple of int
        Entries differentiated at each size.
    axis : tuple of float
        What growth is measured against: the size where it is a number, else the entries.
    records : list of dict
        The keys are those of `diffcompare.analysis.records.FIELDS`: ``point`` is the size asked for as a text, ``size``
        the entries differentiated. Gradients of more than 1,000 entries are left out.
    exponents : dict
        By method, the `Growth` (or None) of ``time``, ``error`` and ``ratio`` (gradient over value).
    against : dict
        By size, what errors are measured against: certified digits, or the agreement of exact methods.
    environment : Environment
        What it ran on.
    kernels : dict
        By method that ran on a CUDA device, the seconds of its kernels at each size: its time without copies.
    """

    problem: str
    sizes: tuple[Any, ...]
    entries: tuple[int, ...]
    axis: tuple[float, ...]
    records: list[Record]
    exponents: dict[str, dict[str, Growth | None]]
    against: dict[Any, str]
    environment: Environment
    kernels: dict[str, tuple[float | None, ...]] = field(default_factory=dict)

    def __getitem__(self, method: str) -> list[Record]:
        if method not in self.exponents:
            raise UnknownNameError(f"this sweep has no method {method!r}; it has {', '.join(self.exponents)}.")
        return [record for record in self.records if record["method"] == method]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods, in their order."""
        return tuple(self.exponents)

    def _rows(self, measure: str) -> list[list[str]]:
        key, _ = MEASURES[measure]
        rows = []
        for method in self.methods:
            cells = [_CELLS[measure](record) if record[key] is not None else ABSENT for record in self[method]]
            growth = self.exponents[method][measure]
            if any(cell != ABSENT for cell in cells):
                rows.append([method, *cells, ABSENT if growth is None else str(growth)])
        return rows

    def _heading(self) -> list[str]:
        return ["method", *(f"{s:,}" if isinstance(s, int) else str(s) for s in self.sizes), "exponent"]

    def crossovers(self) -> dict[tuple[str, str, bool], float | None]:
        """From which size on a method on a CUDA device is ahead of another.

        Returns
        -------
        dict
            By (method on the device, other method, with copies): the size, on the axis of growth; 0 where it is ahead
            at every size, None where it is not at the largest.
        """
        times = {method: [record["median_s"] for record in self[method]] for method in self.methods}
        found = {}
        for there, kernels in self.kernels.items():
            for other in (method for method in self.methods if method not in self.kernels):
                if any(seconds is not None for seconds in times[other]):
                    found[there, other, True] = crossover(self.axis, times[other], times[there])
                    found[there, other, False] = crossover(self.axis, times[other], kernels)
        return found

    def remarks(self) -> list[str]:
        """Crossovers, what errors are against, and why records are not ok, equal reasons on one line."""
        shared: dict[str, list[str]] = {}
        for size, text in self.against.items():
            shared.setdefault(f"errors against {text}", []).append(str(size))
        lines = [f"size {', '.join(sizes)}: {text}" for text, sizes in shared.items()]
        reasons: dict[tuple[str, str, str], list[str]] = {}
        for record in self.records:
            if record["status"] != "ok" or record["reason"].startswith("by convention"):
                why = record["reason"].splitlines()[0] if record["reason"] else ""
                reasons.setdefault((record["method"], record["status"], why), []).append(record["point"])
        lines += [f"{m} {status} at {', '.join(sizes)}: {why}" for (m, status, why), sizes in reasons.items()]
        for (there, other, copies), size in self.crossovers().items():
            lines.append(crossover_words(there, other, size, "with copies" if copies else "without copies"))
        return [*lines, f"{self.environment.host}; {self.environment.vector_mathematics}"]

    def _shown(self) -> dict[str, Any]:
        """The rows of each table that has any, by its heading."""
        return {heading: self._rows(measure) for measure, (_, heading) in MEASURES.items() if self._rows(measure)}

    def __str__(self) -> str:
        # Many sizes make long lines, rather than numbers that are cut off.
        return self.as_text(max([USUAL_WIDTH, *(_width([self._heading(), *rows]) for rows in self._shown().values())]))

    def print_on(self, console: Any) -> None:
        """A table for each measure, and remarks, on a `rich.console.Console`."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        console.print(Text(f"{self.problem}, by size"))
        for heading, rows in self._shown().items():
            table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
            for place, title in enumerate(self._heading()):
                table.add_column(Text(title), justify="right" if place else "left", no_wrap=True)
            for row in rows:
                table.add_row(*map(Text, row))
            console.print(Text(f"\n{heading}\n"))
            console.print(table)
        console.print()
        for line in self.remarks():
            console.print(Text(line), width=USUAL_WIDTH)

    def __repr__(self) -> str:
        return f"<SizeSweep of {self.problem}: {len(self.methods)} methods at {len(self.sizes)} sizes>"

    def _repr_html_(self) -> str:
        tables = []
        heads = "".join(f"<th>{html.escape(cell)}</th>" for cell in self._heading())
        for measure, (_, heading) in MEASURES.items():
            rows = self._rows(measure)
            if rows:
                body = "".join(f"<tr>{''.join(f'<td>{html.escape(c)}</td>' for c in row)}</tr>" for row in rows)
                tables.append(
                    f"<div>{html.escape(heading)}</div><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
                )
        below = "<br>".join(map(html.escape, self.remarks()))
        title = f"<b>{html.escape(self.problem)}</b>, by size"
        return f'{STYLE}<div class="diffcompare">{title}{"".join(tables)}<div>{below}</div></div>'

    def to_dict(self) -> dict[str, Any]:
        """Records, exponents and environment in plain dictionaries, lists, numbers and texts."""
        exponents = {
            method: {measure: None if growth is None else asdict(growth) for measure, growth in fitted.items()}
            for method, fitted in self.exponents.items()
        }
        return plain({
            "problem": self.problem,
            "sizes": self.sizes,
            "entries": self.entries,
            "against": self.against,
            "exponents": exponents,
            "kernels": self.kernels,
            "records": self.records,
            "environment": self.environment.to_dict(),
        })  # fmt: skip

    def to_json(self, path: str | Path | None = None) -> str:
        """JSON text of `to_dict`, also written to `path` if one is given."""
        return keep(to_json(self.to_dict()), path)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row a record and the keys as columns."""
        import pandas

        return pandas.DataFrame(self.records)

    def plot(self) -> Figure:
        """Time with fitted slopes, error, and the cost of a gradient over that of a value, against size."""
        return face("plot_size_sweep")(self)


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Characters in a line of a table with these cells."""
    return sum(max(len(cell) for cell in column) + 3 for column in zip(*rows, strict=True))


def _time(record: Record) -> str:
    spread = f" ± {50 * record['iqr_s'] / record['median_s']:.0f} %" if record["rounds"] > 1 else ""
    return in_seconds(record["median_s"]) + spread


def in_seconds(seconds: float) -> str:
    """A time with the unit that leaves one to three digits before the point."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{number(seconds / size)} {unit}"
    return f"{number(seconds / 1e-9)} ns"


_CELLS: dict[str, Callable[[Record], str]] = {
    "time": _time,
    "error": lambda record: number(record["rel_error"], 2),
    "ratio": lambda record: number(record["gradient_to_value"], 2),
}
