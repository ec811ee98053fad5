"""A finished run: records, every sample, what it ran on; how it is saved, read, shown and exported."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcompare.analysis import tables
from diffcompare.analysis.printing import Printable, keep
from diffcompare.analysis.records import Record, to_csv
from diffcompare.bench import files, summary
from diffcompare.bench.session import BASELINES, Row
from diffcompare.core.faces import face
from diffcompare.errors import UnknownNameError

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from diffcompare.bench.difference import Difference

FULL = 12  # cases whose tables are printed in full by default


@dataclass(slots=True, eq=False)
class BenchmarkRun(Printable):
    """One record for each problem, size, data type and method.

    Attributes
    ----------
    suite : str
        Name of the suite.
    environment : dict
        What it ran on, see `diffcompare.analysis.environment.Environment`.
    started : str
        When it began, ISO 8601 in UTC.
    options : dict
        Methods, budget and limits it was made with.
    records : list of dict
        The keys, with units and meanings, are those of `diffcompare.analysis.records.FIELDS`. The methods "value" (the
        function itself) and "by-hand" (its gradient written by hand) are the baselines.
    samples : list of tuple of float
        For each record, the seconds a call of every sample, in the order taken.
    loops : list of int
        For each record, the calls in one sample.
    notes : list of str
        What a reader should know.
    complete : bool
        Whether every case was measured.
    seconds : float
        How long the run took.
    """

    suite: str
    environment: dict[str, Any]
    started: str
    options: dict[str, Any] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    samples: list[tuple[float, ...]] = field(default_factory=list)
    loops: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = False
    seconds: float = 0.0

    def add(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        for row in rows:
            self.records.append(row.record)
            self.samples.append(tuple(row.samples))
            self.loops.append(row.loops)

    def rows(self) -> list[Row]:
        """The records with their samples."""
        return [Row(*entry) for entry in zip(self.records, self.samples, self.loops, strict=True)]

    def cases(self) -> dict[tuple[str, str, str], list[Row]]:
        """The rows of each case, keyed by problem, point and data type."""
        found: dict[tuple[str, str, str], list[Row]] = {}
        for row in self.rows():
            found.setdefault((row.record["problem"], row.record["point"], row.record["dtype"]), []).append(row)
        return found

    def methods(self) -> list[str]:
        """The methods that have records, without the baselines, in their order."""
        return list(dict.fromkeys(r["method"] for r in self.records if r["method"] not in BASELINES))

    def find(self, problem: str, method: str, point: str | None = None, dtype: str = "float64") -> Record:
        """The record of a problem and a method; of the largest size where none is named.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        for record in reversed(self.records):
            same = (record["problem"], record["method"], record["dtype"]) == (problem, method, dtype)
            if same and point in (None, record["point"]):
                return record
        known = ", ".join(sorted({f"{r['problem']}/{r['method']}" for r in self.records})[:12])
        raise UnknownNameError(f"this run has no record of {problem!r} by {method!r}; it has {known} …")

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        done = sum(record["status"] == "ok" for record in self.records)
        return f"<BenchmarkRun {self.suite}: {len(self)} records, {done} ok{'' if self.complete else ', not complete'}>"

    def print_on(self, console: Any, full: bool | None = None) -> None:
        """Tables on a `rich.console.Console`: one a case with all methods, then one with a line a case.

        Parameters
        ----------
        console : rich.console.Console
            Where to print.
        full : bool, optional
            Whether to print the tables of the cases; by default up to `FULL` of them.
        """
        from rich.text import Text

        cases = self.cases()
        if full is None:
            full = len(cases) <= FULL
        if full:
            for key, rows in cases.items():
                self._print_case(console, key, [row.record for row in rows])
        if len(cases) > 1:
            console.print(summary.summary_table(summary.summarise(self)))
            console.print()
        if not full:
            for line in summary.reasons(self):
                console.print(Text(line))
        for line in self.remarks():
            console.print(Text(line))

    def _print_case(self, console: Any, key: tuple[str, str, str], records: list[Record]) -> None:
        from rich.text import Text

        problem, point, dtype = key
        console.print(Text(f"{problem} ({point}), {records[0]['size']} entries, {dtype}", style="bold"))
        console.print(tables.rich_table(records, max(60, console.width)))
        for record in records:
            if record["reason"]:
                console.print(Text(f"{record['method']} {record['status']}: {record['reason'].splitlines()[0]}"))
        console.print()

    def remarks(self) -> list[str]:
        """Counts of statuses, notes, how long it took, and the machine."""
        statuses = [record["status"] for record in self.records]
        counts = ", ".join(f"{statuses.count(s)} {s}" for s in dict.fromkeys(statuses))
        host = next((record["host"] for record in self.records if record["host"]), "")
        return [f"{len(self)} records: {counts}", *self.notes, f"{self.seconds:.1f} s; {host}"]

    def _repr_html_(self) -> str:
        import html

        parts = []
        for (problem, point, dtype), rows in self.cases().items():
            head = html.escape(f"{problem} ({point}), {dtype}")
            parts.append(f"<details open><summary><b>{head}</b></summary>")
            parts.append(tables.html_table([row.record for row in rows]) + "</details>")
        below = "<br>".join(html.escape(line) for line in self.remarks())
        return f'{tables.STYLE}<div class="diffcompare">{"".join(parts)}<div>{below}</div></div>'

    def to_dict(self) -> dict[str, Any]:
        """The content of a results file, see `diffcompare.bench.files`."""
        return files.content(self)

    def save(self, path: str | Path) -> None:
        """Write the run to a JSON file of the published schema; a file is replaced whole or not at all.

        Raises
        ------
        DataError
            If the file cannot be written.
        """
        files.save(self, path)

    def to_csv(self, path: str | Path | None = None) -> str:
        """CSV text, one line a record; also written to `path` if one is given."""
        return keep(to_csv(self.records), path)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """Markdown text, one table a case; also written to `path` if one is given."""
        parts = []
        for (problem, point, dtype), rows in self.cases().items():
            table = tables.markdown_table([row.record for row in rows])
            parts.append(f"### {tables.markdown_text(f'{problem} ({point}), {dtype}')}\n\n{table}\n")
        below = "\n".join(f"- {tables.markdown_text(line)}" for line in self.remarks())
        return keep("\n".join(parts) + f"\n{below}\n", path)

    def to_latex(self, path: str | Path | None = None) -> str:
        """A LaTeX table (package booktabs) of digits and times; also written to `path` if one is given."""
        return keep(files.latex(self), path)

    def to_pyperf(self, path: str | Path | None = None) -> str:
        """JSON that ``pyperf compare_to`` reads, one benchmark a timed record; also written to `path` if given."""
        return keep(files.pyperf(self), path)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row a record and the keys as columns."""
        import pandas

        return pandas.DataFrame(self.records)

    def compare(self, new: BenchmarkRun, **options: Any) -> Difference:
        """What `new` changed against this run, see `diffcompare.bench.difference.compare_runs`."""
        from diffcompare.bench.difference import compare_runs

        return compare_runs(self, new, **options)

    def plot(self, kind: str = "work-precision", **options: Any) -> Figure:
        """A picture of the run, see `diffcompare.plot.benchmark.PICTURES` for the kinds."""
        return face("plot_benchmark")(self, kind, **options)

    def report(self, path: str | Path, **options: Any) -> Path:
        """Write a page of its own, without anything to load from a network, and return its path."""
        return face("write_report")(self, path, **options)


def load(path: str | Path) -> BenchmarkRun:
    """The run in a results file.

    Parameters
    ----------
    path : str or Path
        A file that `BenchmarkRun.save` wrote.

    Raises
    ------
    DataError
        If there is no such file, it is not whole, or its schema is another one; the text says which.
    """
    content = files.read(path)
    return BenchmarkRun(
        suite=content["suite"],
        environment=content["environment"],
        started=content["started"],
        options=content["options"],
        records=[{key: _number(key, value) for key, value in record.items()} for record in content["records"]],
        samples=[tuple(sample) for sample in content["samples"]],
        loops=content["loops"],
        notes=content["notes"],
        complete=content["complete"],
        seconds=content["seconds"],
    )


WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
TEXTS = ("problem", "point", "dtype", "method", "status", "reason", "worst_entry", "host")


def _number(key: str, value: Any) -> Any:
    """The words that JSON has for nan and infinity as numbers again."""
    if key in TEXTS:
        return value
    if isinstance(value, list):
        return [_number(key, entry) for entry in value]
    return WORDS.get(value, value) if isinstance(value, str) else value
