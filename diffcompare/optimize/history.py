"""What an optimiser did, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from diffcompare.core.faces import face

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure


@dataclass(slots=True, eq=False)
class History:
    """The path of an optimiser; entry 0 is the start.

    Attributes
    ----------
    optimizer : str
        Its name.
    x : float, ndarray or tuple
        Where it ended, in the form of the start.
    losses : list of float
        Value before each step, and at the end.
    gradient_norms : list of float
        Euclidean norm of the whole gradient at the same points.
    learning_rates : list of float
        Learning rate of each step.
    calls : list of int
        Calls of `value_and_gradient` until then.
    seconds : list of float
        Seconds since the start, callbacks and progress left out.
    stopped : str
        Why it ended, in words.
    """

    optimizer: str
    x: Any = None
    losses: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str = ""

    @property
    def loss(self) -> float:
        """The last value."""
        return self.losses[-1]

    @property
    def steps(self) -> int:
        """Steps taken."""
        return len(self.losses) - 1

    def __len__(self) -> int:
        return len(self.losses)

    def __repr__(self) -> str:
        path = f"loss {self.losses[0]:.6g} to {self.loss:.6g}"
        return f"<History of {self.optimizer}: {self.steps} steps, {path}; {self.stopped}>"

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row a point; the learning rate of the last is that of no step, nan."""
        import pandas

        return pandas.DataFrame(
            {
                "loss": self.losses,
                "gradient_norm": self.gradient_norms,
                "learning_rate": [*self.learning_rates, float("nan")],
                "calls": self.calls,
                "seconds": self.seconds,
            }
        )

    def plot(self, axes: Any = None, *, against: str = "steps") -> Figure:
        """Loss and gradient norm against "steps", "calls" or "seconds", on a logarithmic axis."""
        return face("plot_history")(self, axes, against)
