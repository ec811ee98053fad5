"""The result of `compare_training`: records, paths, tables and pictures."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcompare.analysis.environment import Environment
from diffcompare.analysis.printing import Printable, keep
from diffcompare.analysis.records import plain, to_json
from diffcompare.analysis.size_sweep_result import in_seconds
from diffcompare.analysis.step_tables import html_table, rich_table
from diffcompare.analysis.tables import ABSENT, STYLE, Column, number
from diffcompare.core.faces import face
from diffcompare.errors import InternalError, UnknownNameError
from diffcompare.optimize.history import History

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

Record = dict[str, Any]

# Key -> (unit, meaning), in the order of the columns of every export. Losses are in the unit of f.
FIELDS: dict[str, tuple[str, str]] = {
    "label": ("", "method and step, the key of `histories` and `checkpoints`"),
    "method": ("", "way of differentiating"),
    "step": ("x", "step h of the difference; None for one of the method's own, and for methods without"),
    "dtype": ("", "data type of the start"),
    "status": ("", "ok, short (did not reach the target), diverged, failed or skipped"),
    "reason": ("", "why the status is not ok, in words; else empty"),
    "steps": ("steps", "steps taken"),
    "steps_to_target": ("steps", "steps until the loss was at the target; None where it never was"),
    "seconds_to_target": ("s", "seconds until then"),
    "start_loss": ("f", "loss at the start, on the first batch"),
    "best_loss": ("f", "smallest loss on the path, on the batches"),
    "final_loss": ("f", "loss where it ended, on the whole data, in float64"),
    "own_norm": ("f/x", "norm of the method's own gradient at the last step"),
    "gradient_norm": ("f/x", "norm of the true gradient where it ended"),
    "angle": ("rad", "between the method's gradient and the true one where it ended"),
    "relative_error": ("1", "of the method's gradient where it ended, in the Euclidean norm"),
    "calls": ("gradients", "values and gradients that the optimiser asked for"),
    "evaluations": ("calls of f", "values that one gradient takes, of methods that see only values; else None"),
    "seconds": ("s", "time of all steps"),
    "seconds_per_step": ("s", "mean time of a step"),
    "prepare_s": ("s", "first call, with tracing, deriving and compiling"),
}  # fmt: skip


def new_record(**known: Any) -> Record:
    """A record with every key of `FIELDS`; others are None, status and reason empty.

    Raises
    ------
    InternalError
        If a key does not exist.
    """
    unknown = known.keys() - FIELDS.keys()
    if unknown:
        raise InternalError(f"a record of a training has no key {sorted(unknown)}.")
    return {**dict.fromkeys(FIELDS), "status": "", "reason": "", **known}


def label_of(method: str, step: float | None) -> str:
    """Name of a run: the method, and its step where one was chosen."""
    return method if step is None else f"{method}, h = {step:g}"


def _time(key: str) -> Any:
    return lambda record: ABSENT if record[key] is None else in_seconds(record[key])


def _short(key: str) -> Any:
    return lambda record: number(record[key], 2)


COLUMNS = (
    Column("method", "", lambda r: r["label"]),
    Column("status", "", lambda r: r["status"]),
    Column("final loss", "f", lambda r: number(r["final_loss"], 3)),
    Column("true gradient", "f/x", _short("gradient_norm")),
    Column("own gradient", "f/x", _short("own_norm"), 2),
    Column("angle at end", "rad", _short("angle"), 1),
    Column("rel. error", "1", _short("relative_error"), 3),
    Column("steps to target", "1", lambda r: ABSENT if r["steps_to_target"] is None else f"{r['steps_to_target']:,}"),
    Column("time to target", "", _time("seconds_to_target"), 1),
    Column("values a gradient", "f", lambda r: ABSENT if r["evaluations"] is None else f"{r['evaluations']:,}", 4),
    Column("time a step", "", _time("seconds_per_step")),
    Column("prepare", "", _time("prepare_s"), 2),
)


@dataclass(slots=True, eq=False)
class TrainingComparison(Printable):
    """One record a run: a method, with a step h where finite differences have one.

    Attributes
    ----------
    name : str
        Name of the loss, or its text.
    optimizer : str
        Name of the optimiser.
    learning_rate : float
        Its learning rate.
    target : float or None
        The loss to be reached.
    environment : Environment
        What it ran on.
    note : str
        Why there are no true gradients; empty where there are.
    records : list of dict
        The keys, with units and meanings, are those of `FIELDS`.
    histories : dict of str to History
        The path of each run that has one, by its label.
    checkpoints : dict of str to list of dict
        By label, at a few places of the path: ``steps``, ``loss`` and ``gradient_norm`` (true, on the whole data),
        ``angle`` [rad] and ``relative_error`` of the method's gradient against the true one.
    """

    name: str
    optimizer: str
    learning_rate: float
    target: float | None
    environment: Environment
    note: str = ""
    records: list[Record] = field(default_factory=list)
    histories: dict[str, History] = field(default_factory=dict)
    checkpoints: dict[str, list[Record]] = field(default_factory=dict)

    def __getitem__(self, label: str) -> Record:
        for record in self.records:
            if record["label"] == label:
                return record
        known = "; ".join(record["label"] for record in self.records)
        raise UnknownNameError(f"there is no run {label!r}; there are: {known}.")

    def __len__(self) -> int:
        return len(self.records)

    def head(self) -> str:
        """What was trained, and how, in one line."""
        aim = "" if self.target is None else f", target {self.target:g}"
        return f"{self.name}: {self.optimizer}, learning rate {self.learning_rate:g}{aim}"

    def remarks(self) -> list[str]:
        """Why runs are not ok, equal reasons on one line, and the machine."""
        shared: dict[str, list[str]] = {}
        for record in self.records:
            if record["reason"]:
                shared.setdefault(f"{record['status']}: {record['reason']}", []).append(record["label"])
        lines = [self.note] if self.note else []
        lines += [f"{'; '.join(labels)} {reason}" for reason, labels in shared.items()]
        return [*lines, f"{self.environment.host}; {self.environment.vector_mathematics}"]

    def _columns(self) -> list[Column]:
        return [c for c in COLUMNS if self.target is not None or "target" not in c.title]

    def print_on(self, console: Any) -> None:
        """Head, table and remarks, on a `rich.console.Console`."""
        from rich.text import Text

        console.print(Text(self.head() + "\n"))
        console.print(rich_table(self.records, self._columns(), console.width))
        console.print()
        for line in self.remarks():
            console.print(Text(line))

    def __repr__(self) -> str:
        return f"<TrainingComparison of {self.name}: {len(self)} runs with {self.optimizer}>"

    def _repr_html_(self) -> str:
        below = "<br>".join(html.escape(line).replace("\n", "<br>&emsp;") for line in self.remarks())
        return (
            f'{STYLE}<div class="diffcompare"><b>{html.escape(self.head())}</b>'
            f"{html_table(self.records, self._columns())}<div>{below}</div></div>"
        )

    def to_dict(self) -> dict[str, Any]:
        """Records, paths and environment in plain dictionaries, lists, numbers and texts."""
        paths = {
            label: {key: getattr(path, key) for key in ("losses", "gradient_norms", "seconds", "calls", "stopped")}
            for label, path in self.histories.items()
        }
        return plain({
            "name": self.name,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "target": self.target,
            "note": self.note,
            "records": self.records,
            "checkpoints": self.checkpoints,
            "histories": paths,
            "environment": self.environment.to_dict(),
        })  # fmt: skip

    def to_json(self, path: str | Path | None = None) -> str:
        """JSON text of `to_dict`, also written to `path` if one is given."""
        return keep(to_json(self.to_dict()), path)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row a run and the keys as columns."""
        import pandas

        return pandas.DataFrame(self.records, columns=list(FIELDS))

    def plot(self) -> Figure:
        """Loss against steps and against seconds, and, where steps h were chosen, how far each of them gets."""
        return face("plot_training")(self)
