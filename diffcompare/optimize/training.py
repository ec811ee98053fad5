"""One training, repeated with each way of differentiating: what an approximate gradient does to learning."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from diffcompare.analysis.compare import chosen_methods
from diffcompare.analysis.environment import environment
from diffcompare.analysis.run import REFUSALS, label
from diffcompare.core.trace import function
from diffcompare.errors import DiffCompareError, MethodUnavailableError, OptionError, UnknownNameError
from diffcompare.methods import Method, resolve
from diffcompare.methods.finite_difference import FiniteDifference
from diffcompare.operators import prepare, value_and_gradient
from diffcompare.optimize import optimizers
from diffcompare.optimize.descent import Form
from diffcompare.optimize.history import History
from diffcompare.optimize.training_result import Record, TrainingComparison, label_of, new_record

OPTIMIZERS = ("gradient_descent", "sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
METHODS = ("reverse", "central-difference", "forward-difference")
CHECKPOINTS = 6
Optimizer = Callable[..., History]


def compare_training(
    f: Any,
    x0: Any,
    *,
    optimizer: str | Optimizer = "adam",
    methods: Sequence[str | Method] | str | Method = METHODS,
    step_sizes: Sequence[float | None] | None = None,
    steps: int = 200,
    learning_rate: float = 0.01,
    data: Sequence[Any] = (),
    batches: Iterable[tuple[Any, ...]] | None = None,
    dtype: Any = None,
    target: float | None = None,
    checkpoints: int = CHECKPOINTS,
    **options: Any,
) -> TrainingComparison:
    """Loss against steps and against seconds of one training, once with each gradient.

    Every run has the same start, the same batches in the same order and the same optimiser; they differ in nothing but
    the gradient. The true gradient, by reverse mode in float64, is taken beside each path, outside the times.

    Parameters
    ----------
    f : callable, Function, text or SymPy expression
        The loss, a scalar, of the parts of `x0` and then of the data.
    x0 : float, array or tuple of them
        Where to start.
    optimizer : str or callable, default "adam"
        One of `diffcompare.optimize` by name, or what is called like them.
    methods : sequence of str or Method, default reverse mode, central and forward differences
        How to differentiate.
    step_sizes : sequence of float or None, optional
        Steps h of finite differences, in the unit of `x0`: each method of that kind runs once with each. None in the
        sequence, or in its place, is the step that balances truncation and round-off.
    steps : int, default 200
        Steps of the optimiser.
    learning_rate : float, default 0.01
        Its learning rate.
    data : sequence, optional
        Further arguments of `f`: those of every call, or, with `batches`, the whole data that final losses and true
        gradients are taken on.
    batches : iterable of tuple, optional
        Further arguments of each step, such as `diffcompare.optimize.minibatches` gives; taken once, for all runs.
    dtype : dtype, optional
        float32 or float64: what `x0` and the data are converted to; by default they stay as they are.
    target : float, optional
        A loss; the records tell when each run reached it.
    checkpoints : int, default 6
        Places on each path where approximate and true gradient are compared, from the start to the end.
    **options
        Further options of the optimiser, such as ``stop``, ``schedule`` or ``decay``.

    Returns
    -------
    TrainingComparison
        One record a run, see `diffcompare.optimize.training_result.FIELDS`. A run that fails or diverges has its
        record too, with a status and a reason.

    Raises
    ------
    OptionError
        If an option makes no sense.
    UnknownNameError
        If there is no such optimiser or method.

    Notes
    -----
    Runs follow each other; on a busy machine their seconds differ by more than their work. What is prepared once
    (tracing, deriving, compiling) is in ``prepare_s``, not in the seconds of the path.

    Examples
    --------
    The forward difference of x**2 / 2 with step h is x + h/2, so descent ends at -h/2 and not at 0:

    >>> import diffcompare as dc
    >>> result = dc.compare_training("x**2/2", 1.0, methods=["reverse", "forward-difference"], step_sizes=[0.5],
    ...                              optimizer="gradient_descent", learning_rate=0.5, steps=60)
    >>> {label: round(history.x, 12) for label, history in result.histories.items()}
    {'reverse': 0.0, 'forward-difference, h = 0.5': -0.25}
    """
    if "callback" in options:
        raise OptionError("compare_training follows each path by a callback of its own; leave callback= out.")
    if checkpoints < 2:
        raise OptionError(f"checkpoints={checkpoints!r} must be 2 or more: the start and the end.")
    form = Form(x0)
    start, extra = _cast(form.result(form.parts), dtype), _cast(tuple(data), dtype)
    taken = None if batches is None else [_cast(tuple(batch), dtype) for batch in itertools.islice(batches, steps + 1)]
    if taken is not None and len(taken) <= steps:
        raise OptionError(f"{steps} steps need {steps + 1} batches, and there are {len(taken)}.")
    task = _Task(
        f=function(f), x0=start, data=extra or (taken[0] if taken else ()), every_call=() if taken else extra,
        batches=taken, minimise=_optimizer(optimizer), options={**options, "steps": steps},
        learning_rate=learning_rate, target=target, places=_places(steps, checkpoints),
    )  # fmt: skip
    runs = _runs(chosen_methods(methods), step_sizes)
    task.judge = _judge(task)
    comparison = TrainingComparison(
        name=f if isinstance(f, str) else task.f.__name__,
        optimizer=optimizer if isinstance(optimizer, str) else getattr(optimizer, "__name__", "an optimiser"),
        learning_rate=learning_rate, target=target, environment=environment(),
        note="" if task.judge is not None else "The function has no reverse mode: no true gradients.",
    )  # fmt: skip
    for method, step in runs:
        task.run(method, step, comparison)
    return comparison


def _optimizer(optimizer: str | Optimizer) -> Optimizer:
    if not isinstance(optimizer, str):
        return optimizer
    name = optimizer.strip().lower().replace("-", "_").replace(" ", "_")
    if name not in OPTIMIZERS:
        raise UnknownNameError(f"there is no optimizer {optimizer!r}.\n  Names are: {', '.join(OPTIMIZERS)}.")
    return getattr(optimizers, name)


def _cast(value: Any, dtype: Any) -> Any:
    """`value` with its floating-point parts in another data type; labels and counts stay whole numbers."""
    if dtype is None:
        return value
    if isinstance(value, (tuple, list)):
        return tuple(_cast(part, dtype) for part in value)
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return value
    return array.astype(dtype) if array.ndim else np.dtype(dtype).type(array)


def _places(steps: int, count: int) -> tuple[int, ...]:
    """Numbers of steps after which the gradients are compared: the start, then ever further apart, then the end."""
    if steps < 2:
        return tuple(sorted({0, steps}))
    return tuple(sorted({0, *(round(p) for p in np.geomspace(1, steps, count - 1))}))


def _runs(methods: Sequence[str | Method], step_sizes: Sequence[float | None] | None) -> list[tuple[Any, float | None]]:
    """Pairs of a method and a step of finite differences; None is a step of the method's own, or no step."""
    found: list[tuple[Any, float | None]] = []
    for method in methods:
        chosen = method
        try:
            chosen = resolve(method)
        except MethodUnavailableError:
            pass  # its record says so
        if not isinstance(chosen, FiniteDifference):
            found.append((chosen, None))
        elif step_sizes is None:
            given = chosen.step  # a step for each entry is no number to tell
            found.append(
                (chosen, None if given is None or isinstance(given, tuple) or np.size(given) > 1 else float(given))
            )
        else:
            found += [(replace(chosen, step=step), step) for step in step_sizes]
    return found


def _judge(task: _Task) -> Callable[..., Any] | None:
    """Value and true gradient, by reverse mode in float64; None where the function cannot be traced."""
    judge = value_and_gradient(task.f, task.wrt, "reverse")
    try:
        judge(*_cast(task.arguments(task.x0), np.float64), *_cast(task.data, np.float64))
    except DiffCompareError:
        return None
    return judge


@dataclass(slots=True)
class _Task:
    """What all runs have in common."""

    f: Any
    x0: Any
    data: tuple[Any, ...]
    every_call: tuple[Any, ...]
    batches: list[Any] | None
    minimise: Optimizer
    options: dict[str, Any]
    learning_rate: float
    target: float | None
    places: tuple[int, ...]
    judge: Callable[..., Any] | None = None

    @property
    def wrt(self) -> int | tuple[int, ...]:
        """The positions of `x0` among the arguments."""
        return tuple(range(len(self.x0))) if isinstance(self.x0, tuple) else 0

    def arguments(self, x: Any) -> tuple[Any, ...]:
        """A point as the first arguments of the function."""
        return x if isinstance(x, tuple) else (x,)

    def run(self, method: Any, step: float | None, comparison: TrainingComparison) -> None:
        """Train with one gradient; adds a record, and a history and checkpoints where there are any."""
        bare = replace(method, step=None) if isinstance(method, FiniteDifference) else method
        name = method if isinstance(method, str) else label(bare)
        record = new_record(method=name, step=step, dtype=str(Form(self.x0).parts[0].dtype), label=label_of(name, step))
        comparison.records.append(record)
        try:
            chosen = resolve(method)
            operator = value_and_gradient(self.f, self.wrt, chosen)
            first = (*self.arguments(self.x0), *(self.batches[0] if self.batches else self.every_call))
            began = time.perf_counter()
            operator(*first)
            record["prepare_s"] = time.perf_counter() - began
            if not chosen.needs_graph:
                record["evaluations"] = prepare(self.f, *first, method=chosen, wrt=self.wrt).prepared.evaluations
            history, points = self._train(operator)
        except OptionError:  # no method's failure
            raise
        except DiffCompareError as error:
            record.update(status="skipped" if isinstance(error, REFUSALS) else "failed", reason=str(error))
            return
        found = self._compare(operator, history, points)
        comparison.histories[record["label"]] = history
        comparison.checkpoints[record["label"]] = found
        self._fill(record, history, found)

    def _train(self, operator: Callable[..., Any]) -> tuple[History, dict[int, Any]]:
        points = {0: self.x0}

        def call(*args: Any) -> Any:
            return operator(*args, *self.every_call)

        def follow(number: int, x: Any, loss: float) -> None:
            if number + 1 in self.places:
                points[number + 1] = x

        batches = None if self.batches is None else iter(self.batches)
        with np.errstate(over="ignore", invalid="ignore"):  # what diverges has a status that says so
            history = self.minimise(
                call, self.x0, learning_rate=self.learning_rate, batches=batches, callback=follow, **self.options
            )
        points = {number: x for number, x in points.items() if number < history.steps}
        points[history.steps] = history.x
        return history, points

    def _compare(self, operator: Callable[..., Any], history: History, points: dict[int, Any]) -> list[Record]:
        """Approximate and true gradient at each of `points`, on the whole data."""
        found = []
        for number, x in points.items():
            row: Record = {"steps": number, "loss": None, "gradient_norm": None, "angle": None, "relative_error": None}
            if self.judge is not None and all(np.all(np.isfinite(part)) for part in self.arguments(x)):
                exactly = _cast(self.arguments(x), np.float64)
                with np.errstate(all="ignore"):
                    loss, true = self.judge(*exactly, *_cast(self.data, np.float64))
                    _, own = operator(*self.arguments(x), *self.data)
                    true, own = _flat(true), _flat(own)
                    row.update(loss=float(loss), gradient_norm=float(np.linalg.norm(true)), angle=angle(own, true))
                    row["relative_error"] = _relative(own, true)
            found.append(row)
        return found

    def _fill(self, record: Record, history: History, found: list[Record]) -> None:
        reached = None if self.target is None else _first(history.losses, self.target)
        last = found[-1]
        record.update(
            steps=history.steps, calls=history.calls[-1], seconds=history.seconds[-1],
            seconds_per_step=history.seconds[-1] / len(history), start_loss=history.losses[0],
            final_loss=last["loss"] if last["loss"] is not None else history.loss, best_loss=min(history.losses),
            own_norm=history.gradient_norms[-1], gradient_norm=last["gradient_norm"],
            angle=last["angle"], relative_error=last["relative_error"],
            steps_to_target=reached, seconds_to_target=None if reached is None else history.seconds[reached],
        )  # fmt: skip
        finite = math.isfinite(history.loss) and math.isfinite(history.gradient_norms[-1])
        if not finite:
            record.update(status="diverged", reason=history.stopped)
        elif self.target is not None and reached is None:
            record.update(status="short", reason=history.stopped)
        else:
            record.update(status="ok")


def angle(u: np.ndarray, v: np.ndarray) -> float | None:
    """Angle between two directions in radians, exact for small ones too; None where one of them is zero.

    References
    ----------
    Kahan 2006, "How futile are mindless assessments of roundoff in floating-point computation?", section 12.

    Examples
    --------
    >>> import numpy as np
    >>> angle(np.array([1.0, 0.0]), np.array([1.0, 1e-12]))
    1e-12
    """
    longest = np.linalg.norm(u), np.linalg.norm(v)
    if not (min(longest) > 0 and math.isfinite(max(longest))):
        return None
    a, b = u / longest[0], v / longest[1]
    return float(2.0 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b)))


def _relative(own: np.ndarray, true: np.ndarray) -> float:
    """Norm of the error over that of the true gradient; where that is zero, 0 for no error, else inf."""
    error, size = float(np.linalg.norm(own - true)), float(np.linalg.norm(true))
    return error / size if size > 0 else (0.0 if error == 0 else math.inf)


def _flat(gradient: Any) -> np.ndarray:
    parts = gradient if isinstance(gradient, tuple) else (gradient,)
    return np.concatenate([np.asarray(part, np.float64).reshape(-1) for part in parts])


def _first(losses: Sequence[float], target: float) -> int | None:
    return next((number for number, loss in enumerate(losses) if loss <= target), None)
